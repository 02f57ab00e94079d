#include <algorithm>
#include <cmath>

#include "figure_checks.hpp"
#include "figure_dump.hpp"
#include "sample_trace.hpp"
#include "vision_trace.hpp"

namespace saccade::vision_layout_test {
namespace {

using namespace test;
using Overlay = ViewOptions::Overlay;

// What is laid out where must not change unnoticed. After a change that is meant: look at the pictures, then store the new
// numbers.
TEST(VisionViews, AreLaidOutAsTheyWereLookedAt) {
    struct Stored {
        const char* view;
        const char* tensor;
        const char* theme;
        double width, height;
        Overlay overlay;
        std::uint64_t hash;
    };
    const Stored stored[] = {
        {"overlay", "block.spatial", "dark", 500, 560, Overlay::map, 0x4be3617306633740u},
        {"map-gallery", "block.features", "dark", 620, 480, Overlay::map, 0x41900956092166c3u},
        {"channel-bars", "block.gate", "dark", 1000, 220, Overlay::map, 0x5c9c72553c821335u},
        {"word-strip", "map", "print", 700, 420, Overlay::map, 0xd11151a994de162au},
        {"map-stages", "block.spatial", "light", 620, 340, Overlay::map, 0xbe3711aa406eb190u},
    };
    const Trace trace = vision_trace(64, 8, 8);
    for (const Stored& s : stored) {
        ViewState state = state_for(s.view, s.tensor, s.width, s.height);
        state.theme = s.theme;
        state.options.overlay = s.overlay;
        state.selected.marks = {{"y", 5}, {"x", 4}, {"output", 1}, {"channel", 17}};
        state.hovered.marks = {{"y", 2}, {"x", 2}, {"output", 2}, {"channel", 3}};
        const std::string text = dump(figure_of(trace, state));
        EXPECT_EQ(fmt::format("{:#x}", hash_of(text)), fmt::format("{:#x}", s.hash)) << s.view << " " << s.tensor << "\n"
                                                                                     << text;
    }
}

class EveryVisionView : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(EveryVisionView, StaysInsideAtAnySize) {
    std::vector<std::string> long_words = tokens("incomprehensibility", 30);
    const std::vector<Trace> traces = [&] {
        std::vector<Trace> made;
        made.push_back(vision_trace(16, 8, 8));
        made.push_back(vision_trace(1, 1, 1, {"a"}, 1, 1));
        made.push_back(vision_trace(64, 3, 40, long_words, 10, 900));
        made.push_back(vision_trace(7, 40, 2, {"船", "在", "海", "上"}, 700, 9));
        made.push_back(vision_trace(3, 512, 512, {"a", "b"}, 256, 256));
        return made;
    }();
    const auto& [id, tensor] = GetParam();
    for (const Trace& trace : traces)
        for (const auto& [w, h] :
             {std::pair{16.0, 16.0}, {60.0, 300.0}, {400.0, 60.0}, {200.0, 150.0}, {720.0, 480.0}, {1600.0, 1000.0}})
            for (const bool alternative : {false, true}) {
                ViewState state = state_for(id, tensor, w, h);
                state.text_scale = alternative ? 2 : 1;
                state.decorations = !alternative;
                state.options.overlay = alternative ? Overlay::side_by_side : Overlay::map;
                state.selected.marks = {{"channel", 0}, {"y", 0}, {"x", 0}, {"output", 0}};
                SCOPED_TRACE(fmt::format("{} x {} {} {}", w, h, alternative, trace.tensor(tensor).values.shape().str()));
                check_sound(figure_of(trace, state), PlainMeasure(),
                            w >= 400 * state.text_scale && h >= 300 * state.text_scale);
            }
}

INSTANTIATE_TEST_SUITE_P(Views, EveryVisionView,
                         ::testing::Values(std::pair{"overlay", "block.features"}, std::pair{"overlay", "image"},
                                           std::pair{"map-gallery", "block.features"}, std::pair{"channel-bars", "block.gate"},
                                           std::pair{"word-strip", "map"}, std::pair{"word-strip", "compare.grad_cam"},
                                           std::pair{"map-stages", "block.spatial"}));

}  // namespace
}  // namespace saccade::vision_layout_test
