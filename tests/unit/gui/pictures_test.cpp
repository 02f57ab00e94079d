#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "io/atomic_file.hpp"
#include "ui/controller.hpp"
#include "unit/scratch.hpp"
#include "viz/origin.hpp"

namespace saccade::pictures_test {
namespace {

/// A run that takes no model: pictures and scenes are the controller's alone.
TracePtr nothing(const RunRequest&, const std::stop_token&, const Progress&) {
    return std::make_shared<const Trace>();
}

class PicturesTest : public testing::Test {
 protected:
    PicturesTest() : a_({}, nothing), b_({}, nothing), act_(state_, a_, b_) {
        act_.choose_exhibit("spatial");
        act_.pictures().open(scene_value(two_shapes()));
        settle();
        state_.history.undo.clear();
    }
    ~PicturesTest() override { std::filesystem::remove_all(folder_); }

    static Scene two_shapes() {
        Scene scene;
        SceneShape disc;
        disc.x = 0.3;
        disc.y = 0.4;
        SceneShape bar;
        bar.kind = ShapeKind::square;
        bar.color = "blue";
        bar.x = bar.y = 0.8;
        scene.shapes = {disc, bar};
        return scene;
    }
    void settle() {
        do {
            act_.poll();
            act_.pictures().poll();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        } while ((act_.files().opening() && !state_.asking.open) || state_.document.running() || a_.busy() || b_.busy() ||
                 state_.document.pictures.reading.facts.valid());
    }
    std::string file(const std::string& name, const std::string& content) {
        std::filesystem::create_directories(folder_);
        write_file(folder_ + name, content);
        return folder_ + name;
    }
    std::string picture_file(const std::string& name, Index width = 40, Index height = 30) {
        return file(name, write_png(Image(width, height)));
    }
    const std::string& value(std::size_t side) const { return state_.document.sides[side].request.params.text("image"); }
    const SceneShape& shape(std::size_t i) { return act_.scenes().scene(0)->shapes.at(i); }

