#include "base/translate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "base/error.hpp"
#include "run/language.hpp"
#include "unit/scratch.hpp"

namespace saccade {

namespace {

/// As msgfmt writes it: header, two tables of lengths and places, texts that end with a zero.
std::string compiled(const std::map<std::string, std::string>& texts) {
    const auto number = [](std::size_t value) {
        std::string bytes;
        for (int i = 0; i < 4; ++i) bytes += static_cast<char>(value >> 8 * i);
        return bytes;
    };
    const std::size_t n = texts.size();
    std::string from, to, strings;
    const std::size_t begin = 28 + 16 * n;
    for (const auto& [english, translation] : texts) {
        from += number(english.size()) + number(begin + strings.size());
        strings += english + '\0';
    }
    for (const auto& [english, translation] : texts) {
        to += number(translation.size()) + number(begin + strings.size());
        strings += translation + '\0';
    }
    return number(0x950412de) + number(0) + number(n) + number(28) + number(28 + 8 * n) + number(0) + number(0) + from + to +
           strings;
}

std::map<std::string, std::string> some_texts() {
    using namespace std::string_literals;
    return {{"", "Plural-Forms: nplurals=1; plural=0;\n"},
            {"Undo", "撤销"},
            {"{} of {}", "共 {1} 个，第 {0} 个"},
            {"{} change\0{} changes"s, "{} 处修改"},
            {"of a matrix\x04row", "行"},
            {"row", "排"},
            {"broken {} and {}", "坏 {2:d"},
            {"Score", "分数"},
            {"Scores", "分数"},
            {"output", "输出"},
            {"between parts\x04, ", "，"},
            {"a thing of another\x04{} of {}", "{1} 的{0}"},
            {"; rows off by {}", "；各行相差 {}"},
            {"stored as {}", "存为 {}"},
            {"choose one of: {}", "请选择：{}"},
            {"heatmap", "热图"},
            {"{}: no tensor '{}'; there are {}", "{0}：没有张量“{1}”，有 {2}"},
            {"{} must be from {:g} to {:g}", "{}须在 {:g} 与 {:g} 之间"}};
}

/// English again at the end, whatever a test does.
class Translated : public testing::Test {
 protected:
    void SetUp() override { use_catalogue(std::make_unique<const Catalogue>(compiled(some_texts()), "zh.mo")); }
    void TearDown() override { use_catalogue(nullptr); }
};

}  // namespace

TEST_F(Translated, texts_and_their_values) {
    EXPECT_EQ(tr("Undo"), "撤销");
    EXPECT_EQ(tr("{} of {}", 2, 7), "共 7 个，第 2 个");
    EXPECT_EQ(tr("Not in it: {}", 3), "Not in it: 3");
    EXPECT_EQ(tr("Not in it"), "Not in it");
    EXPECT_EQ(tr(""), "");  // the header is no text
    EXPECT_EQ(tr(msg("Undo")), "撤销");
    EXPECT_EQ(tr_all({"Undo", "x"}), (std::vector<std::string>{"撤销", "x"}));
    use_catalogue(nullptr);
    EXPECT_EQ(tr("{} of {}", 2, 7), "2 of 7");
}

TEST_F(Translated, counts_and_contexts) {
    EXPECT_EQ(tr_count(1, "{} change", "{} changes"), "1 处修改");
    EXPECT_EQ(tr_count(5, "{} change", "{} changes"), "5 处修改");
    EXPECT_EQ(tr("row"), "排");
    EXPECT_EQ(tr_in("of a matrix", "row"), "行");
    EXPECT_EQ(tr_in("of a boat", "row"), "row");
    use_catalogue(nullptr);
    EXPECT_EQ(tr_count(1, "{} change", "{} changes"), "1 change");
    EXPECT_EQ(tr_count(0, "{} change", "{} changes"), "0 changes");
}

TEST_F(Translated, a_damaged_translation_shows_the_english) {
    EXPECT_EQ(tr("broken {} and {}", 1, 2), "broken 1 and 2");
}

TEST_F(Translated, a_finished_text_is_found_by_its_format_string) {
    EXPECT_EQ(tr_composed("a.npz: no tensor 'w'; there are k, v"), "a.npz：没有张量“w”，有 k, v");
    EXPECT_EQ(tr_composed("Score must be from 0 to 2.5"), "分数须在 0 与 2.5 之间");  // and what it holds, too
    EXPECT_EQ(tr_composed("Undo"), "撤销");
    EXPECT_EQ(tr_composed("nothing like it"), "nothing like it");
    // "{} of {}" has too few letters of its own to be known by them.
    EXPECT_EQ(tr_composed("none of it"), "none of it");
    use_catalogue(nullptr);
    EXPECT_EQ(tr_composed("Score must be from 0 to 2.5"), "Score must be from 0 to 2.5");
}

TEST_F(Translated, what_is_joined_is_translated_part_by_part) {
    EXPECT_EQ(tr_composed("Score · Undo · x"), "分数 · 撤销 · x");
    EXPECT_EQ(tr_composed("Scores, output 5 “0”"), "分数，输出 5 “0”");
    EXPECT_EQ(tr_composed("Scores of [CLS]"), "[CLS] 的分数");
    EXPECT_EQ(tr_composed("stored as F16; rows off by 0.1"), "存为 F16；各行相差 0.1");
    EXPECT_EQ(tr_composed("; nothing like it; nor this"), "; nothing like it; nor this");
    // Names that a person is to type stay.
    EXPECT_EQ(tr_composed("choose one of: heatmap, flow"), "请选择：heatmap, flow");
    EXPECT_EQ(tr_composed("--view: choose one of: heatmap"), "--view: 请选择：heatmap");
    EXPECT_EQ(tr_composed(" · "), " · ");
    EXPECT_EQ(tr_composed(", "), ", ");
    EXPECT_EQ(tr_composed("score"), "分数");  // a title in a sentence
    EXPECT_EQ(tr_composed("Mon, 30 Sep 2019"), "Mon, 30 Sep 2019");
}

// Each part is looked at once, on whatever way it is met: else this would take longer than anybody lives.
TEST_F(Translated, a_long_text_of_many_parts_is_read_in_a_moment) {
    std::string english;
    for (int i = 0; i < 60; ++i) english += "none of these: nothing, of all; that is, known · ";
    EXPECT_FALSE(tr_composed(english).empty());
}

TEST_F(Translated, switches_while_other_threads_read) {
    std::atomic<bool> done = false;
    std::atomic<int> wrong = 0;
    std::vector<std::thread> readers;
    for (int i = 0; i < 2; ++i)
        readers.emplace_back([&] {
            while (!done) {
                const std::string text = tr("{} of {}", 1, 2), made = tr_composed("Score must be from 0 to 1");
                if (text != "1 of 2" && text != "共 2 个，第 1 个") ++wrong;
                if (made != "Score must be from 0 to 1" && made != "分数须在 0 与 1 之间") ++wrong;
            }
        });
    for (int i = 0; i < 200; ++i) {
        use_catalogue(i % 2 == 0 ? nullptr : std::make_unique<const Catalogue>(compiled(some_texts()), "zh.mo"));
        std::this_thread::yield();
    }
    done = true;
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(wrong, 0);
}

TEST(Catalogue, whatever_is_damaged_is_refused_and_never_read_beyond) {
    const std::string whole = compiled(some_texts());
    EXPECT_NO_THROW(Catalogue(whole, "zh.mo"));
    EXPECT_THROW(Catalogue("", "zh.mo"), Error);
    EXPECT_THROW(Catalogue("msgid \"Undo\"\n", "zh.mo"), Error);
    for (std::size_t n = 0; n < whole.size(); ++n) EXPECT_THROW(Catalogue(whole.substr(0, n), "zh.mo"), Error) << n;
    for (std::size_t i = 0; i < whole.size(); ++i) {
        std::string bytes = whole;
        bytes[i] = static_cast<char>(0xff);
        try {
            const Catalogue read(bytes, "zh.mo");
            static_cast<void>(read.find("Undo"));
            static_cast<void>(read.find_composed("Score must be from 0 to 2.5"));
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::bad_format);
            EXPECT_TRUE(error.message().starts_with("zh.mo: ")) << error.message();
        }
    }
}

