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

json new_lesson_document(const std::string& title, const std::string& language) {
    return {{"format", "saccade-lesson"}, {"version", 1}, {"title", {{language, title}}}, {"scenes", json::array()}};
}

namespace {

json state_of(const Session& shown) {
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
    return state;
}

}  // namespace

json recorded_scene(const Session& shown) {
    return {{"state", state_of(shown)}, {"text", json::object()}, {"claims", json::array()}};
}

void update_scene(json& document, std::size_t scene, const Session& shown) {
    document["scenes"].at(scene)["state"] = state_of(shown);
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

std::string lesson_text(const json& document, const std::string& place, const std::string& language) {
    const json::json_pointer at(place);
    return document.contains(at) ? document.at(at).value(language, "") : std::string();
}

bool set_lesson_text(json& document, const std::string& place, const std::string& language, const std::string& text) {
    const json::json_pointer at(place);
    if (!text.empty()) {
        document[at][language] = text;
        return true;
    }
    if (!document.contains(at) || !document.at(at).contains(language)) return true;
    json& languages = document.at(at);
    const bool of_scene = at.parent_pointer().parent_pointer().to_string() == "/scenes";
    if (languages.size() > 1 || of_scene) {
        languages.erase(language);
        return true;
    }
    // The line about the whole may be left out, and so may what the exhibit says itself.
    json& holder = document.at(at.parent_pointer());
    const bool may_go = &holder == &document ? at.back() == "text" : holder.value("claim", "") == "point";
    if (may_go) holder.erase(at.back());
    return may_go;
}

namespace {

json& scene_at(json& document, std::size_t scene) {
    return document["scenes"].at(scene);
}

/// Of whether it is known what is claimed before the row is seen.
void judge_after_guess(json& claim, const json& scene) {
    const auto asked = scene.find("question");
    const bool same = asked != scene.end() && claim.value("tensor", "") == asked->value("tensor", "") &&
                      claim.value("row", json()) == asked->value("row", json());
    if (same)
        claim["after_guess"] = true;
    else
        claim.erase("after_guess");
}

void judge_all_after_guess(json& scene) {
    if (const auto claims = scene.find("claims"); claims != scene.end())
        for (json& claim : *claims) judge_after_guess(claim, scene);
}

bool has(const json& list, const json& value) {
    return std::ranges::find(list, value) != list.end();
}

/// What is there of scene["highlights"][key].
json highlight(const json& scene, const char* key, json nothing) {
    return scene.value("highlights", json::object()).value(key, std::move(nothing));
}

void set_highlight(json& scene, const char* key, json value) {
    json& all = scene["highlights"];
    if (value.empty())
        all.erase(key);
    else
        all[key] = std::move(value);
    if (all.empty()) scene.erase("highlights");
}

/// {"source": "中"} is the same as {"source": ["中"]}.
json as_list(const json& places) {
    return places.is_array() ? places : json::array({places});
}

}  // namespace

void add_claim(json& document, std::size_t scene, json claim) {
    json& in = scene_at(document, scene);
    judge_after_guess(claim, in);
    in["claims"].push_back(std::move(claim));
}

void remove_claim(json& document, std::size_t scene, std::size_t claim) {
    scene_at(document, scene)["claims"].erase(claim);
}

void set_question(json& document, std::size_t scene, json question) {
    json& in = scene_at(document, scene);
    in["question"] = std::move(question);
    judge_all_after_guess(in);
}

void remove_question(json& document, std::size_t scene) {
    json& in = scene_at(document, scene);
    in.erase("question");
    judge_all_after_guess(in);
}

bool is_lit(const json& scene, const json& tokens) {
    const json lit = highlight(scene, "tokens", json::object());
    for (const auto& [axis, places] : tokens.items())
        for (const json& place : as_list(places))
            if (!has(as_list(lit.value(axis, json::array())), place)) return false;
    return !tokens.empty();
}

bool is_framed(const json& scene, const std::string& card) {
    return has(highlight(scene, "cards", json::array()), card);
}

void toggle_lit(json& scene, const json& tokens) {
    const bool were = is_lit(scene, tokens);
    json lit = highlight(scene, "tokens", json::object());
    for (const auto& [axis, places] : tokens.items()) {
        json now = json::array();
        for (const json& one : as_list(lit.value(axis, json::array())))
            if (!were || !has(as_list(places), one)) now.push_back(one);
        for (const json& one : as_list(places))
            if (!were && !has(now, one)) now.push_back(one);
        if (now.empty())
            lit.erase(axis);
        else
            lit[axis] = std::move(now);
    }
    set_highlight(scene, "tokens", std::move(lit));
}

void toggle_framed(json& scene, const std::string& card) {
    json cards = highlight(scene, "cards", json::array());
    if (const auto at = std::ranges::find(cards, json(card)); at != cards.end())
        cards.erase(at);
    else
        cards.push_back(card);
    set_highlight(scene, "cards", std::move(cards));
}

void save_lesson(const std::string& path, const json& document) {
    write_file(path, document.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

}  // namespace saccade
