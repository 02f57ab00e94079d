#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "model/recurrent_layer.hpp"
#include "nn/linear.hpp"

namespace saccade {

/// How many inputs and how many outputs a recurrent network has.
enum class RnnShape { one_to_n, n_to_one, n_to_n, n_to_m };

/// One of the networks that rnn-shapes shows.
struct RnnDesign {
    RnnShape shape = RnnShape::n_to_one;
    RecurrentKind cell = RecurrentKind::gru;
    bool both_directions = false;  // the encoder's, where there is one; never for one_to_n

    bool operator==(const RnnDesign&) const = default;
};

/// "1-to-n", "n-to-1", "n-to-n", "n-to-m".
std::string to_string(RnnShape shape);
/// "rnn-n-to-1-gru", "rnn-n-to-1-gru-bi".
std::string rnn_id(const RnnDesign& design);
/// From a model card ("shape", "cell", "direction"). Error{bad_format} names `where`.
RnnDesign rnn_design_from(const nlohmann::json& card, const std::string& where);
nlohmann::json to_json(const RnnDesign& design);

struct RnnSizes {
    Index inputs = 0;   // embedded symbols
    Index outputs = 0;  // classes, tags or characters
    Index embedding = 16;
    Index hidden = 48;   // units per direction
    Index decoder = 48;  // n_to_m alone
};

/// A recurrent network of one layer in one of four shapes, over embedded symbols x_t:
///
///   n_to_one   logits = W_o h_T + b_o                                              Elman 1990
///   n_to_n     logits_t = W_o h_t + b_o                                            Elman 1990
///   one_to_n   x_1 is the only input; x_i = E[y_(i-1)] after that; logits_i = W_o h_i + b_o
///   n_to_m     s_0 = tanh(W_s h_T + b_s); s_i = RNN(E_y[y_(i-1)], s_(i-1)); logits_i = W_o s_i + b_o
///                                                                                  Cho 2014, Sutskever 2014
///
/// In both directions h_t = [forward h_t; backward h_t] and h_T = [forward h_T; backward h_1] (Schuster and Paliwal 1997).
/// The decoder of n_to_m sees h_T through s_0 alone, as in Sutskever 2014; Cho 2014 shows it to every step.
template <class T>
class RnnShapes {
 public:
    /// Sizes are read from the shapes. Error{bad_format} if tensors are missing or do not fit.
    RnnShapes(const Weights<T>& weights, const RnnDesign& design);
    const RnnSizes& sizes() const { return sizes_; }
    const RnnDesign& design() const { return design_; }

    /// n_to_one: [B, outputs]. n_to_n: [longest * B, outputs], time-major.
    Var<T> classify(const PaddedTexts& texts) const;
    /// n_to_m: logits [steps * B, outputs], time-major, where the decoder is given what was written before; `written` [steps *
    /// B] time-major. one_to_n: the texts are the inputs, already with what was written; `written` is not read.
    Var<T> write(const PaddedTexts& texts, const Ids& written) const;
    /// Greedy decoding of each text for `steps` steps; what comes after `end` is meaningless. one_to_n: texts of one symbol,
    /// and output symbol y is input symbol y + `first_written`.
    std::vector<Ids> decode(const PaddedTexts& texts, Index steps, Index first_written) const;

    const Var<T>& table() const { return table_; }
    const RecurrentCell<T>& forward() const { return forward_; }
    const RecurrentCell<T>& backward() const { return backward_; }
    const RecurrentCell<T>& decoder() const { return decoder_; }
    const Var<T>& decoder_table() const { return decoder_table_; }
    const Linear<T>& initial() const { return initial_; }
    const Linear<T>& readout() const { return readout_; }

 private:
    /// States at all positions [longest * B, H or 2H], and h_T.
    struct Encoded {
        std::vector<CellState<T>> forward, backward;
        Var<T> last;
    };
    Encoded encode(const PaddedTexts& texts) const;

    RnnDesign design_;
    RnnSizes sizes_;
    Var<T> table_, decoder_table_;
    RecurrentCell<T> forward_, backward_, decoder_;
    Linear<T> initial_, readout_;
};

/// The layers as they are named in weights and traces.
RecurrentLayer rnn_forward_layer(const RnnDesign& design);
RecurrentLayer rnn_backward_layer();

/// Embeddings standard normal, the rest as init_recurrent.
WeightMap initial_rnn_weights(const RnnDesign& design, const RnnSizes& sizes, Rng& rng);

}  // namespace saccade
