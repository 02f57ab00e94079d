#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "attention/thin_plate_spline.hpp"
#include "model/conv_layers.hpp"
#include "model/seq2seq.hpp"

namespace saccade {

/// What no shape tells of a reader.
struct ReaderDesign {
    bool rectifier = true;  // false: the picture is read as it is
    Index height = 32, width = 100;
    Index encoder_layers = 6;  // convolutions; those beyond the fourth keep its size and channels
    Seq2SeqDesign decoder = [] {
        Seq2SeqDesign d;
        d.cell = CellKind::lstm;
        return d;
    }();
    bool operator==(const ReaderDesign&) const = default;
};
nlohmann::json to_json(const ReaderDesign& design);
/// From a model card's "design". Error{bad_format} names `where`.
ReaderDesign reader_design_from_json(const nlohmann::json& card, const std::string& where);

/// The 96 classes: the 94 printable characters of ASCII but the blank, in order, then [s], which ends a word, and [GO], which
/// is read before the first character.
const std::vector<std::string>& reader_tokens();
inline constexpr Index reader_end = 94, reader_start = 95;
/// A word's ids, without [s]. Characters that are not among the classes are left out, and put into `left_out` unless null.
Ids reader_ids(const std::string& word, std::vector<std::string>* left_out = nullptr);
/// Up to [s].
std::string reader_text(std::span<const Index> ids);

/// Reads the word in a picture: the recogniser of Shi et al. 2018 ("ASTER: an attentional scene text recognizer with flexible
/// rectification"), small enough for a processor, with the decoder of Lee and Osindero 2016 and Bahdanau 2014.
///
///   c_1 .. c_K = localisation network of I     K = 20 control points in the picture (section 3.1.1)
///   I' = sample(I, spline of c)                (section 3.1.2, 3.1.3; attention/thin_plate_spline.hpp, grid_sampler.hpp)
///   x_1 .. x_26 = convolutions over I'         a step for each 26th of its width (section 3.2.1)
///   h_j = [forward h_j; backward h_j]          two LSTMs (section 3.2.1)
///   y_i by additive attention over h           (section 3.2.2; model/seq2seq.hpp)
///
/// Parameters: rectifier.conv*, rectifier.points; encoder.conv*, encoder.features; and those of Seq2Seq.
template <class T>
class TextReader {
 public:
    /// Error{bad_format} if tensors are missing or do not fit each other or the design.
    explicit TextReader(const Weights<T>& weights, ReaderDesign design = {});

    const ReaderDesign& design() const { return design_; }
    const Seq2Seq<T>& decoder() const { return decoder_; }

    /// Pictures, read. Observers see batches of one.
    struct Read {
        Var<T> points;     // [B, K, 2]: x and y as shares; empty without a rectifier
        Var<T> grid;       // [B, height, width, 2]: where each pixel was read; empty without a rectifier
        Var<T> rectified;  // [B, height, width, 1], -1 to 1
        typename Seq2Seq<T>::Encoded encoded;
    };
    /// pictures [B, height, width], grey, 0 to 1, which the caller shows as "image" [image.y, image.x, color]. Observed:
    /// control_points [point, coordinate], grid [y, x, coordinate], rectified.picture [y, x, color], and what encodes it.
    /// Error{invalid_input} for another size; {cancelled}.
    Read read(const Var<T>& pictures, const Observer& observe = {}, std::stop_token stop = {}) const;
    /// With control points that somebody chose.
    Read read_at(const Var<T>& pictures, const Var<T>& points, const Observer& observe = {}, std::stop_token stop = {}) const;
    /// Where the localisation network would put the control points.
    Var<T> control_points(const Var<T>& pictures, std::vector<BatchStatistics<T>>* seen = nullptr) const;
    /// What each norm sees of pictures, in the order of reader_norms().
    std::vector<BatchStatistics<T>> statistics(const Tensor<T>& pictures) const;

 private:
    Var<T> checked(const Var<T>& pictures) const;
    Var<T> grid_of(const Var<T>& points, const Observer& observe) const;
    Var<T> rectified(const Var<T>& pictures, const Var<T>& grid, const Observer& observe) const;
    Var<T> features(const Var<T>& rectified, std::vector<BatchStatistics<T>>* seen, const std::stop_token& stop) const;
    Read encoded(Read read, const Observer& observe, const std::stop_token& stop) const;

    ReaderDesign design_;
    ConvLayers<T> localisation_, encoder_;
    Linear<T> points_;  // of the localisation network
    Linear<T> features_;
    Tensor<T> spline_;  // [height * width, K]
    Seq2Seq<T> decoder_;
};

inline constexpr Index reader_points = 20, reader_steps = 26;
/// Where the steps lie in the rectified picture: the middle of what the encoder's second pool saw for each, 4 pixels apart from
/// edge to edge.
std::vector<PlaceInPicture> reader_step_places();

/// Fresh weights: the rectifier leaves the picture as it is.
WeightMap initial_reader_weights(const ReaderDesign& design, Rng& rng);
/// Names of all batch norms, in the order of TextReader::statistics().
std::vector<std::string> reader_norms(const ReaderDesign& design);

}  // namespace saccade