    std::string folder_ = test::scratch_path("pictures/");
    AppState state_;
    Runner a_, b_;
    Controller act_;
};

TEST_F(PicturesTest, AShapeFollowsTheMouseAndOneDragIsOneUndoEntry) {
    const std::string before = value(0);
    act_.scenes().press(0, 0.3, 0.4);
    ASSERT_TRUE(state_.document.scene.held);
    for (int i = 1; i <= 10; ++i) act_.scenes().drag(0.3 + 0.02 * i, 0.4 + 0.01 * i);
    act_.scenes().release();
    settle();
    EXPECT_NEAR(shape(0).x, 0.5, 1e-9);
    EXPECT_NEAR(shape(0).y, 0.5, 1e-9);
    EXPECT_NEAR(shape(1).x, 0.8, 1e-9);
    EXPECT_FALSE(state_.document.stale());
    ASSERT_EQ(state_.history.undo.size(), 1u);
    act_.undo();
    settle();
    EXPECT_EQ(value(0), before);
    act_.redo();
    EXPECT_NEAR(shape(0).x, 0.5, 1e-9);
}

TEST_F(PicturesTest, APressWithoutAMoveSelectsAndChangesNothing) {
    const std::string before = value(0);
    act_.scenes().press(0, 0.8, 0.8);
    act_.scenes().drag(0.801, 0.8);
    act_.scenes().release();
    EXPECT_EQ(act_.scenes().selected_shape(), 1);
    EXPECT_EQ(value(0), before);
    EXPECT_TRUE(state_.history.undo.empty());
    act_.scenes().press(0, 0.55, 0.1);
    EXPECT_EQ(act_.scenes().selected_shape(), -1);
    EXPECT_FALSE(state_.document.scene.held);
}

TEST_F(PicturesTest, ASampleTurnsIntoASceneWhenItIsChanged) {
    act_.pictures().open("sample:ship");
    settle();
    ASSERT_NE(act_.scenes().scene(0), nullptr);
    EXPECT_EQ(state_.document.pictures.facts[0].title, "ship");
    act_.scenes().select_next_shape();
    act_.scenes().nudge_shape(0.1, 0);
    settle();
    EXPECT_TRUE(value(0).starts_with("scene:"));
    act_.undo();
    EXPECT_EQ(value(0), "sample:ship");
}

TEST_F(PicturesTest, ShapesComeAndGoByHand) {
    act_.scenes().add_shape(ShapeKind::star);
    EXPECT_EQ(act_.scenes().selected_shape(), 2);
    act_.scenes().press(0, 0.3, 0.4);
    act_.scenes().release();
    act_.scenes().bring_shape_forward();
    EXPECT_EQ(act_.scenes().selected_shape(), 1);
    EXPECT_EQ(shape(1).kind, ShapeKind::circle);
    act_.scenes().duplicate_shape();
    EXPECT_EQ(act_.scenes().selected_shape(), 3);
    EXPECT_NEAR(shape(3).x, 0.38, 1e-9);
    act_.scenes().resize_shape(2);
    EXPECT_NEAR(shape(3).size, 0.4, 1e-9);
    act_.scenes().delete_shape();
    EXPECT_EQ(act_.scenes().selected_shape(), -1);
    EXPECT_EQ(act_.scenes().scene(0)->shapes.size(), 3u);
    act_.scenes().random();
    EXPECT_GE(act_.scenes().scene(0)->shapes.size(), 2u);
    for (int i = 0; i < 6; ++i) act_.undo();
    EXPECT_EQ(*act_.scenes().scene(0), two_shapes());
}

TEST_F(PicturesTest, AFileIsReadAndShownAndTakenBack) {
    const std::string before = value(0), path = picture_file("holiday.png");
    act_.files().open(path);
    settle();
    EXPECT_EQ(value(0), path);
    EXPECT_EQ(act_.scenes().scene(0), nullptr);
    EXPECT_EQ(state_.document.pictures.facts[0].width, 40);
    act_.scenes().press(0, 0.5, 0.5);
    EXPECT_FALSE(state_.document.scene.held);
    act_.undo();
    settle();
    EXPECT_EQ(value(0), before);
}

TEST_F(PicturesTest, WhatIsNoPictureIsOneLineAndThePictureBeforeStays) {
    const std::string before = value(0);
    for (const std::string& path :
         {file("text.png", "hello"), file("empty.jpg", ""), folder_ + "missing.webp", file("cut.jpg", "\xff\xd8\xff\xe0")}) {
        state_.banner.reset();
        act_.files().open(path);
        settle();
        ASSERT_TRUE(state_.banner && state_.banner->error) << path;
        EXPECT_EQ(state_.banner->text.find('\n'), std::string::npos);
        EXPECT_NE(state_.banner->text.find(path), std::string::npos) << state_.banner->text;
        EXPECT_EQ(value(0), before);
        EXPECT_FALSE(state_.document.stale());
    }
}

TEST_F(PicturesTest, AnExhibitWithoutPicturesGivesWayToOneThatTakesThem) {
    act_.choose_exhibit("alignment");
    settle();
    EXPECT_EQ(image_param_of(state_.document.exhibit()), nullptr);
    const std::string path = picture_file("dropped.png");
    act_.files().open(path);
    settle();
    EXPECT_EQ(state_.document.side().request.exhibit, "spatial");
    EXPECT_EQ(value(0), path);
}

TEST_F(PicturesTest, TwoPicturesStandSideBySide) {
    act_.comparison().toggle();
    act_.scenes().press(1, 0.3, 0.4);
    act_.scenes().drag(0.4, 0.4);
    act_.scenes().release();
    EXPECT_EQ(value(0), value(1));  // linked
    act_.comparison().toggle_linked();
    const std::string path = picture_file("other.png"), a = value(0);
    act_.pictures().open(path);
    settle();
    EXPECT_EQ(value(1), path);
    EXPECT_EQ(value(0), a);
    EXPECT_NE(act_.scenes().scene(0), nullptr);
    EXPECT_EQ(act_.scenes().scene(1), nullptr);
    EXPECT_EQ(state_.document.pictures.facts[1].height, 30);
}

TEST_F(PicturesTest, AFileThatChangesIsReadAgainAndOneThatIsGoneIsSaidOnce) {
    const std::string path = picture_file("live.png");
    act_.files().open(path);
    settle();
    const std::uint64_t ticket = state_.document.side().wanted_ticket;
    picture_file("live.png", 60, 20);
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
    state_.document.pictures.looked_at_files = {};
    settle();
    settle();
    EXPECT_GT(state_.document.side().wanted_ticket, ticket);
    EXPECT_EQ(state_.document.pictures.facts[0].width, 60);
    std::filesystem::remove(path);
    state_.document.pictures.looked_at_files = {};
    settle();
    ASSERT_TRUE(state_.banner && state_.banner->error);
    EXPECT_NE(state_.banner->text.find("gone"), std::string::npos);
    state_.banner.reset();
    state_.document.pictures.looked_at_files = {};
    settle();
    EXPECT_FALSE(state_.banner.has_value());
}

TEST_F(PicturesTest, PastedLinesArePaths) {
    EXPECT_EQ(pasted_path("file:///home/me/a%20ship.png\r"), "/home/me/a ship.png");
    EXPECT_EQ(pasted_path("file://localhost/x.jpg"), "/x.jpg");
    EXPECT_EQ(pasted_path("  '/tmp/with blank.png' "), "/tmp/with blank.png");
    EXPECT_EQ(pasted_path("sample:ship"), "sample:ship");
    EXPECT_EQ(pasted_path("some words"), "");
    EXPECT_EQ(pasted_path(""), "");
    const std::string path = picture_file("pasted.png");
    act_.files().paste("copy\nfile://" + path + "\n");
    settle();
    EXPECT_EQ(value(0), path);
    act_.files().paste("nothing of the kind");
    settle();
    EXPECT_EQ(value(0), path);
    ASSERT_TRUE(state_.banner);
    EXPECT_NE(state_.banner->text.find("the clipboard holds no path of a file"), std::string::npos) << state_.banner->text;
}

/// However fast the mouse moves, each answer is shown, and the last place is run in the end.
TEST(PicturesLive, ADragWaitsForTheRunUnderWayAndThenAsksForTheLastPlace) {
    std::atomic<int> started{0};
    std::atomic<bool> go{true};
    const Runner::Run gated = [&](const RunRequest& request, const std::stop_token& stop, const Progress& progress) {
        ++started;
        while (!go && !stop.stop_requested()) std::this_thread::yield();
        return nothing(request, stop, progress);
    };
    AppState state;
    Runner a({}, gated), b;
    Controller act(state, a, b);
    const auto settle = [&] {
        while (state.document.running() || a.busy()) act.poll();
    };
    act.choose_exhibit("spatial");
    Scene scene;
    scene.shapes.emplace_back();
    act.pictures().open(scene_value(scene));
    settle();
    started = 0;
    go = false;
    act.scenes().press(0, 0.5, 0.5);
    for (int i = 1; i <= 20; ++i) act.scenes().drag(0.5 + 0.01 * i, 0.5);
    EXPECT_TRUE(state.document.side().later);
    go = true;
    settle();
    EXPECT_FALSE(state.document.side().later);
    EXPECT_LE(started, 3);
    EXPECT_EQ(state.document.side().shown.request.params.text("image"), state.document.side().request.params.text("image"));
    EXPECT_NEAR(act.scenes().scene(0)->shapes[0].x, 0.7, 1e-9);
}

/// A session that came from elsewhere, with a picture that did not come with it.
class AskedFilesTest : public PicturesTest {
 protected:
    AskedFilesTest() {
        std::filesystem::create_directories(own_);
        write_file(own_ + "secret.png", write_png(Image(40, 30)));
    }
    ~AskedFilesTest() override { std::filesystem::remove_all(own_); }
    std::string session(const std::string& image, const std::string& more = "") {
        return file("session.json",
                    R"({"format":"saccade-session","version":1,"request":{"exhibit":"spatial","params":{"image":")" + image +
                        "\"}" + more + "}}");
    }
    void open(const std::string& path) {
        act_.files().open(path);
        settle();
    }
    std::string own_ = test::scratch_path("own/");
};

TEST_F(AskedFilesTest, NothingElsewhereIsReadBeforeItIsAgreedTo) {
    const std::string before = value(0);
    open(session(own_ + "secret.png"));
    ASSERT_TRUE(state_.asking.open);
    EXPECT_EQ(state_.asking.files, std::vector<std::string>{own_ + "secret.png"});
    EXPECT_EQ(value(0), before);
    EXPECT_FALSE(state_.document.pictures.reading.facts.valid());
    act_.files().answer(FilesAnswer::cancel);
    settle();
    EXPECT_FALSE(state_.asking.open);
    EXPECT_EQ(value(0), before);
    open(session(own_ + "secret.png"));  // nobody agreed
    ASSERT_TRUE(state_.asking.open);
    act_.files().answer(FilesAnswer::read);
    settle();
    EXPECT_EQ(value(0), own_ + "secret.png");
    act_.pictures().open("sample:ship");
    settle();
    open(session(own_ + "secret.png"));  // somebody has
    EXPECT_FALSE(state_.asking.open);
    EXPECT_EQ(value(0), own_ + "secret.png");
}

TEST_F(AskedFilesTest, WithoutThemTheRestIsOpened) {
    open(
        session(own_ + "secret.png", R"(,"seed":11,"weights":"/etc/w.safetensors","interventions":["weights=@/etc/a.npz:b"])"));
    ASSERT_TRUE(state_.asking.open);
    EXPECT_EQ(state_.asking.files.size(), 3u);
    act_.files().answer(FilesAnswer::leave_out);
    settle();
    const RunRequest& request = state_.document.side().request;
    EXPECT_EQ(request.seed, 11u);
    EXPECT_TRUE(request.weights_path.empty());
    EXPECT_TRUE(request.interventions.empty());
    EXPECT_FALSE(is_picture_path(value(0)));
}

TEST_F(AskedFilesTest, WhatStandsBesideComesAlong) {
    open(session(picture_file("beside.png")));
    EXPECT_FALSE(state_.asking.open);
    EXPECT_EQ(value(0), folder_ + "beside.png");
}

/// A picture that Saccade exported names what it was made of; exported again, it must not hold what nobody agreed to show.
TEST_F(AskedFilesTest, APictureAsksLikeASessionAndIsNotExportedAgainWithWhatItNames) {
    act_.pictures().open(own_ + "secret.png");
    settle();
    const std::string exported = file("a.svg", "");
    ViewState view;
    view.view = "overlay";
    write_file(exported, "<svg xmlns=\"http://www.w3.org/2000/svg\"><metadata id=\"saccade\">" +
                             origin_text({request_text(state_.document.side().request), view}) + "</metadata></svg>");
    AppState other;
    Runner a({}, nothing), b({}, nothing);
    Controller act(other, a, b);
    act.choose_exhibit("spatial");
    act.files().open(exported);
    while (act.files().opening() && !other.asking.open) {
        act.poll();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_TRUE(other.asking.open) << (other.banner ? other.banner->text : "");
    act.files().answer(FilesAnswer::leave_out);
    EXPECT_EQ(request_text(other.document.side().request).find("secret"), std::string::npos);
}

TEST_F(AskedFilesTest, APipeInASessionIsRefusedAtOnce) {
    std::filesystem::create_directories(folder_);
    ASSERT_EQ(mkfifo((folder_ + "pipe.png").c_str(), 0600), 0);
    const auto start = std::chrono::steady_clock::now();
    open(session(folder_ + "pipe.png"));
    ASSERT_TRUE(state_.document.pictures.facts[0].problem.has_value());
    EXPECT_NE(state_.document.pictures.facts[0].problem->line().find("pipe"), std::string::npos);
    act_.files().open(folder_ + "pipe.png");
    settle();
    ASSERT_TRUE(state_.banner && state_.banner->error);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace saccade::pictures_test
