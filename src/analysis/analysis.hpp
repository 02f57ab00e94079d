#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trace/trace.hpp"

namespace saccade {

// An analysis makes more tensors of one that a run recorded: they stand below it ("encoder.weights" ->
// "encoder.weights.rollout") with role, axes, symbol, formula, rule and source like any other, so that views draw them, files
// hold them and their cells explain themselves. Nothing of the run is copied: storage and axes are shared.

/// One tensor that an analysis has made, before it has a place in a trace. In rules '@' stands for the source's name.
struct DerivedTensor {
    std::string suffix;  // its name below the source: "rollout"
    Role role = Role::state;
    std::string symbol, title, unit;
    std::vector<int> axes;  // of the source, by position; -1, -2, ...: Derived::axes[0], [1], ...
    TraceValues values;
    Step step{};  // without its result
};
/// In the order in which they follow from each other; the last is what was asked for.
struct Derived {
    std::vector<Axis> axes;  // that the source lacks
    std::vector<DerivedTensor> tensors;

    std::size_t bytes() const {
        std::size_t n = 0;
        for (const DerivedTensor& tensor : tensors) n += tensor.values.bytes();
        return n;
    }
};

struct Analysis {
    std::string id;      // "rollout"; also the suffix of its result
    std::string title;   // "What passed through all layers"
    std::string source;  // paper, equation
    std::string formula;
    /// Does it apply to this tensor?
    bool (*accepts)(const Trace& trace, const TraceTensor& tensor) = nullptr;
    /// `numbers`: its further arguments, from 0: which heads take part (empty: all); the key that is left out. The source need
    /// not stand in the trace. Error{invalid_input}, one line, for what cannot be computed.
    Derived (*derive)(const Trace& trace, const TraceTensor& source, const std::vector<Index>& numbers) = nullptr;
    std::vector<std::string> others{};  // suffixes of what it makes on the way and no other analysis is named after
    bool reads_gradient = false;        // it reads the tensor of the source's name + ".gradient"

    /// The trace with this analysis of one tensor. What it already has stays. Error{not_found}, {invalid_input}.
    Trace apply(const Trace& trace, const std::string& tensor) const;
};

/// All of them, in the order in which they are listed.
const std::vector<Analysis>& analyses();
/// Error{usage} lists them.
const Analysis& analysis(const std::string& id);
/// "rollout, entropy" -> ids; "all" alone: all of them. Error{usage}.
std::vector<std::string> analyses_from(const std::string& text);

/// The trace with these analyses ("all": every one) of each tensor of it that they accept. Error{invalid_input} if one that is
/// named applies to none; `to_record_gradients`: what to do where it is for want of gradients.
Trace with_analyses(const Trace& trace, const std::vector<std::string>& ids, const std::string& to_record_gradients = {});

/// What `a` makes of the source is called so below it: "rollout", "mean_of_0_2", "without_3_of_1_0".
std::string suffix_of(const Analysis& a, const std::vector<Index>& numbers);
/// One step of a name below a tensor, read back; nothing if no analysis makes that.
struct Derivation {
    const Analysis* analysis = nullptr;
    std::vector<Index> numbers;
};
std::optional<Derivation> derivation_of(const std::string& suffix);
/// The tensor of this trace that a name starts with, and the steps from it to the name: "encoder.weights.max.rollout" ->
/// "encoder.weights", {max, rollout}. Nothing if no such tensor was recorded, or no analysis makes that of it.
struct DerivedName {
    std::string source;
    std::vector<std::string> suffixes;
};
std::optional<DerivedName> derived_name(const Trace& trace, const std::string& name);

/// As it stands in a trace that has the source.
TraceTensor placed(const DerivedTensor& tensor, const Derived& of, const TraceTensor& source);
/// Adds what was made of `source` (a tensor of the trace); what it already has stays.
void add_derived(Trace& trace, const TraceTensor& source, const Derived& derived);

}  // namespace saccade
