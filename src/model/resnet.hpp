#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <stop_token>
#include <string>
#include <vector>

#include "attention/block_attention.hpp"
#include "autograd/ops_image.hpp"
#include "base/rng.hpp"
#include "model/model_store.hpp"
#include "model/weights.hpp"
#include "nn/conv.hpp"

namespace saccade {

/// A residual network for small pictures, and which attention its blocks have: what a card's "network" says.
struct ResNetDesign {
    Index blocks = 3;                                 // of each stage: depth 6 n + 2
    std::vector<Index> widths{16, 32, 64};            // channels of each stage; each after the first halves the picture
    std::string attention = "none";                   // an id of block_attentions()
    Index reduction = 4;                              // of its channel gate
    Index kernel = 7;                                 // of its spatial map
    std::vector<std::string> classes;                 // their names, in the order of the logits
    std::array<float, 3> mean{}, deviation{1, 1, 1};  // of the colours that it was trained with, each 0 to 1
    std::vector<Index> sides{32};                     // shorter ones of the pictures that it was trained with, in pixels

    bool operator==(const ResNetDesign&) const = default;
    Index block_count() const { return blocks * static_cast<Index>(widths.size()); }
    /// Blocks are counted from 0 over all stages: block 7 of 3 x 3 is "stage3.block2".
    std::string block_name(Index block) const;
    Index block_width(Index block) const { return widths[static_cast<std::size_t>(block / blocks)]; }
    /// Pixels of the picture that a cell of the block's features stands for, along each axis.
    Index block_stride(Index block) const { return Index{1} << (block / blocks); }
    /// Which of `sides` is nearest to a side: as many times smaller or larger as can be.
    Index nearest_side(Index side) const;
    /// The weight that holds a norm's statistics, `what` mean or variance, of pictures of one of `sides`: "NORM.mean" for the
    /// least, "NORM.mean_64" for a larger one.
    std::string statistics_name(const std::string& norm, const std::string& what, Index side) const;
    BlockAttentionSizes attention_sizes(Index block) const { return {block_width(block), reduction, kernel}; }
};
/// Error{invalid_input}, one line.
void require_valid(const ResNetDesign& design);
void into_card(const ResNetDesign& design, nlohmann::json& card);
/// Error{bad_format} names `where`.
ResNetDesign resnet_design_from_json(const nlohmann::json& card, const std::string& where);

/// The observer of each block.
using BlockObserver = std::function<Observer(Index block)>;

/// By the name of the norm: "stage1.block1.norm1".
template <class T>
using StatisticsMap = std::map<std::string, BatchStatistics<T>>;

/// ResNet (He 2016, "Deep residual learning for image recognition", section 4.2):
///   stem: relu(norm(conv3x3 x));  block: F = norm2(conv2(relu(norm1(conv1 x)))),  output = relu(attention(F) + shortcut(x));
///   logits = W mean_ij + b.  Shortcuts have no parameters (option A). Fully convolutional: any size from 1 x 1 pixels.
/// Weights: stem.weight, stageS.blockB.conv1.weight, conv2.weight, classifier.weight, classifier.bias; NORM.gain, NORM.bias for
/// stem.norm and stageS.blockB.norm1, norm2; NORM.mean, NORM.variance once they were measured; stageS.blockB.attention.* as the
/// attention names them. A network for pictures of several sizes has one set of weights, and statistics of its norms for each
/// size (Wang 2020, "Resolution switchable networks", section 3.1): activations of an enlarged picture are distributed
/// otherwise.
template <class T>
class ResNet {
 public:
    /// For inference on pictures whose shorter side is about `side` pixels (0: the least that it knows): norms use the
    /// population's statistics at the nearest size and are folded into the convolutions before them. Error{bad_format} for
    /// missing or misshapen tensors.
    ResNet(const Weights<T>& weights, ResNetDesign design, Index side = 0);
    /// For training and for measuring: norms use the statistics of their own batch, and write them to `seen` if it is not null
    /// (which must outlive this).
    static ResNet training(const Weights<T>& weights, ResNetDesign design, StatisticsMap<T>* seen = nullptr);

    const ResNetDesign& design() const { return design_; }

