#pragma once

#include <map>
#include <string>
#include <vector>

#include "tensor/tensor.hpp"
#include "trace/axis.hpp"
#include "trace/trace_values.hpp"

namespace saccade {

/// What a tensor is in the attention computation. Views choose what they draw by it. Closed on purpose.
enum class Role {
    input,  // ids, pixels
    embedding,
    query,
    key,
    value,    // annotations too
    scores,   // before softmax, scaled
    mask,     // 0 or -inf
    weights,  // after softmax
    context,  // weights times values
    state,    // recurrent or residual state
    gate,     // in (0, 1)
    logits,
    probabilities,
    output,     // chosen ids
    map,        // spatial map
    metric,     // curves: loss, exact match
    parameter,  // of the model; shared with it, not saved unless asked for
};

std::string to_string(Role role);
Role role_from(const std::string& text);

/// What the user or a script needs to know of a recorded tensor apart from its values.
struct TensorInfo {
    std::string name;  // "weights", "encoder.forward.state"; unique in the trace; documented by `describe`
    Role role;
    std::string symbol;  // as papers write it: "α", "h", "W_a"; used in formulas on screen
    std::string title;   // "Attention weights"
    std::string unit;    // "weight", "logit", "nat", or empty
    std::vector<AxisPtr> axes;
};

struct TraceTensor {
    TensorInfo info;
    TraceValues values;  // non-finite = masked
    /// Empty; or, if interventions changed cells, the tensor as the model had computed it (same shape).
    TraceValues before{};

    /// Did an intervention change this cell (row-major offset)?
    bool edited(Index offset) const;
};

/// One operation of the run: how `result` came from its operands.
struct Step {
    std::string operation;  // "align", "score", "read"
    std::string result;     // tensor name
    std::string formula;    // the paper's notation, for people: "α_ij = exp(e_ij) / Σ_k exp(e_ik)"
    /// The same, executable, in the language of trace/formula.hpp over names in this trace; empty if it has none (an argmax
    /// with ties). Operands are the names that stand in it.
    std::string rule;
    std::string source;      // "Bahdanau 2014, eq. 6"
    bool normalised = true;  // of weights: does every row sum to 1? Not so in Luong's local-p, whose rows sum to at most 1
};

/// Something that the user should know about this run, not an error ("2 characters were never seen in training").
struct Note {
    std::string param;  // which input it is about, or empty
    std::string text;
    std::string hint;
};

/// Everything that a run computed. Immutable after the run (shared as shared_ptr<const Trace>).
class Trace {
 public:
    /// Adds an axis; Error{invalid_input} if the name is taken or labels do not fit the extent.
    AxisPtr add_axis(Axis axis);
    /// Adds a tensor after checking: unique name (letters, digits, '_', '.'), each axis is one of this trace, extents fit the
    /// shape
    /// (`before` as in TraceTensor). Error{invalid_input}.
    void add(TensorInfo info, TraceValues values, TraceValues before = {});
    /// Adds a step after checking that the result exists and has no step yet, and that the rule parses and fits its operands
    /// (check_rule in formula.hpp). Error{invalid_input} or {bad_format}.
    void add_step(Step step);
    void add_note(Note note) { notes_.push_back(std::move(note)); }
    void set_text(const std::string& name, std::string text) { texts_[name] = std::move(text); }
    void set_reach(const std::string& param, Index most) { reaches_[param] = most; }

    const std::vector<AxisPtr>& axes() const { return axes_; }
    const std::vector<TraceTensor>& tensors() const { return tensors_; }
    const std::vector<Step>& steps() const { return steps_; }
    const std::vector<Note>& notes() const { return notes_; }
    /// Named results that are text: "output" -> "2019-09-30".
    const std::map<std::string, std::string>& texts() const { return texts_; }
    /// How far whole-number parameters of the exhibit go in this run, where it knows: "layer" -> 6 of a model of 6 layers.
    const std::map<std::string, Index>& reaches() const { return reaches_; }

    const TraceTensor* find(const std::string& name) const;
    /// As find; Error{not_found} names the recorded tensors.
    const TraceTensor& tensor(const std::string& name) const;
    const Step* step_of(const std::string& result) const;
    AxisPtr axis(const std::string& name) const;  // null if none
    std::vector<const TraceTensor*> with_role(Role role) const;

 private:
    std::vector<AxisPtr> axes_;
    std::vector<TraceTensor> tensors_;
    std::map<std::string, std::size_t> by_name_;
    std::vector<Step> steps_;
    std::vector<Note> notes_;
    std::map<std::string, std::string> texts_;
    std::map<std::string, Index> reaches_;
};

/// One cell, row or whole of a recorded tensor. index -1 stands for "all of this axis".
struct CellRef {
    std::string tensor;
    std::vector<Index> index;
    bool operator==(const CellRef&) const = default;
    bool empty() const { return tensor.empty(); }
};

}  // namespace saccade
