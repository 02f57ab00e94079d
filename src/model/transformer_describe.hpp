#pragma once

#include <memory>
#include <optional>

#include "model/model_store.hpp"
#include "model/transformer_stack.hpp"

namespace saccade {

/// What a run did with a stack, as far as its rules depend on it.
struct StackRun {
    Index tokens = 0;             // positions read
    std::optional<Index> radius;  // restricted self-attention
    std::string ids;              // tensor of the ids that were read: "source.id"
};

/// The recorded tensors of one stack (model/transformer_stack.hpp), each with its formula and the rule by which its cells
/// follow from others; and the parameters that the rules name, of all layers in one tensor [layer, ...]. Made once a model:
/// nothing is copied in a run.
class StackDescription {
 public:
    /// Names of a stack's tensors and parameters.
    struct Names {
        std::string stack;       // of recorded tensors: "encoder"
        std::string prefix;      // of weights: "encoder"; for language models "stack"
        std::string tokens;      // axis: "source"
        std::string vocabulary;  // axis of the embedding table: "source_vocabulary"
        /// Decoders: what cross-attention reads, with j and m: "encoder.norm[j,m]".
        std::string memory;
    };
    /// `positions`: extents of position tables. Error{bad_format} for weights that are missing.
    StackDescription(const WeightMap& weights, Names names, StackDesign design, const PositionSizes& sizes);

    const StackDesign& design() const { return design_; }
    /// What the stack gives out, as a rule reads it at token i (or another letter): "encoder.norm[i,m]".
    std::string output(char token, char feature) const;
    /// Declares parameters and steps. The run must have shown the stack's tensors; it declares the axes that they run along,
    /// and that of the vocabulary.
    void describe(Probe& probe, const StackRun& run) const;

 private:
    struct Parameter {
        std::string name, symbol;
        std::vector<std::string> axes;
        Tensor<float> values;
    };
    void add_parameters(const WeightMap& weights);
    void add_position_parameters(const WeightMap& weights);
    std::string named(const char* what) const { return names_.stack + "." + what; }
    std::string layer_input(char token, char feature) const;
    std::string normalised(const std::string& x_k, const std::string& x_m, const std::string& x_n, const std::string& norm,
                           bool layered = true) const;

    void input_steps(Probe& probe, const StackRun& run) const;
    void declare_position(Probe& probe, Index tokens) const;
    void position_step(Probe& probe) const;
    void attention_steps(Probe& probe, bool cross, const StackRun& run) const;
    void projection_step(Probe& probe, const std::string& of, const char* what, char token, const std::string& reads) const;
    void term_step(Probe& probe) const;
    void add_and_norm_step(Probe& probe, const std::string& result, const std::string& added, const std::string& to,
                           const char* norm) const;
    void feed_forward_steps(Probe& probe) const;

    Names names_;
    StackDesign design_;
    std::vector<Parameter> parameters_;
    Index clip_ = 0;
};

}  // namespace saccade
