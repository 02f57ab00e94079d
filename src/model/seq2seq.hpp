#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <stop_token>

#include "attention/align.hpp"
#include "attention/score.hpp"
#include "base/rng.hpp"
#include "model/gated_cell.hpp"
#include "nn/linear.hpp"

namespace saccade {

/// Extents of an encoder-decoder; all but the vocabularies are free.
struct Seq2SeqSizes {
    Index source_vocabulary = 0;
    Index target_vocabulary = 0;  // with <start>, which is read but never written
    Index embedding = 32;
    Index encoder = 64;  // units per direction
    Index decoder = 128;
    Index attention = 64;  // hidden units of additive and concat scores and of predicted centres
    Index readout = 0;     // units of the attentional vector; 0: none, the logits are read from state and context
    Index longest = 64;    // source positions that location scores know
    Index input = 32;      // features of a source position, where no embedding of ids is read (source_vocabulary 0)
};

/// What the shapes of the weights do not say of an encoder-decoder. The defaults are Bahdanau's.
struct Seq2SeqDesign {
    CellKind cell = CellKind::gru;
    bool attention = true;  // false: every step reads the same context, the encoder's last states (Cho 2014)
    std::string score = "additive";
    AlignSettings align;
    /// Who asks, and when. True (Bahdanau 2014): the query is s_{i-1}, and the context enters the decoder's cell. False (Luong
    /// 2015): the cell steps first, the query is s_i, and the context meets it in the attentional vector.
    bool look_first = true;
    bool input_feeding = false;  // Luong 2015, section 3.3: the attentional vector enters the next step
    bool operator==(const Seq2SeqDesign&) const = default;
};
nlohmann::json to_json(const Seq2SeqDesign& design);
/// From a model card's "design" (missing keys: defaults). Error{bad_format} names `where`.
Seq2SeqDesign design_from_json(const nlohmann::json& card, const std::string& where);

/// Sequences of ids, padded at the end to one length, time-major: id of (t, b) at t * size + b.
struct PaddedSources {
    Index size = 0, length = 0;
    Ids ids;
    std::vector<Index> lengths;

    /// Pads with `pad`. No sequence may be empty.
    static PaddedSources from(std::span<const Ids> sequences, Index pad = 0);
};

/// What training adds.
struct Noise {
    double dropout = 0;       // rate at which embeddings and attentional vectors are zeroed (Srivastava 2014)
    double soft_samples = 0;  // hard sampling: share of steps that use the expectation alpha itself (Xu 2015, section 4.1)
    Rng* rng = nullptr;
};

/// The encoder-decoder with attention of Bahdanau, Cho and Bengio 2014 ("Neural machine translation by jointly learning to
/// align and translate") and of Luong, Pham and Manning 2015 ("Effective approaches to attention-based neural machine
/// translation"). With x_j the source, h_j the annotations, y_i the output, s the decoder's state:
///
///   h_j = [forward h_j; backward h_j], two recurrent layers over the embedded source       (Bahdanau, section 3.2)
///   s_0 = tanh(W_s backward_h_1 + b_s)                                                     (Bahdanau, A.2.2)
///   e_ij = score(q_i, h_j)    alpha_i = align(e_i)    c_i = sum_j alpha_ij h_j             (attention/score.hpp, align.hpp)
///
///   look first (Bahdanau):  q_i = s_{i-1}    s_i = cell(s_{i-1}, [E_y y_{i-1}; c_i])       (A.2.2)
///   step first (Luong):     s_i = cell(s_{i-1}, [E_y y_{i-1}; t_{i-1}])    q_i = s_i       (section 3; t with input feeding)
///
///   t_i = tanh(W_c [c_i; s_i])    p(y_i) = softmax(W_o t_i + b_o)                          (Luong, eq. 5 and 6)
///   or, without an attentional vector t:  p(y_i) = softmax(U_o s_i + C_o c_i + b_o)
///
/// Without attention c_i = [forward h_n; backward h_1] at every step: all that the decoder knows of the source, as in Cho et
/// al. 2014 ("Learning phrase representations using RNN encoder-decoder"). Bahdanau's readout has a maxout layer and sees
/// y_{i-1}; this one has neither. The GRU is nn/gru.hpp's, whose reset gate acts after the product.
///
/// Observers see batches of one: everything that is computed, with the rule that it follows.
template <class T>
class Seq2Seq {
 public:
    /// Sizes are read from the shapes. Error{bad_format} if tensors are missing or do not fit each other or the design.
    explicit Seq2Seq(const Weights<T>& weights, Seq2SeqDesign design = {});
    /// The same model with a design that differs in its attention alone, over the same weights, whose matrices stay laid out.
    /// Error as above, {unsupported} where the weights lack the functions' parameters.
    Seq2Seq with_attention(const Weights<T>& weights, const Seq2SeqDesign& design) const;
    const Seq2SeqSizes& sizes() const { return sizes_; }
    const Seq2SeqDesign& design() const { return design_; }
    /// Of the alignment function, with their extents; none without attention.
    const std::vector<FunctionParameter>& align_parameters() const { return align_parameters_; }
    Index start_id() const { return sizes_.target_vocabulary - 1; }
    Index end_id() const { return sizes_.target_vocabulary - 2; }

