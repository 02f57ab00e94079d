#include "train/dates_data.hpp"

#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>

#include "base/utf8.hpp"

namespace saccade::dates_data_test {
namespace {

std::string utf8(std::u32string_view text) {
    std::string s;
    for (const char32_t c : text) s += encode_utf8(c);
    return s;
}

// An independent reader of dates, which knows nothing of the forms: it rewrites numerals, takes the text apart into words and
// numbers, and applies the conventions of dates_data.hpp. Returns "" if it cannot make sense of the text.
class DateReader {
 public:
    explicit DateReader(const std::u32string& source) {
        for (const char32_t c : source) take(c);
        end_token();
    }

    std::string iso() {
        if (chinese_) return read_chinese();
        return read_western();
    }
    /// The weekday named, as 0 (Sunday) to 6, or -1.
    int weekday() const { return weekday_; }

 private:
    void take(char32_t c) {
        static const std::u32string digits = U"〇一二三四五六七八九";
        if (c >= U'０' && c <= U'９') c = c - U'０' + U'0';
        if (c == U'零') c = U'〇';
        if (c == U'号') c = U'日';
        if (after_weekday_mark_) {
            weekday_ = c == U'日' ? 0 : static_cast<int>(digits.find(c));
            after_weekday_mark_ = false;
        } else if (c == U'期' || c == U'周') {
            after_weekday_mark_ = true;
        } else if (c >= U'0' && c <= U'9') {
            if (!token_.empty() && std::isalpha(static_cast<unsigned char>(token_[0])) != 0) end_token();
            token_ += static_cast<char>(c);
        } else if (digits.find(c) != std::u32string::npos) {
            token_ += static_cast<char>('0' + digits.find(c));
        } else if (c == U'十') {
            token_ += 'X';
        } else if (c == U'年' || c == U'月' || c == U'日') {
            chinese_ = true;
            end_token();
            if (!tokens_.empty()) marked_[c] = tokens_.back();
        } else if ((c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z')) {
            if (!token_.empty() && std::isdigit(static_cast<unsigned char>(token_[0])) != 0) end_token();
            token_ += static_cast<char>(std::tolower(static_cast<int>(c)));
        } else {
            end_token();
            if (c == U'/' || c == U'.' || c == U'-') separator_ = c;
        }
    }
    void end_token() {
        if (!token_.empty()) tokens_.push_back(token_);
        token_.clear();
    }
    static std::string iso_of(int y, int m, int d) {
        char text[32];
        std::snprintf(text, sizeof text, "%04d-%02d-%02d", y, m, d);
        return text;
    }
    static int full_year(const std::string& s) {
        const int n = std::stoi(s);
        return s.size() == 4 ? n : n >= 50 ? 1900 + n : 2000 + n;
    }
    static int ten(const std::string& s) {
        const std::size_t x = s.find('X');
        if (x == std::string::npos) return std::stoi(s);
        const int tens = x == 0 ? 1 : s[0] - '0';
        return 10 * tens + (x + 1 < s.size() ? s[x + 1] - '0' : 0);
    }
    std::string read_chinese() { return iso_of(full_year(marked_[U'年']), ten(marked_[U'月']), ten(marked_[U'日'])); }
    std::string read_western() {
        static const std::string months = "janfebmaraprmayjunjulaugsepoctnovdec";
        static const std::string days = "sunmontuewedthufrisat";
        std::vector<std::string> numbers;
        int month = 0;
        for (const std::string& t : tokens_) {
            if (std::isdigit(static_cast<unsigned char>(t[0])) != 0) numbers.push_back(t);
            if (t.size() < 3 || std::isalpha(static_cast<unsigned char>(t[0])) == 0) continue;
            if (const auto at = days.find(t.substr(0, 3)); at != std::string::npos && at % 3 == 0 && t != "may")
                weekday_ = static_cast<int>(at / 3);
            else if (const auto m = months.find(t.substr(0, 3)); m != std::string::npos && m % 3 == 0)
                month = static_cast<int>(m / 3) + 1;
        }
        if (numbers.size() == 1 && numbers[0].size() == 8)
            return iso_of(std::stoi(numbers[0].substr(0, 4)), std::stoi(numbers[0].substr(4, 2)),
                          std::stoi(numbers[0].substr(6)));
        if (month > 0 && numbers.size() == 2) {
            const bool year_first = numbers[0].size() == 4;
            return iso_of(full_year(numbers[year_first ? 0 : 1]), month, std::stoi(numbers[year_first ? 1 : 0]));
        }
        if (numbers.size() != 3) return "";
        if (numbers[0].size() == 4) return iso_of(std::stoi(numbers[0]), std::stoi(numbers[1]), std::stoi(numbers[2]));
        return iso_of(full_year(numbers[2]), std::stoi(numbers[1]), std::stoi(numbers[0]));
    }

    std::vector<std::string> tokens_;
    std::string token_;
    std::map<char32_t, std::string> marked_;
    bool chinese_ = false, after_weekday_mark_ = false;
    int weekday_ = -1;
    char32_t separator_ = 0;
};

std::vector<CalendarDate> sample_days() {
    std::vector<CalendarDate> days;
    for (Index n = 0; n < date_count(); n += 37) days.push_back(nth_date(n));
    days.push_back(nth_date(date_count() - 1));
    return days;
}

TEST(DatesData, has_enough_forms_with_distinct_ids_and_texts) {
    std::set<std::string> ids;
    std::set<std::u32string> texts;
    for (std::size_t f = 0; f < date_forms().size(); ++f) {
        ids.insert(date_forms()[f].id);
        texts.insert(write_date(std::chrono::year{2003} / 4 / 7, f).source);
    }
    EXPECT_GE(ids.size(), 24u);
    EXPECT_EQ(ids.size(), date_forms().size());
    EXPECT_EQ(texts.size(), date_forms().size());
}

TEST(DatesData, every_form_reads_back_as_its_date) {
    for (std::size_t f = 0; f < date_forms().size(); ++f)
        for (const CalendarDate& day : sample_days()) {
            const DateExample example = write_date(day, f);
            ASSERT_EQ(DateReader(example.source).iso(), example.target) << date_forms()[f].id << ": " << utf8(example.source);
        }
}

TEST(DatesData, weekdays_are_right) {
    int named = 0;
    for (std::size_t f = 0; f < date_forms().size(); ++f)
        for (const CalendarDate& day : sample_days()) {
            DateReader reader(write_date(day, f).source);
            reader.iso();
            if (reader.weekday() < 0) continue;
            ++named;
            // Zeller's congruence, 0 = Saturday.
            int y = static_cast<int>(day.year()), m = static_cast<int>(static_cast<unsigned>(day.month()));
            const int d = static_cast<int>(static_cast<unsigned>(day.day()));
            if (m < 3) m += 12, --y;
            const int zeller = (d + 13 * (m + 1) / 5 + y % 100 + y % 100 / 4 + y / 100 / 4 + 5 * (y / 100)) % 7;
            ASSERT_EQ(reader.weekday(), (zeller + 6) % 7) << utf8(write_date(day, f).source);
        }
    EXPECT_GE(named, 5 * static_cast<int>(sample_days().size()));
}

TEST(DatesData, gold_spans_hold_what_the_digit_is_read_from) {
    static const std::u32string numerals = U"〇一二三四五六七八九";
    Rng rng(3);
    for (std::size_t f = 0; f < date_forms().size(); ++f)
        for (const CalendarDate& day : sample_days()) {
            DateExample example = write_date(day, f);
            add_noise(example, rng);
            for (std::size_t i = 0; i < 10; ++i) {
                const GoldSpan span = example.gold[i];
                const bool digit = example.target[i] != '-';
                ASSERT_EQ(span.count > 0, digit);
                ASSERT_GE(span.start, 0);
                ASSERT_LE(span.start + span.count, static_cast<Index>(example.source.size()));
                if (span.count != 1) continue;
                // One character: the digit itself, in one of the scripts; or a single-digit field that a 0 is padded before; or
                // a 十.
                char32_t c = example.source[static_cast<std::size_t>(span.start)];
                if (c >= U'０' && c <= U'９') c = c - U'０' + U'0';
                if (c == U'零') c = U'〇';
                if (numerals.find(c) != std::u32string::npos) c = U'0' + static_cast<char32_t>(numerals.find(c));
                const auto wanted = static_cast<char32_t>(example.target[i]);
                const bool padding = wanted == U'0' && i + 1 < 10 && example.gold[i + 1].start == span.start;
                const bool ten = c == U'十' && (wanted == U'1' || wanted == U'0');
                ASSERT_TRUE(c == wanted || padding || ten) << utf8(example.source) << " output " << i;
            }
        }
}

TEST(DatesData, gold_of_known_examples) {
    const auto span_text = [](const DateExample& e, std::size_t i) {
        return utf8(e.source.substr(static_cast<std::size_t>(e.gold[i].start), static_cast<std::size_t>(e.gold[i].count)));
    };
    const auto form = [](const std::string& id) {
        for (std::size_t f = 0; f < date_forms().size(); ++f)
            if (date_forms()[f].id == id) return f;
        return date_forms().size();
    };
    const CalendarDate day = std::chrono::year{2019} / 9 / 30;
    const DateExample english = write_date(day, form("the-ordinal-of"));
    EXPECT_EQ(utf8(english.source), "the 30th of September 2019");
    EXPECT_EQ(span_text(english, 5), "September");
    EXPECT_EQ(span_text(english, 8), "3");
    EXPECT_EQ(span_text(english, 9), "0");
    const DateExample chinese = write_date(day, form("zh-numerals"));
    EXPECT_EQ(utf8(chinese.source), "二〇一九年九月三十日");
    EXPECT_EQ(span_text(chinese, 0), "二");
    EXPECT_EQ(span_text(chinese, 5), "九");
    EXPECT_EQ(span_text(chinese, 6), "九");
    EXPECT_EQ(span_text(chinese, 8), "三");
    EXPECT_EQ(span_text(chinese, 9), "十");
    const DateExample brief = write_date(day, form("day-slash"));
    EXPECT_EQ(utf8(brief.source), "30/9/19");
    EXPECT_EQ(span_text(brief, 0), "19");
    EXPECT_EQ(span_text(brief, 1), "19");
    EXPECT_EQ(span_text(brief, 3), "9");
    EXPECT_EQ(utf8(write_date(std::chrono::year{2019} / 12 / 3, form("ordinal")).source), "3rd December 2019");
    EXPECT_EQ(utf8(write_date(std::chrono::year{2019} / 12 / 12, form("zh-numerals")).source), "二〇一九年十二月十二日");
}

TEST(DatesData, noise_changes_texts_but_not_the_date) {
    Rng rng(5);
    int changed = 0, unknown = 0;
    for (std::size_t f = 0; f < date_forms().size(); ++f)
        for (const CalendarDate& day : sample_days()) {
            const DateExample clean = write_date(day, f);
            DateExample noisy = clean;
            add_noise(noisy, rng);
            changed += noisy.source != clean.source;
            if (noisy.source.find(unknown_character) != std::u32string::npos) {
                ++unknown;
                continue;
            }
            ASSERT_EQ(DateReader(noisy.source).iso(), clean.target) << utf8(noisy.source);
        }
    EXPECT_GT(changed, 1000);
    EXPECT_GT(unknown, 100);
}

TEST(DatesData, held_out_days_are_never_trained_on) {
    Rng rng(7);
    std::vector<std::size_t> all;
    for (std::size_t f = 0; f < date_forms().size(); ++f) all.push_back(f);
    std::set<std::string> trained, held_out;
    for (int i = 0; i < 20000; ++i) trained.insert(draw_training_date(rng, all).target);
    std::set<std::size_t> forms;
    for (const DateExample& example : held_out_dates(2000)) {
        held_out.insert(example.target);
        forms.insert(example.form);
        EXPECT_TRUE(is_held_out(example.date));
        EXPECT_EQ(trained.count(example.target), 0u);
    }
    EXPECT_EQ(forms.size(), date_forms().size());
    Index count = 0;
    for (Index n = 0; n < date_count(); ++n) count += is_held_out(nth_date(n)) ? 1 : 0;
    EXPECT_NEAR(static_cast<double>(count) / static_cast<double>(date_count()), 0.1, 0.01);
    EXPECT_EQ(held_out_dates(50)[49].source, held_out_dates(2000)[49].source);
}

TEST(DatesData, alphabet_is_what_the_generator_writes) {
    std::set<char32_t> written;
    Rng rng(11);
    for (std::size_t f = 0; f < date_forms().size(); ++f)
        for (Index n = 0; n < date_count(); n += 11) {
            DateExample example = write_date(nth_date(n), f);
            add_noise(example, rng);
            written.insert(example.source.begin(), example.source.end());
        }
    written.erase(unknown_character);
    EXPECT_EQ(utf8(std::u32string(written.begin(), written.end())), utf8(source_alphabet()));
}

TEST(DatesData, groups_by_length_share_out_all_forms) {
    const auto groups = forms_by_length(4);
    std::set<std::size_t> seen;
    for (const auto& group : groups) {
        EXPECT_NEAR(static_cast<double>(group.size()), static_cast<double>(date_forms().size()) / 4, 1);
        seen.insert(group.begin(), group.end());
    }
    EXPECT_EQ(seen.size(), date_forms().size());
}

}  // namespace
}  // namespace saccade::dates_data_test
