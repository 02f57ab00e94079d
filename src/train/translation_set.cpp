#include "train/translation_set.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/parallel.hpp"
#include "base/stop.hpp"
#include "base/utf8.hpp"
#include "train/near_duplicates.hpp"
#include "train/place_questions.hpp"

namespace saccade {

namespace {

constexpr std::size_t rarest = 2;             // tokens that training holds less often are <unk>
constexpr std::size_t rarest_of_entries = 4;  // the same of characters that only entries of the dictionary hold
// How often a word of a class stands among the texts that merges are learned from: places and names become tokens of their own.
constexpr std::size_t copies_of_names = 40, copies_of_words = 8;

}  // namespace

TranslationSet::TranslationSet(const std::string& id, const TrainOptions& options, Settings settings) : settings_(settings) {
    if (options.data_path.empty())
        throw Error(ErrorCode::usage, id + ": needs the sentence pairs",
                    "pass --data cmn-eng.txt (Tatoeba pairs from www.manythings.org/anki)");
    if (options.batch_size > 0) settings_.batch_size = std::max<Index>(options.batch_size, 2);
    settings_.seed = options.seed;
    const TranslationData data = read_translation_data(options.data_path);
    Dictionary dictionary;
    if (!options.dictionary_path.empty()) dictionary = read_dictionary(options.dictionary_path);
    training_ = TrainingPairs(data, dictionary.entries);
    dictionary_ = dictionary.source;
    build_vocabularies();
    std::vector<std::size_t> short_enough;
    for (std::size_t i = 0; i < training_.sentences().size(); ++i) {
        const Pair e = encoded(training_.sentences()[i]);
        if (static_cast<Index>(std::max(e.source.size(), e.target.size())) <= longest) short_enough.push_back(i);
    }
    training_.keep(std::move(short_enough));
    held_out_ = data.held_out;
    source_ = data.source;
    near_ = near_duplicates(data);
    if (steps_per_epoch() == 0)
        throw Error(ErrorCode::bad_format, options.data_path + ": fewer pairs than one batch", "use the whole file");
}

TranslationSet::Pair TranslationSet::encoded(const SentencePair& pair) const {
    Pair e{text_.read(pair.chinese).ids, text_.target(pair.english)};
    e.target.push_back(text_.vocabularies().end());
    return e;
}

void TranslationSet::build_vocabularies() {
    std::vector<std::string> english;
    std::map<std::string, std::size_t> characters, of_entries, subwords;
    for (const SentencePair& pair : training_.sentences()) {
        english.push_back(pair.english);
        for (const std::string& c : code_points(pair.chinese)) ++characters[c];
    }
    // Words that are put into sentences stand there about as often as a word that occurs a few times.
    for (const ClassWord& word : training_.words()) {
        const bool name = word.word_class == WordClass::place || word.word_class == WordClass::name;
        english.insert(english.end(), name ? copies_of_names : copies_of_words, word.english);
        for (const std::string& c : code_points(word.chinese)) characters[c] += rarest;
    }
    for (const auto* entries : {&training_.entries().read, &training_.entries().others})
        for (const SentencePair& entry : *entries)
            for (const std::string& c : code_points(entry.chinese))
                if (++of_entries[c] == rarest_of_entries) characters[c] += rarest;
    Bpe bpe = Bpe::learn(english, settings_.merges);
    for (const std::string& sentence : english)
        for (const std::string& piece : bpe.encode(sentence)) ++subwords[piece];
    std::vector<std::string> source = {"<pad>", "<unk>"}, target = {"<unk>"};
    for (const auto& [token, count] : characters)
        if (count >= rarest) source.push_back(token);
    for (const auto& [token, count] : subwords)
        if (count >= rarest) target.push_back(token);
    target.insert(target.end(), {"<end>", "<start>"});
    text_ = SequenceText({Vocabulary(std::move(source)), Vocabulary(std::move(target))}, std::move(bpe), true,
                         training_.simplified());
}

void TranslationSet::make_epoch(Index epoch) const {
    pairs_.clear();
    for (const SentencePair& pair : training_.epoch(settings_.seed, static_cast<std::uint64_t>(epoch)))
        pairs_.push_back(encoded(pair));
    Rng rng = Rng(settings_.seed).fork("epoch", static_cast<std::uint64_t>(epoch));
    const auto shuffle = [&rng](auto& items) {
        for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[rng.below(i)]);
    };
    std::vector<std::size_t> order(pairs_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    shuffle(order);
    // Stretches of 32 batches sorted by length: little padding, and still another mixture every epoch.
    const auto size = static_cast<std::size_t>(settings_.batch_size);
    for (std::size_t start = 0; start < order.size(); start += 32 * size) {
        const auto first = order.begin() + static_cast<std::ptrdiff_t>(start);
        const auto last = order.begin() + static_cast<std::ptrdiff_t>(std::min(start + 32 * size, order.size()));
        std::stable_sort(first, last, [this](std::size_t a, std::size_t b) {
            const auto key = [this](std::size_t i) { return std::pair(pairs_[i].target.size(), pairs_[i].source.size()); };
            return key(a) < key(b);
        });
    }
    std::vector<std::size_t> batches(order.size() / size);
    order_.clear();
    std::iota(batches.begin(), batches.end(), std::size_t{0});
    shuffle(batches);
    for (const std::size_t b : batches)
        order_.insert(order_.end(), order.begin() + static_cast<std::ptrdiff_t>(b * size),
                      order.begin() + static_cast<std::ptrdiff_t>((b + 1) * size));
    epoch_ = epoch;
}

TranslationSet::Batch TranslationSet::batch(Index step, int shard, int shards) const {
    const Index epoch = step / steps_per_epoch(), size = settings_.batch_size, start = step % steps_per_epoch() * size;
    const std::scoped_lock lock(epoch_mutex_);
    if (epoch_ != epoch) make_epoch(epoch);
    Batch batch;
    for (Index i = start + shard; i < start + size; i += shards) {
        const Pair& pair = pairs_[order_[static_cast<std::size_t>(i)]];
        batch.sources.push_back(pair.source);
        batch.targets.push_back(pair.target);
    }
    return batch;
}

TranslationSet::HeldOutBleu TranslationSet::bleu_by_nearness(Index n, const std::function<Ids(const Ids&)>& translate,
                                                             const std::stop_token& stop) const {
    std::vector<Bleu> parts(static_cast<std::size_t>(held_out(n)));
    parallel_for(static_cast<std::int64_t>(parts.size()), [&](std::int64_t i) {
        check_stop(stop);
        const HeldOutSentence& sentence = held_out_[static_cast<std::size_t>(i)];
        parts[static_cast<std::size_t>(i)].add(text_.write(translate(text_.read(sentence.chinese).ids)), sentence.references);
    });
    HeldOutBleu bleu;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        bleu.all.add(parts[i]);
        (near_[i] ? bleu.near : bleu.apart).add(parts[i]);
    }
    return bleu;
}

