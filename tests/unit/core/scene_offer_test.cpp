#include "run/scene_offer.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "run/lesson_edit.hpp"
#include "run/lesson_file.hpp"
#include "run/run.hpp"
#include "testing.hpp"

namespace saccade::scene_offer_test {
namespace {

using nlohmann::json;

struct Shown {
    RunRequest request;
    TracePtr trace;
};
Shown shown(const std::string& id) {
    RunRequest request;
    request.exhibit = id;
    return {request, run(request)};
}

/// A lesson of one scene with these claims, and what becomes of them on its run.
std::vector<std::string> verdicts(const Shown& of, const std::vector<json>& claims) {
    json document = new_lesson_document("Mine", "en");
    insert_scene(document, std::string::npos,
                 {{"state", {{"request", {{"exhibit", of.request.exhibit}}}}}, {"text", {{"en", "One."}}}, {"claims", claims}});
    const LessonFile lesson = lesson_from_json(document);
    const std::vector<Finding> findings = check_scene(lesson.scenes[0], *of.trace, nullptr);
    std::vector<std::string> all;
    for (std::size_t i = 0; i < findings.size(); ++i) all.push_back(verdict(lesson.scenes[0].claims[i].point, findings[i]));
    return all;
}

std::vector<std::string> kinds(const std::vector<json>& claims) {
    std::vector<std::string> all;
    for (const json& claim : claims) all.push_back(claim["claim"]);
    return all;
}

TEST(SceneOffer, says_of_a_weight_what_a_lesson_can_claim) {
    const Shown memory = shown("memory");
    const std::vector<json> best = offered_claims(*memory.trace, exhibit("memory"), {"weights", {0, 4}}, false);
    EXPECT_EQ(kinds(best), (std::vector<std::string>{"sums_to_1", "largest", "share", "rule", "text"}));
    EXPECT_EQ(verdicts(memory, best), std::vector<std::string>(5, "held"));
    EXPECT_EQ(best[1]["row"], (json{{"query", "q1"}}));
    EXPECT_EQ(best[1]["on"], (json{{"slot", "bat"}}));
    EXPECT_EQ(best[1]["text"]["en"], "“q1”: the largest lies on “bat”");
    EXPECT_EQ(best[1]["text"]["zh"], "“q1”：最大的在“bat”上");
    EXPECT_EQ(best[2]["at_least"], 0.4) << "a round number below 0.498";
    const std::vector<json> other = offered_claims(*memory.trace, exhibit("memory"), {"weights", {0, 0}}, false);
    EXPECT_EQ(std::ranges::count(kinds(other), "largest"), 0) << "it is not on the cat";
    EXPECT_EQ(std::ranges::count(verdicts(memory, other), "held"), static_cast<std::ptrdiff_t>(other.size()));
    EXPECT_EQ(offered_claims(*memory.trace, exhibit("memory"), {"weights", {0, 0}}, true)[0]["side"], "b");
}

TEST(SceneOffer, names_by_number_what_a_label_does_not_tell_apart) {
    const Shown dates = shown("alignment");
    const std::vector<json> claims = offered_claims(*dates.trace, exhibit("alignment"), {"weights", {3, 15}}, false);
    EXPECT_EQ(claims[1]["on"], (json{{"source", "9"}})) << "it stands there once";
    EXPECT_EQ(claims[1]["row"], (json{{"output", 4}})) << "a 9 is written twice";
    EXPECT_EQ(claims[1]["text"]["en"], "“9” (4): the largest lies on “9”");
    EXPECT_EQ(verdicts(dates, claims)[1], "held");
    EXPECT_EQ(offered_tokens(*dates.trace, {"weights", {3, 15}}).words, "“9” (4) “9”");
}

TEST(SceneOffer, asks_about_rows_of_weights_that_can_be_guessed) {
    const Shown memory = shown("memory");
    const std::optional<json> question = offered_question(*memory.trace, {"weights", {1, 2}});
    ASSERT_TRUE(question);
    EXPECT_EQ((*question)["row"], (json{{"query", "q2"}}));
    EXPECT_EQ((*question)["text"]["en"], "Where does “q2” look?");
    EXPECT_FALSE(offered_question(*memory.trace, {"scores", {1, 2}})) << "scores are not shared out";
    EXPECT_FALSE(offered_question(*memory.trace, {"weights", {1, 9}})) << "there is no such cell";
    EXPECT_FALSE(offered_question(*memory.trace, {}));
    const Shown picture = shown("captioning");
    EXPECT_FALSE(offered_question(*picture.trace, {"weights", {0, 0}})) << "144 places are not guessed";
}

TEST(SceneOffer, lights_the_tokens_of_a_cell) {
    const Shown memory = shown("memory");
    EXPECT_EQ(offered_tokens(*memory.trace, {"weights", {0, 4}}).places, (json{{"query", {"q1"}}, {"slot", {"bat"}}}));
    EXPECT_EQ(offered_tokens(*memory.trace, {"weights", {0, 9}}).places, json::object());
    const Shown heads = shown("multi-head");
    EXPECT_EQ(offered_tokens(*heads.trace, {"weights", {3, 0, 1}}).places, (json{{"token", {"火"}}, {"token.key", {"车"}}}));
    EXPECT_EQ(offered_claims(*heads.trace, exhibit("multi-head"), {"weights", {3, 0, 1}}, false)[1]["text"]["en"],
              "head 4, “火”: the largest lies on “车”");
}

}  // namespace
}  // namespace saccade::scene_offer_test
