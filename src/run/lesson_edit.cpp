#include "run/lesson_edit.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "exhibit/exhibit.hpp"
#include "io/atomic_file.hpp"

namespace saccade {

using nlohmann::json;

namespace {

/// A request without what it has anyway.
json short_request(const RunRequest& request) {
    json all = to_json(request);
    Params usual;
    for (const ParamSpec& spec : exhibit(request.exhibit).params) usual.set(spec.name, spec.fallback);
    const json same = to_json(usual);
    json& params = all["params"];
    for (const auto& [name, value] : same.items())
        if (params.contains(name) && params[name] == value) params.erase(name);
    if (all["seed"] == RunRequest{}.seed) all.erase("seed");
    for (const char* key : {"params", "interventions", "capture"})
        if (all[key].empty()) all.erase(key);
    return all;
}

/// What of a view says where one looks; the rest is a person's own.
json short_view(const json& view) {
    json result = json::object();
    for (const char* key : {"options", "enlarged", "scale"})
        if (view.contains(key) && !view[key].empty() && view[key] != "" && view[key] != "linear") result[key] = view[key];
    if (view.value("step", -1) >= 0) result["step"] = view["step"];
    if (view.contains("selected") && !view["selected"].value("tensor", "").empty()) result["selected"] = view["selected"];
    return result;
}

}  // namespace

json new_lesson_document(const std::string& title) {
    return {{"format", "saccade-lesson"}, {"version", 1}, {"title", {{"en", title}}}, {"scenes", json::array()}};
}

json recorded_scene(const Session& shown, const std::string& text, const std::string& language) {
    json state = {{"request", short_request(shown.request)}};
    if (shown.compared) {
        // On top of A, of which B has all that is not written: what A changed and B did not is written.
        json b = to_json(*shown.compared);
        const json a = to_json(shown.request);
        for (const auto& [key, value] : a.items())
            if (b.contains(key) && b[key] == value) b.erase(key);
        state["compare"] = std::move(b);
    }
    if (json view = short_view(shown.view); !view.empty()) state["view"] = std::move(view);
    return {{"state", std::move(state)}, {"text", {{language, text}}}, {"claims", json::array()}};
}

void insert_scene(json& document, std::size_t after, json scene) {
    auto& scenes = document["scenes"].get_ref<json::array_t&>();
    const std::size_t at = after == std::string::npos ? 0 : std::min(after + 1, scenes.size());
    scenes.insert(scenes.begin() + static_cast<std::ptrdiff_t>(at), std::move(scene));
}

std::size_t move_scene(json& document, std::size_t at, int by) {
    auto& scenes = document["scenes"].get_ref<json::array_t&>();
    const auto to = static_cast<std::ptrdiff_t>(at) + by;
    if (at >= scenes.size() || to < 0 || to >= static_cast<std::ptrdiff_t>(scenes.size())) return at;
    std::swap(scenes[at], scenes[static_cast<std::size_t>(to)]);
    return static_cast<std::size_t>(to);
}

bool remove_scene(json& document, std::size_t at) {
    auto& scenes = document["scenes"].get_ref<json::array_t&>();
    if (at >= scenes.size() || scenes.size() < 2) return false;
    scenes.erase(scenes.begin() + static_cast<std::ptrdiff_t>(at));
    return true;
}

void set_scene_text(json& document, std::size_t at, const std::string& language, const std::string& text) {
    document["scenes"].at(at)["text"][language] = text;
}

void save_lesson(const std::string& path, const json& document) {
    write_file(path, document.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

}  // namespace saccade