namespace {

/// Of the process, for one test.
class Environment {
 public:
    explicit Environment(const std::map<std::string, std::string>& wanted) {
        for (const char* name : {"SACCADE_LANGUAGE", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG", "SACCADE_ASSETS"}) {
            if (const char* value = std::getenv(name)) before_[name] = value;
            unsetenv(name);
            if (const auto found = wanted.find(name); found != wanted.end()) setenv(name, found->second.c_str(), 1);
        }
    }
    ~Environment() {
        for (const char* name : {"SACCADE_LANGUAGE", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG", "SACCADE_ASSETS"}) {
            unsetenv(name);
            if (const auto found = before_.find(name); found != before_.end()) setenv(name, found->second.c_str(), 1);
        }
    }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

 private:
    std::map<std::string, std::string> before_;
};

std::string usual_in(const std::map<std::string, std::string>& wanted) {
    const Environment environment(wanted);
    return usual_language();
}

}  // namespace

TEST(Language, is_what_the_environment_asks_for) {
    EXPECT_EQ(usual_in({}), "en");
    EXPECT_EQ(usual_in({{"LANG", "zh_CN.UTF-8"}}), "zh");
    EXPECT_EQ(usual_in({{"LANG", "zh_CN.UTF-8"}, {"LC_ALL", "C.UTF-8"}}), "en");
    EXPECT_EQ(usual_in({{"LANG", "C"}, {"LANGUAGE", "zh"}}), "zh");  // the only locale of a machine may be C
    EXPECT_EQ(usual_in({{"LANG", "de_DE.UTF-8"}, {"LANGUAGE", "de:zh_CN:en"}}), "zh");
    EXPECT_EQ(usual_in({{"LANG", "de_DE.UTF-8"}}), "en");
    EXPECT_EQ(usual_in({{"LANG", "zh_CN.UTF-8"}, {"SACCADE_LANGUAGE", "en"}}), "en");
    EXPECT_EQ(usual_in({{"SACCADE_LANGUAGE", "zh"}}), "zh");
    EXPECT_EQ(usual_in({{"LANG", ""}}), "en");
}

TEST(Language, of_the_build_is_found_and_shown) {
    use_language("zh");
    EXPECT_EQ(language_in_use(), "zh");
    EXPECT_EQ(tr("Undo"), "撤销");
    use_language("en");
    EXPECT_EQ(tr("Undo"), "Undo");
}

TEST(Language, that_is_unknown_or_damaged_leaves_english) {
    use_language("zh");
    try {
        use_language("xx");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.line(), "there is no language 'xx': choose one of: en, zh");
    }
    const std::filesystem::path folder = test::scratch_path("damaged_language");
    std::filesystem::create_directories(folder / "translations");
    std::ofstream(folder / "translations" / "zh.mo") << "not compiled";
    const Environment environment({{"SACCADE_ASSETS", folder.string()}});
    EXPECT_THROW(use_language("zh"), Error);
    EXPECT_EQ(language_in_use(), "en");
    EXPECT_EQ(tr("Undo"), "Undo");
    std::filesystem::remove_all(folder);
}

}  // namespace saccade
