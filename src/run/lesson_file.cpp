#include "run/lesson_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <limits>

#include "base/utf8.hpp"
#include "exhibit/exhibit.hpp"
#include "io/json_text.hpp"
#include "io/text_file.hpp"
#include "model/model_store.hpp"
#include "run/known_keys.hpp"
#include "run/lesson_place.hpp"
#include "trace/hand.hpp"

namespace saccade {

using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr unsigned version = 1;
constexpr std::size_t most_scenes = 200, most_claims = 50;
constexpr Index most_steps = std::numeric_limits<int>::max();

/// What is wrong in it is wrong there.
template <class Read>
auto in_place(const std::string& where, const Read& read) {
    try {
        return read();
    } catch (const Error& error) {
        const bool said = error.message().starts_with(where);
        throw Error(ErrorCode::bad_format, said ? error.message() : where + ": " + error.message(), error.hint());
    }
}

/// What is wrong is wrong at a line of the text, if that is known.
template <class Read>
auto in_text(std::string_view text, std::size_t scene, const Read& read) {
    try {
        return read();
    } catch (const Error& error) {
        throw text.empty() ? error : placed(error, text, scene);
    }
}

/// A request of which only what differs from the exhibit's opening need be written.
RunRequest request_of(const json& value, const std::string& where) {
    refuse_unknown_keys(value, {"exhibit", "params", "seed", "interventions", "capture", "analyse", "weights"}, where, "key");
    RunRequest request = request_from_json(value);
    const Exhibit& e = exhibit(request.exhibit);
    const json params = value.value("params", json::object());
    std::vector<std::string> known;
    for (const ParamSpec& spec : e.params) known.push_back(spec.name);
    for (const auto& [name, given] : params.items())
        if (std::ranges::find(known, name) == known.end())
            throw Error(ErrorCode::bad_format, fmt::format("{}: {} has no parameter '{}'", where, e.id, name),
                        fmt::format("there are {}", fmt::join(known, ", ")));
    resolve(e.params, request.params);
    return request;
}

void check_card(const LessonScene& scene, const std::string& card) {
    const Exhibit& e = exhibit(scene.request.exhibit);
    std::vector<std::string> known;
    for (const ViewPlacement& placement : placements(e, scene.request.params))
        known.push_back(placement.view + "/" + placement.tensor);
    if (std::ranges::find(known, card) != known.end()) return;
    throw Error(ErrorCode::bad_format, fmt::format("{} shows no view '{}' here", e.id, card),
                fmt::format("there are {}", fmt::join(known, ", ")));
}

void read_view(LessonScene& scene, const json& view, const std::string& where) {
    const JsonObject object(view, where);
    refuse_unknown_keys(
        view, {"theme", "ui_scale", "step", "scale", "options", "language", "lesson", "enlarged", "selected", "shares"}, where,
        "key");
    scene.view = view;
    if (const json* step = object.find("step"); step != nullptr && !whole_in<Index>(*step, -1, most_steps))
        object.refuse("step", *step, "give a step, from 0 on, or -1 for the last");
    std::string enlarged;
    object.text("enlarged", enlarged);
    if (!enlarged.empty()) check_card(scene, enlarged);
    if (object.find("selected") == nullptr) return;
    const JsonObject selected = object.object("selected");
    if (const json* at = selected.find("at")) {
        selected.needs({"tensor"}).text("tensor", scene.selected.tensor);
        scene.selected.at = named_places_from(*at, where + "'s selected");
        scene.view.erase("selected");
        return;
    }
    std::string tensor;
    std::vector<std::int64_t> index;
    selected.text("tensor", tensor);
    selected.wholes("index", index, -1);
}

void read_state(LessonScene& scene, const json& state, const std::string& where) {
    const JsonObject object(state, where);
    refuse_unknown_keys(state, {"request", "compare", "view"}, where, "key");
    object.needs({"request"});
    const json& request = *object.find("request");
    scene.request = request_of(request, where);
    if (const json* compared = object.find("compare")) {
        json b = request;
        const JsonObject other(*compared, where + "'s compare");
        for (const auto& [key, value] : compared->items())
            if (key == "params" && value.is_object())
                for (const auto& [name, given] : value.items()) b["params"][name] = given;
            else
                b[key] = value;
        scene.compared = request_of(b, where + "'s compare");
        if (scene.compared->exhibit != scene.request.exhibit)
            throw Error(ErrorCode::bad_format, where + " compares two exhibits", "leave the exhibit out of \"compare\"");
    }
    if (const json* view = object.find("view")) read_view(scene, *view, where + "'s view");
}

void read_highlights(LessonScene& scene, const json& value, const std::string& where) {
    const JsonObject object(value, where);
    refuse_unknown_keys(value, {"tokens", "cards"}, where, "key");
    if (const json* tokens = object.find("tokens")) scene.tokens = named_places_from(*tokens, where + "'s tokens");
    object.texts("cards", scene.cards);
    for (const std::string& card : scene.cards) check_card(scene, card);
}

SceneQuestion question_from(const json& value, const std::string& where) {
    const JsonObject object(value, where);
    refuse_unknown_keys(value, {"text", "tensor", "row"}, where, "key");
    object.needs({"text", "tensor", "row"});
    SceneQuestion question;
    question.text = in_languages_from(*object.find("text"), where + "'s text");
    object.text("tensor", question.row.tensor);
    question.row.at = named_places_from(*object.find("row"), where + "'s row");
    return question;
}

enum class Texts { needed, may_lack };

LessonScene scene_from(const json& value, const std::string& where, Texts texts) {
    const JsonObject object(value, where);
    refuse_unknown_keys(value, {"state", "text", "highlights", "claims", "question"}, where, "key");
    object.needs({"state", "text"});
    LessonScene scene;
    in_place(where, [&] { read_state(scene, *object.find("state"), where); });
    const json& text = *object.find("text");
    if (texts == Texts::needed || text != json::object()) scene.text = in_languages_from(text, where + "'s text");
    if (const json* lit = object.find("highlights")) in_place(where, [&] { read_highlights(scene, *lit, where); });
    if (const json* asked = object.find("question")) scene.question = question_from(*asked, where + "'s question");
    const std::vector<json>& claims = object.list("claims");
    if (claims.size() > most_claims)
        throw Error(ErrorCode::bad_format, fmt::format("{} has {} claims", where, claims.size()),
                    fmt::format("make at most {}", most_claims));
    for (std::size_t i = 0; i < claims.size(); ++i) {
        const std::string number = fmt::format("claim {}", i + 1), claim = where + ", " + number;
        scene.claims.push_back(
            in_place(claim, [&] { return scene_claim_from(claims[i], exhibit(scene.request.exhibit), claim); }));
        if (scene.claims.back().of_b && !scene.compared)
            throw Error(ErrorCode::bad_format, claim + " is about B, and the scene compares nothing",
                        "give the scene's state a \"compare\"");
        if (scene.claims.back().after_guess && !scene.question)
            throw Error(ErrorCode::bad_format, claim + " waits for a guess, and the scene asks nothing",
                        "give the scene a \"question\"");
    }
    return scene;
}

}  // namespace

