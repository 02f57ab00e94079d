#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <stop_token>

#include "attention/multi_head.hpp"
#include "attention/visibility.hpp"
#include "base/rng.hpp"
#include "model/layered_parameters.hpp"
#include "model/weights.hpp"
#include "nn/feed_forward.hpp"
#include "nn/norm.hpp"

namespace saccade {

/// What a stack of transformer layers is. Encoder: neither causal nor cross; decoder: both; language model: causal alone.
struct StackDesign {
    Index layers = 2, heads = 4, d_model = 64, d_ff = 128;  // d_ff 0: attention only
    std::string norm = "pre";         // "pre" (x + f(LN x), a last LN after all), "post" (LN(x + f x), Vaswani 2017), "none"
    std::string activation = "relu";  // nn/activation.hpp
    std::string position = "sinusoidal";  // id of a position code
    bool causal = false, cross = false;
    bool bias = true;  // of the projections of attention
    // What other people's models have and ours do not.
    bool scaled_embedding = true;  // times sqrt(d_model) (Vaswani 2017, section 3.4)
    bool embedding_norm = false;   // behind table, positions and types (Devlin 2018)
    bool rms = false;              // norms by the root mean square alone, without a bias
    bool gated = false;            // the feed-forward has a gate
    bool feed_forward_bias = true;
    double norm_epsilon = 1e-5;
    Index d_head = 0;             // 0: d_model / heads
    Index groups = 0;             // heads that keys and values have (Ainslie 2023); 0: as many as queries
    Index window = 0;             // keys that a query sees, itself included (Jiang 2023, section 2); 0: all
    bool query_key_norm = false;  // queries and keys of each head are normalised by their root mean square
    bool scaled_scores = true;    // by 1 / sqrt(d_head); T5 has none (Raffel 2020)
    Index max_distance = 128;     // of the position code `buckets`: from here on all distances share one
    bool parallel = false;        // attention and feed-forward read the same x, and both are added (Wang and Komatsuzaki 2021)
    bool operator==(const StackDesign&) const = default;
};
nlohmann::json to_json(const StackDesign& design);
/// From card[key] ("encoder", "decoder", "stack"); missing members: defaults. Error{bad_format} names `where`.
StackDesign stack_design_from_json(const nlohmann::json& card, const std::string& key, const std::string& where);
/// Error{invalid_input}, one line: heads that do not divide d_model, unknown norm, activation or position, extents below 1.
void require_valid(const StackDesign& design);
Index units_of(const StackDesign& design);   // d_head
Index groups_of(const StackDesign& design);  // heads of keys and values
/// Residual blocks per layer, each with its norm: self-attention, cross-attention, feed-forward.
int sublayers(const StackDesign& design);

/// How rules and views name what surrounds a stack; needed where something observes. Other axes: layer, head, unit (d_head),
/// feature (d_model), hidden (d_ff).
struct StackNames {
    std::string tokens{};                     // axis; of its keys: tokens.key
    std::string ids{};                        // the tensor of the ids that it reads: "source.id"
    std::string types{};                      // that of the types, if it has a table of them: "token.type"
    std::string vocabulary{};                 // axis of the embedding table
    std::string title = "Attention weights";  // of self-attention's
    How embedded{};                           // how vectors that no table of this stack made came about; empty: given
    // Decoders: the axis of the keys that cross-attention sees, and what they are made of, at token j and feature m:
    // "encoder.norm[j,m]".
    std::string memory_keys{}, memory{};
};

/// What a stack keeps of positions that it has seen, and of the encoder's output. A copy is cheap (storage is shared), so to
/// continue a prefix in several ways, copy it.
template <class T>
struct StackCache {
    Index length = 0;                  // positions already seen
    std::vector<KeysValues<T>> self;   // a layer
    std::vector<KeysValues<T>> cross;  // a layer; of cache_of, or made at the first call with a memory
    /// Rows of the batch, in any number and order (hypotheses of a beam).
    StackCache rows(std::span<const Index> which) const;
};

/// What a call needs besides the input. All masks 0 or -inf; they add up.
template <class T>
struct StackCall {
    Tensor<T> mask;                // self-attention: [T_q, T_k], [B, 1, 1, T_k] (padding) or [B, 1, T_q, T_k]; empty: none.
                                   // T_k counts cached positions. A causal stack adds its own mask
    std::span<const Index> types;  // a type for each id (Devlin 2018), where the stack has a table of them; empty: all 0
    std::optional<Index> radius;  // restricted self-attention (Vaswani 2017, section 4): keys at most this far; 0: itself alone
    Var<T> memory;                // encoder output [B, S, d_model]; may be left out where the cache holds its keys and values
    Tensor<T> memory_mask;        // cross-attention: [B, 1, 1, S] or [T_q, S]; empty: none
    StackCache<T>* cache = nullptr;  // positions before this call's; grows by them
    double dropout = 0;              // of each sub-layer's output and of the input (Vaswani 2017, section 5.4)
    Rng* rng = nullptr;              // needed for dropout alone
    /// Its prefix is the stack's name: "encoder.", "decoder.", or "self." for language models. Batches of one.
    Observer observe{};
    StackNames names{};
    std::stop_token stop = {};
    std::vector<Var<T>>* weights = nullptr;        // self-attention's weights [B, h, T_q, T_k] of each layer are added here
    std::vector<Var<T>>* cross_weights = nullptr;  // the same of cross-attention, [B, h, T, S]
    std::vector<Var<T>>* states = nullptr;         // each layer's output [B, T, d_model] is added here
};

/// Layers of self-attention, cross-attention (decoders) and feed-forward, each with a residual connection and a normalisation
/// (Vaswani 2017, section 3.1; pre-norm: Xiong 2020). Activations are [B, T, d_model].
///
/// Shown below call.observe, [token, feature]: embedding; type, where there are types; position, where the code adds; input,
/// the first layer's; norm, behind
/// all layers of a pre-norm stack. [layer, token, feature]: norm1 to norm3 (pre-norm), what each sub-layer reads; middle, after
/// self-attention's Add (& Norm); feed_forward, before the residual; state, the layer's output. hidden [layer, token, hidden].
/// Self-attention as MultiHeadAttention has it; cross-attention below "cross.", with cross.middle, after its Add (& Norm). The
/// last sub-layer shows no middle.
template <class T>
class TransformerStack {
 public:
    /// Weights: PREFIX.embedding.weight, PREFIX.types.weight (where the stack has them), PREFIX.embedding_norm;
    /// PREFIX.LAYER.self and, in decoders, PREFIX.LAYER.cross, each as multi_head_projections; PREFIX.LAYER.feed_forward.in and
    /// .out, .weight and .bias; PREFIX.LAYER.norm1 to .norm3 and, of pre-norm stacks, PREFIX.norm, .gain and .bias; of the
    /// position code as PositionParameter. Error{bad_format}; Error{invalid_input} as require_valid.
    TransformerStack(const Weights<T>& weights, const std::string& prefix, StackDesign design);

