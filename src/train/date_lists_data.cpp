#include "train/date_lists_data.hpp"

#include <numeric>

#include "base/utf8.hpp"

namespace saccade {

namespace {

DateList join(const std::vector<DateExample>& examples) {
    DateList list;
    for (const DateExample& e : examples) {
        list.source += list.source.empty() ? "" : "; ";
        for (const char32_t c : e.source) list.source += encode_utf8(c);
        list.target += (list.target.empty() ? "" : ";") + e.target;
        list.dates.push_back(e.target);
    }
    return list;
}

}  // namespace

DateList held_out_date_list(Index count, Index n) {
    Rng rng = Rng(7).fork("held-out list", static_cast<std::uint64_t>(n * 64 + count));
    std::vector<DateExample> dates;
    while (static_cast<Index>(dates.size()) < count) {
        const CalendarDate day = nth_date(static_cast<Index>(rng.below(static_cast<std::uint64_t>(date_count()))));
        if (!is_held_out(day)) continue;
        dates.push_back(write_date(day, rng.below(date_forms().size())));
    }
    return join(dates);
}

DateList draw_training_date_list(Rng& rng, Index count) {
    std::vector<std::size_t> forms(date_forms().size());
    std::iota(forms.begin(), forms.end(), std::size_t{0});
    std::vector<DateExample> dates;
    for (Index d = 0; d < count; ++d) dates.push_back(draw_training_date(rng, forms));
    return join(dates);
}

SequenceVocabularies date_vocabularies(const std::string& separators) {
    std::vector<std::string> source = {"<pad>", "<unk>"}, target;
    for (const char32_t c : source_alphabet()) source.push_back(encode_utf8(c));
    for (char c = '0'; c <= '9'; ++c) target.emplace_back(1, c);
    target.emplace_back("-");
    for (const char c : separators) {
        target.emplace_back(1, c);
        if (source_alphabet().find(static_cast<char32_t>(c)) == std::u32string::npos) source.emplace_back(1, c);
    }
    target.insert(target.end(), {"<end>", "<start>"});
    return {Vocabulary(std::move(source)), Vocabulary(std::move(target))};
}

}  // namespace saccade