    /// A batch of sources, read.
    struct Encoded {
        Var<T> annotations;    // [B, length, 2 * encoder]
        Var<T> keys;           // [B, length, d]; empty without attention
        Var<T> fixed;          // [B, 2 * encoder], without attention
        CellState<T> initial;  // s_0, [B, decoder]
        Tensor<T> mask;        // [B, length]; empty if nothing is padded
        Tensor<T> lengths;     // [B]
        /// The same for rows of the batch, in any number and order (hypotheses of a beam).
        Encoded rows(std::span<const Index> which) const;
    };
    Encoded encode(const PaddedSources& sources, const Observer& observe = {}, std::stop_token stop = {},
                   Noise noise = {}) const;
    /// The same of sources that were not ids: read [length * B, input], time-major, which the caller shows as
    /// "encoder.embedding" [source, input]; of `sources` only size, length and lengths are looked at.
    Encoded encode_read(const Var<T>& read, const PaddedSources& sources, const Observer& observe = {},
                        std::stop_token stop = {}) const;

    /// What the decoder carries from step to step, [B, ...].
    struct State {
        CellState<T> cell;
        Var<T> attentional;  // t_{i-1}; empty without a readout of that kind
        State rows(std::span<const Index> which) const;
    };
    State initial_state(const Encoded& encoded) const;

    /// One step of the decoder, all with leading axis B.
    struct Step {
        Var<T> scores, weights, context;  // scores and weights are empty without attention
        State state;
    };
    /// From y_{i-1}, projected (project_previous), and the state before it. `rng`: draws hard samples; needed for those alone.
    Step step(const Encoded& encoded, const Var<T>& projected_previous, const State& state, Index i, Rng* rng = nullptr,
              const Observer& observe = {}, Noise noise = {}) const;
    /// E_y y, projected to the decoder's gates: ids -> [ids.size(), gates * decoder].
    Var<T> project_previous(std::span<const Index> ids, Index i = 0, const Observer& observe = {}, Noise noise = {}) const;
    /// What the logits are read from: attentional vectors, or states and contexts side by side. Leading axes are free.
    Var<T> readout_input(const Step& step) const;
    /// -> logits [..., target_vocabulary - 1]. Of one step where `observe` is at its row.
    Var<T> logits(const Var<T>& readout_input, const Observer& observe = {}) const;

    /// Given targets: targets[i * B + b] is the i-th output of source b (time-major, one length for all).
    struct Forced {
        Var<T> logits;                        // [steps * B, target_vocabulary - 1], time-major
        std::vector<Var<T>> scores, weights;  // a step: [B, length]
    };
    Forced forced(const Encoded& encoded, std::span<const Index> targets, Index steps, Rng* rng = nullptr,
                  Noise noise = {}) const;

    /// Greedy outputs of a batch, time-major, and the weights of each step. Stops when every source has reached <end>, or at
    /// max_steps.
    struct Greedy {
        Ids ids;
        Index steps = 0;
        std::vector<Tensor<T>> weights;
    };
    Greedy greedy(const Encoded& encoded, Index max_steps, Rng* rng = nullptr, std::stop_token stop = {}) const;

 private:
    void load_score(const Weights<T>& weights);
    void load_align(const Weights<T>& weights);
    void load_readout(const Weights<T>& weights);
    std::vector<CellState<T>> run_direction(const GatedCell<T>& cell, const Var<T>& embedded, const PaddedSources& sources,
                                            bool backward, const Observer& observe, const std::stop_token& stop) const;
    Var<T> embedded_source(const PaddedSources& sources, const Observer& observe) const;
    CellState<T> initial_cell_state(const CellState<T>& backward, const Observer& observe) const;
    Var<T> keys_of(const Var<T>& annotations, const Observer& observe) const;
    ScoreRules score_rules() const;
    std::vector<Parameter> shown_score_parameters() const;  // with the queries, whatever reads them
    /// `observe` is at row i in these three.
    void look(const Encoded& encoded, const Var<T>& asking, Index i, Rng* rng, const Observer& observe, const Noise& noise,
              Step& step) const;
    Var<T> weights_of(const Encoded& encoded, const Var<T>& asking, const Var<T>& scores, Index i, Rng* rng,
                      const Observer& observe, const Noise& noise) const;
    Var<T> attentional_vector(const Step& step, const Observer& observe) const;
    CellReads decoder_reads() const;

    Seq2SeqSizes sizes_;
    Seq2SeqDesign design_;
    ScoreFunction function_;
    std::shared_ptr<const Score<T>> score_;
    std::map<std::string, Var<T>> score_parameters_;
    std::vector<FunctionParameter> align_parameters_;
    std::shared_ptr<const Align<T>> align_;
    AlignText align_text_;
    bool samples_ = false;
    Var<T> source_table_, target_table_;  // E_x, E_y
    GatedCell<T> forward_, backward_, decoder_;
    Linear<T> initial_, initial_cell_;                   // W_s, b_s; the second for an LSTM's cell
    Linear<T> fed_;                                      // C of the decoder's gates, over the context or the attentional vector
    Linear<T> attentional_state_, attentional_context_;  // W_c, its two blocks
    Linear<T> readout_;                                  // W_o, b_o; or U_o, b_o
    Linear<T> readout_context_;                          // C_o
};

/// Fresh weights: embeddings standard normal, matrices uniform in +-1 / sqrt(fan in) as PyTorch has it, biases 0, the strength
/// of cosine scores 4.
WeightMap initial_seq2seq_weights(const Seq2SeqSizes& sizes, const Seq2SeqDesign& design, Rng& rng);

}  // namespace saccade
