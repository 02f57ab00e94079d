#include "model/resnet_run.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "model/per_model.hpp"
#include "model/resnet_describe.hpp"

namespace saccade {

namespace {

/// [1, H, W, C] -> [C, H, W], and back.
Tensor<float> planes_of(const Tensor<float>& x) {
    const Index h = x.shape()[1], w = x.shape()[2], c = x.shape()[3];
    return transpose(Var<float>(x.reshape({h * w, c})), 0, 1).value().reshape({c, h, w});
}
Tensor<float> pixels_of(const Tensor<float>& planes) {
    const Index c = planes.shape()[0], h = planes.shape()[1], w = planes.shape()[2];
    return transpose(Var<float>(planes.reshape({c, h * w})), 0, 1).value().reshape({1, h, w, c});
}

/// What the run goes on with after a hand changed `computed` to `changed`: cells that it did not touch keep their gradient.
Var<float> gone_on_with(const Var<float>& computed, const Tensor<float>& changed) {
    if (!computed.tracked()) return changed;
    Tensor<float> kept(changed.shape()), set(changed.shape());
    for (Index i = 0; i < changed.size(); ++i) {
        const bool same = changed.data()[i] == computed.value().data()[i];
        (same ? kept : set).data()[i] = same ? 1 : changed.data()[i];
    }
    return add(mul(computed, Var<float>(kept)), Var<float>(set));
}

/// The network up to the shown block, which a hand at that block or behind it leaves as it is: dragging a gate computes what
/// comes after it alone.
struct Prefix {
    struct Point {
        Index block;
        std::string name;
        Tensor<float> values;
    };
    Tensor<float> x;            // what the shown block reads [1, H, W, C]
    std::vector<Point> points;  // of the blocks before it, in order
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
    Run(const ModelPtr& model, const ResNetRequest& request, Probe* probe, const std::stop_token& stop)
        : model_(model), loaded_(resnet_of(model)), request_(request), probe_(probe), stop_(stop) {
        if (request_.block < 0 || request_.block >= design().block_count())
            throw Error(ErrorCode::out_of_range, fmt::format("there is no block {}", request_.block),
                        fmt::format("blocks are counted from 0 to {}", design().block_count() - 1));
        if (request_.watched && (*request_.watched < 0 || *request_.watched >= classes()))
            throw Error(ErrorCode::out_of_range, fmt::format("there is no class {}", *request_.watched),
                        fmt::format("classes are counted from 0 to {}", classes() - 1));
    }

    ResNetOutput run() {
        const Tensor<float> picture = show(sites_.input, request_.picture).value();
        const Index blocks = design().block_count();
        const BlockOnlooker<float> onlooker = [this](Index block, std::string_view point, Var<float> value) {
            check_stop(stop_);
            return look(block, point, std::move(value));
        };
        const auto from_start = [&] { return network().run_blocks(0, request_.block, stem(picture), onlooker); };
        const bool keeps = probe_ != nullptr && picture.data() == request_.picture.data();
        const Var<float> x = keeps ? from_kept(from_start) : from_start();
        Var<float> output = network().block(request_.block, x, onlooker);
        // From here on the class's gradient goes back.
        Tape<float> tape;
        if (request_.grad_cam) output = tape.leaf(output.value());
        const Var<float> top = network().run_blocks(request_.block + 1, blocks, output, onlooker);
        const Var<float> pooled = show(sites_.pooled, global_mean_pool(top));
        const Var<float> logits = show(sites_.logits, network().classify(pooled));
        if (!std::ranges::all_of(logits.value().values(), [](float v) { return std::isfinite(v); }))
            throw Error(ErrorCode::numeric, "the network's logits are beyond what numbers of 32 bit hold",
                        "set smaller values by hand");
        const Var<float> probabilities = show(sites_.probabilities, softmax(Var<float>(logits.value())));
        ResNetOutput result;
        result.probabilities = probabilities.value().reshape({classes()});
        const auto all = result.probabilities.values();
        result.watched = request_.watched.value_or(std::ranges::max_element(all) - all.begin());
        if (request_.grad_cam) result.grad_cam = class_map(tape, output, logits, result.watched);
        if (probe_ != nullptr)
            describe_resnet(*probe_, *model_, design(),
                            {request_.block, picture.shape()[0], picture.shape()[1], request_.grad_cam, result.watched});
        return result;
    }

