#pragma once

#include <functional>
#include <mutex>
#include <stop_token>

#include "model/sequence_text.hpp"
#include "train/bleu.hpp"
#include "train/task.hpp"
#include "train/training_pairs.hpp"

namespace saccade {

/// The Tatoeba pairs, and a dictionary where there is one (train/training_pairs.hpp), as every translation model learns and is
/// measured on them: one split, one way to make vocabularies, batches and BLEU, whatever the architecture.
class TranslationSet {
 public:
    static constexpr Index longest = 64;  // tokens of a training sentence that is used, and where decoding stops

    struct Settings {
        std::size_t merges = 4000;  // of byte-pair encoding
        Index batch_size = 128;
        double smoothing = 0.1;  // of labels (Szegedy 2016)
        std::uint64_t seed = 7;  // of the order
    };
    /// Takes data_path, dictionary_path, batch_size and seed. `id` names the model in errors. Error{usage} without a data file,
    /// Error{io}, Error{bad_format}.
    TranslationSet(const std::string& id, const TrainOptions& options, Settings settings);

    const SequenceText& text() const { return text_; }
    const Settings& settings() const { return settings_; }
    Index source_vocabulary() const { return text_.vocabularies().source.size(); }
    Index target_vocabulary() const { return text_.vocabularies().target.size(); }
    Index steps_per_epoch() const { return static_cast<Index>(training_.size()) / settings_.batch_size; }
    const TrainingPairs& training() const { return training_; }
    const std::vector<HeldOutSentence>& held_out_sentences() const { return held_out_; }
    Index held_out(Index wanted) const { return std::min<Index>(wanted, static_cast<Index>(held_out_.size())); }

    /// Every shards-th pair of the batch of a step, from `shard` on: pairs alike in length, in a fresh order every epoch.
    /// Targets end with <end>. May be called from several threads.
    struct Batch {
        std::vector<Ids> sources, targets;
    };
    Batch batch(Index step, int shard, int shards) const;

    /// Of the first n held-out sentences; `translate`: source ids -> output ids; called from several threads.
    Bleu bleu(Index n, const std::function<Ids(const Ids& source)>& translate, const std::stop_token& stop) const {
        return bleu_by_nearness(n, translate, stop).all;
    }
    /// The same of all of them, of those with a near-duplicate in training (train/near_duplicates.hpp), and of the others.
    struct HeldOutBleu {
        Bleu all, near, apart;

        /// NAME, NAME_near and NAME_apart, and how many are near: near_duplicates.
        void into(std::map<std::string, double>& metrics, const std::string& name) const;
    };
    HeldOutBleu bleu_by_nearness(Index n, const std::function<Ids(const Ids& source)>& translate,
                                 const std::stop_token& stop) const;
    /// Share of the place questions (train/place_questions.hpp) whose translation names the place.
    double places(const std::function<Ids(const Ids& source)>& translate, const std::stop_token& stop) const;
    /// Mean cross-entropy a token of the first reference; `loss`: source, target with <end> -> mean over its tokens.
    double held_out_loss(Index n, const std::function<double(const Ids& source, const Ids& target)>& loss,
                         const std::stop_token& stop) const;

    /// Of a finished model: takes vocabularies, merges and characters from its card. Error{bad_format} names `where`.
    void read_card(const nlohmann::json& card, const std::string& where) { text_ = SequenceText(card, where); }
    /// Data with its file and hash, the licence that it gives, what BLEU means here, vocabularies, batch size, smoothing.
    void into_card(nlohmann::json& card) const;

 private:
    struct Pair {
        Ids source, target;
    };
    void build_vocabularies();
    Pair encoded(const SentencePair& pair) const;
    /// Puts the pairs of the epoch and their order into the members below.
    void make_epoch(Index epoch) const;

    Settings settings_;
    SequenceText text_;
    TrainingPairs training_;
    std::vector<HeldOutSentence> held_out_;
    std::vector<bool> near_;  // each of them: whether training holds nearly the same
    DataSource source_, dictionary_;
    mutable std::mutex epoch_mutex_;
    mutable Index epoch_ = -1;
    mutable std::vector<Pair> pairs_;
    mutable std::vector<std::size_t> order_;
};

}  // namespace saccade
