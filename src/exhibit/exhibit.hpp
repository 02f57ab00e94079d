#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/reuse.hpp"
#include "exhibit/lesson.hpp"
#include "model/model_store.hpp"
#include "params/param_spec.hpp"
#include "trace/probe.hpp"

namespace saccade {

/// What a run hands to an exhibit.
struct RunContext {
    const Params& params;  // resolved: every declared parameter is there and valid
    std::uint64_t seed;
    ModelPtr model;  // null for exhibits without one
    Probe& probe;
    std::stop_token stop;
    /// For runs that take longer than a frame: how far this one is (0 to 1), and what can be shown so far, recorded into a
    /// probe of its own. Never null; does nothing where it has no receiver.
    std::function<void(double fraction, const std::function<void(Probe&)>& record)> progress;
    /// What an earlier run kept; base/reuse.hpp says how it is used.
    Reuse& reuse;
    /// Those that the probe applies, for a run aside that goes the same way: Probe({}, interventions).
    std::vector<Intervention> interventions{};
};

/// A view on the stage: which view, of which tensor, and how much room it wants.
struct ViewPlacement {
    std::string view;    // id in viz/views.hpp
    std::string tensor;  // what it draws; empty: the view's own choice by role
    int row = 0;         // cards of one row stand side by side
    float width = 1;     // share of the row
    float height = 1;    // share of the stage
};

/// Selecting a cell of any tensor on the same axes as `tensor` sets the integer parameter `param` to what `tensor` holds there,
/// if that is more than 0: a hypothesis is picked by a click on it.
struct Pick {
    std::string tensor, param;
};

/// Places in a picture [place, x or y] that parameters put where they are: one that is dragged sets these, not the tensor.
struct PlacedByParams {
    std::string tensor;
    /// What is set when place i is to stand at (x, y), in the tensor's own measure.
    std::function<std::vector<std::pair<std::string, ParamValue>>(const Params& now, Index i, double x, double y)> put;
};

/// A whole number that is set by one press beside a text's field, and set back by the next.
struct QuickNumber {
    std::string beside, param;  // the text's name, and the number's
    std::int64_t value;         // what the press sets; the number's fallback is what it is set back to
    std::string title, back;    // on the button: "Write 20", "Take back"
};

/// One exhibit: its parameters, its model, its views. Knows no screen.
struct Exhibit {
    std::string id;       // "alignment"
    std::string title;    // "Alignment"
    std::string group;    // "Sequence"
    std::string summary;  // one sentence: what a person sees
    std::string source;   // papers
    std::vector<ParamSpec> params;
    /// Bundled ids. The run gets the one that choose_model names, or else the parameter "model", or else the first.
    /// Where choose_model names none, the parameters name a model that is none of ours, which the run reads itself.
    std::vector<std::string> models;
    std::function<std::string(const Params&)> choose_model;
    std::vector<ViewPlacement> views;
    /// Where the views depend on what is set: which stack's weights, which token's vectors. Null: `views`, always.
    std::function<std::vector<ViewPlacement>(const Params&)> place;
    std::string step_axis;    // axis that the scrubber walks ("output"), or empty
    std::string output_text;  // name in Trace::texts of what the Output field shows, or empty
    /// Is that said by this program, so that it is shown in the window's language? Else a model wrote it, and it stays as it
    /// is.
    bool output_said = false;
    std::string part_param;    // text parameter that says what is read of long axes (exhibit/capture_about.hpp), or empty
    std::string forced_param;  // text parameter by which the output is forced ("target"), or empty
    std::function<void(RunContext&)> run;
    /// Trains this exhibit's model from scratch in the window: an id in train/task.hpp; "*": the task that is named as the
    /// model that the parameters choose; empty: none.
    std::string training_task;
    std::vector<Pick> picks;
    std::vector<PlacedByParams> places;
    std::vector<QuickNumber> quick;
    Lesson lesson;
};

/// The views for these parameters, defaults filled in; never throws: parameters that are not valid have the usual views.
std::vector<ViewPlacement> placements(const Exhibit& exhibit, const Params& given);

/// All exhibits, in gallery order.
const std::vector<Exhibit>& exhibits();
/// Error{usage} lists the exhibits.
const Exhibit& exhibit(const std::string& id);

}  // namespace saccade
