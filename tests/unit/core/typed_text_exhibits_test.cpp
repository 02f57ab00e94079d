#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/typed_text.hpp"
#include "base/utf8.hpp"
#include "exhibit/exhibit.hpp"
#include "run/runner.hpp"
#include "testing.hpp"

namespace saccade::typed_text_exhibits_test {
namespace {

// Every text that an exhibit takes: whatever model it is for, it is read in NFKC, without what is not to be seen, which a note
// names.

struct Field {
    std::string exhibit, param, text;
};

std::vector<Field> fields() {
    // What is empty at first, by hand; everything else as it stands at first.
    std::vector<Field> all = {{"alignment", "target", "2019-09-30"},     {"transformer", "target", "i love chinese."},
                              {"captioning", "caption", "a red circle"}, {"temporal", "sentence", "the red circle appears"},
                              {"permutation", "order", "1, 3, 2"},       {"reading", "target", "Read"}};
    for (const Exhibit& exhibit : exhibits())
        for (const ParamSpec& spec : exhibit.params) {
            if (spec.type != ParamType::text) continue;
            const std::string& usual = std::get<std::string>(spec.fallback);
            if (!usual.empty()) all.push_back({exhibit.id, spec.name, usual});
        }
    return all;
}

/// Enough in the middle of the text, between two characters.
std::string with_inside(const std::string& text, const std::string& more) {
    const std::vector<std::string> characters = code_points(text);
    std::string all;
    for (std::size_t i = 0; i < characters.size(); ++i) all += characters[i] + (i == 0 ? more : "");
    return all;
}

std::string full_width(const std::string& text) {
    std::string all;
    for (const char32_t c : decode_utf8(text)) all += encode_utf8(c > 0x20 && c < 0x7f && c != ',' ? c + 0xfee0 : c);
    return all;
}

TracePtr run_with(const Field& field, const std::string& text) {
    RunRequest request;
    request.exhibit = field.exhibit;
    request.params.set(field.param, text);
    return run(request);
}

void expect_read_alike(const Trace& a, const Trace& b, const std::string& where) {
    for (const TraceTensor& tensor : a.tensors()) {
        const TraceTensor& other = b.tensor(tensor.info.name);
        ASSERT_EQ(tensor.values.shape(), other.values.shape()) << where << tensor.info.name;
        ASSERT_TRUE(std::ranges::equal(tensor.values.values(), other.values.values(),
                                       [](float x, float y) { return x == y || (std::isnan(x) && std::isnan(y)); }))
            << where << tensor.info.name;
    }
}

TEST(TypedTextInExhibits, is_read_the_same_however_it_is_written) {
    std::size_t checked = 0;
    for (const Field& field : fields()) {
        const std::string where = field.exhibit + " --" + field.param + ": ";
        // Other people's models read each character as their own tokenizer does; a note says what cannot be seen.
        const bool ours = field.exhibit != "checkpoint";
        const TracePtr plain = run_with(field, field.text);
        for (const char* invisible : {"\u200b", "\ufeff", "\u00ad", "\u200d"}) {
            const TracePtr trace = run_with(field, with_inside(field.text, invisible));
            if (ours) expect_read_alike(*plain, *trace, where);
            const std::string name = name_of_character(decode_utf8(invisible).front());
            EXPECT_TRUE(std::ranges::any_of(
                trace->notes(), [&](const Note& note) { return note.param == field.param && test::contains(note.text, name); }))
                << where << name;
        }
        if (ours) expect_read_alike(*plain, *run_with(field, full_width(field.text)), where + "full width ");
        ++checked;
    }
    EXPECT_GE(checked, 12u);
}

TEST(TypedTextInExhibits, labels_keep_what_was_typed) {
    const TracePtr dates = run_with({"alignment", "source", ""}, "２０１９－０９－３０");
    EXPECT_EQ(dates->axis("source")->label(0), "２");
    const TracePtr spaces = run_with({"saliency", "source", ""}, "30\u00a0Sep 2019");
    EXPECT_EQ(spaces->axis("source")->label(2), "␣");
    EXPECT_TRUE(spaces->notes().empty()) << spaces->notes().front().text;
    const TracePtr unknown = run_with({"alignment", "source", ""}, "30 Sep\ufffe 2019");
    EXPECT_EQ(unknown->axis("source")->label(6), "U+FFFE");
}

TEST(TypedTextInExhibits, of_what_cannot_be_seen_the_refusal_says_what_it_is) {
    std::vector<Field> all = {{"alignment", "source", ""},    {"saliency", "source", ""}, {"rnn-shapes", "text", ""},
                              {"self-attention", "text", ""}, {"multi-head", "text", ""}, {"positions", "text", ""},
                              {"transformer", "source", ""}};
    for (const Field& field : all) {
        const std::string said = test::error_of(ErrorCode::invalid_input, [&] { run_with(field, "\xe2\x80\x8b\xc2\xad"); });
        EXPECT_NE(said.find("U+200B zero width space, U+00AD soft hyphen"), std::string::npos) << field.exhibit << ": " << said;
        EXPECT_EQ(said.find("is empty"), std::string::npos) << said;
    }
}

}  // namespace
}  // namespace saccade::typed_text_exhibits_test
