#include "ui/saved_view.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "viz/theme.hpp"

namespace saccade {

using nlohmann::json;

SavedView saved_view(const AppState& state) {
    const StageState& stage = state.document.stage;
    return {state.view, state.document.options, stage.selected.cell, stage.step, stage.enlarged};
}

nlohmann::json to_json(const SavedView& view) {
    const ViewSettings& settings = view.settings;
    json shares = json::object();
    for (const auto& [card, share] : settings.shares) shares[card] = share;
    return {{"theme", settings.theme},
            {"ui_scale", settings.ui_scale},
            {"step", view.step},
            {"scale", to_string(settings.scale)},
            {"options", to_json(view.options)},
            {"language", settings.language},
            {"lesson", settings.lesson},
            {"enlarged", view.enlarged},
            {"selected", {{"tensor", view.selected.tensor}, {"index", view.selected.index}}},
            {"shares", shares}};
}

ViewSettings with_looks_of(ViewSettings file, const ViewSettings& person) {
    file.theme = person.theme;
    file.ui_scale = person.ui_scale;
    file.language = person.language;
    return file;
}

SavedView saved_view_from_json(const nlohmann::json& document) {
    SavedView view;
    ViewSettings& settings = view.settings;
    try {
        settings.theme = document.value("theme", settings.theme);
        theme(settings.theme);
        settings.ui_scale = std::clamp(document.value("ui_scale", settings.ui_scale), 0.7, 3.0);
        view.step = document.value("step", view.step);
        settings.scale = scale_from(document.value("scale", std::string("linear")));
        if (document.contains("options")) view.options = view_options_from_json(document["options"]);
        settings.language = document.value("language", settings.language) == "zh" ? "zh" : "en";
        settings.lesson = document.value("lesson", settings.lesson);
        view.enlarged = document.value("enlarged", view.enlarged);
        if (document.contains("selected")) {
            view.selected.tensor = document["selected"].value("tensor", std::string());
            view.selected.index = document["selected"].value("index", std::vector<Index>{});
        }
        if (document.contains("shares"))
            for (const auto& [card, share] : document["shares"].items())
                settings.shares[card] = std::clamp(share.get<double>(), 0.05, 0.95);
    } catch (const json::exception&) {
        throw Error(ErrorCode::bad_format, "the session's view is damaged", "delete its \"view\" to open the rest");
    }
    return view;
}

}  // namespace saccade
