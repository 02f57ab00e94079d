#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "autograd/var.hpp"
#include "trace/intervention.hpp"
#include "trace/trace.hpp"

namespace saccade {

/// Which tensors a recording keeps: empty = all but parameters; otherwise names, or prefixes that end in '*'.
struct Capture {
    std::vector<std::string> names;
    bool wants(const std::string& name) const;
};

/// Where model code shows a tensor. The leading axis of `axes` may still be growing (a decoder does not know how long its output
/// will be): such tensors are shown row by row.
struct ProbeSite {
    std::string name;
    Role role;
    std::string symbol;
    std::string title;
    std::string unit;
    std::vector<std::string> axes;  // names, resolved when the recording is finished
};

/// The one hook between models and everything that looks at or changes them. Model code holds a `Probe*`; null is the identity and costs
/// a branch. The recording probe stores what it is shown and applies the request's interventions first; the model goes on with what it returns.
///
/// Models show tensors of one example, without the batch axis.
class Probe {
   public:
    Probe(Capture capture, std::vector<Intervention> interventions);

    /// Shows a whole tensor; returns it as the model must go on with it.
    Tensor<float> whole(const ProbeSite& site, Tensor<float> values);
    /// Shows row i of a tensor that grows along its first axis; rows come in order from 0.
    Tensor<float> row(const ProbeSite& site, Index i, Tensor<float> values);

    /// A parameter of the model that rules refer to; shared, not copied.
    void parameter(const std::string& name, const std::string& symbol, std::vector<std::string> axes, const Tensor<float>& values);
    void axis(Axis axis);
    void step(Step step);
    void note(Note note);
    void text(const std::string& name, std::string text);

    /// Puts everything into a trace (validated there). Interventions whose tensor or index was never shown become notes.
    /// Error{not_found} if an intervention or the capture filter names a tensor that the exhibit does not record.
    Trace finish();

   private:
    struct Recording {
        ProbeSite site;
        std::vector<Tensor<float>> rows;  // one, if shown whole
        bool whole = true;
        bool parameter = false;
        std::optional<Tensor<float>> before;
    };
    Tensor<float> intervene(const ProbeSite& site, Index row, Tensor<float> values);

    Capture capture_;
    std::vector<Intervention> interventions_;
    std::vector<bool> applied_;
    std::vector<Recording> recordings_;
    std::map<std::string, std::size_t> by_name_;
    std::vector<Axis> axes_;
    std::vector<Step> steps_;
    std::vector<Note> notes_;
    std::map<std::string, std::string> texts_;
};

/// How model code, templated on the scalar, shows a tensor: identity without a probe, on a tape, or in double.
/// `row` < 0: the whole tensor.
template <class T>
Var<T> show(Probe* probe, const ProbeSite& site, Index row, Var<T> v);

}  // namespace saccade