    const StackDesign& design() const { return design_; }
    const PositionSizes& position_sizes() const { return sizes_; }  // longest and clip as the weights have them
    /// The norm behind the last layer, of whatever one likes; x itself where there is none.
    Var<T> last_norm(const Var<T>& x) const { return design_.norm == "pre" ? norm_(x) : x; }
    Index types() const { return types_.empty() ? 0 : types_.shape()[0]; }
    Index vocabulary() const { return table_.empty() ? 0 : table_.extents()[0]; }
    /// The embedding table [vocabulary, d_model]; empty if the weights hold none, or keep it only as it is laid out.
    const Var<T>& table() const { return table_.weight; }
    /// The same, laid out once where the stack is causal or its weights were taken.
    const Linear<T>& laid_out_table() const { return table_; }
    const std::shared_ptr<const PackedMatrix<T>>& packed_table() const { return table_.packed; }

    /// sqrt(d_model) E[id] (Vaswani 2017, section 3.4), then `positioned`: ids[b * length + t] -> [batch, length, d_model].
    Var<T> embed(std::span<const Index> ids, Index batch, const StackCall<T>& call) const;
    /// x [B, T, d_model] plus what the position code adds after call.cache's positions; dropout.
    Var<T> positioned(const Var<T>& x, const StackCall<T>& call) const;
    /// All layers: x [B, T, d_model] -> [B, T, d_model]; pre-norm: the last norm included. Error{invalid_input} for a memory
    /// that is missing, Error{cancelled}.
    Var<T> operator()(const Var<T>& x, const StackCall<T>& call) const;
    /// One layer by itself, of what it read in a call without a cache, memory and dropout: x [B, T, d_model]. Shows what that
    /// call showed of it.
    Var<T> layer_again(Index layer, const Var<T>& x, const StackCall<T>& call) const;
    /// Its self-attention alone, from queries, keys and values [B, h, T, d_head] as that call showed them: term, scores, mask,
    /// weights, context.
    void attention_again(Index layer, const Var<T>& queries, const KeysValues<T>& kv, const StackCall<T>& call) const;
    /// A cache that holds the keys and values of the encoder's output [B, S, d_model], and no position yet.
    StackCache<T> cache_of(const Var<T>& memory) const;
    /// The position code of the stack: what is added. Empty where each layer has its own.
    const PositionCode<T>& code() const { return code_; }
    /// The table of a learned code [positions, d_model]; Error{invalid_input} where the code is another.
    const Var<T>& learned_positions() const;
    /// The same stack with another table, of other positions.
    TransformerStack with_learned_positions(const Tensor<T>& table) const;
    /// A layer's self-attention.
    const MultiHeadAttention<T>& self(Index layer) const { return layers_.at(static_cast<std::size_t>(layer)).self; }
    /// What the stack gives out, as rules name it below its prefix at a token and a feature: "encoder.norm[i,m]".
    std::string output(const std::string& prefix, char token, char feature) const;
    /// The axes that its tensors have besides tokens and vocabulary, without those of the position code: of both stacks of a
    /// pair they are the same.
    void declare_axes(Probe& probe) const;
    std::vector<Axis> axes() const;  // which declare_axes declares
    /// Those of the position code, below the stack's prefix.
    void declare_position_axes(Probe& probe, const std::string& prefix) const;
    /// x [..., d_model] E^T without row `classes` and on: logits by the tied table (Press and Wolf 2017).
    Var<T> tied_logits(const Var<T>& x, Index classes) const;

