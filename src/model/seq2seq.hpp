#pragma once

#include <optional>
#include <span>
#include <stop_token>

#include "base/rng.hpp"
#include "model/weights.hpp"
#include "nn/gru.hpp"
#include "nn/linear.hpp"
#include "trace/probe.hpp"

namespace saccade {

/// Extents of an encoder-decoder; all but the vocabularies are free.
struct Seq2SeqSizes {
    Index source_vocabulary = 0;
    Index target_vocabulary = 0;  // with <start>, which is read but never written
    Index embedding = 32;
    Index encoder = 64;  // units a direction
    Index decoder = 128;
    Index attention = 64;
};

/// Sequences of ids, padded at the end to one length, time-major: id of (t, b) at t * size + b.
struct PaddedSources {
    Index size = 0, length = 0;
    Ids ids;
    std::vector<Index> lengths;

    /// Pads with `pad`. No sequence may be empty.
    static PaddedSources from(std::span<const Ids> sequences, Index pad = 0);
};

/// The encoder-decoder with attention of Bahdanau, Cho and Bengio 2014 ("Neural machine translation by jointly learning to
/// align and translate"), over characters. With x_j the source, h_j the annotations, y_i the output:
///
///   h_j = [forward h_j; backward h_j], two GRUs over the embedded source                    (section 3.2)
///   s_0 = tanh(W_s backward_h_1 + b_s)                                                      (A.2.2)
///   e_ij = v_a . tanh(W_a s_{i-1} + U_a h_j)    alpha_i = softmax(e_i)    c_i = sum_j alpha_ij h_j   (A.1.2, eq. 6, eq. 5)
///   s_i = GRU(s_{i-1}, [E_y y_{i-1}; c_i])                                                  (A.2.2)
///   p(y_i) = softmax(U_o s_i + C_o c_i + b_o)
///
/// Simpler than the paper: the readout has no maxout layer and does not see y_{i-1} (A.2.2, t_i), which reaches it through s_i
/// alone. The GRU is nn/gru.hpp's, whose reset gate acts after the product.
template <class T>
class Seq2Seq {
 public:
    /// Sizes are read from the shapes. Error{bad_format} if tensors are missing or do not fit each other.
    explicit Seq2Seq(const Weights<T>& weights);
    const Seq2SeqSizes& sizes() const { return sizes_; }
    /// Declares parameters and steps, so that every recorded cell can be explained.
    void describe(Probe& probe) const;

    /// A batch of sources, read.
    struct Encoded {
        Var<T> annotations;  // [B, length, 2 * encoder]
        Var<T> keys;         // U_a h, [B, length, attention]
        Var<T> initial;      // s_0, [B, decoder]
        Tensor<T> mask;      // [B, length]; empty if nothing is padded
    };
    /// `probe` only for batches of one.
    Encoded encode(const PaddedSources& sources, Probe* probe = nullptr, std::stop_token stop = {}) const;

    /// One step of the decoder, all with leading axis B.
    struct Step {
        Var<T> weights, context, state;
    };
    /// From s_{i-1} and the projected y_{i-1} (project_previous) to s_i.
    Step step(const Encoded& encoded, const Var<T>& projected_previous, const Var<T>& state, Probe* probe = nullptr,
              Index i = 0) const;
    /// E_y y, projected to the decoder's gates: ids -> [ids.size(), 3 * decoder].
    Var<T> project_previous(std::span<const Index> ids, Probe* probe = nullptr, Index i = 0) const;
    /// States and contexts [..., decoder], [..., 2 * encoder] -> logits [..., target_vocabulary - 1].
    Var<T> readout(const Var<T>& state, const Var<T>& context, Probe* probe = nullptr, Index i = 0) const;

    /// Given targets: targets[i * B + b] is the i-th output of source b (time-major, one length for all).
    struct Forced {
        Var<T> logits;                // [steps * B, target_vocabulary - 1], time-major
        std::vector<Var<T>> weights;  // a step: [B, length]
    };
    Forced forced(const Encoded& encoded, std::span<const Index> targets, Index steps) const;

    /// Greedy outputs of a batch, time-major, and the weights of each step. Stops when every source has reached <end>, or at
    /// max_steps.
    struct Greedy {
        Ids ids;
        Index steps = 0;
        std::vector<Tensor<T>> weights;
    };
    Greedy greedy(const Encoded& encoded, Index max_steps) const;

 private:
    GruCell<T> gru(const Weights<T>& weights, const std::string& name, Index input, Index hidden) const;
    std::vector<Var<T>> run_direction(const GruCell<T>& cell, const Var<T>& embedded, const PaddedSources& sources,
                                      bool backward, Probe* probe, const std::stop_token& stop) const;
    Index start_id() const { return sizes_.target_vocabulary - 1; }

    Seq2SeqSizes sizes_;
    Var<T> source_table_, target_table_;  // E_x, E_y
    GruCell<T> forward_, backward_, decoder_;
    Linear<T> initial_;                                // W_s, b_s
    Var<T> query_weight_, key_weight_, score_vector_;  // W_a, U_a, v_a
    Var<T> context_weight_;                            // C of the decoder's gates, [3 * decoder, 2 * encoder]
    Linear<T> readout_state_;                          // U_o, b_o
    Var<T> readout_context_;                           // C_o
};

template <>
void Seq2Seq<float>::describe(Probe& probe) const;

/// Fresh weights: embeddings standard normal, matrices uniform in +-1 / sqrt(fan in) as PyTorch has it, biases 0.
WeightMap initial_seq2seq_weights(const Seq2SeqSizes& sizes, Rng& rng);

/// Reads one source and writes its output, greedily or as `forced` says (without <end>, which is added), showing every tensor.
/// `source_labels` and `target_tokens` name the positions. Returns the output ids, <end> included if it was reached.
/// Error{cancelled} within 5 ms of a stop.
Ids run_seq2seq(const Seq2Seq<float>& model, const Ids& source, const std::vector<std::string>& source_labels,
                const std::vector<std::string>& target_tokens, const std::optional<Ids>& forced, Index max_steps, Probe& probe,
                std::stop_token stop);

}  // namespace saccade
