#include "train/dates_data.hpp"

#include <algorithm>
#include <numeric>

#include "base/error.hpp"
#include "base/utf8.hpp"

namespace saccade {

namespace {

using std::chrono::day;
using std::chrono::days;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::year;

constexpr sys_days first_day{year{1950} / 1 / 1};
constexpr sys_days last_day{year{2049} / 12 / 31};

constexpr std::array<std::u32string_view, 12> full_months = {U"January",   U"February", U"March",    U"April",
                                                             U"May",       U"June",     U"July",     U"August",
                                                             U"September", U"October",  U"November", U"December"};
constexpr std::array<std::u32string_view, 7> weekday_names = {U"Sunday",   U"Monday", U"Tuesday", U"Wednesday",
                                                              U"Thursday", U"Friday", U"Saturday"};
constexpr std::u32string_view chinese_weekdays = U"日一二三四五六";
constexpr std::u32string_view arabic = U"0123456789";
constexpr std::u32string_view full_width = U"０１２３４５６７８９";
constexpr std::u32string_view chinese = U"〇一二三四五六七八九";
constexpr std::u32string_view chinese_with_ling = U"零一二三四五六七八九";

// Output positions of the digits in "YYYY-MM-DD".
constexpr std::size_t year_at = 0, month_at = 5, day_at = 8;

/// Writes a text and notes which characters each output digit is read from.
class DateWriter {
 public:
    explicit DateWriter(DateExample& example) : example_(example), date_(example.date) {}

    void text(std::u32string_view s) { example_.source += s; }
    void field(std::string_view name);

 private:
    Index here() const { return static_cast<Index>(example_.source.size()); }
    int year_number() const { return static_cast<int>(date_.year()); }
    unsigned month_number() const { return static_cast<unsigned>(date_.month()); }
    unsigned day_number() const { return static_cast<unsigned>(date_.day()); }
    std::u32string_view weekday() const { return weekday_names[std::chrono::weekday(sys_days(date_)).c_encoding()]; }

    void gold(std::size_t output, Index start, Index count) { example_.gold[output] = {start, count}; }
    void year_digits(std::u32string_view digits);
    void two_digit_year(std::u32string_view digits);
    void number(unsigned n, std::size_t output, bool padded, std::u32string_view digits);
    void chinese_number(unsigned n, std::size_t output);
    void month_name(std::u32string_view name);
    void ordinal();
    bool year_field(std::string_view name);
    bool month_field(std::string_view name);
    bool day_field(std::string_view name);