 private:
    const ResNet<float>& network() const { return loaded_->network; }
    const ResNetDesign& design() const { return network().design(); }
    Index classes() const { return static_cast<Index>(design().classes.size()); }

    Var<float> show(const ProbeSite& site, Var<float> v) {
        if (probe_ == nullptr) return v;
        const Tensor<float> result = probe_->whole(site, v.value());
        return result.data() == v.value().data() ? v : gone_on_with(v, result);
    }

    Var<float> stem(const Tensor<float>& picture) const {
        return network().stem(network().normalised(picture.reshape(picture.shape().with_inserted(0, 1))));
    }

    /// What the shown block reads, from what was kept, as far as no hand has changed a block before it.
    Var<float> from_kept(const std::function<Var<float>()>& from_start) {
        static PerModel<Prefix, PrefixKey> kept(kept_prefixes);
        const auto prefix =
            kept.get(model_, {request_.picture, request_.block}, [&] { return std::make_shared<const Prefix>(new_prefix()); });
        for (const Prefix::Point& point : prefix->points) {
            const Tensor<float> result = look(point.block, point.name, point.values).value();
            seen_.emplace(std::pair(point.block, point.name), result);
            if (result.data() != point.values.data()) return from_start();
        }
        return prefix->x;
    }

    Prefix new_prefix() const {
        Prefix prefix;
        prefix.x = network()
                       .run_blocks(0, request_.block, stem(request_.picture),
                                   [&](Index block, std::string_view point, Var<float> value) {
                                       check_stop(stop_);
                                       if (block_site(design().block_name(block), point, false))
                                           prefix.points.push_back({block, std::string(point), value.value()});
                                       return value;
                                   })
                       .value();
        return prefix;
    }

    Var<float> look(Index block, std::string_view point, Var<float> v) {
        if (probe_ == nullptr) return v;
        // Shown already, of the kept prefix: the same values as here, but for what a hand changed.
        if (const auto seen = seen_.find(std::pair(block, std::string(point))); seen != seen_.end())
            return gone_on_with(v, seen->second);
        const auto site = block_site(design().block_name(block), point, block == request_.block);
        if (!site) return v;
        if (point == "gate_scores" && block == request_.block) note_if_closed(v.value());
        if (!is_feature_map(point)) return show(*site, std::move(v));
        const Tensor<float> planes = planes_of(v.value());
        const Tensor<float> result = probe_->whole(*site, planes);
        return result.data() == planes.data() ? v : gone_on_with(v, pixels_of(result));
    }

    /// Without biases a bottleneck that relu shuts altogether leaves sigma(0).
    void note_if_closed(const Tensor<float>& scores) {
        if (std::ranges::all_of(scores.values(), [](float v) { return v == 0; }))
            probe_->note(
                {"block",
                 "every unit of the bottleneck is 0 here: the gate is 0.5 for all channels, whatever the picture shows",
                 "choose another block or another picture"});
    }

    Tensor<float> class_map(Tape<float>& tape, const Var<float>& output, const Var<float>& logits, Index watched) {
        Tensor<float> chosen(logits.shape());
        chosen.data()[watched] = 1;
        // A hand may have set every logit: then there is nothing to go back from.
        if (logits.tracked()) tape.backward(logits, chosen);
        Tensor<float> gradient = tape.grad(output);
        if (probe_ != nullptr) gradient = pixels_of(show(sites_.gradient, planes_of(gradient)).value());
        const Index h = output.shape()[1], w = output.shape()[2], c = output.shape()[3];
        const Var<float> alpha = show(sites_.weight, mean(Var<float>(gradient.reshape({h * w, c})), 0));
        const Var<float> sum =
            show(sites_.sum, reshape(matmul(Var<float>(output.value().reshape({h * w, c})), reshape(alpha, {c, 1})), {h, w}));
        const float peak = std::max(*std::ranges::max_element(sum.value().values()), smallest_grad_cam_peak);
        return show(sites_.grad_cam, scale(relu(sum), 1 / peak)).value();
    }

    const ModelPtr& model_;
    std::shared_ptr<const LoadedResNet> loaded_;
    const ResNetRequest& request_;
    Probe* probe_;
    const std::stop_token& stop_;
    NetworkSites sites_;
    std::map<std::pair<Index, std::string>, Tensor<float>> seen_;
};

}  // namespace

ResNetOutput run_resnet(const ModelPtr& model, const ResNetRequest& request, Probe* probe, const std::stop_token& stop) {
    return Run(model, request, probe, stop).run();
}

}  // namespace saccade
