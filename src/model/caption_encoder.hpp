#pragma once

#include <functional>
#include <stop_token>
#include <vector>

#include "autograd/ops_image.hpp"
#include "base/rng.hpp"
#include "model/weights.hpp"
#include "trace/observer.hpp"

namespace saccade {

/// One layer of the captioner's encoder.
struct CaptionLayer {
    Index channels, kernel, stride, shift = 0;
};

/// The layers that `saccade train` makes: 8 x 8 pixels make one annotation, which sees 57 x 57 pixels. At 96 x 96
/// pixels: 12 x 12 annotations and 37 million multiply-adds. Windows of odd size that step by two pixels look at the first of
/// the two, and three such layers would leave each annotation looking at the corner of its eight pixels: the last begins one
/// place, which is four pixels, later, and so looks at their middle.
const std::vector<CaptionLayer>& caption_layers();

/// What no shape tells of an encoder's layers: by how many pixels their windows step, and how much later they begin.
struct CaptionSteps {
    std::vector<Index> strides, shifts;
    bool operator==(const CaptionSteps&) const = default;
};
/// Of caption_layers().
const CaptionSteps& caption_steps();

/// Where each annotation is, so that words such as "left of" can be read: with u = 2 (y + 1/2) / height - 1 down the picture
/// and v across it, [sin(pi u / 2), cos(pi u / 2), sin(pi u), cos(pi u), the same of v]. The network below is convolutional and
/// could not know (Liu 2018, "An intriguing failing of convolutional neural networks and the CoordConv solution").
/// -> [height * width, 8].
template <class T>
Tensor<T> place_codes(Index height, Index width);
inline constexpr Index place_features = 8;
inline constexpr Index picture_channels = 3;

/// A picture to annotation vectors (Xu 2015, section 3.1.1): convolution, batch norm and relu, layer by layer, fully
/// convolutional, so that any picture size gives a map. Parameters encoder.convN.weight, encoder.normN.{gain,bias,mean,
/// variance}, N from 1.
template <class T>
class CaptionEncoder {
 public:
    CaptionEncoder() = default;
    /// Sizes from the shapes. Without population statistics (in training) each batch is normalised by its own.
    /// Error{bad_format} if tensors are missing, or do not fit each other or the steps.
    /// `inputs`: channels of what it reads; more than a picture's three for clips, which see motion too.
    explicit CaptionEncoder(const Weights<T>& weights, const CaptionSteps& steps = caption_steps(),
                            Index inputs = picture_channels);

    /// Channels of the annotations, place codes left out.
    Index channels() const { return layers_.back().weight.shape()[0]; }
    Index annotation_size() const { return channels() + place_features; }
    /// Pixels of the picture that one annotation stands for, a side.
    Index cell() const;

    struct Annotations {
        Var<T> vectors;  // [B, height * width, annotation_size()]: what was seen there, then where it is
        Index height = 0, width = 0;
    };
    /// images [B, height, width, inputs], 0 to 1. Shows "annotations" of a batch of one. Error{invalid_input} below `cell()`
    /// pixels a side.
    Annotations operator()(const Var<T>& images, const Observer& observe = {}, std::stop_token stop = {}) const;
    /// One forward pass with the batch's own statistics; what each layer saw. Error as above.
    std::vector<BatchStatistics<T>> statistics(const Tensor<T>& images) const;

 private:
    struct Layer {
        Var<T> weight, gain, bias;
        Tensor<T> mean, variance;  // empty: the batch's own
        Index stride = 1, shift = 0;
    };
    Var<T> features(const Var<T>& images, std::vector<BatchStatistics<T>>* seen, const std::stop_token& stop) const;

    std::vector<Layer> layers_;
    Index inputs_ = picture_channels;
};

/// Fresh weights: kernels normal with variance 2 / fan in (He 2015), gains 1. `layers` may differ from the usual ones in
/// channels and kernels.
void add_caption_encoder_weights(WeightMap& to, Rng& rng, const std::vector<CaptionLayer>& layers = caption_layers(),
                                 Index inputs = picture_channels);
/// Population statistics of all batches together, put into the weights as NAME.mean and NAME.variance ("precise" batch norm, Wu
/// and Johnson 2021, section 3). `batches(i)` makes the i-th of n.
void recalibrate_caption_encoder(WeightMap& weights, const CaptionSteps& steps, Index n,
                                 const std::function<Tensor<float>(Index)>& batches, std::stop_token stop,
                                 Index inputs = picture_channels);

}  // namespace saccade
