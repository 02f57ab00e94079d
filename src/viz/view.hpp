#pragma once

#include <array>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "trace/trace.hpp"
#include "viz/figure.hpp"
#include "viz/remembered.hpp"
#include "viz/view_options.hpp"

namespace saccade {

/// The thing under discussion, as every view can understand it: a position on each axis that the cell has ("output" 5, "source"
/// 9). A view lights whatever it draws at those positions, whichever tensor it draws.
struct Focus {
    CellRef cell;
    std::map<std::string, Index> marks;  // axis name -> position

    bool empty() const { return cell.empty(); }
    std::optional<Index> on(const AxisPtr& axis) const;
};
/// The cell may be of what an analysis makes of the trace (viz/derived.hpp; `memo`: where that may have been made already).
Focus focus_of(const Trace& trace, const CellRef& cell, Reuse* memo = nullptr);
/// A click on `cell` after `before`: a click that names a layer and a head alone stays at the tokens, and one that names no
/// layer and no head stays at those.
Focus focus_after(const Trace& trace, const Focus& before, CellRef cell, Reuse* memo = nullptr);

/// The runs of which a trace is the difference, B - A: what a view makes of several maps, it makes of each, and then subtracts.
/// The largest of a difference is not the difference of the largest.
struct ComparedRuns {
    const Trace* a = nullptr;
    const Trace* b = nullptr;
};

/// What a person has set on the stage; with the trace it determines the figure. Saved in sessions and in every exported
/// picture.
struct ViewState {
    std::string view;    // id
    std::string tensor;  // empty: the view's choice
    Focus selected, hovered;
    Index step = -1;  // of the exhibit's step axis; -1: the last
    std::string step_axis;
    std::string theme = "light";
    std::string colormap;  // empty: by role and theme
    Normalization::Scale scale = Normalization::Scale::linear;
    double width = 720, height = 480;  // logical px to fill
    double text_scale = 1;
    double text_size = 0;     // px of every text, as a journal asks for; 0: each view's own sizes, times text_scale
    std::string font_family;  // of texts; empty: the program's own
    bool decorations = true;  // title, axis names, colour bar: figures have them, cards on the stage draw their own title
    bool marks = true;        // selection and pointer are drawn; figures have them only if they are asked for
    bool difference = false;  // of two runs, B − A: figures with decorations say so in their title
    ComparedRuns compared;    // these, if they are at hand; not saved
    std::string by_hand{};    // what a hand changed in the run: figures with decorations say so; of the run, so not saved here
    std::string compared_as{};  // "A: mask none · B: mask causal": what the two runs of a difference are; as by_hand
    std::optional<std::array<double, 2>> limits{};  // of colours, instead of the values' own; made anew, so not saved
    ViewOptions options;
    Reuse* memo = nullptr;  // of a window that draws the same again (viz/remembered.hpp); not saved
};

/// The scale that the state asks for.
AskedScale asked_scale(const ViewState& state);

nlohmann::json to_json(const ViewState& state);
/// Error{bad_format}.
ViewState view_state_from_json(const nlohmann::json& json);

/// Values that a view shows, as arrays with their axes: what the CSV and NPZ exports write.
struct ShownValues {
    std::string name;
    std::vector<AxisPtr> axes;
    Tensor<float> values;
    Tensor<float> mask{};  // empty, or of the same shape: -inf where a mask hides the cell
};

/// A way to draw tensors. Knows roles and axes, no model.
class View {
 public:
    virtual ~View() = default;
    virtual std::string id() const = 0;     // "heatmap"
    virtual std::string title() const = 0;  // "Heatmap"
    /// What it shows and what its words mean, for who has never seen one: a sentence or two.
    virtual std::string explains() const = 0;
    /// What to do where a run holds nothing that it draws.
    virtual std::string needs() const { return "choose another view"; }
    /// Names of the view options (viz/view_options.hpp) that it uses: flags, JSON and the panel follow.
    virtual OptionNames options() const { return {}; }
    /// Can it draw this tensor of this trace?
    virtual bool accepts(const Trace& trace, const TraceTensor& tensor) const = 0;
    /// Error{not_found} / {invalid_input} in one line if the tensor is not there or cannot be drawn by this view.
    virtual Figure layout(const Trace& trace, const ViewState& state, const TextMeasure& measure) const = 0;
    /// The numbers of that figure, the main tensor first. Throws as layout does.
    virtual std::vector<ShownValues> shown(const Trace& trace, const ViewState& state) const = 0;
};

const std::vector<const View*>& views();
/// Error{usage} lists the views.
const View& view(const std::string& id);
/// state.tensor, or the first tensor that the view accepts (weights, then maps first). Error{not_found}.
const TraceTensor& tensor_for(const View& view, const Trace& trace, const ViewState& state);

}  // namespace saccade
