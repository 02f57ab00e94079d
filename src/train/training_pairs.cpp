#include "train/training_pairs.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>

#include "model/bpe.hpp"

namespace saccade {

namespace {

/// English words that at least two sentences hold, and those of the classes.
std::set<std::string> known_words(const std::vector<SentencePair>& sentences, const std::vector<ClassWord>& words) {
    std::map<std::string, int> counts;
    for (const SentencePair& pair : sentences)
        for (const std::string& w : words_of(pair.english)) ++counts[w];
    std::set<std::string> known;
    for (const auto& [word, count] : counts)
        if (count >= 2) known.insert(word);
    for (const ClassWord& word : words)
        for (const std::string& w : words_of(word.english)) known.insert(w);
    return known;
}

}  // namespace

TrainingPairs::TrainingPairs(const TranslationData& data, const std::vector<DictionaryEntry>& dictionary, Settings settings)
    : settings_(settings),
      simplified_(simplified_characters(dictionary)),
      held_out_(data.held_out, simplified_),
      augmented_(!dictionary.empty()) {
    for (const SentencePair& pair : data.training)
        if (!held_out_.holds(pair)) sentences_.push_back({mapped(pair.chinese, simplified_), pair.english});
    kept_.resize(sentences_.size());
    std::iota(kept_.begin(), kept_.end(), std::size_t{0});
    if (!augmented_) return;
    augmenter_ = PairAugmenter(class_words(dictionary, sentences_), sentences_);
    entries_ = dictionary_pairs(dictionary, sentences_, known_words(sentences_, words()));
    for (const ClassWord& word : words()) entries_.read.push_back({word.chinese, word.english});
    const auto held = [this](const SentencePair& pair) { return held_out_.holds(pair); };
    std::erase_if(entries_.read, held);
    std::erase_if(entries_.others, held);
    keep(kept_);
}

void TrainingPairs::keep(std::vector<std::size_t> which) {
    kept_ = std::move(which);
    copied_.clear();
    if (augmented_)
        std::ranges::copy_if(kept_, std::back_inserter(copied_), [this](auto i) { return augmenter_.has_place(i); });
}

std::size_t TrainingPairs::entries_read() const {
    return entries_.read.empty() ? 0 : static_cast<std::size_t>(settings_.entries_read * static_cast<double>(kept_.size()));
}

std::size_t TrainingPairs::entries_other() const {
    return entries_.others.empty() ? 0 : static_cast<std::size_t>(settings_.entries_other * static_cast<double>(kept_.size()));
}

SentencePair TrainingPairs::varied(std::size_t i, Rng& rng) const {
    SentencePair pair = sentences_[i];
    const std::vector<Slot>& slots = augmenter_.slots(i);
    if (!slots.empty() && rng.uniform() < settings_.substituted)
        pair = augmenter_.substituted(pair, slots[rng.below(slots.size())], rng);
    if (const double draw = rng.uniform(); draw < settings_.other_ends) {
        const double share = draw / settings_.other_ends;
        const SentenceEnd end = share < 0.5    ? SentenceEnd::none
                                : share < 0.75 ? SentenceEnd::full_stop
                                               : SentenceEnd::exclamation;
        if (const auto other = with_end(pair, end, false)) pair = *other;
    }
    return held_out_.holds(pair) ? sentences_[i] : pair;
}

SentencePair TrainingPairs::with_other_place(std::size_t i, Rng& rng) const {
    std::vector<Slot> places;
    std::ranges::copy_if(augmenter_.slots(i), std::back_inserter(places),
                         [](const Slot& s) { return s.word_class == WordClass::place; });
    SentencePair pair = augmenter_.substituted(sentences_[i], places[rng.below(places.size())], rng);
    if (rng.uniform() < settings_.other_ends / 2)
        if (const auto other = with_end(pair, SentenceEnd::none, false)) pair = *other;
    return held_out_.holds(pair) ? sentences_[i] : pair;
}

std::vector<SentencePair> TrainingPairs::epoch(std::uint64_t seed, std::uint64_t epoch) const {
    std::vector<SentencePair> pairs;
    pairs.reserve(size());
    if (!augmented_) {
        for (const std::size_t i : kept_) pairs.push_back(sentences_[i]);
        return pairs;
    }
    Rng rng = Rng(seed).fork("training pairs", epoch);
    for (const std::size_t i : kept_) pairs.push_back(varied(i, rng));
    for (const std::size_t i : copied_)
        for (std::size_t n = 0; n < copies(); ++n) pairs.push_back(with_other_place(i, rng));
    for (std::size_t n = 0; n < entries_read(); ++n) pairs.push_back(entries_.read[rng.below(entries_.read.size())]);
    for (std::size_t n = 0; n < entries_other(); ++n) pairs.push_back(entries_.others[rng.below(entries_.others.size())]);
    return pairs;
}

std::string TrainingPairs::description() const {
    if (!augmented_) return {};
    return fmt::format(
        "of {} short entries {} in each epoch; {} words of nine "
        "classes "
        "(places, names, foods, professions, numbers, dates ...) put in each other's place in the pairs, anew every epoch, {} "
        "more "
        "copies of the {} pairs that name a place; {:.0f}% of the pairs end otherwise; traditional characters are read as "
        "simplified ones. No held-out sentence nor its English, punctuation aside, is among what is made",
        entries_.read.size() + entries_.others.size(), entries_read() + entries_other(), words().size(), settings_.place_copies,
        copied_.size(), settings_.other_ends * 100);
}

}  // namespace saccade
