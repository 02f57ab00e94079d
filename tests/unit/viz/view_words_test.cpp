#include <gtest/gtest.h>

#include "exhibit/exhibit.hpp"
#include "viz/view.hpp"

namespace saccade::view_words_test {
namespace {

TEST(ViewWords, EveryViewIsExplained) {
    for (const View* v : views()) EXPECT_GT(v->explains().size(), 30u) << v->id();
    for (const char* word : {"score e", "align α", "context c"})
        EXPECT_NE(view("stages").explains().find(word), std::string::npos);
    EXPECT_NE(view("tree").explains().find("hypothesis"), std::string::npos);
}

TEST(ViewWords, EveryHypothesisAndWindowSaysWhatItIs) {
    int said = 0;
    for (const Exhibit& e : exhibits())
        for (const ParamSpec& spec : e.params) {
            if (spec.name != "hypothesis" && spec.name != "window") continue;
            ++said;
            const char* meaning = spec.name == "window" ? "How far" : "one whole";
            EXPECT_NE(spec.help.find(meaning), std::string::npos) << e.id << ": " << spec.help;
        }
    EXPECT_GE(said, 4);
}

}  // namespace
}  // namespace saccade::view_words_test
