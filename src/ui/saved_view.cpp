#include "ui/saved_view.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "io/json_text.hpp"
#include "run/session.hpp"
#include "viz/theme.hpp"

namespace saccade {

using nlohmann::json;

SavedView saved_view(const Document& document, const ViewSettings& settings) {
    const StageState& stage = document.stage;
    return {settings, document.options, stage.selected.cell, stage.step, stage.enlarged};
}

Session session_of(const Document& document, const ViewSettings& settings) {
    Session session;
    session.request = document.sides[0].request;
    if (document.comparing) session.compared = document.sides[1].request;
    session.view = to_json(saved_view(document, settings));
    if (document.session) session.document = *document.session;
    return session;
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
    file.window_language = person.window_language;
    file.window_language_chosen = person.window_language_chosen;
    file.language = person.language;
    file.lesson_language_chosen = person.lesson_language_chosen;
    file.present_size = person.present_size;
    file.tour_seen = person.tour_seen;
    return file;
}

SavedView saved_view_from_json(const nlohmann::json& document) {
    SavedView view;
    ViewSettings& settings = view.settings;
    constexpr Index most_index = Index{1} << 40;
    const JsonObject object(document, "the session's view", "delete its \"view\" to open the rest");
    std::string scale = "linear";
    object.text("theme", settings.theme);
    theme(settings.theme);
    object.number("ui_scale", settings.ui_scale);
    settings.ui_scale = std::clamp(settings.ui_scale, 0.7, 3.0);
    object.whole<Index>("step", view.step, -1, most_index);
    object.text("scale", scale);
    settings.scale = scale_from(scale);
    if (const json* options = object.find("options")) view.options = view_options_from_json(*options);
    object.text("language", settings.language);
    if (settings.language != "zh") settings.language = "en";
    object.toggle("lesson", settings.lesson);
    object.text("enlarged", view.enlarged);
    if (object.find("selected") != nullptr) {
        const JsonObject selected = object.object("selected");
        selected.text("tensor", view.selected.tensor);
        selected.wholes("index", view.selected.index, -1, most_index);
    }
    if (object.find("shares") == nullptr) return view;
    const JsonObject shares = object.object("shares");
    for (const auto& [card, share] : shares.value().items()) {
        double size = 0;
        shares.number(card.c_str(), size);
        settings.shares[card] = std::clamp(size, 0.05, 0.95);
    }
    return view;
}

}  // namespace saccade