bool is_lesson(const json& document) {
    return document.is_object() && document.value("format", json()) == "saccade-lesson";
}

namespace {

/// All but the scenes.
LessonFile cover_of(const json& document) {
    if (!is_lesson(document))
        throw Error(ErrorCode::bad_format, "is not a Saccade lesson",
                    R"(begin with {"format": "saccade-lesson", "version": 1)");
    const std::optional<std::uint64_t> found = whole_in<std::uint64_t>(document.value("version", json()), 1);
    if (!found) throw Error(ErrorCode::bad_format, "is a lesson without a version", "write \"version\": 1");
    if (*found > version)
        throw Error(ErrorCode::bad_format,
                    fmt::format("is a lesson of version {}; this Saccade knows version {}", *found, version), "update Saccade");
    refuse_unknown_keys(document, {"format", "version", "title", "text", "scenes"}, "the lesson", "key");
    const JsonObject object(document, "the lesson");
    object.needs({"title", "scenes"});
    LessonFile lesson;
    lesson.title = in_languages_from(*object.find("title"), "the title");
    if (const json* text = object.find("text")) lesson.text = in_languages_from(*text, "the text");
    const std::vector<json>& scenes = object.list("scenes");
    if (scenes.empty() || scenes.size() > most_scenes)
        throw Error(ErrorCode::bad_format, fmt::format("the lesson has {} scenes", scenes.size()),
                    fmt::format("give 1 to {}", most_scenes));
    lesson.document = document;
    return lesson;
}

LessonFile read_lesson(const json& document, std::string_view text, Texts texts) {
    LessonFile lesson = in_text(text, std::string::npos, [&] { return cover_of(document); });
    const json& scenes = lesson.document["scenes"];
    for (std::size_t i = 0; i < scenes.size(); ++i)
        lesson.scenes.push_back(in_text(text, i, [&] { return scene_from(scenes[i], fmt::format("scene {}", i + 1), texts); }));
    return lesson;
}

}  // namespace

