#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/var.hpp"
#include "trace/intervention.hpp"
#include "trace/trace.hpp"

namespace saccade {

struct FrozenRows;
struct ShownMask;
struct RowsSeen;
class Probe;
class RowsAgain;

/// Which tensors a recording keeps: empty = all but parameters; otherwise names, or prefixes that end in '*'.
struct Capture {
    std::vector<std::string> names;
    bool wants(const std::string& name) const;
};

/// Where model code shows a tensor. Its name must be made of letters, digits, '_' and '.'. The leading axis of `axes` may still
/// be growing (a decoder does not know how long its output will be): such tensors are shown row by row.
struct ProbeSite {
    std::string name;
    Role role;
    std::string symbol;
    std::string title;
    std::string unit;
    std::vector<std::string> axes;  // names, resolved when the recording is finished
    bool channels_last = false;     // as in Shown
};

/// How a tensor follows from others: a Step without its result. All empty: it is given.
struct How {
    std::string operation{};  // "align"
    std::string formula{};    // for people: "α_ij = exp(e_ij) / Σ_k exp(e_ik)"
    std::string rule{};       // executable (trace/formula.hpp); empty if it follows from no rule. '@': the observer's prefix
    std::string source{};     // "Bahdanau 2014, eq. 6"
    bool normalised = true;   // of weights: does every row sum to 1?
};

/// A parameter of the model that a rule refers to; shared, not copied.
struct Parameter {
    std::string name;  // '@': the observer's prefix
    std::string symbol;
    std::vector<std::string> axes;
    TraceValues values;

    Parameter(std::string its_name, std::string its_symbol, std::vector<std::string> its_axes, TraceValues its_values)
        : name(std::move(its_name)), symbol(std::move(its_symbol)), axes(std::move(its_axes)), values(std::move(its_values)) {}
    /// In double, where nothing is shown, without values.
    template <class T>
    Parameter(std::string its_name, std::string its_symbol, std::vector<std::string> its_axes, const Tensor<T>& its_values)
        : name(std::move(its_name)), symbol(std::move(its_symbol)), axes(std::move(its_axes)) {
        if constexpr (std::is_same_v<T, float>) values = its_values;
    }
    template <class T>
    Parameter(std::string its_name, std::string its_symbol, std::vector<std::string> its_axes, const Var<T>& its_values)
        : Parameter(std::move(its_name), std::move(its_symbol), std::move(its_axes), its_values.value()) {}
};

/// The description of a tensor, on the line that computes it (trace/observer.hpp).
struct Shown {
    Role role = Role::state;
    std::string symbol{}, title{}, unit{};
    std::vector<std::string> axes{};  // names, resolved when the recording is finished
    How step{};
    std::vector<Parameter> parameters{};
    bool channels_last = false;  // a feature map: [1, H, W, C] in the model, [C, H, W] in the trace, as the axes say
};

/// What a run showed, with how it followed and the parameters that it read, to be shown again to another probe.
struct ShownRun {
    struct One {
        ProbeSite site;
        Step step;  // no operation: given
        TraceValues values;
        TraceValues before{};  // as TraceTensor's
    };
    std::vector<One> tensors;
    std::vector<Parameter> parameters;

    /// Error{not_found}.
    const Tensor<float>& tensor(const std::string& name) const;
    std::size_t bytes() const;
};

/// Tensors shown row by row of which a probe keeps no row: of a long text the weights of all heads would take more memory than
/// the model. Whoever looks at a row has it shown again, from what was kept.
struct ShownAgain {
    /// Which tensors are shown again together; < 0: this one is kept.
    std::function<int(const ProbeSite&)> group;
    /// Shows row `row` of at least the tensors of a group to `probe`, as the run did; `kept` gives what was kept of the run.
    std::function<void(int group, Index row, const std::function<const TraceValues&(const std::string&)>& kept, Probe& probe)>
        show;
};

/// The one hook between models and everything that looks at or changes them. Model code shows its tensors to an Observer
/// (trace/observer.hpp), which stands before it. The recording probe stores what it is shown and applies the request's
/// interventions first; the model goes on with what it returns.
///
/// Models show tensors of one example, without the batch axis; a superfluous outer axis of extent 1 is accepted and
/// returned.
///
/// On a tape, too, tensors are recorded and changed: the gradient flows back from the cells that nothing changed.
///
/// `set` in a tensor of role weights: the cell takes the value, which must lie in [0, 1], and the other cells of its row (the
/// innermost axis) are rescaled so that the row sums to 1; if they sum to 0, the rest is spread evenly over those that are not
/// masked. Cells set by earlier interventions keep their values as long as the row can still sum to 1. A row of which every
/// cell is set to 0 stays 0. Masked: -inf in a tensor of role scores or mask that was shown before with the same axes, or with
/// some of them and the last (a mask [layer, query, key] hides in weights [layer, head, query, key]).
///
/// `set` in a tensor of role mask takes 0 and -inf alone, and nowhere else is -inf taken.
///
/// `freeze` puts an array of an earlier run there, whose text may have been another: cells that both have take the array's
/// value; rows (of the innermost axis) without a counterpart stay as computed; a row of role weights that lost, gained or hides
/// cells is rescaled to sum to 1 over what is visible, and stays as computed if nothing of the array is left there. A note says
/// how many rows.
class Probe {
 public:
    Probe(Capture capture, std::vector<Intervention> interventions);
    Probe(Probe&&) noexcept;
    ~Probe();

