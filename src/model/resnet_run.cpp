#include "model/resnet_run.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "model/per_model.hpp"
#include "nn/rules.hpp"
#include "tensor/finite.hpp"

namespace saccade {

namespace {

/// The network up to the shown block, which edits at that block or after it do not touch: dragging a gate recomputes only what
/// comes after it.
struct Prefix {
    Tensor<float> x;  // what the shown block reads [1, H, W, C]
    ShownRun shown;   // of the blocks before it
};
struct PrefixKey {
    Tensor<float> picture;  // held: its storage says which picture it is
    Index block = 0;
    bool operator==(const PrefixKey& other) const {
        return picture.data() == other.picture.data() && picture.shape() == other.picture.shape() && block == other.block;
    }
};
constexpr std::size_t kept_prefixes = 3;

class Run {
 public:
    Run(const ModelPtr& model, const ResNetRequest& request, const Observer& observe, const std::stop_token& stop)
        : model_(model), loaded_(resnet_of(model)), request_(request), observe_(observe), stop_(stop) {
        if (request_.block < 0 || request_.block >= design().block_count())
            throw Error(ErrorCode::out_of_range, fmt::format("there is no block {}", request_.block),
                        fmt::format("blocks are counted from 0 to {}", design().block_count() - 1));
        if (request_.watched && (*request_.watched < 0 || *request_.watched >= classes()))
            throw Error(ErrorCode::out_of_range, fmt::format("there is no class {}", *request_.watched),
                        fmt::format("classes are counted from 0 to {}", classes() - 1));
    }

    ResNetOutput run() {
        const Tensor<float> picture = observe_("input", request_.picture, [&] {
            return Shown{.role = Role::input,
                         .symbol = "x",
                         .title = "What the network reads",
                         .axes = {"input.y", "input.x", "color"},
                         .step = {request_.origin.empty() ? "" : "resize", request_.origin}};
        });
        declare_axes(picture.shape()[0], picture.shape()[1]);
        const std::string name = design().block_name(request_.block);
        const Var<float> x = before_shown(picture);
        Var<float> output = network().block(request_.block, x, observe_.named(name + "."), stop_);
        // From here on the class's gradient goes back.
        Tape<float> tape;
        if (request_.grad_cam) output = tape.leaf(output.value());
        const Index count = design().block_count();
        const Var<float> top = network().run_blocks(request_.block + 1, count, output, from_afar(observe_), stop_);
        const Var<float> logits = network().logits(top, observe_, request_.block + 1 == count ? name + ".output" : "");
        if (!all_finite(logits.value()))
            throw Error(ErrorCode::numeric, "the network's logits are beyond the range of 32-bit numbers",
                        "set smaller values by hand");
        const Var<float> probabilities = observe_("probabilities", softmax(Var<float>(logits.value())), [] {
            return Shown{.role = Role::probabilities,
                         .symbol = "P",
                         .title = "Class probabilities",
                         .axes = {"class"},
                         .step = {"softmax", "P = softmax(o)", "@probabilities[o] = " + rules::softmax('o', "@logits[o]")}};
        });
        ResNetOutput result;
        result.probabilities = probabilities.value().reshape({classes()});
        const auto all = result.probabilities.values();
        result.watched = request_.watched.value_or(std::ranges::max_element(all) - all.begin());
        if (request_.grad_cam)
            result.grad_cam = grad_cam(design(), request_.block, tape, output, logits, result.watched, observe_).map;
        return result;
    }

 private:
    const ResNet<float>& network() const {
        return loaded_->for_picture(request_.picture.shape()[0], request_.picture.shape()[1]);
    }
    const ResNetDesign& design() const { return network().design(); }
    Index classes() const { return static_cast<Index>(design().classes.size()); }

    Var<float> stem(const Tensor<float>& picture) const {
        return network().stem(network().normalised(picture.reshape(picture.shape().with_inserted(0, 1))));
    }

    /// Of a block that is not shown whole the gate and the map are, on axes of their own. What they were computed from is not:
    /// they have formulas alone.
    BlockObserver from_afar(const Observer& observe) const {
        return [this, observe](Index block) {
            const std::string name = design().block_name(block);
            return observe.named(name + ".").redescribed([this, block, name](Shown& shown) {
                if (shown.role != Role::gate && shown.role != Role::map) return false;
                for (std::string& axis : shown.axes) axis = name + "." + axis;
                shown.title += fmt::format(", block {}.{}", block / design().blocks + 1, block % design().blocks + 1);
                shown.step.rule.clear();
                shown.parameters.clear();
                return true;
            });
        };
    }

    /// What the shown block reads; taken from what was kept where neither the picture nor a block before is edited.
    Var<float> before_shown(const Tensor<float>& picture) const {
        const auto computed = [&](const Observer& observe) {
            return network().run_blocks(0, request_.block, stem(picture), from_afar(observe), stop_);
        };
        if (!observe_ || picture.data() != request_.picture.data()) return computed(observe_);
        static PerModel<Prefix, PrefixKey> kept(kept_prefixes);
        const auto make = [&] {
            Probe aside({}, {});
            const Tensor<float> x = computed(Observer(aside)).value();
            return std::make_shared<const Prefix>(Prefix{x, aside.take()});
        };
        const auto prefix = kept.get(model_, {request_.picture, request_.block}, make, stop_);
        Probe& probe = *observe_.probe();
        if (probe.changes(prefix->shown)) return computed(observe_);
        probe.show_again(prefix->shown);
        return prefix->x;
    }

    void declare_axes(Index height, Index width) const {
        if (!observe_) return;
        const BlockAttentionKind& kind = block_attention(design().attention);
        for (Index block = 0; block < design().block_count(); ++block) {
            const bool shown = block == request_.block;
            const std::string prefix = shown ? "" : design().block_name(block) + ".";
            const Index stride = design().block_stride(block);
            const auto letter = [&](const char* own) { return shown ? own : ""; };
            if (shown || kind.channel)
                observe_.axis({prefix + "channel", AxisKind::channel, design().block_width(block), {}, letter("c")});
            if (!shown && !kind.spatial) continue;
            observe_.axis({prefix + "y", AxisKind::y, (height + stride - 1) / stride, {}, letter("y")});
            observe_.axis({prefix + "x", AxisKind::x, (width + stride - 1) / stride, {}, letter("x")});
        }
        observe_.axis({"window.y", AxisKind::y, 3, {}, "u"});
        observe_.axis({"window.x", AxisKind::x, 3, {}, "v"});
        observe_.axis({"input.y", AxisKind::y, height, {}, "y"});
        observe_.axis({"input.x", AxisKind::x, width, {}, "x"});
        observe_.axis({"feature", AxisKind::feature, design().widths.back(), {}, "k"});
        observe_.axis({"class", AxisKind::class_, classes(), design().classes, "o"});
    }

    const ModelPtr& model_;
    std::shared_ptr<const LoadedResNet> loaded_;
    const ResNetRequest& request_;
    const Observer& observe_;
    const std::stop_token& stop_;
};

}  // namespace

ResNetOutput run_resnet(const ModelPtr& model, const ResNetRequest& request, const Observer& observe,
                        const std::stop_token& stop) {
    return Run(model, request, observe, stop).run();
}

}  // namespace saccade
