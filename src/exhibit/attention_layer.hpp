#pragma once

#include <functional>
#include <optional>

#include "attention/visibility.hpp"
#include "exhibit/exhibit.hpp"
#include "model/transformer_stack.hpp"

namespace saccade {

/// One layer of self-attention, taken out of a trained stack: what it reads of a typed text, and its parameters. For the
/// exhibits self-attention and multi-head.
struct AttentionLayer {
    StackDesign design;
    Index layer = 0;
    Ids ids;
    std::vector<std::string> labels;           // one per token
    Tensor<float> embedding, position, input;  // [tokens, d_model]; position empty where the code adds nothing
    /// The residual stream before this layer, [tokens, d_model], of what is read instead of `input`; the identity for the
    /// first.
    std::function<Tensor<float>(const Tensor<float>& input)> stream;
    Tensor<float> gain, bias;  // of the normalisation before it; empty without one
    MultiHeadAttention<float> attention;
    PositionSizes sizes;                   // of its position code
    PositionParameters<float> parameters;  // that the code reads

    Index tokens() const { return static_cast<Index>(ids.size()); }
    Index units() const { return design.d_model / design.heads; }
};

/// The parameters text, model and layer of both exhibits.
std::vector<ParamSpec> attention_layer_params();
/// "zh-en-transformer" or "induction", as the parameter model has it.
std::string attention_layer_model(const Params& params);

/// Embeds the text for the layer that the parameters choose. Error{invalid_input} for a text without tokens and a layer that
/// is not there.
AttentionLayer attention_layer(RunContext& context);

/// Shows what the layer reads, then its heads, with `visibility` instead of their own mask, from projection to context, and
/// what each adds to the output; with formulas and rules. `head`: that one alone, without an axis for heads; else all, joined
/// and projected: concat, attended, share. Axes: token, token.key, feature, unit, head.
void show_attention(RunContext& context, const AttentionLayer& layer, const Visibility& visibility, std::optional<Index> head);

}  // namespace saccade
