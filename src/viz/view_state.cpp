#include <nlohmann/json.hpp>

#include "viz/theme.hpp"
#include "viz/view.hpp"

namespace saccade {

namespace {

using Json = nlohmann::json;

Json focus_json(const Focus& focus) {
    if (focus.empty() && focus.marks.empty()) return nullptr;
    return {{"tensor", focus.cell.tensor}, {"index", focus.cell.index}, {"marks", focus.marks}};
}

Focus focus_from(const Json& json) {
    Focus focus;
    if (json.is_null()) return focus;
    focus.cell.tensor = json.value("tensor", std::string());
    focus.cell.index = json.value("index", std::vector<Index>());
    focus.marks = json.value("marks", std::map<std::string, Index>());
    return focus;
}

}  // namespace

Json to_json(const ViewState& state) {
    return {{"view", state.view},
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
}

ViewState view_state_from_json(const Json& json) {
    if (!json.is_object())
        throw Error(ErrorCode::bad_format, "a view state must be a JSON object", "use one that Saccade wrote");
    ViewState state;
    try {
        state.view = json.value("view", state.view);
        state.tensor = json.value("tensor", state.tensor);
        if (json.contains("selected")) state.selected = focus_from(json["selected"]);
        if (json.contains("hovered")) state.hovered = focus_from(json["hovered"]);
        state.step = json.value("step", state.step);
        state.step_axis = json.value("step_axis", state.step_axis);
        state.theme = json.value("theme", state.theme);
        state.colormap = json.value("colormap", state.colormap);
        if (json.contains("scale")) state.scale = scale_from(json["scale"].get<std::string>());
        state.width = json.value("width", state.width);
        state.height = json.value("height", state.height);
        state.text_size = json.value("text_size", state.text_size);
        state.marks = json.value("marks", state.marks);
        state.text_scale = json.value("text_scale", state.text_scale);
        state.decorations = json.value("decorations", state.decorations);
        if (json.contains("options")) state.options = view_options_from_json(json["options"]);
        if (!state.view.empty()) view(state.view);
        theme(state.theme);
        if (!state.colormap.empty()) colormap(state.colormap, theme(state.theme));
    } catch (const Json::exception& e) {
        throw Error(ErrorCode::bad_format, std::string("view state: ") + e.what(), "use one that Saccade wrote");
    } catch (const Error& e) {
        throw Error(ErrorCode::bad_format, "view state: " + e.message(), e.hint());
    }
    return state;
}

}  // namespace saccade
