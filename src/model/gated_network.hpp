#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "attention/channel_se.hpp"
#include "model/weights.hpp"
#include "nn/conv.hpp"
#include "nn/linear.hpp"

namespace saccade {

/// A convolution without a bias and the batch norm after it, padded by half its kernel: one layer of other people's networks.
struct NormedConvDesign {
    Index in = 0, out = 0, kernel = 1, stride = 1;
    bool depthwise = false;    // a filter for each channel
    std::string activation{};  // an id of nn/activation.hpp; empty: none
    bool operator==(const NormedConvDesign&) const = default;
};

/// A block: convolutions one after the other, a gate between two of them or behind the last, and perhaps a way past all.
///   bottleneck (He 2016, figure 5; Hu 2018, figure 3): 1x1, 3x3, 1x1, gate; relu(F' + shortcut)
///   inverted residual (Sandler 2018; Howard 2019, figure 4): 1x1 wider, depthwise, gate, 1x1 narrower; + x
///   depthwise separable (Howard 2017): depthwise, gate, 1x1
struct GatedBlockDesign {
    Index stage = 1, block = 1;  // counted from 1: "stage3.block2"
    std::vector<NormedConvDesign> convs{};
    std::size_t gate_after = 0;                  // convolutions before the gate
    Index hidden = 0;                            // units of its bottleneck; 0: the block has no gate
    bool shortcut = false;                       // x is added to what the convolutions made,
    std::optional<NormedConvDesign> projection;  // and goes through this before
    std::string activation{};                    // of the sum; empty: none

    std::string name() const;
    std::string short_name() const;  // "3.2"
    Index gated() const { return convs[gate_after - 1].out; }
    bool operator==(const GatedBlockDesign&) const = default;
};

/// What stands between the last block and the classifier.
enum class NetworkHead {
    pooled,       // the mean over the picture (He 2016)
    conv_pooled,  // a normed 1x1 convolution, then the mean (Tan and Le 2019)
    pooled_conv,  // the mean, then a layer with a bias (Howard 2019, figure 5)
};

struct GatedNetworkDesign {
    Index height = 0, width = 0;  // of the pictures
    NormedConvDesign stem{};
    bool stem_pools = false;  // a maximum of 3x3 at steps of 2 behind it
    std::vector<GatedBlockDesign> blocks{};
    std::string gate_activation = "relu";  // of the gates' bottlenecks
    bool hard_gates = false;               // hard_sigmoid opens them
    NetworkHead head = NetworkHead::pooled;
    NormedConvDesign head_conv{};  // where the head has one
    Index classes = 0;             // 0: none is read out
    double norm_epsilon = 1e-5;

    /// Blocks that have a gate, by their place among all.
    std::vector<std::size_t> gates() const;
    Index features() const { return head == NetworkHead::pooled ? blocks.back().convs.back().out : head_conv.out; }
    bool operator==(const GatedNetworkDesign&) const = default;
};
/// Error{unsupported} or {invalid_input}, one line: pictures that are too small or too large, no gate at all.
void require_valid(const GatedNetworkDesign& design);

/// Convolutional networks whose blocks gate their channels (Hu 2018), as other people train them.
/// Weights: stem, head (a convolution's .weight, and its norm's .norm.gain, .bias, .mean, .variance; of
/// NetworkHead::pooled_conv .weight [out, in] and .bias), classifier.weight [classes, features] and .bias; of each block
/// stageS.blockB.convK, .shortcut (as stem), and .attention.reduce.weight [hidden, C], .reduce.bias, .attention.expand.weight
/// [C, hidden], .expand.bias.
class GatedNetwork {
 public:
    /// Norms are folded into their convolutions. Error{bad_format} for missing or misshapen tensors and negative variances.
    GatedNetwork(const Weights<float>& weights, GatedNetworkDesign design);

    const GatedNetworkDesign& design() const { return design_; }

    // Piece by piece, so that a run can keep what it computed and continue anywhere. Batches of one are shown.
    /// Pixels [N, H, W, 3], normalised -> what the first block reads.
    Var<float> stem(const Var<float>& pixels) const;
    /// Shown below its name, if it has a gate: what the convolution before the gate reads ("middle"), what it makes
    /// ("features", F), what the gate shows, "shortcut" and "output". Axes: channel, y, x of the features; middle.channel,
    /// middle.y, middle.x and out, where they are not the same.
    Var<float> block(std::size_t block, const Var<float>& x, const Observer& observe = {},
                     const std::stop_token& stop = {}) const;
    /// Of the last block's output -> classifier.input [N, features]. `output`: its name, if it was shown.
    Var<float> features(const Var<float>& x, const Observer& observe, const std::string& output) const;
    /// Of those -> logits [N, classes].
    Var<float> logits(const Var<float>& features, const Observer& observe) const;
    /// Axes of a block that is shown whole, given its input [N, H, W, C].
    void declare_block_axes(std::size_t block, const Shape& input, const Observer& observe) const;

 private:
    struct NormedConv {
        NormedConvDesign design;
        Conv2d<float> conv;  // both, folded and laid out alone
        Var<float> weight;   // the convolution's own, and the norm that was folded into it
        BatchNorm<float> norm;

        Var<float> operator()(const Var<float>& x) const;
    };
    struct Block {
        std::vector<NormedConv> convs;
        std::shared_ptr<const SqueezeExcitation<float>> gate;  // null: none
        std::optional<NormedConv> projection;
    };
    NormedConv read(const Weights<float>& weights, const std::string& name, const NormedConvDesign& design) const;
    Block read_block(const Weights<float>& weights, const GatedBlockDesign& design) const;
    /// What the layer `name` made, shown under the name `as`, and how it follows from `of`; `narrows`: on the axis "out".
    Shown shown_conv(const NormedConv& layer, const std::string& name, const std::string& as, const std::string& of,
                     bool narrows) const;
    Var<float> block_output(const GatedBlockDesign& design, const Block& block, const Var<float>& x, const Var<float>& made,
                            const std::string& made_name, const Observer& observe) const;

    GatedNetworkDesign design_;
    NormedConv stem_;
    std::vector<Block> blocks_;
    std::optional<NormedConv> head_conv_;
    Linear<float> head_, classifier_;
};

}  // namespace saccade
