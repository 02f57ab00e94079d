#include "train/date_questions_data.hpp"

#include "base/utf8.hpp"

namespace saccade {

namespace {

constexpr int first_year = 1950;
constexpr Index years = 100;
constexpr Index months = 12;

}  // namespace

const std::vector<std::string>& question_names() {
    static const std::vector<std::string> names = {"year", "month", "day"};
    return names;
}

const std::vector<std::string>& answer_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (Index y = 0; y < years; ++y) all.push_back(std::to_string(first_year + y));
        for (const char* month : {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"})
            all.emplace_back(month);
        for (int day = 1; day <= 31; ++day) all.push_back(std::to_string(day));
        return all;
    }();
    return names;
}

std::array<Index, question_count> answers_of(const CalendarDate& date) {
    return {static_cast<int>(date.year()) - first_year, years + static_cast<Index>(static_cast<unsigned>(date.month())) - 1,
            years + months + static_cast<Index>(static_cast<unsigned>(date.day())) - 1};
}

bool is_gold(const DateExample& example, Index question, Index j) {
    constexpr std::array<std::array<std::size_t, 2>, question_count> digits = {{{0, 3}, {5, 6}, {8, 9}}};  // of the ISO date
    const auto [first, last] = digits[static_cast<std::size_t>(question)];
    for (std::size_t i = first; i <= last; ++i)
        if (example.gold[i].contains(j)) return true;
    return false;
}

const Vocabulary& date_question_vocabulary() {
    static const Vocabulary vocabulary = [] {
        std::vector<std::string> tokens = {"<pad>", "<unk>"};
        for (const char32_t c : source_alphabet()) tokens.push_back(encode_utf8(c));
        return Vocabulary(std::move(tokens));
    }();
    return vocabulary;
}

}  // namespace saccade
