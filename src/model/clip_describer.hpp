#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <stop_token>

#include "attention/align.hpp"
#include "attention/decoder_query.hpp"
#include "base/rng.hpp"
#include "model/caption_encoder.hpp"
#include "model/captioner.hpp"
#include "model/gated_cell.hpp"
#include "nn/linear.hpp"

namespace saccade {

/// What no shape can tell of a describer of clips.
struct ClipDesign {
    bool places = false;  // false: one annotation a frame (Yao 2015); true: one a place of each frame
    CaptionSteps encoder;
    AlignSettings align{};
    bool operator==(const ClipDesign&) const = default;
};
nlohmann::json to_json(const ClipDesign& design);
/// From a model card's "design". Error{bad_format} names `where`.
ClipDesign clip_design_from_json(const nlohmann::json& card, const std::string& where);

/// The layers that `saccade train` makes: 6 x 6 places at 48 x 48 pixels, each of which sees 31 x 31. Of a design without
/// places the largest of each feature is taken.
const std::vector<CaptionLayer>& clip_layers();
ClipDesign clip_design(bool places);

struct ClipSizes {
    Index vocabulary = 0;  // with <en> and <zh>, its last two, which are read first and never written; <end> is before them
    Index embedding = 48;
    Index state = 128;
    Index attention = 64;    // hidden units of the scores
    Index frame = 128;       // of a design without places: features of a frame
    Index annotation = 136;  // with its time
};

/// When a frame is, so that what happens can be told in order: with u = 2 (i + 1/2) / frames - 1, [sin(pi f u), cos(pi f u)]
/// for f = 1/2, 1, 2, 4. -> [frames, 8].
template <class T>
Tensor<T> time_codes(Index frames);
inline constexpr Index time_features = 8;

/// What the encoder reads of a clip [B, frames, height, width, 3], 0 to 1: each frame, and behind its channels half of how much
/// it differs from the one before it, plus 1/2; the first does not. -> [B * frames, height, width, 6].
template <class T>
Tensor<T> with_motion(const Tensor<T>& clips);
inline constexpr Index clip_channels = 6;

/// The describer of clips of Yao et al. 2015 ("Describing videos by exploiting temporal structure", section 3). With v_1..v_n
/// the annotations of the frames, y_t the words, h and c the state and memory of an LSTM:
///
///   e_ti = w . tanh(W_a h_{t-1} + W_y E y_{t-1} + U_a v_i + b_a)    alpha_t = softmax(e_t)
///   phi_t = sum_i alpha_ti v_i
///   h_t, c_t = LSTM(h_{t-1}, c_{t-1}, [E y_{t-1}; phi_t])
///   p(y_t) = softmax(U_p tanh(E y_{t-1} + W_h h_t + W_p phi_t + b_p) + d)
///   h_0 = tanh(W_h0 mean(v) + b)    c_0 = W_c0 mean(v) + b'
///
/// (eq. 3 to 6 and the decoder of section 3.2). W_y is not Yao's: with it the query follows a sentence that somebody else
/// wrote. v_i is made by a convolutional network of frame i and of what has changed since the frame before it: the largest of
/// each feature over all places, through one fully connected layer, and the frame's time. With places, each place of each frame
/// has an annotation (features, place and time), and all are weighed at once.
template <class T>
class ClipDescriber {
 public:
    /// Sizes are read from the shapes. Error{bad_format} if tensors are missing or do not fit each other or the design.
    explicit ClipDescriber(const Weights<T>& weights, ClipDesign design);
    const ClipSizes& sizes() const { return sizes_; }
    const ClipDesign& design() const { return design_; }
    const CaptionEncoder<T>& encoder() const { return encoder_; }
    Index classes() const { return sizes_.vocabulary - 2; }
    Index end_id() const { return sizes_.vocabulary - 3; }

    /// Clips, read.
    struct Encoded {
        Var<T> annotations;  // [B, L, D]
        Var<T> keys;         // [B, L, attention]: U_a v + b_a
        CellState<T> initial;
        Index frames = 0, height = 1, width = 1;  // L = frames * height * width
        Encoded rows(std::span<const Index> which) const;
    };
    /// clips [B, frames, height, width, 3], 0 to 1. Error{invalid_input} if the pictures are too small, or without places not
    /// of the size that it was trained on.
    Encoded encode(const Tensor<T>& clips, const Observer& observe = {}, std::stop_token stop = {}) const;

    struct State {
        CellState<T> cell;
        State rows(std::span<const Index> which) const;
    };

    /// One step of the decoder, all with leading axis B.
    struct Step {
        Var<T> scores, weights;  // [B, L]
        Var<T> context;          // [B, D]
        State state;
        Var<T> readout;
    };
    /// From y_{t-1}: ids [B]. Shown are batches of one, at the observer's row; "decoder.input" is y.
    Step step(const Encoded& encoded, std::span<const Index> previous, const State& state, const Observer& observe = {},
              CaptionNoise noise = {}) const;
    /// -> logits [..., classes()].
    Var<T> logits(const Var<T>& readout, const Observer& observe = {}) const;

    /// Given words: targets[t * B + b] is the t-th word of clip b (time-major, one length for all), `languages` the ids of <en>
    /// or <zh>.
    struct Forced {
        Var<T> logits;  // [steps * B, classes()], time-major
        std::vector<Var<T>> weights;
    };
    Forced forced(const Encoded& encoded, std::span<const Index> languages, std::span<const Index> targets, Index steps,
                  CaptionNoise noise = {}) const;
    /// Greedy sentences of a batch, time-major; stops when all have ended or at max_steps.
    Ids greedy(const Encoded& encoded, std::span<const Index> languages, Index max_steps, std::stop_token stop = {}) const;

    /// What the axis of the annotations is called in a trace: "frame" or "place".
    const char* axis() const { return design_.places ? "place" : "frame"; }

 private:
    Var<T> annotate(const Tensor<T>& clips, const Observer& observe, const std::stop_token& stop, Encoded& into) const;
    void initialise(const Observer& observe, Encoded& into) const;
    void look(const Encoded& encoded, const Var<T>& word, const State& state, const Observer& observe, Step& step) const;

    ClipSizes sizes_;
    ClipDesign design_;
    CaptionEncoder<T> encoder_;
    Linear<T> join_;                    // of a frame's features, without places
    Var<T> table_;                      // E
    Linear<T> initial_, initial_cell_;  // W_h0, W_c0
    std::shared_ptr<const Align<T>> align_;
    DecoderQuery<T> ask_;  // W_a, W_y
    Linear<T> keys_;       // U_a, b_a
    Var<T> vector_;        // w
    GatedCell<T> cell_;
    Var<T> context_weight_;                   // of the LSTM's gates, over phi
    Var<T> readout_state_, readout_context_;  // W_h, W_p
    Var<T> readout_bias_;                     // b_p
    Linear<T> readout_;                       // U_p, d
};

/// Fresh weights: embeddings normal, matrices uniform in +-1 / sqrt(fan in), biases 0.
WeightMap initial_clip_weights(const ClipSizes& sizes, bool places, Rng& rng);

}  // namespace saccade