LessonFile lesson_from_json(const json& document, std::string_view text) {
    return read_lesson(document, text, Texts::needed);
}

LessonFile lesson_draft_from_json(const json& document) {
    return read_lesson(document, {}, Texts::may_lack);
}

std::vector<std::size_t> scenes_without_text(const LessonFile& draft) {
    std::vector<std::size_t> without;
    for (std::size_t i = 0; i < draft.scenes.size(); ++i)
        if (draft.scenes[i].text.in(false).empty()) without.push_back(i + 1);
    return without;
}

LessonFile load_lesson(const std::string& path) {
    const std::string text = read_text(path, JsonLimits().bytes);
    const json document = parse_json(text, path, "mend it there");
    try {
        LessonFile lesson = lesson_from_json(document, text);
        lesson.path = path;
        return lesson;
    } catch (const Error& error) {
        throw Error(error.code(), fmt::format("{}: {}", sanitize_utf8(path), error.message()), error.hint());
    }
}

std::string exhibit_of(const LessonFile& lesson) {
    if (lesson.scenes.size() < 2) return {};  // a look, no lesson
    const std::string& first = lesson.scenes.front().request.exhibit;
    const bool all = std::ranges::all_of(lesson.scenes, [&](const LessonScene& s) { return s.request.exhibit == first; });
    return all ? first : std::string();
}

std::vector<std::string> bundled_lessons() {
    std::vector<std::string> names;
    std::error_code error;
    for (const fs::directory_entry& file : fs::directory_iterator(fs::path(assets_folder()) / "lessons", error))
        if (file.path().extension() == ".json") names.push_back(file.path().stem().string());
    std::ranges::sort(names);
    return names;
}

std::string bundled_lesson_path(const std::string& name) {
    const std::vector<std::string> all = bundled_lessons();
    if (std::ranges::find(all, name) == all.end())
        throw Error(
            ErrorCode::not_found, fmt::format("'{}' is neither a file nor a lesson that is here", name),
            all.empty() ? "set SACCADE_ASSETS to the folder of the assets" : fmt::format("there are {}", fmt::join(all, ", ")));
    return (fs::path(assets_folder()) / "lessons" / (name + ".json")).string();
}

std::vector<OfferedLesson> offered_lessons() {
    std::vector<OfferedLesson> all;
    for (const std::string& name : bundled_lessons()) {
        try {
            const LessonFile lesson = load_lesson(bundled_lesson_path(name));
            all.push_back({name, lesson.path, lesson.title, lesson.text, lesson.scenes.size(), exhibit_of(lesson)});
        } catch (const Error&) {
            // Who opens or plays it is told; the others are offered.
        }
    }
    const auto place = [](const OfferedLesson& lesson) {
        return lesson.exhibit.empty() ? -1 : std::ranges::find(exhibits(), lesson.exhibit, &Exhibit::id) - exhibits().begin();
    };
    std::ranges::stable_sort(all, {}, place);
    return all;
}

