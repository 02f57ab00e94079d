#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "autograd/var.hpp"

namespace saccade {

/// Extents that the parameters of a position code depend on.
struct PositionSizes {
    Index d_model = 0, heads = 1;
    Index longest = 64;  // positions that a learned table knows
    Index clip = 16;     // k of Shaw 2018: the longest distance that is told apart
};

/// A parameter of a position code. Of the stack, it is named PREFIX.position.NAME; of each layer,
/// PREFIX.LAYER.self.position.NAME.
struct PositionParameter {
    std::string name, symbol;
    Shape shape;
    bool each_layer = false;
    std::vector<std::string> axes;  // of: position, distance, feature, unit
};

/// How a self-attention knows where its tokens are. What a code does not do is the identity, or an empty Var. Positions count
/// from 0; `first` is that of the first row given (a decoder that goes on behind cached keys).
template <class T>
class PositionCode {
 public:
    virtual ~PositionCode() = default;
    /// Added to the embeddings: [length, d_model]. Error{invalid_input} beyond a learned table.
    virtual Var<T> added(Index /*first*/, Index /*length*/) const { return {}; }
    /// Does `turned` do anything?
    virtual bool turns() const { return false; }
    /// Queries or keys x [B, h, n, d_head] as the scores see them (rotary).
    virtual Var<T> turned(const Var<T>& x, Index /*first*/) const { return x; }
    /// Added to the scaled scores: [B or 1, h, T_q, n_keys]. queries [B, h, T_q, d_head]; keys begin at position 0.
    virtual Var<T> score_term(const Var<T>& /*queries*/, Index /*first_query*/, Index /*n_keys*/) const { return {}; }
    /// Added to the context: [B, h, T_q, d_head]. weights [B, h, T_q, n_keys].
    virtual Var<T> context_term(const Var<T>& /*weights*/, Index /*first_query*/) const { return {}; }
};

template <class T>
using PositionCodePtr = std::shared_ptr<const PositionCode<T>>;

/// Hands out parameters by their name below "position.": of the stack, or of a layer.
template <class T>
using PositionParameters = std::function<Var<T>(const std::string& name)>;

/// One way to tell positions, as people choose it; each has a file of its own. A code with parameters of each layer is made
/// once a layer, any other once a stack.
struct PositionFunction {
    std::string id, title;
    std::string equation, source;  // for tooltips and steps
    std::vector<PositionParameter> (*parameters)(const PositionSizes&);
    PositionCodePtr<float> (*make)(const PositionSizes&, const PositionParameters<float>&);
    PositionCodePtr<double> (*make_double)(const PositionSizes&, const PositionParameters<double>&);
    bool adds = false, scores = false;  // does it add to the embeddings, to the scores?
};

PositionFunction no_position_function();
PositionFunction sinusoidal_position_function();
PositionFunction learned_position_function();
PositionFunction shaw_position_function();
PositionFunction rotary_position_function();
PositionFunction alibi_position_function();

/// All of them, in the order of the choices: none, sinusoidal, learned, shaw, rotary, alibi.
const std::vector<PositionFunction>& position_codes();
/// Error{usage} lists them.
const PositionFunction& position_code(const std::string& id);

template <class T>
PositionCodePtr<T> make_position_code(const PositionFunction& function, const PositionSizes& sizes,
                                      const PositionParameters<T>& parameters);

/// PE(p, 2i) = sin(p / 10000^(2i/d)), PE(p, 2i+1) = cos(the same): [length, d] from position `first` (Vaswani 2017,
/// section 3.5).
template <class T>
Tensor<T> sinusoidal_code(Index first, Index length, Index d);
/// Pairs (x_2i, x_2i+1) of x [..., n, d] turned by the angle p theta_i, theta_i = 10000^(-2i/d), p the position of the row
/// (Su 2021, eq. 34: adjacent features are a pair). Error{invalid_input} if d is odd.
template <class T>
Var<T> rotary_turned(const Var<T>& x, Index first);
/// ALiBi's slopes, one a head: 2^(-8/h), 2^(-16/h), ...; where h is no power of two, those of the power below, then every other
/// one of the power above (Press 2021, section 3, and its published code).
std::vector<double> alibi_slopes(Index heads);
/// -slope_h |i - j|: [1, heads, n_queries, n_keys]. For causal stacks as in Press 2021 (keys behind the query are masked); for
/// others the same on both sides.
template <class T>
Tensor<T> alibi_term(Index heads, Index first_query, Index n_queries, Index n_keys);
/// Row of a relative table [2 clip + 1, d] for a query at i and a key at j: clip(j - i, -k, k) + k (Shaw 2018, eq. 3).
Index relative_row(Index i, Index j, Index clip);

}  // namespace saccade
