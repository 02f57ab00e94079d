#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "trace/observer.hpp"

namespace saccade {

/// Extents that the parameters of a position code depend on.
struct PositionSizes {
    Index d_model = 0, heads = 1;
    Index longest = 64;        // positions that a learned table knows
    Index clip = 16;           // k of Shaw 2018: the longest distance that is told apart
    Index pairs = 0;           // of the rotary code: frequencies that the weights hold; 0: those of the paper
    Index first_head = 0;      // which of the heads is the first that an attention has, where it does not have all of them
    Index buckets = 32;        // of the bucketed code: distances that are told apart, of both directions
    Index max_distance = 128;  // of the bucketed code: from here on, all distances share a bucket
    bool both_ways = true;     // of the bucketed code: do keys after the query have buckets of their own?
};

/// A parameter of a position code. Of the stack, it is named PREFIX.position.NAME; of each layer,
/// PREFIX.LAYER.self.position.NAME.
struct PositionParameter {
    std::string name, symbol;
    Shape shape;
    bool each_layer = false;
    std::vector<std::string> axes;  // feature (d_model) and unit (d_head), or of PositionFunction::axes
};

/// How rules name the attention that a code is at work in: "@query[l,h,i,u]" in a stack, "@query[i,u]" for a head alone.
struct PositionNames {
    std::string layer, head;    // "l,", "h,"; empty where tensors have no such axis
    std::string queries, keys;  // axes of tokens
};

/// How something that a code computes follows. `rule` is a right side (trace/formula.hpp), '@' the prefix of the tensors of the
/// attention, and of the code's own parameters, "@position.NAME".
struct PositionRule {
    std::string formula, rule, source;
    std::vector<Parameter> parameters{};  // that the code made itself: those of the model are declared for it
};

// What a code may do, each together with its rule: neither is had without the other. Positions count from 0; `first` is that of
// the first row given (a decoder that continues after cached keys).

/// Something is added to the embeddings.
template <class T>
class AddedCode {
 public:
    virtual ~AddedCode() = default;
    /// [length, d_model]. Error{invalid_input} beyond a learned table.
    virtual Var<T> added(Index first, Index length) const = 0;
    /// Of its feature k, at the position that `p` stands for: "i".
    virtual PositionRule added_rule(const std::string& p) const = 0;
};

/// Queries and keys are changed before they meet.
template <class T>
class TurningCode {
 public:
    virtual ~TurningCode() = default;
    /// Queries or keys x [B, h, n, d_head] as the scores see them.
    virtual Var<T> turned(const Var<T>& x, Index first) const = 0;
    /// Of unit u, at token `p`; `x(unit)` is what is turned.
    virtual PositionRule turned_rule(const std::function<std::string(const std::string& unit)>& x, char p) const = 0;
};

/// Something is added to the scaled scores.
template <class T>
class ScoringCode {
 public:
    virtual ~ScoringCode() = default;
    /// [B or 1, h, T_q, n_keys]. queries [B, h, T_q, d_head]; keys begin at position 0.
    virtual Var<T> score_term(const Var<T>& queries, Index first_query, Index n_keys) const = 0;
    /// Of query i and key j, of this many keys.
    virtual PositionRule score_rule(const PositionNames& names, Index n_keys) const = 0;
};

/// Something is added to the values, another vector for each query.
template <class T>
class ReadingCode {
 public:
    virtual ~ReadingCode() = default;
    /// What that adds to the context: [B, h, T_q, d_head]. weights [B, h, T_q, n_keys].
    virtual Var<T> context_term(const Var<T>& weights, Index first_query) const = 0;
    /// Of what query i finds added to unit u of value j.
    virtual PositionRule value_rule(const PositionNames& names) const = 0;
};

/// How a self-attention knows where its tokens are: what the code does; null: it does not. Cheap to copy.
template <class T>
struct PositionCode {
    std::shared_ptr<const AddedCode<T>> adds;
    std::shared_ptr<const TurningCode<T>> turns;
    std::shared_ptr<const ScoringCode<T>> scores;
    std::shared_ptr<const ReadingCode<T>> reads;

