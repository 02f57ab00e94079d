#include <nlohmann/json.hpp>

#include "io/json_text.hpp"
#include "viz/theme.hpp"
#include "viz/view.hpp"

namespace saccade {

namespace {

using Json = nlohmann::json;

constexpr const char* wrote = "use one that Saccade wrote";
constexpr Index most_index = Index{1} << 40;
constexpr double most_px = 16384, most_text_px = 1000;

Json focus_json(const Focus& focus) {
    if (focus.empty() && focus.marks.empty()) return nullptr;
    return {{"tensor", focus.cell.tensor}, {"index", focus.cell.index}, {"marks", focus.marks}};
}

Focus focus_from(const Json& json) {
    Focus focus;
    if (json.is_null()) return focus;
    const JsonObject object(json, "a focus", wrote);
    object.text("tensor", focus.cell.tensor);
    object.wholes("index", focus.cell.index, -1, most_index);
    if (object.find("marks") == nullptr) return focus;
    const JsonObject marks = object.object("marks");
    for (const auto& [axis, at] : marks.value().items()) marks.whole<Index>(axis.c_str(), focus.marks[axis], -1, most_index);
    return focus;
}

}  // namespace

AskedScale asked_scale(const ViewState& state) {
    AskedScale asked;
    asked.scale = state.scale;
    asked.percentile = state.options.percentile;
    asked.limits = state.limits;
    return asked;
}

Json to_json(const ViewState& state) {
    Json json = {{"view", state.view},
                 {"tensor", state.tensor},
                 {"selected", focus_json(state.selected)},
                 {"hovered", focus_json(state.hovered)},
                 {"step", state.step},
                 {"step_axis", state.step_axis},
                 {"theme", state.theme},
                 {"colormap", state.colormap},
                 {"scale", to_string(state.scale)},
                 {"width", state.width},
                 {"height", state.height},
                 {"text_scale", state.text_scale},
                 {"text_size", state.text_size},
                 {"marks", state.marks},
                 {"decorations", state.decorations},
                 {"options", to_json(state.options)}};
    if (!state.font_family.empty()) json["font_family"] = state.font_family;
    return json;
}

ViewState view_state_from_json(const Json& json) {
    ViewState state;
    try {
        const JsonObject object(json, "it", wrote);
        object.text("view", state.view);
        object.text("tensor", state.tensor);
        if (const Json* selected = object.find("selected")) state.selected = focus_from(*selected);
        if (const Json* hovered = object.find("hovered")) state.hovered = focus_from(*hovered);
        object.whole<Index>("step", state.step, -1, most_index);
        object.text("step_axis", state.step_axis);
        object.text("theme", state.theme);
        object.text("colormap", state.colormap);
        std::string scale = to_string(state.scale);
        object.text("scale", scale);
        state.scale = scale_from(scale);
        object.number("width", state.width, 1, most_px);
        object.number("height", state.height, 1, most_px);
        object.number("text_size", state.text_size, 0, most_text_px);
        object.text("font_family", state.font_family);
        object.toggle("marks", state.marks);
        object.number("text_scale", state.text_scale, 0.1, 100);
        object.toggle("decorations", state.decorations);
        if (const Json* options = object.find("options")) state.options = view_options_from_json(*options);
        if (!state.view.empty()) view(state.view);
        theme(state.theme);
        if (!state.colormap.empty()) colormap(state.colormap, theme(state.theme));
    } catch (const Error& e) {
        throw Error(ErrorCode::bad_format, "view state: " + e.message(), e.hint());
    }
    return state;
}

}  // namespace saccade
