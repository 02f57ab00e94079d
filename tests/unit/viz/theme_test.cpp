#include "viz/theme.hpp"

#include "viz_testing.hpp"

namespace saccade::theme_test {
namespace {

TEST(Theme, TextIsReadableOnEveryGround) {
    for (const std::string& id : theme_ids()) {
        const Theme& t = theme(id);
        for (const Color ground : {t.background, t.panel, t.raised})
            for (const Color ink : {t.text, t.secondary}) EXPECT_GE(contrast(ink, ground), 4.5) << id;
        for (const Color ink : {t.accent, t.selection, t.holds, t.broken}) EXPECT_GE(contrast(ink, t.panel), 4.5) << id;
        EXPECT_GE(contrast(t.text, t.accent_ground), 4.5) << id;
    }
}

TEST(Theme, TokensAreThoseOfTheDesign) {
    EXPECT_EQ(theme("dark").panel, (Color{0x1a, 0x1d, 0x23, 255}));
    EXPECT_EQ(theme("dark").selection, (Color{0xff, 0xb4, 0x54, 255}));
    EXPECT_EQ(theme("light").accent, (Color{0x1f, 0x6f, 0xeb, 255}));
    EXPECT_TRUE(theme("dark").dark);
    EXPECT_FALSE(theme("print").dark);
    EXPECT_EQ(theme("print").background, (Color{255, 255, 255, 255}));
}

TEST(Theme, UnknownOneNamesThoseThatThereAre) {
    const Error e = test::error_of([] { theme("sepia"); });
    EXPECT_EQ(e.code(), ErrorCode::usage);
    EXPECT_NE(e.line().find("sepia"), std::string::npos);
    for (const std::string& id : theme_ids()) EXPECT_NE(e.hint().find(id), std::string::npos);
}

TEST(Theme, ContrastAndMixing) {
    const Color black{0, 0, 0, 255}, white{255, 255, 255, 255};
    EXPECT_NEAR(contrast(black, white), 21, 1e-9);
    EXPECT_NEAR(contrast(white, white), 1, 1e-9);
    EXPECT_EQ(mix(black, white, 0), black);
    EXPECT_EQ(mix(black, white, 1), white);
    EXPECT_EQ(mix(black, white, 0.5), (Color{128, 128, 128, 255}));
    EXPECT_EQ(with_alpha(white, 0.5).a, 128);
}

}  // namespace
}  // namespace saccade::theme_test
