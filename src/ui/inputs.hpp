#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ui/history.hpp"
#include "ui/runs.hpp"

namespace saccade {

/// What the runs are of: parameters, seed and weights.
class Inputs {
 public:
    Inputs(Document& document, History& history, Runs& runs) : document_(document), history_(history), runs_(runs) {}

    /// A parameter of the side in focus; an input of both, while they are linked. Keystrokes in one field within a second are
    /// one undo entry. An invalid value becomes the side's problem, nothing is lost.
    void set_param(const std::string& name, ParamValue value);
    /// By a press, not by typing: an undo entry of its own.
    void press(const std::string& name, const ParamValue& value);
    /// The same without an undo entry; while something is dragged (`live`) after the run under way.
    void set_everywhere(const std::string& name, const ParamValue& value, bool live);
    /// One of a text's examples, with the model that knows it: one edit.
    void set_example(const std::string& name, const std::string& example);
    /// A model, with an example that it knows, if the text was one that it does not.
    void set_model(const std::string& choice);
    /// The model that knows more of what is typed than the one chosen, to be offered; by its choice.
    std::optional<std::string> offered_model();
    void set_seed(std::uint64_t seed);
    /// Of the side in focus; empty: the bundled model.
    void set_weights(const std::string& path);

 private:
    Document& document_;
    History& history_;
    Runs& runs_;
    Params offered_of_;  // these parameters have
    std::optional<std::string> offered_;
};

}  // namespace saccade