CellRef asked_row(const Trace& trace, const SceneQuestion& question) {
    const TraceTensor& tensor = trace.tensor(question.row.tensor);
    const Index places = tensor.info.axes.empty() ? 0 : tensor.info.axes.back()->extent;
    if (tensor.info.axes.size() < 2 || places > most_guessed)
        throw Error(ErrorCode::invalid_input,
                    fmt::format("the question is about a row of {} places of {}", places, tensor.info.name),
                    fmt::format("ask about a row of a matrix, of at most {}", most_guessed));
    refuse_unknown_axes(tensor, question.row.at);
    CellRef row{tensor.info.name, {}};
    for (std::size_t a = 0; a + 1 < tensor.info.axes.size(); ++a) {
        const Axis& axis = *tensor.info.axes[a];
        const auto named = std::ranges::find(question.row.at, axis.name, &NamedPlaces::axis);
        const std::vector<Index> at = named == question.row.at.end() ? std::vector<Index>{} : positions_of(axis, *named);
        if (at.size() != 1)
            throw Error(ErrorCode::invalid_input, fmt::format("the question is about {} positions on {}", at.size(), axis.name),
                        "name one");
        row.index.push_back(at.front());
    }
    row.index.push_back(-1);
    return row;
}

namespace {

/// The selected cell as a session has it, by numbers. Of what is computed for a view alone ("weights.rollout") only the run's
/// own tensor is known here.
void check_selected(const std::string& exhibit, const json& view, const Trace& a) {
    const auto selected = view.find("selected");
    if (selected == view.end()) return;
    const std::string name = selected->value("tensor", std::string());
    if (name.empty()) return;
    const auto made_of = [&](const TraceTensor& t) { return name.starts_with(t.info.name + "."); };
    const TraceTensor* tensor = a.find(name);
    if (tensor == nullptr && std::ranges::none_of(a.tensors(), made_of))
        throw Error(ErrorCode::not_found, fmt::format("there is no tensor '{}' to select a cell of", name),
                    fmt::format("`saccade describe {}` lists what there is", exhibit));
    if (tensor == nullptr) return;
    const auto at = selected->value("index", std::vector<Index>());
    const Shape& shape = tensor->values.shape();
    for (std::size_t i = 0; i < at.size(); ++i)
        if (static_cast<int>(i) >= shape.rank() || at[i] >= shape[static_cast<int>(i)])
            throw Error(ErrorCode::not_found, fmt::format("{} has no cell [{}] to select", name, fmt::join(at, ",")),
                        fmt::format("its shape is {}", shape.str()));
}

}  // namespace

void check_state(const LessonScene& scene, const Trace& a) {
    refuse_missing_cells(scene.request.interventions, a, ErrorCode::not_found);
    check_selected(scene.request.exhibit, scene.view, a);
    const auto step = scene.view.find("step");
    const AxisPtr steps = a.axis(exhibit(scene.request.exhibit).step_axis);
    if (step == scene.view.end() || step->get<Index>() < 0) return;
    if (steps == nullptr)
        throw Error(ErrorCode::not_found, scene.request.exhibit + " has no steps", "leave the step out of the scene's view");
    if (step->get<Index>() >= steps->extent)
        throw Error(ErrorCode::not_found, fmt::format("there is no step {}", step->get<Index>()),
                    fmt::format("steps go from 0 to {}", steps->extent - 1));
}

std::vector<Finding> check_scene(const LessonScene& scene, const Trace& a, const Trace* b) {
    std::vector<Finding> findings;
    for (const SceneClaim& claim : scene.claims) {
        const Trace* of = claim.of_b ? b : &a;
        findings.push_back(of != nullptr ? check_point(claim.point, *of) : Finding{});
    }
    return findings;
}

}  // namespace saccade