    // What a code does not do is the identity, or an empty Var.
    Var<T> added(Index first, Index length) const { return adds ? adds->added(first, length) : Var<T>(); }
    Var<T> turned(const Var<T>& x, Index first) const { return turns ? turns->turned(x, first) : x; }
    Var<T> score_term(const Var<T>& queries, Index first_query, Index n_keys) const {
        return scores ? scores->score_term(queries, first_query, n_keys) : Var<T>();
    }
    Var<T> context_term(const Var<T>& weights, Index first_query) const {
        return reads ? reads->context_term(weights, first_query) : Var<T>();
    }
};

/// Hands out parameters by their name below "position.": of the stack, or of a layer.
template <class T>
using PositionParameters = std::function<Var<T>(const std::string& name)>;

/// What a code has to draw itself by: a run of a stack with it.
struct PositionScene {
    Observer observe;    // shows "code", and what that follows from
    std::string stack;   // prefix of the tensors of that run: "encoder."
    std::string tokens;  // axis of its tokens; keys: tokens.key
    Index length = 0;
    PositionSizes sizes;
    PositionParameters<float> parameters;  // of the stack, or of its first layer
    Tensor<float> added;                   // [n, d]: what the run added to its tokens; empty: nothing
    Tensor<float> term;                    // [heads, n, n]: what its first layer added to its scores; empty: nothing
};

/// How similar the code makes two positions.
struct PositionSimilarity {
    std::string title, rule;  // of cell [i,j]
    Tensor<float> values;     // [n, n]
};

/// One way to tell positions, as people choose it; each has a file of its own. A code with parameters of each layer is made
/// once a layer, any other once a stack.
struct PositionFunction {
    std::string id, title;
    std::string equation, source;          // for tooltips and steps
    bool tells_distance, tells_direction;  // what an encoder can tell by it: near from far; left from right
    bool any_length;                       // or PositionSizes::longest positions alone
    std::vector<PositionParameter> (*parameters)(const PositionSizes&);
    std::vector<Axis> (*axes)(const PositionSizes&);  // that its parameters alone run along
    PositionCode<float> (*make)(const PositionSizes&, const PositionParameters<float>&);
    PositionCode<double> (*make_double)(const PositionSizes&, const PositionParameters<double>&);
    /// Shows the code itself, as "code" if there is one.
    PositionSimilarity (*draw)(const PositionScene&);
};

PositionFunction no_position_function();
PositionFunction sinusoidal_position_function();
PositionFunction sinusoidal_halves_position_function();
PositionFunction learned_position_function();
PositionFunction shaw_position_function();
PositionFunction rotary_position_function();
PositionFunction alibi_position_function();
PositionFunction buckets_position_function();

/// All of them, in the order of the choices: none, sinusoidal, learned, shaw, rotary, alibi.
const std::vector<PositionFunction>& position_codes();
/// Those that other people's models have, and none of ours: sinusoidal-halves, buckets.
const std::vector<PositionFunction>& other_position_codes();
/// One of either. Error{usage} lists them.
const PositionFunction& position_code(const std::string& id);

/// Does each layer have parameters of its own?
bool each_layer_differs(const PositionFunction& function, const PositionSizes& sizes);
/// Axes of its own in a trace, named below `prefix` ("encoder.").
void declare_position_axes(Probe& probe, const PositionFunction& function, const PositionSizes& sizes,
                           const std::string& prefix);
/// A parameter of the model as a trace holds it; values [layer, ...] where each layer has its own and `layers` is set.
Parameter shown_parameter(const PositionFunction& function, const PositionSizes& sizes, const PositionParameter& parameter,
                          const std::string& prefix, bool layers, const Tensor<float>& values);

template <class T>
PositionCode<T> make_position_code(const PositionFunction& function, const PositionSizes& sizes,
                                   const PositionParameters<T>& parameters);

/// PE(p, 2i) = sin(p / 10000^(2i/d)), PE(p, 2i+1) = cos(the same): [length, d] from position `first` (Vaswani 2017,
/// section 3.5). `halves`: the same features in another order, all sines first.
template <class T>
Tensor<T> sinusoidal_code(Index first, Index length, Index d, bool halves = false);
/// Pairs (x_2i, x_2i+1) of x [..., n, d] turned by the angle p theta_i, p the position of the row (Su 2021, eq. 34: adjacent
/// features are a pair). theta [d/2], in radians a position, 0 for pairs that stay; empty: theta_i = 10000^(-2i/d).
/// Error{invalid_input} if d is odd, or if theta has another size.
template <class T>
Var<T> rotary_turned(const Var<T>& x, Index first, const Tensor<T>& theta = {});

}  // namespace saccade
