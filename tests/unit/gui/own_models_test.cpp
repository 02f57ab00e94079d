#include <unistd.h>

#include <filesystem>

#include "exhibit/opening.hpp"
#include "io/atomic_file.hpp"
#include "io/input_file.hpp"
#include "ui/text_wrap.hpp"
#include "unit/gui/controller_fixture.hpp"
#include "unit/scratch.hpp"

namespace saccade::own_models_test {
namespace {

namespace fs = std::filesystem;

/// What is damaged or is no model takes the place of nothing.
class OwnModels : public ControllerTest {
 protected:
    OwnModels() : folder_(test::scratch_path("own")) { fs::create_directories(folder_); }
    ~OwnModels() override { fs::remove_all(folder_); }

    static std::string golden(const std::string& name) { return SACCADE_TEST_DATA "/golden/" + name; }
    /// A folder whose config says what it is, and whose weights end too early.
    std::string damaged(const std::string& name) const {
        const std::string copy = folder_ + "/" + name;
        fs::copy(golden(name), copy);
        fs::resize_file(copy + "/model.safetensors", fs::file_size(copy + "/model.safetensors") / 2);
        return copy;
    }
    const Params& params() const { return state_.document.side().request.params; }
    std::string banner() const { return state_.banner && state_.banner->error ? state_.banner->text : ""; }
    void open_and_read(const std::string& path, const std::string& ids) {
        open(path);
        settle();
        if (!ids.empty()) act_.inputs().set_param("text", ids);
        settle();
    }
    void type_path(const std::string& param, const std::string& path) {
        state_.document.path = {param, path, params().has(param) ? params().text(param) : "", false};
        act_.files().open_path(param, path);
        settle();
    }

    const std::string folder_;
};

TEST_F(OwnModels, ADamagedFolderThatIsOpenedLeavesAllAsItWas) {
    const std::string bad = damaged("checkpoint_bert"), good = golden("checkpoint_gpt2");
    open(bad);
    settle();
    EXPECT_EQ(state_.document.exhibit().id, "alignment");
    EXPECT_NE(banner().find(bad), std::string::npos) << banner();
    EXPECT_EQ(banner().find('\n'), std::string::npos);

    open_and_read(good, "2 7 8 3");
    ASSERT_EQ(state_.document.exhibit().id, "checkpoint");
    const TracePtr shown = state_.document.side().shown.trace;
    const std::size_t undo = state_.history.undo.size();
    for (const std::string& wrong : {bad, folder_, damaged("vision_vit"), damaged("timm_seresnet50")}) {
        open(wrong);
        settle();
        SCOPED_TRACE(wrong);
        EXPECT_NE(banner().find(wrong), std::string::npos) << banner();
        EXPECT_EQ(state_.document.exhibit().id, "checkpoint");
        EXPECT_EQ(params().text("path"), good);
        EXPECT_EQ(params().text("text"), "2 7 8 3");
        EXPECT_EQ(state_.document.side().shown.trace, shown);
        EXPECT_FALSE(state_.document.side().problem);
        EXPECT_EQ(state_.history.undo.size(), undo);
    }
}

TEST_F(OwnModels, ATypedPathIsOpenedWhenAllOfItCanBeRead) {
    open_and_read(golden("checkpoint_gpt2"), "2 7 8 3");
    const TracePtr shown = state_.document.side().shown.trace;
    const std::string bad = damaged("checkpoint_llama");
    type_path("path", bad);
    EXPECT_NE(banner().find(bad), std::string::npos) << banner();
    EXPECT_TRUE(state_.document.path.wrong);
    EXPECT_EQ(state_.document.path.text, bad);  // what was typed is not lost
    EXPECT_EQ(params().text("path"), golden("checkpoint_gpt2"));
    EXPECT_EQ(state_.document.side().shown.trace, shown);

    const std::size_t undo = state_.history.undo.size();
    type_path("path", golden("checkpoint_llama"));
    EXPECT_EQ(params().text("path"), golden("checkpoint_llama"));
    EXPECT_EQ(params().text("text"), "2 7 8 3");
    EXPECT_TRUE(state_.document.path.param.empty());
    EXPECT_EQ(banner(), "");
    EXPECT_EQ(state_.history.undo.size(), undo + 1);
    act_.undo();
    settle();
    EXPECT_EQ(params().text("path"), golden("checkpoint_gpt2"));
}

TEST_F(OwnModels, APathThatWasTypedIsForgottenWithItsField) {
    act_.choose_exhibit("checkpoint");
    settle();
    state_.document.path = {"path", golden("checkpoint_gpt2"), "", false};
    act_.files().open_path("path", golden("checkpoint_gpt2"));
    act_.choose_exhibit("alignment");
    settle();
    EXPECT_EQ(state_.document.exhibit().id, "alignment");
    act_.choose_exhibit("checkpoint");
    settle();
    EXPECT_FALSE(params().has("path") && !params().text("path").empty());
}

TEST_F(OwnModels, ADamagedCaptureLeavesTheOneBefore) {
    const std::string bad = folder_ + "/bad.npy", text = folder_ + "/tokens.txt";
    write_file(bad, std::string("\x93NUMPY\x01\x00", 8));
    act_.choose_exhibit("capture");
    settle();
    const TracePtr shown = state_.document.side().shown.trace;
    type_path("path", bad);
    EXPECT_NE(banner().find(bad), std::string::npos) << banner();
    EXPECT_EQ(state_.document.side().shown.trace, shown);
    EXPECT_TRUE(state_.document.path.wrong);
    type_path("tokens_file", text);  // is not there
    EXPECT_NE(banner().find(text), std::string::npos) << banner();
    EXPECT_EQ(state_.document.side().shown.trace, shown);
}

TEST_F(OwnModels, ATokenThatIsSelectedIsARowOfTheHeadThatIsLookedAt) {
    act_.choose_exhibit("checkpoint");
    settle();
    act_.stage().select({"self.weights", {1, 2, 3, 0}});
    settle();
    const TraceTensor* attention =
        shown_attention(state_.document.exhibit(), state_.document.side().shown.request.params, *state_.document.trace());
    ASSERT_NE(attention, nullptr);
    act_.stage().select_token(*attention, 5);
    const std::vector<Index> at = state_.document.stage.selected.cell.index;
    ASSERT_EQ(at.size(), 4u);
    EXPECT_EQ(std::vector<Index>(at.begin(), at.begin() + 3), (std::vector<Index>{1, 2, 5}));
    for (Index j = 0; j < attention->info.axes.back()->extent; ++j)
        EXPECT_LE(attention->values.at({1, 2, 5, j}), attention->values.at(at));
}

TEST(InOneLine, EndsOfLinesAreSigns) {
    EXPECT_EQ(in_one_line("one\ntwo\r\nthree\tfour\x01"), "one⏎two⏎three⇥four·");
    EXPECT_EQ(in_one_line("一行"), "一行");
}

}  // namespace
}  // namespace saccade::own_models_test