    /// pixels [N, H, W, 3], 0 to 1 -> as the stem reads them.
    Tensor<T> normalised(const Tensor<T>& pixels) const;

    // The network piece by piece, so that a run can keep what it computed and continue anywhere. x, output [N, H, W, C];
    // batches of one are shown.
    Var<T> stem(const Var<T>& normalised) const;
    /// All of a block. Shown below its name: "middle" (between the convolutions), "features" (F, what the attention is given),
    /// what the attention shows, "shortcut" and "output", each [channel, y, x].
    Var<T> block(Index block, const Var<T>& x, const Observer& observe = {}, const std::stop_token& stop = {}) const;
    /// Blocks [from, to).
    Var<T> run_blocks(Index from, Index to, Var<T> x, const BlockObserver& observe = {},
                      const std::stop_token& stop = {}) const;
    /// Of the last block's output -> [N, classes]; shows "classifier.input" (its mean over the picture) and "logits". `name`:
    /// of the output, as it was shown; empty: it was not.
    Var<T> logits(const Var<T>& output, const Observer& observe = {}, const std::string& name = {}) const;
    /// The whole: normalised [N, H, W, 3] -> logits [N, classes].
    Var<T> operator()(const Var<T>& normalised, const BlockObserver& observe = {}) const;

 private:
    /// A convolution and the norm after it; folded: the convolution is both.
    struct NormedConv {
        Conv2d<T> conv;
        Var<T> gain, bias;    // of the norm; empty where folded
        Var<T> weight;        // folded: the convolution's own
        BatchNorm<T> norm{};  // and the norm that was folded into it
        BatchStatistics<T>* seen = nullptr;
    };
    struct Block {
        NormedConv first, second;
        std::shared_ptr<const BlockAttention<T>> attention;  // null: none
    };
    explicit ResNet(ResNetDesign design);
    enum class Norms { folded, of_batch };
    void read(const Weights<T>& weights, Norms norms, Index side, StatisticsMap<T>* seen);
    /// relu(norm(conv x) + residual), residual may be empty; or without relu.
    Var<T> normed(const NormedConv& conv, const Var<T>& x) const;
    Var<T> normed_relu(const NormedConv& conv, const Var<T>& x, const Var<T>& residual) const;
    Var<T> shortcut(Index block, const Var<T>& x) const;

    ResNetDesign design_;
    NormedConv stem_;
    std::vector<Block> blocks_;
    Var<T> classifier_weight_, classifier_bias_;
};

/// Grad-CAM (Selvaraju 2017, eq. 1 and 2) of a class's logit y at a block's output A:
///   alpha_k = mean_ij dy / dA_k(i, j);   sum = sum_k alpha_k A_k;   map = relu(sum) / its maximum
struct GradCam {
    Tensor<float> alpha;     // [C]
    Tensor<float> sum, map;  // [H, W]; a map that is 0 everywhere stays 0
};
/// `output` [1, H, W, C] of block `block`, on the tape on which `logits` [1, classes] were computed from it. Shows
/// "grad_cam.gradient" [channel, y, x], "grad_cam.weight", "grad_cam.sum" and "grad_cam". Error{out_of_range} for a class that
/// does not exist.
GradCam grad_cam(const ResNetDesign& design, Index block, Tape<float>& tape, const Var<float>& output, const Var<float>& logits,
                 Index class_index, const Observer& observe = {});

/// Fresh weights: convolutions as He 2015 has them (fan out), gains 1, biases 0; no statistics.
WeightMap initial_resnet_weights(const ResNetDesign& design, Rng& rng);

/// A network that is ready to run, made once for each model. Error{bad_format} if the card or weights do not fit, or
/// statistics are missing.
struct LoadedResNet {
    std::vector<ResNet<float>> of_side;  // one for each of the design's sides: the same but for the statistics of its norms
    const ResNetDesign& design() const { return of_side.front().design(); }
    /// That for pictures of height x width pixels.
    const ResNet<float>& for_picture(Index height, Index width) const;
};
std::shared_ptr<const LoadedResNet> resnet_of(const ModelPtr& model);

}  // namespace saccade