    /// A probe for what is computed on the way and is not the run itself: a decoder that runs over each prefix of its output.
    /// It changes what this one would change, keeps nothing and reports no errors: tensors may be shown again, at any
    /// extent; cells that are not there yet are left out, of arrays too. Parameters, axes, steps, notes and texts go nowhere.
    /// Take one for each hypothesis, or one for all of them. Interventions on a causal tensor then mean the same as in the one
    /// pass over the whole output that this probe records.
    Probe scratch() const;

    /// Does it change anything?
    bool intervening() const;
    /// Does it change a tensor that was not shown yet? What was shown has its changes in it.
    bool intervening_later() const;

    /// Model code calls this through an Observer. Shows row `row` (< 0: the whole) of the tensor PREFIX PART; returns it as the
    /// model must continue with it. `description()` is called when this tensor is shown for the first time.
    template <class Description>
    Var<float> show(const std::string& prefix, std::string_view part, Index row, Var<float> v, const Description& description) {
        std::string name = prefix;
        name += part;
        const ProbeSite* site = described(name);
        return shown(site != nullptr ? *site : describe(name, prefix, description()), row, std::move(v));
    }
    /// What was shown so far, as it was shown; the probe ends with it. Without the checks that finish() makes.
    ShownRun take();
    /// Does it change one of the tensors kept?
    bool changes(const ShownRun& kept) const;
    /// Shows all of it again.
    void show_again(const ShownRun& kept);
    /// From now on rows of such tensors are not kept; the trace, or what take() gives, makes them when they are looked at.
    /// Where a capture filter says what to keep, all of that is kept.
    void keep_less(ShownAgain again);

    /// On a tape: the gradients that flow back to what is shown at the site of this name are kept, row by row (a whole tensor
    /// is row 0), once backward has run.
    void collect_gradients(const std::string& name) { gradients_.try_emplace(name, std::make_shared<Gradients>()); }
    /// Those kept, of all rows, [rows, ...]; empty if there are none. Without the outer axis of extent 1 of a batch.
    Tensor<float> gradients(const std::string& name) const;
    void axis(Axis axis);
    void note(Note note);
    void text(const std::string& name, std::string text);
    /// How far the exhibit's whole-number parameter of this name goes in this run: a layer no further than the model.
    void reach(const std::string& param, Index most);

    /// Puts everything into a trace (validated there). Interventions whose tensor or index was never shown become notes.
    /// Error{not_found} if an intervention or the capture filter names a tensor that the exhibit does not record.
    /// Rules whose operands the capture filter left out are dropped; their formulas stay.
    Trace finish();

 private:
    struct Recording {
        ProbeSite site;
        std::vector<Tensor<float>> rows;    // one, if shown whole
        std::vector<Tensor<float>> before;  // beside rows; empty tensors where nothing was changed
        Index count = 0;                    // rows shown so far, kept or not
        Index first = 0;                    // the row shown first: 0, or the last one if rows come downward
        bool whole = true;
        bool kept = true;  // wanted by the capture filter
        // Of what is shown again there are no rows, but:
        int group = -1;                  // as ShownAgain has it
        Shape row_shape{};               // of one
        bool changed = false;            // by an intervention
        std::shared_ptr<RowsSeen> seen;  // what there is to say of them
        TraceValues made{}, made_before{};
    };
    void step(Step step);
    /// `v`, whose gradient is kept if collect_gradients asks for it.
    Var<float> with_gradient_kept(const ProbeSite& site, Index row, Var<float> v) const;
    const ProbeSite* described(const std::string& name) const;
    const ProbeSite& describe(const std::string& name, const std::string& prefix, Shown shown);
    Var<float> shown(const ProbeSite& site, Index row, Var<float> v);
    /// Declared again with the same values, a parameter is one. Error{invalid_input} with others.
    void declare(Parameter parameter);
    /// Its rows in order, as one tensor: its values, and those before.
    std::pair<TraceValues, TraceValues> finished(Recording& recording) const;
    Recording& recording_of(const ProbeSite& site, Index row);
    Tensor<float> record(const ProbeSite& site, Index row, Tensor<float> values);
    Tensor<float> intervene(const ProbeSite& site, Index row, const Tensor<float>& values);
    std::vector<char> masked_cells(const ProbeSite& site, Index row, const Shape& shape) const;
    void check_interventions();
    void note_once(Note note);
    void note_unapplied(const Intervention& intervention, const Recording& recording, bool applied, const FrozenRows& frozen);
    void drop_rules_of_uncaptured_operands();

    using Gradients = std::map<Index, Tensor<float>>;
    std::map<std::string, std::shared_ptr<Gradients>> gradients_;
    Capture capture_;
    std::vector<Intervention> interventions_;
    std::vector<bool> applied_;
    std::vector<FrozenRows> frozen_;
    std::vector<ShownMask> masks_;  // the latest scores and masks, whatever the filter keeps
    bool scratch_ = false;
    std::shared_ptr<RowsAgain> again_;                     // null: everything is kept
    std::map<std::string, ProbeSite, std::less<>> sites_;  // of what an observer shows, scratch or not
    std::vector<Parameter> parameters_;
    std::vector<Recording> recordings_;
    std::map<std::string, std::size_t> by_name_;
    std::vector<Axis> axes_;
    std::vector<Step> steps_;
    std::vector<Note> notes_;
    std::map<std::string, std::string> texts_;
    std::map<std::string, Index> reaches_;
};

}  // namespace saccade
