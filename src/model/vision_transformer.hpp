#pragma once

#include "model/transformer_stack.hpp"
#include "nn/conv.hpp"

namespace saccade {

/// A transformer that reads a picture as a sequence of patches (Dosovitskiy 2021, section 3.1), with one token before them that
/// the class is read from and, distilled, a second one that learned from a teacher (Touvron 2021, section 4).
struct VisionDesign {
    /// An encoder, pre-norm, with learned positions.
    StackDesign stack{.layers = 12,
                      .heads = 12,
                      .d_model = 768,
                      .d_ff = 3072,
                      .norm = "pre",
                      .activation = "gelu",
                      .position = "learned",
                      .scaled_embedding = false,
                      .norm_epsilon = 1e-12};
    Index height = 224, width = 224;  // px of the pictures that it reads
    Index patch = 16;                 // px of a patch's side; what is left over at the right and below is not read
    Index channels = 3;
    bool distilled = false;

    Index rows() const { return height / patch; }
    Index columns() const { return width / patch; }
    /// Tokens before the patches: the class's and the distillation's.
    Index special() const { return distilled ? 2 : 1; }
    Index tokens() const { return special() + rows() * columns(); }
};
/// Error{invalid_input}, one line: as that of the stack; a picture smaller than a patch, or of more tokens than can be shown.
void require_valid(const VisionDesign& design);
/// As a model's card has it, under "vision". Error{bad_format} names `where`.
nlohmann::json to_json(const VisionDesign& design);
VisionDesign vision_design_from_json(const nlohmann::json& card, const std::string& where);
/// Fresh weights, of the stack as add_initial_stack_weights has them; patches as other matrices, tokens normal, 0.02.
WeightMap initial_vision_weights(const VisionDesign& design, Index classes, Rng& rng);

/// Names of axes: token and token.key, of which the first stand for no patch; patch.y and patch.x; input.y, input.x and
/// input.color of the picture as it is read; class.
///
/// Shown besides what the stack shows below "self.": pixels [input.y, input.x, input.color], normalised; patches [feature,
/// patch.y, patch.x], embedded; class.logits and distillation.logits, where both are read out; logits and probabilities
/// [class].
class VisionTransformer {
 public:
    /// Weights: "stack" as TransformerStack has it; patch.weight [d, C, P, P], patch.bias [d]; token.special [special, d]; and,
    /// where a class is read out, classifier.weight [classes, d] and .bias [classes], of the token of distillation
    /// distillation.weight and .bias. Error{bad_format}; Error{invalid_input} as require_valid.
    VisionTransformer(const Weights<float>& weights, VisionDesign design);

    const VisionDesign& design() const { return design_; }
    const TransformerStack<float>& stack() const { return stack_; }
    /// How many classes it tells apart; 0: it reads out none.
    Index classes() const { return classifier_.weight.empty() ? 0 : classifier_.weight.shape()[0]; }

    /// The same model for pictures of another size: positions of its patches are interpolated (attention/position_resized.hpp),
    /// all else is shared. Error{invalid_input} as require_valid.
    VisionTransformer at_size(Index height, Index width) const;

    /// Pixels [B, H, W, C], normalised -> the first layer's input [B, tokens, d]. `call` as of the stack.
    Var<float> embed(const Var<float>& pixels, const StackCall<float>& call) const;
    /// What the stack gives out [B, tokens, d] -> logits [B, classes].
    Var<float> logits(const Var<float>& states, const Observer& observe) const;
    /// All axes but that of the classes.
    void declare_axes(Probe& probe) const;

 private:
    /// Logits of the token at this place.
    Var<float> read_out(const Linear<float>& head, Index token, const Var<float>& states, const Observer& observe,
                        const std::string& name, const std::string& title, const std::string& weights) const;

    VisionDesign design_;
    TransformerStack<float> stack_;
    Conv2d<float> patch_;
    Var<float> special_;  // [special, d]
    Linear<float> classifier_, distillation_;
};

}  // namespace saccade
