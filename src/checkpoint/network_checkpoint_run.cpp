#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/kept_with.hpp"
#include "checkpoint/network_checkpoint.hpp"
#include "tensor/finite.hpp"

namespace saccade {

namespace {

/// The network up to the shown block, which edits at that block or after it do not touch: dragging a gate recomputes only what
/// comes after it.
struct NetworkPrefix {
    Tensor<float> x;  // what the shown block reads [1, H, W, C]
    ShownRun shown;   // of the picture and of the blocks before
};
struct NetworkPrefixKey {
    Tensor<float> plain;  // held: its storage says which picture it is
    std::size_t block = 0;
    bool operator==(const NetworkPrefixKey& other) const {
        return plain.data() == other.plain.data() && plain.shape() == other.plain.shape() && block == other.block;
    }
};
constexpr std::size_t kept_network_prefixes = 3;

class GatedRun {
 public:
    GatedRun(const NetworkCheckpointPtr& checkpoint, const NetworkRequest& request, std::size_t block,
             const std::stop_token& stop)
        : checkpoint_(checkpoint), network_(*checkpoint->network), request_(request), block_(block), stop_(stop) {}

    /// Logits [1, classes], or nothing.
    Tensor<float> logits(Probe& probe) const {
        const Observer observe(probe);
        declare_axes(observe);
        Var<float> x = before_shown(probe);
        network_.declare_block_axes(block_, x.shape(), observe);
        const std::string name = design().blocks[block_].name();
        x = network_.block(block_, x, observe.named(name + "."), stop_);
        x = through(block_ + 1, design().blocks.size(), x, observe);
        const bool last = block_ + 1 == design().blocks.size();
        const Var<float> features = network_.features(x, observe, last ? name + ".output" : "");
        return design().classes == 0 ? Tensor<float>() : network_.logits(features, observe).value();
    }

 private:
    const GatedNetworkDesign& design() const { return network_.design(); }

    void declare_axes(const Observer& observe) const {
        declare_pixel_axes(checkpoint_->reading, observe);
        for (const std::size_t b : design().gates())
            if (b != block_)
                observe.axis({design().blocks[b].name() + ".channel", AxisKind::channel, design().blocks[b].gated(), {}, ""});
    }

    /// Blocks that are not shown whole: their gates alone, on axes of their own. What they were computed from is not shown:
    /// they have formulas alone.
    Var<float> through(std::size_t from, std::size_t to, Var<float> x, const Observer& observe) const {
        for (std::size_t b = from; b < to; ++b) {
            const GatedBlockDesign& d = design().blocks[b];
            x = network_.block(b, x, observe.named(d.name() + ".").redescribed([&d](Shown& shown) {
                if (shown.role != Role::gate) return false;
                shown.axes = {d.name() + ".channel"};
                shown.title += ", block " + d.short_name();
                shown.step.rule.clear();
                shown.parameters.clear();
                return true;
            }),
                               stop_);
        }
        return x;
    }

    /// What the shown block reads.
    Var<float> before_shown(Probe& probe) const {
        const auto computed = [&](Probe& into) {
            const Observer observe(into);
            const Tensor<float> pixels = shown_pixels(request_.plain, checkpoint_->reading, observe);
            return through(0, block_, network_.stem(pixels.reshape(pixels.shape().with_inserted(0, 1))), observe);
        };
        static KeptWith<GatedNetwork, NetworkPrefix, NetworkPrefixKey> kept(kept_network_prefixes);
        const auto make = [&] {
            Probe aside({}, {});
            const Tensor<float> x = computed(aside).value();
            return std::make_shared<const NetworkPrefix>(NetworkPrefix{x, aside.take()});
        };
        const auto prefix = kept.get(checkpoint_->network, {request_.plain, block_}, make, stop_);
        if (probe.changes(prefix->shown)) return computed(probe);
        probe.show_again(prefix->shown);
        return prefix->x;
    }

    const NetworkCheckpointPtr& checkpoint_;
    const GatedNetwork& network_;
    const NetworkRequest& request_;
    std::size_t block_;
    const std::stop_token& stop_;
};

}  // namespace

ClassesRead run_network_checkpoint(const NetworkCheckpointPtr& checkpoint, const NetworkRequest& request, Probe& probe,
                                   const std::stop_token& stop) {
    const GatedNetworkDesign& design = checkpoint->network->design();
    const Shape expected{design.height, design.width, 3};
    if (request.plain.shape() != expected)
        throw Error(ErrorCode::invalid_input,
                    fmt::format("a picture of shape {}, and the model reads {}", request.plain.shape().str(), expected.str()));
    const std::vector<std::size_t> gates = design.gates();
    if (request.gate >= gates.size())
        throw Error(ErrorCode::out_of_range, fmt::format("there is no gate {}", request.gate),
                    fmt::format("gates are counted from 0 to {}", gates.size() - 1));
    const Tensor<float> logits = GatedRun(checkpoint, request, gates[request.gate], stop).logits(probe);
    if (logits.empty()) return {};
    const bool finite = all_finite(logits);
    if (!finite && probe.intervening())
        throw Error(ErrorCode::numeric, "the network's logits are beyond the range of 32-bit numbers",
                    "set smaller values by hand");
    return read_out_classes(checkpoint->classes, checkpoint->path, logits, Observer(probe));
}

}  // namespace saccade