 private:
    struct Layer {
        MultiHeadAttention<T> self;
        std::optional<MultiHeadAttention<T>> cross;
        FeedForward<T> feed_forward;
        std::vector<Norm<T>> norms;
        std::vector<Var<T>> position;  // the code's parameters, where each layer has its own
    };
    struct LayerPass;
    Var<T> placed(const Var<T>& x, const StackCall<T>& call) const;
    /// What self-attention may look at, in this call.
    Visibility visibility(const StackCall<T>& call) const;
    AttentionNames self_names(const StackCall<T>& call) const;
    AttentionNames cross_names(const StackCall<T>& call) const;
    std::function<ProjectionNames(const char*, Linear<float> MultiHeadProjections<float>::*)> projection_names(
        bool cross) const;
    Var<T> layer(std::size_t at, Var<T> x, const Tensor<T>& mask, const StackCall<T>& call, const AttentionNames& self,
                 const AttentionNames& cross) const;
    /// A parameter that each layer has; `key`: its name in one.
    template <class Of>
    Parameter layered(const std::string& name, const std::string& symbol, std::vector<std::string> axes, const std::string& key,
                      const Of& of) const;
    std::vector<Parameter> norm_parameters(const std::string& prefix, std::size_t n) const;
    /// The same of a matrix, which may be kept only as it is laid out.
    Parameter layered_matrix(const std::string& name, const std::string& symbol, std::vector<std::string> axes,
                             const std::string& key, const std::function<const Linear<float>&(const Layer&)>& of) const;
    Norm<T> norm_of(const Weights<T>& w, const std::string& name) const;
    FeedForward<T> feed_forward_of(const Weights<T>& w, const std::string& name) const;
    /// The rule of a norm of the operand, parameters as named ("@norm1", "[l,k]").
    std::string norm_rule(const std::function<std::string(char)>& x_of, const std::string& name, const std::string& at) const;
    Var<T> typed(Var<T> input, const StackCall<T>& call) const;
    std::vector<Parameter> position_parameters(const std::string& prefix) const;
    Parameter feed_forward_parameter(Linear<T> FeedForward<T>::*which, const char* name, const char* index, bool bias) const;

    StackDesign design_;
    PositionSizes sizes_;
    PositionCode<T> code_;          // of the stack: what is added
    std::vector<Var<T>> position_;  // its parameters
    Linear<T> table_;
    std::vector<Layer> layers_;
    Var<T> types_;  // [types, d_model]; empty: none
    Norm<T> norm_, embedding_norm_;
    std::shared_ptr<LayeredParameters> layered_ = std::make_shared<LayeredParameters>();
};

/// PREFIX.{query,key,value,output}.weight [d_model, d_model] and, with `bias`, .bias [d_model]. Error{bad_format}.
template <class T>
MultiHeadProjections<T> multi_head_projections(const Weights<T>& weights, const std::string& prefix, Index d_model, bool bias);
/// As the design has them: queries [heads d_head, d_model], keys and values [groups d_head, d_model], output [d_model, heads
/// d_head].
template <class T>
MultiHeadProjections<T> multi_head_projections(const Weights<T>& weights, const std::string& prefix, const StackDesign& design);

/// Fresh weights of a stack, added to `weights`: matrices uniform in +-sqrt(6 / (in + out)) (Glorot 2010), biases 0, gains 1,
/// embeddings (vocabulary > 0) normal with variance 1 / d_model, learned and relative positions normal, 0.02.
void add_initial_stack_weights(WeightMap& weights, const std::string& prefix, const StackDesign& design, Index vocabulary,
                               const PositionSizes& sizes, Rng& rng);

}  // namespace saccade
