#include "train/rnn_shapes_data.hpp"

#include <algorithm>
#include <set>

#include "train/date_questions_data.hpp"

namespace saccade {

namespace {

const std::string end_token = "<end>";
constexpr std::size_t iso_length = 10;

RnnNames names_of(RnnShape shape) {
    RnnNames names;
    if (shape == RnnShape::one_to_n) {
        std::set<char> letters;
        for (const std::string& month : month_names()) letters.insert(month.begin(), month.end());
        for (const char letter : letters) names.outputs.emplace_back(1, letter);
        names.outputs.push_back(end_token);
        names.inputs = month_names();
        names.inputs.insert(names.inputs.end(), names.outputs.begin(), names.outputs.end());
        return names;
    }
    names.inputs = date_question_vocabulary().tokens();
    if (shape == RnnShape::n_to_one) names.outputs = month_names();
    if (shape == RnnShape::n_to_n) names.outputs = {"year", "month", "day", "other"};
    if (shape == RnnShape::n_to_m) {
        for (char digit = '0'; digit <= '9'; ++digit) names.outputs.emplace_back(1, digit);
        names.outputs.emplace_back("-");
        names.outputs.push_back(end_token);
    }
    return names;
}

Index place(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) - names.begin();
}

Ids read(const std::u32string& source) {
    static const std::map<char32_t, Index> ids = [] {
        std::map<char32_t, Index> all;
        const auto specials = date_question_vocabulary().size() - static_cast<Index>(source_alphabet().size());
        for (std::size_t i = 0; i < source_alphabet().size(); ++i) all[source_alphabet()[i]] = specials + static_cast<Index>(i);
        return all;
    }();
    static const Index unknown = date_question_vocabulary().find("<unk>");
    Ids text;
    for (const char32_t c : source) {
        const auto found = ids.find(c);
        text.push_back(found == ids.end() ? unknown : found->second);
    }
    return text;
}

/// What is wanted at each position of one example.
Ids wanted(RnnShape shape, const DateExample& example) {
    if (shape == RnnShape::n_to_one) return {static_cast<Index>(static_cast<unsigned>(example.date.month())) - 1};
    Ids all;
    if (shape == RnnShape::n_to_n) {
        for (Index j = 0; j < static_cast<Index>(example.source.size()); ++j) {
            Index tag = question_count;  // other
            for (Index q = 0; q < question_count; ++q)
                if (is_gold(example, q, j)) tag = q;
            all.push_back(tag);
        }
        return all;
    }
    const std::vector<std::string>& names = rnn_names(shape).outputs;
    for (const char c : example.target) all.push_back(place(names, std::string(1, c)));
    all.push_back(place(names, end_token));
    return all;
}

/// Time-major, padded with weight 0.
void pad(const std::vector<Ids>& targets, RnnBatch& batch) {
    std::size_t longest = 0;
    for (const Ids& row : targets) longest = std::max(longest, row.size());
    for (std::size_t t = 0; t < longest; ++t)
        for (const Ids& row : targets) {
            batch.targets.push_back(t < row.size() ? row[t] : 0);
            batch.weights.push_back(t < row.size() ? 1.0f : 0.0f);
        }
}

}  // namespace

const std::vector<std::string>& month_names() {
    static const std::vector<std::string> names = {"January", "February", "March",     "April",   "May",      "June",
                                                   "July",    "August",   "September", "October", "November", "December"};
    return names;
}

const RnnNames& rnn_names(RnnShape shape) {
    static const std::map<RnnShape, RnnNames> all = [] {
        std::map<RnnShape, RnnNames> map;
        for (const RnnShape s : {RnnShape::one_to_n, RnnShape::n_to_one, RnnShape::n_to_n, RnnShape::n_to_m})
            map.emplace(s, names_of(s));
        return map;
    }();
    return all.at(shape);
}

Index rnn_decoder_steps(RnnShape shape) {
    std::size_t longest = iso_length;
    if (shape == RnnShape::one_to_n)
        longest = std::ranges::max_element(month_names(), {}, [](const std::string& m) { return m.size(); })->size();
    return static_cast<Index>(longest) + 1;
}

RnnBatch rnn_batch(RnnShape shape, std::span<const DateExample> examples) {
    std::vector<Ids> texts, targets;
    for (const DateExample& example : examples) {
        texts.push_back(read(example.source));
        targets.push_back(wanted(shape, example));
    }
    RnnBatch batch;
    batch.texts = PaddedTexts::from(texts);
    pad(targets, batch);
    return batch;
}

RnnBatch rnn_months(Index first, Index count) {
    const std::vector<std::string>& names = rnn_names(RnnShape::one_to_n).outputs;
    std::vector<Ids> texts, targets;
    for (Index month = first; month < first + count; ++month) {
        Ids text = {month}, target;
        for (const char c : month_names()[static_cast<std::size_t>(month)]) {
            target.push_back(place(names, std::string(1, c)));
            text.push_back(months_in_a_year + target.back());
        }
        target.push_back(place(names, end_token));
        texts.push_back(std::move(text));
        targets.push_back(std::move(target));
    }
    RnnBatch batch;
    batch.texts = PaddedTexts::from(texts);
    pad(targets, batch);
    return batch;
}

}  // namespace saccade
