#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error_line.hpp"
#include "base/path_text.hpp"
#include "base/printable.hpp"
#include "base/translate.hpp"
#include "cli/commands.hpp"
#include "cli/told_run.hpp"
#include "run/language.hpp"
#include "run/lesson_file.hpp"
#include "viz/view_options.hpp"

namespace saccade {

namespace {

using nlohmann::json;

struct LessonOptions {
    std::string file, language;
    bool as_json = false;
};

/// Lessons are told in what everything is in.
bool in_chinese() {
    return language_in_use() == "zh";
}

void list_lessons(const LessonOptions& options) {
    const bool chinese = in_chinese();
    json all = json::array();
    for (const OfferedLesson& one : offered_lessons())
        all.push_back({{"name", one.name}, {"title", one.title.in(chinese)}, {"scenes", one.scenes}});
    if (options.as_json) {
        fmt::print("{}\n", printable_json(all.dump(2)));
        return;
    }
    std::size_t widest = 0;
    for (const json& one : all) widest = std::max(widest, one["name"].get<std::string>().size());
    for (const json& one : all)
        fmt::print("{:<{}}  {}\n", one["name"].get<std::string>(), widest,
                   tr("{} ({} scenes)", one["title"].get<std::string>(), one["scenes"].get<int>()));
    fmt::print("\n{}\n", tr("`saccade lesson NAME` plays one here and checks what it claims; `saccade FILE.json` opens one in "
                            "the window."));
}

/// What is asked, and what the run has for an answer: the weight of each place of the row. Error as asked_row.
json asked(const SceneQuestion& question, const Trace& trace, bool chinese) {
    CellRef cell = asked_row(trace, question);
    const TraceTensor& tensor = trace.tensor(cell.tensor);
    const Axis& places = *tensor.info.axes.back();
    json answer = json::array();
    for (cell.index.back() = 0; cell.index.back() < places.extent; ++cell.index.back()) {
        const float weight = tensor.values.at(cell.index);
        answer.push_back({{"place", places.label(cell.index.back())}, {"weight", std::isfinite(weight) ? weight : 0}});
    }
    return {{"text", question.text.in(chinese)}, {"tensor", cell.tensor}, {"answer", std::move(answer)}};
}

/// The largest of it, in words: "中 0.61, 国 0.30".
std::string answer_text(const json& question) {
    constexpr std::size_t most = 3;
    std::vector<json> places = question["answer"];
    std::ranges::stable_sort(places, std::greater{}, [](const json& one) { return one["weight"].get<float>(); });
    std::vector<std::string> words;
    for (const json& one : places)
        if (words.size() < most)
            words.push_back(fmt::format("{} {:.2f}", printable(one["place"].get<std::string>()), one["weight"].get<float>()));
    return fmt::format("{}", fmt::join(words, ", "));
}

/// What became of the claims of one scene on this machine, and what of the scene is not there: one does not hide the other.
json played(const LessonScene& scene, bool chinese) {
    json claims = json::array(), problems = json::array(), question;
    const auto attempt = [&problems](const auto& part) {
        try {
            part();
        } catch (const Error& error) {
            problems.push_back(shown_line(error));
        }
    };
    TracePtr a, b;
    attempt([&] {
        a = run_told(scene.request);
        b = scene.compared ? run_told(*scene.compared) : nullptr;
    });
    attempt([&] {
        if (const auto options = scene.view.find("options"); options != scene.view.end()) view_options_from_json(*options);
    });
    if (a) {
        attempt([&] { check_state(scene, *a); });
        attempt([&] {
            if (!scene.selected.tensor.empty()) cell_of(*a, scene.selected);
        });
        attempt([&] {
            if (scene.question) question = asked(*scene.question, *a, chinese);
        });
    }
    const std::vector<Finding> findings = a ? check_scene(scene, *a, b.get()) : std::vector<Finding>(scene.claims.size());
    for (std::size_t i = 0; i < findings.size(); ++i) {
        const LessonPoint& point = scene.claims[i].point;
        const Finding& finding = findings[i];
        claims.push_back({{"text", chinese ? point.chinese : point.english},
                          {"verdict", verdict(point, finding)},
                          {"found", finding.claim ? found_against_claimed(*finding.claim) : finding.problem}});
    }
    json told = {{"exhibit", scene.request.exhibit},
                 {"text", scene.text.in(chinese)},
                 {"claims", std::move(claims)},
                 {"problems", std::move(problems)}};
    if (!question.is_null()) told["question"] = std::move(question);
    return told;
}

/// Lines of a text below each other.
std::string printable_lines(const std::string& text) {
    std::string lines;
    for (std::size_t start = 0; start <= text.size();) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        lines += (start > 0 ? "\n  " : "") + printable(text.substr(start, end - start));
        start = end + 1;
    }
    return lines;
}

/// What was wrong when a lesson was played: claims that do not hold, and scenes that cannot be shown as they are written.
struct Wrong {
    std::size_t claims = 0, scenes = 0;
};

/// Plays every scene, whatever is wrong in one.
Wrong play(const LessonFile& lesson, const LessonOptions& options) {
    const bool chinese = in_chinese();
    json scenes = json::array();
    std::size_t claims = 0;
    Wrong wrong;
    if (!options.as_json) fmt::print("{}\n", printable(lesson.title.in(chinese)));
    for (std::size_t i = 0; i < lesson.scenes.size(); ++i) {
        json scene = played(lesson.scenes[i], chinese);
        wrong.scenes += scene["problems"].empty() ? 0 : 1;
        for (const json& claim : scene["claims"]) {
            ++claims;
            wrong.claims += claim["verdict"] == "held" ? 0 : 1;
        }
        if (!options.as_json) {
            fmt::print("\n{} / {}  {}: {}\n", i + 1, lesson.scenes.size(), scene["exhibit"].get<std::string>(),
                       printable_lines(scene["text"].get<std::string>()));
            if (const auto question = scene.find("question"); question != scene.end())
                fmt::print("  {:<15} {}  ({})\n", tr("asks"), printable((*question)["text"].get<std::string>()),
                           tr("answer: {}", answer_text(*question)));
            for (const json& claim : scene["claims"])
                fmt::print("  {:<15} {}  ({})\n", tr_composed(claim["verdict"].get<std::string>()),
                           printable(claim["text"].get<std::string>()),
                           printable(tr_composed(claim["found"].get<std::string>())));
            for (const json& problem : scene["problems"])
                fmt::print("  {:<15} {}\n", tr("wrong"), printable(tr_composed(problem.get<std::string>())));
        }
        scenes.push_back(std::move(scene));
    }
    if (options.as_json)
        fmt::print("{}\n", printable_json(json{{"title", lesson.title.in(chinese)}, {"scenes", scenes}}.dump(2)));
    else
        fmt::print("\n{}\n", tr("{} of {} claims hold", claims - wrong.claims, claims));
    return wrong;
}

void lesson(const LessonOptions& options) {
    if (!options.language.empty()) use_language(options.language);
    if (options.file.empty()) return list_lessons(options);
    std::error_code ignored;
    const std::string path = path_from_text(options.file);
    const LessonFile file = load_lesson(std::filesystem::exists(path, ignored) ? path : bundled_lesson_path(options.file));
    const Wrong wrong = play(file, options);
    const char* const hint = "see above which, and change the scene or the claim";
    if (wrong.scenes > 0)
        throw Error(ErrorCode::invalid_input,
                    fmt::format("{}: {} {} what is not there, {} {} not hold on this machine", options.file, wrong.scenes,
                                wrong.scenes == 1 ? "scene names" : "scenes name", wrong.claims,
                                wrong.claims == 1 ? "claim does" : "claims do"),
                    hint);
    if (wrong.claims > 0)
        throw Error(ErrorCode::invalid_input,
                    fmt::format("{}: {} {} not hold on this machine", options.file, wrong.claims,
                                wrong.claims == 1 ? "claim does" : "claims do"),
                    hint);
}

}  // namespace

void add_lesson(CliCommand& app) {
    CliCommand command = app.add("lesson", "Play a lesson and check what it claims; without a file: the lessons that are here");
    const auto options = std::make_shared<LessonOptions>();
    command.option("LESSON", options->file, "A lesson's file, or the name of one that is here");
    command.flag("--json", options->as_json,
                 "{title, scenes: [{exhibit, text, question: {text, tensor, answer: [{place, weight}]}, "
                 "claims: [{text, verdict, found}], problems}]}");
    command.option("--language", options->language, "Of all that is said; else the program's own").one_of({"en", "zh"});
    add_threads(command);
    command.runs([options] { lesson(*options); });
}

}  // namespace saccade