    DateExample& example_;
    const CalendarDate date_;
};

void DateWriter::year_digits(std::u32string_view digits) {
    unsigned n = static_cast<unsigned>(year_number());
    std::u32string s(4, U' ');
    for (std::size_t i = 4; i-- > 0; n /= 10) s[i] = digits[n % 10];
    for (std::size_t i = 0; i < 4; ++i) gold(year_at + i, here() + static_cast<Index>(i), 1);
    text(s);
}

// The century follows from the two digits together.
void DateWriter::two_digit_year(std::u32string_view digits) {
    const unsigned n = static_cast<unsigned>(year_number()) % 100;
    gold(year_at, here(), 2);
    gold(year_at + 1, here(), 2);
    gold(year_at + 2, here(), 1);
    gold(year_at + 3, here() + 1, 1);
    text(std::u32string{digits[n / 10], digits[n % 10]});
}

void DateWriter::number(unsigned n, std::size_t output, bool padded, std::u32string_view digits) {
    const bool two = padded || n > 9;
    gold(output, here(), 1);
    gold(output + 1, here() + (two ? 1 : 0), 1);
    if (two) text(digits.substr(n / 10, 1));
    text(digits.substr(n % 10, 1));
}

// 五, 十, 十五, 二十, 二十五: the tens are read from 十 where no digit stands before it, and a 0 at the end is read from 十
// too.
void DateWriter::chinese_number(unsigned n, std::size_t output) {
    gold(output, here(), 1);
    if (n >= 20) text(chinese.substr(n / 10, 1));
    if (n >= 10) text(U"十");
    if (n % 10 != 0) text(chinese.substr(n % 10, 1));
    gold(output + 1, here() - 1, 1);
}

void DateWriter::month_name(std::u32string_view name) {
    gold(month_at, here(), static_cast<Index>(name.size()));
    gold(month_at + 1, here(), static_cast<Index>(name.size()));
    text(name);
}

void DateWriter::ordinal() {
    const unsigned n = day_number();
    number(n, day_at, false, arabic);
    const bool teen = n / 10 == 1;
    text(!teen && n % 10 == 1 ? U"st" : !teen && n % 10 == 2 ? U"nd" : !teen && n % 10 == 3 ? U"rd" : U"th");
}

bool DateWriter::year_field(std::string_view name) {
    if (name == "year")
        year_digits(arabic);
    else if (name == "yy")
        two_digit_year(arabic);
    else if (name == "年")
        year_digits(chinese);
    else if (name == "零年")
        year_digits(chinese_with_ling);
    else if (name == "短年")
        two_digit_year(chinese);
    else if (name == "wide year")
        year_digits(full_width);
    else
        return false;
    return true;
}

bool DateWriter::month_field(std::string_view name) {
    const std::u32string_view full = full_months[month_number() - 1];
    if (name == "m")
        number(month_number(), month_at, false, arabic);
    else if (name == "mm")
        number(month_number(), month_at, true, arabic);
    else if (name == "月")
        chinese_number(month_number(), month_at);
    else if (name == "wide m")
        number(month_number(), month_at, false, full_width);
    else if (name == "month")
        month_name(full);
    else if (name == "mon")
        month_name(full.substr(0, 3));
    else
        return false;
    return true;
}

bool DateWriter::day_field(std::string_view name) {
    if (name == "d")
        number(day_number(), day_at, false, arabic);
    else if (name == "dd")
        number(day_number(), day_at, true, arabic);
    else if (name == "日")
        chinese_number(day_number(), day_at);
    else if (name == "wide d")
        number(day_number(), day_at, false, full_width);
    else if (name == "dth")
        ordinal();
    else
        return false;
    return true;
}

void DateWriter::field(std::string_view name) {
    if (year_field(name) || month_field(name) || day_field(name)) return;
    if (name == "weekday")
        text(weekday());
    else if (name == "wkd")
        text(weekday().substr(0, 3));
    else if (name == "周")
        text(chinese_weekdays.substr(std::chrono::weekday(sys_days(date_)).c_encoding(), 1));
    else
        throw Error(ErrorCode::not_found, "date form: unknown field {" + std::string(name) + "}");
}

struct Piece {
    bool is_field;
    std::string name;     // of a field
    std::u32string text;  // otherwise
};

std::vector<Piece> parse_pattern(const std::string& pattern) {
    std::vector<Piece> pieces;
    std::size_t at = 0;
    while (at < pattern.size()) {
        const std::size_t open = std::min(pattern.find('{', at), pattern.size());
        if (open > at) pieces.push_back({false, {}, decode_utf8(std::string_view(pattern).substr(at, open - at))});
        if (open == pattern.size()) break;
        const std::size_t close = pattern.find('}', open);
        pieces.push_back({true, pattern.substr(open + 1, close - open - 1), {}});
        at = close + 1;
    }
    return pieces;
}

const std::vector<std::vector<Piece>>& parsed_forms() {
    static const std::vector<std::vector<Piece>> forms = [] {
        std::vector<std::vector<Piece>> all;
        for (const DateForm& form : date_forms()) all.push_back(parse_pattern(form.pattern));
        return all;
    }();
    return forms;
}

CalendarDate draw_day(Rng& rng, bool held_out) {
    for (;;) {
        const CalendarDate date = nth_date(static_cast<Index>(rng.below(static_cast<std::uint64_t>(date_count()))));
        if (is_held_out(date) == held_out) return date;
    }
}

void insert(DateExample& example, Index at, char32_t c) {
    example.source.insert(static_cast<std::size_t>(at), 1, c);
    for (GoldSpan& span : example.gold)
        if (span.count > 0 && span.start >= at) ++span.start;
}

// Is the character part of a number or a name that digits are read from? 十 between two numerals is, though no digit stands for
// it.
bool carries_meaning(const DateExample& example, Index at) {
    if (example.source[static_cast<std::size_t>(at)] == U'十') return true;
    return std::any_of(example.gold.begin(), example.gold.end(), [at](const GoldSpan& span) { return span.contains(at); });
}

void change_case(std::u32string& text, bool upper) {
    for (char32_t& c : text) {
        if (upper && c >= U'a' && c <= U'z') c = c - U'a' + U'A';
        if (!upper && c >= U'A' && c <= U'Z') c = c - U'A' + U'a';
    }
}

}  // namespace

const std::vector<DateForm>& date_forms() {
    static const std::vector<DateForm> forms = {
        {"iso", "{year}-{mm}-{dd}"},
        {"iso-short", "{year}-{m}-{d}"},
        {"year-slash", "{year}/{m}/{d}"},
        {"year-slash-padded", "{year}/{mm}/{dd}"},
        {"year-dot", "{year}.{mm}.{dd}"},
        {"compact", "{year}{mm}{dd}"},
        {"day-slash", "{d}/{m}/{yy}"},
        {"day-slash-long", "{d}/{m}/{year}"},
        {"day-slash-padded", "{dd}/{mm}/{year}"},
        {"day-dot", "{dd}.{mm}.{year}"},
        {"day-dot-short", "{d}.{m}.{yy}"},
        {"day-dot-spaced", "{d}. {m}. {year}"},
        {"day-dash", "{dd}-{mm}-{year}"},
        {"day-mon", "{d} {mon} {year}"},
        {"day-mon-dash", "{dd}-{mon}-{year}"},
        {"day-mon-short", "{d}-{mon}-{yy}"},
        {"day-mon-apostrophe", "{d} {mon} '{yy}"},
        {"day-mon-tight", "{dd}{mon}{year}"},
        {"day-month", "{d} {month} {year}"},
        {"day-month-comma", "{d} {month}, {year}"},
        {"ordinal", "{dth} {month} {year}"},
        {"ordinal-mon", "{dth} {mon} {year}"},
        {"the-ordinal-of", "the {dth} of {month} {year}"},
        {"the-ordinal-of-comma", "the {dth} of {month}, {year}"},
        {"mon-day", "{mon} {d}, {year}"},
        {"mon-stop-day", "{mon}. {d}, {year}"},
        {"mon-day-apostrophe", "{mon} {d} '{yy}"},
        {"mon-day-bare", "{mon} {d} {year}"},
        {"month-day", "{month} {d}, {year}"},
        {"month-ordinal", "{month} {dth}, {year}"},
        {"mail", "{wkd}, {dd} {mon} {year}"},
        {"log", "{wkd} {mon} {dd} {year}"},
        {"weekday-month-day", "{weekday}, {month} {d}, {year}"},
        {"weekday-day-month", "{weekday} {d} {month} {year}"},
        {"weekday-the-ordinal", "{weekday} the {dth} of {month}, {year}"},
        {"year-mon-day", "{year}-{mon}-{dd}"},
        {"year-month-day", "{year} {month} {d}"},
        {"zh", "{year}年{m}月{d}日"},
        {"zh-padded", "{year}年{mm}月{dd}日"},
        {"zh-spaced", "{year} 年 {m} 月 {d} 日"},
        {"zh-hao", "{year}年{m}月{d}号"},
        {"zh-short", "{yy}年{m}月{d}日"},
        {"zh-wide", "{wide year}年{wide m}月{wide d}日"},
        {"zh-numerals", "{年}年{月}月{日}日"},
        {"zh-numerals-ling", "{零年}年{月}月{日}日"},
        {"zh-numerals-short", "{短年}年{月}月{日}日"},
        {"zh-numerals-hao", "{年}年{月}月{日}号"},
        {"zh-weekday", "{year}年{m}月{d}日星期{周}"},
        {"zh-zhou", "{year}年{m}月{d}日（周{周}）"},
        {"zh-numerals-weekday", "{年}年{月}月{日}日 星期{周}"},
        {"zh-year-last", "{m}月{d}日，{year}年"},
        {"zh-numerals-year-last", "{月}月{日}日，{年}年"},
    };
    return forms;
}

Index date_count() {
    return (last_day - first_day).count() + 1;
}

CalendarDate nth_date(Index n) {
    return CalendarDate(first_day + days(n));
}

bool is_held_out(const CalendarDate& date) {
    const auto n = static_cast<std::uint64_t>((sys_days(date) - first_day).count());
    return Rng(n ^ 0x5acc'ade0'da7eULL).below(10) == 0;
}

std::string iso_date(const CalendarDate& date) {
    std::string text = "0000-00-00";
    const auto put = [&text](std::size_t end, unsigned n) {
        for (; n > 0; n /= 10) text[--end] = static_cast<char>('0' + n % 10);
    };
    put(4, static_cast<unsigned>(static_cast<int>(date.year())));
    put(7, static_cast<unsigned>(date.month()));
    put(10, static_cast<unsigned>(date.day()));
    return text;
}

DateExample write_date(const CalendarDate& date, std::size_t form) {
    DateExample example;
    example.date = date;
    example.form = form;
    example.target = iso_date(date);
    DateWriter writer(example);
    for (const Piece& piece : parsed_forms().at(form)) {
        if (piece.is_field)
            writer.field(piece.name);
        else
            writer.text(piece.text);
    }
    return example;
}

void add_noise(DateExample& example, Rng& rng) {
    const auto with_chance = [&rng](double p) { return rng.uniform() < p; };
    const auto position = [&rng](Index n) { return static_cast<Index>(rng.below(static_cast<std::uint64_t>(n))); };
    if (with_chance(0.2)) change_case(example.source, with_chance(0.5));
    if (with_chance(0.03)) {
        const Index at = position(static_cast<Index>(example.source.size()));
        if (!carries_meaning(example, at)) example.source[static_cast<std::size_t>(at)] = unknown_character;
    }
    if (with_chance(0.05)) example.source += U'.';
    if (with_chance(0.06)) insert(example, 0, U' ');
    if (with_chance(0.06)) example.source += U' ';
    if (with_chance(0.06)) {
        const Index at = position(static_cast<Index>(example.source.size()));
        // A space inside a number would make two numbers of it; beside other characters it is only untidy.
        const char32_t next = example.source[static_cast<std::size_t>(at)];
        if (!carries_meaning(example, at) && (next < U'a' || next > U'z')) insert(example, at, U' ');
    }
}

DateExample draw_training_date(Rng& rng, std::span<const std::size_t> forms) {
    const std::size_t form = forms[rng.below(forms.size())];
    DateExample example = write_date(draw_day(rng, false), form);
    add_noise(example, rng);
    return example;
}

std::vector<DateExample> held_out_dates(Index n) {
    Rng rng = Rng(2014).fork("held-out dates");
    std::vector<DateExample> examples;
    for (Index i = 0; i < n; ++i) {
        const std::size_t form = rng.below(date_forms().size());
        examples.push_back(write_date(draw_day(rng, true), form));
        add_noise(examples.back(), rng);
    }
    return examples;
}

const std::u32string& source_alphabet() {
    static const std::u32string alphabet =
        U" ',-./"
        U"0123456789ABCDEFGHIJLMNOPRSTUVWYabcdefghijlmnoprstuvwy〇一七三九二五八六十号周四年日星月期零（），０１２３４５６７８"
        U"９";
    return alphabet;
}

std::vector<std::vector<std::size_t>> forms_by_length(int groups) {
    const std::size_t n = date_forms().size();
    std::vector<std::size_t> length(n, 0), order(n);
    for (std::size_t f = 0; f < n; ++f)
        for (unsigned m = 1; m <= 12; ++m) length[f] += write_date(year{2019} / month{m} / day{m + 4}, f).source.size();
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return length[a] < length[b]; });
    std::vector<std::vector<std::size_t>> cut(static_cast<std::size_t>(groups));
    for (std::size_t i = 0; i < n; ++i) cut[i * cut.size() / n].push_back(order[i]);
    return cut;
}

}  // namespace saccade
