#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <stop_token>

#include "attention/align.hpp"
#include "attention/channel_sca.hpp"
#include "attention/spatial_sca.hpp"
#include "base/rng.hpp"
#include "model/caption_encoder.hpp"
#include "model/gated_cell.hpp"
#include "nn/linear.hpp"

namespace saccade {

/// What no shape can tell of a captioner.
struct CaptionerDesign {
    AlignSettings align;        // of the locations' scores; of those that need nothing else
    bool channels = false;      // SCA (Chen 2017): channels are weighed too, and locations scored as there
    bool channel_first = true;  // then: channel-spatial, or else spatial-channel
    CaptionSteps encoder = caption_steps();
    bool operator==(const CaptionerDesign&) const = default;
    /// Does it draw locations (Xu 2015, section 4.1)?
    bool samples() const { return align_function(align.function).samples; }
};
/// As trained models look: soft (Xu 2015, section 4.2: the expected context), hard (section 4.1: one sampled location), sca.
/// Error{bad_format}.
CaptionerDesign captioner_design(const std::string& attention);
/// Error{invalid_input} if it is none of these.
std::string attention_of(const CaptionerDesign& design);
nlohmann::json to_json(const CaptionerDesign& design);
/// From a model card's "design". Error{bad_format} names `where`.
CaptionerDesign captioner_design_from_json(const nlohmann::json& card, const std::string& where);

struct CaptionerSizes {
    Index vocabulary = 0;  // with <en> and <zh>, its last two, which are read first and never written; <end> is before them
    Index embedding = 48;
    Index state = 128;
    Index attention = 64;   // hidden units of scores of locations
    Index channel = 32;     // hidden units of scores of channels
    Index annotation = 72;  // features of an annotation, its place among them
};

/// What training adds.
struct CaptionNoise {
    double dropout = 0;  // rate at which the state is zeroed where words are read from it
    double forget =
        0;  // share of steps whose context does not reach the LSTM: words must be read off the picture, not off memory
    double soft_samples = 0;  // hard: share of examples that use the expectation (Xu 2015, section 4.1)
    Rng* rng = nullptr;
};

/// The captioner of Xu et al. 2015 ("Show, attend and tell: Neural image caption generation with visual attention"). With a_i
/// the annotations of L locations, y_t the words, h and c the state and memory of an LSTM:
///
///   h_0 = tanh(W_h mean(a) + b_h)    c_0 = W_c mean(a) + b_c                              (section 3.1.2)
///   e_ti = v . tanh(W_a h_{t-1} + W_y E y_{t-1} + U_a a_i)    alpha_t = softmax(e_t)      (eq. 4, 5)
///   z_t = beta_t sum_i alpha_ti a_i,  beta_t = sigmoid(w_beta . h_{t-1} + b_beta)         (eq. 13, section 4.2.1)
///   h_t, c_t = LSTM(h_{t-1}, c_{t-1}, [E y_{t-1}; z_t])                                   (eq. 1 to 3)
///   p(y_t) = softmax(L_o tanh(E y_{t-1} + L_h h_t + L_z z_t) + b_o)                       (eq. 7, with the tanh
///                                                                                          of the authors' code)
///
/// Hard attention draws one location s_t ~ alpha_t and reads z_t = beta_t a_{s_t} (eq. 8, 9). In Xu's paper the query is W_a
/// h_{t-1} alone, which has not read y_{t-1} yet; with W_y it follows a caption that somebody else wrote. SCA scores locations
/// and channels as attention/spatial_sca.hpp and channel_sca.hpp, with W_y E y_{t-1} added to both queries, and reads z_t =
/// beta_t sum_i alpha_ti gamma_t a_i, where gamma_t is C times the channels' weights (Chen's beta), C their number, so that
/// weights that are all alike change nothing.
template <class T>
class Captioner {
 public:
    /// Sizes are read from the shapes. Error{bad_format} if tensors are missing or do not fit each other or the design.
    explicit Captioner(const Weights<T>& weights, CaptionerDesign design = {});
    const CaptionerSizes& sizes() const { return sizes_; }
    const CaptionerDesign& design() const { return design_; }
    const CaptionEncoder<T>& encoder() const { return encoder_; }
    Index classes() const { return sizes_.vocabulary - 2; }
    Index end_id() const { return sizes_.vocabulary - 3; }