void TranslationSet::HeldOutBleu::into(std::map<std::string, double>& metrics, const std::string& name) const {
    metrics[name] = all.score();
    metrics["near_duplicates"] = static_cast<double>(near.sentences());
    if (near.sentences() > 0) metrics[name + "_near"] = near.score();
    if (apart.sentences() > 0) metrics[name + "_apart"] = apart.score();
}

double TranslationSet::places(const std::function<Ids(const Ids&)>& translate, const std::stop_token& stop) const {
    const std::vector<PlaceQuestion> questions = place_questions();
    std::vector<int> right(questions.size());
    parallel_for(static_cast<std::int64_t>(questions.size()), [&](std::int64_t i) {
        check_stop(stop);
        const PlaceQuestion& question = questions[static_cast<std::size_t>(i)];
        right[static_cast<std::size_t>(i)] =
            names_place(question, text_.write(translate(text_.read(question.chinese).ids))) ? 1 : 0;
    });
    return static_cast<double>(std::accumulate(right.begin(), right.end(), 0)) / static_cast<double>(questions.size());
}

double TranslationSet::held_out_loss(Index n, const std::function<double(const Ids&, const Ids&)>& loss,
                                     const std::stop_token& stop) const {
    const auto count = static_cast<std::size_t>(held_out(n));
    std::vector<double> losses(count), tokens(count);
    parallel_for(static_cast<std::int64_t>(count), [&](std::int64_t i) {
        check_stop(stop);
        const auto at = static_cast<std::size_t>(i);
        Ids target = text_.target(held_out_[at].references.front());
        target.push_back(text_.vocabularies().end());
        tokens[at] = static_cast<double>(target.size());
        losses[at] = loss(text_.read(held_out_[at].chinese).ids, target) * tokens[at];
    });
    return std::accumulate(losses.begin(), losses.end(), 0.0) / std::accumulate(tokens.begin(), tokens.end(), 0.0);
}

void TranslationSet::into_card(nlohmann::json& card) const {
    card["data"] = fmt::format(
        "Sentence pairs of {}: {} training pairs; held out are the {} Chinese sentences whose FNV-1a hash is 0 modulo 25, and "
        "every training pair that shares an English sentence with them is dropped",
        source_.str(), training_.sentences().size(), held_out_.size());
    card["licence"] = source_.licence_of("Sentences");
    if (const std::string more = training_.description(); !more.empty()) {
        card["data"] = card["data"].get<std::string>() + ". And of the dictionary " + dictionary_.str() + " " + more;
        card["licence"] = card["licence"].get<std::string>() + ". " +
                          dictionary_.licence_of("Entries and the table of simplified characters");
    }
    source_.into_card(card);
    card["bleu"] =
        "Corpus BLEU-4 (Papineni 2002) in [0, 1], lower case, words, digits and single punctuation marks as tokens, all "
        "English translations of a held-out Chinese sentence as its references, closest reference length, no smoothing "
        "(src/train/bleu.hpp). bleu_beam5: beam 5, length penalty 1 (Wu 2016)";
    card["near_duplicates"] = fmt::format(
        "{} of the {} held-out sentences are nearly in training: their Chinese differs from a training sentence's in one "
        "character at most, or a translation of theirs in one word at most (src/train/near_duplicates.hpp). bleu_…_near is "
        "BLEU on these, bleu_…_apart on the others, which is what the model can do with sentences it has not seen",
        std::ranges::count(near_, true), near_.size());
    card["places"] =
        "Share of 150 sentences, thirty places in five frames (src/train/place_questions.cpp), whose greedy translation names "
        "the place. Where the training replaces words, sentences like these are among what it makes";
    card["batch_size"] = settings_.batch_size;
    card["label_smoothing"] = settings_.smoothing;
    text_.into_card(card);
}

}  // namespace saccade
