#include "ui/layers.hpp"

#include <fmt/format.h>

#include "ui/panels.hpp"
#include "unit/gui/controller_fixture.hpp"

namespace saccade::layers_test {
namespace {

using LayersTest = ControllerTest;

/// Opened from the lowest to the uppermost, each takes Esc from those below it.
TEST_F(LayersTest, EscIsForTheUppermost) {
    EXPECT_EQ(top_layer(state_, false, false), Layer::none);
    act_.stage().enlarge("heatmap/weights");
    EXPECT_EQ(top_layer(state_, false, false), Layer::alone);
    state_.document.side().running = true;
    EXPECT_EQ(top_layer(state_, false, false), Layer::run);
    state_.document.hand.mask.on = true;
    EXPECT_EQ(top_layer(state_, false, false), Layer::drawing);
    state_.document.matrix.param = "q";
    EXPECT_EQ(top_layer(state_, false, false), Layer::cell);
    EXPECT_EQ(top_layer(state_, false, true), Layer::field);
    state_.present.start();
    EXPECT_EQ(top_layer(state_, false, true), Layer::presenting);
    state_.desk.open = true;
    EXPECT_EQ(top_layer(state_, false, true), Layer::exporting);
    state_.prompt.kind = PathPrompt::Kind::open;
    EXPECT_EQ(top_layer(state_, false, true), Layer::prompt);
    state_.history_open = true;
    EXPECT_EQ(top_layer(state_, false, true), Layer::history);
    state_.palette_open = true;
    EXPECT_EQ(top_layer(state_, false, true), Layer::palette);
    state_.help_open = true;
    EXPECT_EQ(top_layer(state_, false, true), Layer::help);
    EXPECT_EQ(top_layer(state_, true, true), Layer::menu);
    state_.document.side().running = false;
}

bool overlap(const Rect& a, const Rect& b) {
    const auto apart = [](float at, float size, float from, float extent) {
        return at + size <= from + 0.5f || from + extent <= at + 0.5f;
    };
    return !apart(a.at.x, a.size.x, b.at.x, b.size.x) && !apart(a.at.y, a.size.y, b.at.y, b.size.y) && a.size.x > 0.5f &&
           b.size.x > 0.5f && a.size.y > 0.5f && b.size.y > 0.5f;
}

/// At every size, every scale, and with the drawer open or not, nothing lies over anything else, and nothing beside the window.
TEST(LayoutOfTheWindow, NothingOverlapsAtAnySize) {
    for (const float width : {640.0f, 800.0f, 999.0f, 1000.0f, 1279.0f, 1280.0f, 1600.0f, 1920.0f, 3840.0f})
        for (const float height : {480.0f, 600.0f, 720.0f, 1080.0f, 2160.0f})
            for (const float scale : {0.7f, 1.0f, 1.7f, 2.0f, 3.0f})
                for (const bool open : {false, true}) {
                    const Layout l = layout_window(width, height, scale, open);
                    const Rect* const all[] = {&l.top, &l.gallery, &l.stage, &l.inspector, &l.status};
                    SCOPED_TRACE(fmt::format("{} x {} at {}, drawer {}", width, height, scale, open));
                    for (const Rect* a : all) {
                        EXPECT_GE(a->at.x, -0.5f);
                        EXPECT_LE(a->at.x + a->size.x, width + 0.5f);
                        for (const Rect* b : all) EXPECT_FALSE(a != b && overlap(*a, *b));
                    }
                    // Each has what it needs, or is not there.
                    if (open || !l.drawer) {
                        EXPECT_GE(l.inspector.size.x, std::min(250 * scale, width - l.gallery.size.x) - 1);
                    }
                    EXPECT_TRUE(l.stage.size.x < 1 || l.stage.size.x >= 249 * scale || !open) << l.stage.size.x;
                }
}

}  // namespace
}  // namespace saccade::layers_test
