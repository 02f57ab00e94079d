#include "train/induction_data.hpp"

#include <algorithm>
#include <set>

#include "train/translation_data.hpp"

namespace saccade {

namespace {

Index below(Rng& rng, Index n) {
    return static_cast<Index>(rng.below(static_cast<std::uint64_t>(n)));
}

}  // namespace

Ids repeated_random_tokens(Rng& rng, Index tokens, Index period, Index length, Index start) {
    Ids ids = {start};
    while (static_cast<Index>(ids.size()) < std::min(length, period + 1)) {
        const Index token = below(rng, tokens);
        // With as many places as tokens there would be no end: beyond them, tokens may occur twice.
        if (period <= tokens && std::ranges::find(ids, token) != ids.end()) continue;
        ids.push_back(token);
    }
    while (static_cast<Index>(ids.size()) < length) ids.push_back(ids[ids.size() - static_cast<std::size_t>(period)]);
    return ids;
}

Ids recurring_sentences(Rng& rng, const std::vector<Ids>& sentences, Index length, Index start) {
    std::vector<const Ids*> few;
    for (Index n = 2 + below(rng, 4); n > 0; --n) few.push_back(&sentences[rng.below(sentences.size())]);
    Ids ids = {start};
    while (static_cast<Index>(ids.size()) < length) {
        const Ids& next = *few[rng.below(few.size())];
        ids.insert(ids.end(), next.begin(), next.end());
    }
    ids.resize(static_cast<std::size_t>(length));
    return ids;
}

EnglishSentences read_english_sentences(const std::string& path) {
    const TranslationData data = read_translation_data(path);
    EnglishSentences sentences;
    sentences.source = data.source;
    std::set<std::string> seen;
    for (const HeldOutSentence& held_out : data.held_out)
        for (const std::string& reference : held_out.references)
            if (seen.insert(reference).second) sentences.held_out.push_back(reference);
    for (const SentencePair& pair : data.training)
        if (seen.insert(pair.english).second) sentences.training.push_back(pair.english);
    return sentences;
}

}  // namespace saccade
