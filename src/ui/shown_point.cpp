#include "ui/shown_point.hpp"

#include "base/translate.hpp"
#include "run/language.hpp"
#include "ui/verdict_line.hpp"

namespace saccade {

namespace {

bool in_chinese(const AppState& state) {
    return state.view.language == "zh";
}

/// Of the tooltip, in the window's language.
std::string found_in(const Finding& finding) {
    return tr_composed(finding.claim ? found_against_claimed(*finding.claim) : finding.problem);
}

ShownPoint point_of_exhibit(const AppState& state, std::size_t at) {
    const Lesson& lesson = state.document.exhibit().lesson;
    const Side& side = state.document.side();
    if (at >= lesson.points.size()) return {};
    const LessonPoint& point = lesson.points[at];
    ShownPoint shown{in_chinese(state) ? point.chinese : point.english, {}};
    const Finding none, &finding = at < side.lesson.size() ? side.lesson[at] : none;
    if (const std::string said = verdict(point, finding); !said.empty())
        shown.claims.push_back(
            {verdict_line(said, finding, state.view.language), said, found_in(finding), false, std::nullopt});
    return shown;
}

ShownPoint scene_of_file(const AppState& state, const Controller& act, std::size_t at) {
    const LessonState& lesson = state.lesson;
    const LessonScene& scene = lesson.file->scenes[at];
    const bool chinese = in_chinese(state), now = at == lesson.scene && act.lesson().on_stage();
    ShownPoint shown{scene.text.in(chinese), {}};
    for (std::size_t i = 0; i < scene.claims.size(); ++i) {
        const SceneClaim& claim = scene.claims[i];
        ShownClaim one;
        one.text = chinese ? claim.point.chinese : claim.point.english;
        one.scene_claim = i;
        one.waits = claim.after_guess && (!now || act.lesson().covered());
        if (one.waits) {
            // Which tells no more than that something is claimed.
            one.text = TextsIn(state.view.language).tr("what is claimed of this row: after your guess");
        } else if (now && i < lesson.findings.size()) {
            const Finding& finding = lesson.findings[i];
            one.said = verdict(claim.point, finding);
            one.found = found_in(finding);
            if (one.said != "held")
                one.text =
                    TextsIn(state.view.language).tr("{}: {}", one.text, verdict_line(one.said, finding, state.view.language));
        }
        shown.claims.push_back(std::move(one));
    }
    return shown;
}

}  // namespace

std::size_t shown_points(const AppState& state) {
    return state.lesson.file ? state.lesson.file->scenes.size() : state.document.exhibit().lesson.points.size();
}

ShownPoint shown_point(const AppState& state, const Controller& act, std::size_t at) {
    if (!state.lesson.file) return point_of_exhibit(state, at);
    return at < state.lesson.file->scenes.size() ? scene_of_file(state, act, at) : ShownPoint{};
}

std::string shown_lesson_title(const AppState& state) {
    if (state.lesson.file) return state.lesson.file->title.in(in_chinese(state));
    const Lesson& lesson = state.document.exhibit().lesson;
    return in_chinese(state) ? lesson.title_chinese : lesson.title_english;
}

}  // namespace saccade