    /// Pictures, read.
    struct Encoded {
        Var<T> annotations;  // [B, L, D]
        Var<T> keys;         // [B, L, attention]: U_a a; of SCA, spatial-channel, W_s V
        CellState<T> initial;
        Index height = 0, width = 0;  // L = height * width
        Encoded rows(std::span<const Index> which) const;
    };
    Encoded encode(const Var<T>& images, const Observer& observe = {}, std::stop_token stop = {}) const;

    struct State {
        CellState<T> cell;
        State rows(std::span<const Index> which) const;
    };

    /// One step of the decoder, all with leading axis B.
    struct Step {
        Var<T> scores;        // [B, L]
        Var<T> policy;        // chances of a draw; the weights, if none is drawn
        Var<T> weights;       // what was used
        Var<T> channel_gate;  // SCA: gamma [B, D], 1 on average
        Var<T> context, beta, gated;
        State state;
        Var<T> readout;     // tanh(E y_{t-1} + L_h h_t + L_z z_t)
        Tensor<T> sampled;  // hard: [B, L], one-hot where a location was drawn, zeros where the expectation was used
    };
    /// From y_{t-1}: ids [B]. `rng`: draws locations of hard attention; without it the most likely one is taken. Shown are
    /// batches of one, at the observer's row; "decoder.input" is y.
    Step step(const Encoded& encoded, std::span<const Index> previous, const State& state, Rng* rng = nullptr,
              const Observer& observe = {}, CaptionNoise noise = {}) const;
    /// -> logits [..., classes()].
    Var<T> logits(const Var<T>& readout, const Observer& observe = {}) const;

    /// Given words: targets[t * B + b] is the t-th word of picture b (time-major, one length for all), `language` the id of its
    /// <en> or <zh>.
    struct Forced {
        Var<T> logits;  // [steps * B, classes()], time-major
        std::vector<Step> steps;
    };
    Forced forced(const Encoded& encoded, std::span<const Index> languages, std::span<const Index> targets, Index steps,
                  Rng* rng = nullptr, CaptionNoise noise = {}) const;

    /// Greedy captions of a batch, time-major; stops when all have ended or at max_steps.
    Ids greedy(const Encoded& encoded, std::span<const Index> languages, Index max_steps, Rng* rng = nullptr,
               std::stop_token stop = {}) const;

 private:
    void load_attention(const Weights<T>& weights);
    Var<T> keys(const Var<T>& annotations, const Observer& observe) const;
    Var<T> query(const Var<T>& state, const Var<T>& word, const Observer& observe) const;
    Var<T> channel_gate(const Var<T>& means, const Var<T>& state, const Var<T>& word, const Observer& observe) const;
    Var<T> scores(const Encoded& encoded, const Var<T>& state, const Var<T>& word, const Observer& observe, Step& step) const;
    void align(Rng* rng, const Observer& observe, const CaptionNoise& noise, Step& step) const;
    void look(const Encoded& encoded, const Var<T>& word, const State& state, Rng* rng, const Observer& observe,
              const CaptionNoise& noise, Step& step) const;

    CaptionerSizes sizes_;
    CaptionerDesign design_;
    CaptionEncoder<T> encoder_;
    Var<T> table_;                      // E
    Linear<T> initial_, initial_cell_;  // W_h, W_c
    std::shared_ptr<const Align<T>> align_;
    DecoderQuery<T> ask_;         // W_a, W_y; the second may be missing, then the query is Xu's
    Var<T> key_weight_, vector_;  // U_a, v
    SpatialSca<T> spatial_;
    ChannelSca<T> channel_;
    Linear<T> beta_;  // w_beta, b_beta
    GatedCell<T> cell_;
    Var<T> context_weight_;                   // of the LSTM's gates, over z
    Var<T> readout_state_, readout_context_;  // L_h, L_z
    Linear<T> readout_;                       // L_o, b_o
};

/// Fresh weights: embeddings normal, matrices uniform in +-1 / sqrt(fan in), biases 0.
WeightMap initial_captioner_weights(const CaptionerSizes& sizes, const CaptionerDesign& design, Rng& rng);

}  // namespace saccade
