#include "train/translation_task.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <numeric>

#include "autograd/ops.hpp"
#include "base/parallel.hpp"
#include "base/stop.hpp"
#include "base/utf8.hpp"
#include "model/beam.hpp"
#include "model/seq2seq.hpp"
#include "model/sequence_text.hpp"
#include "train/bleu.hpp"
#include "train/padded_targets.hpp"
#include "train/schedule.hpp"
#include "train/translation_data.hpp"

namespace saccade {

namespace {

constexpr int shard_count = 2;
constexpr Index longest_output = 64;  // tokens; the longest training sentence that is used, and where decoding gives up
constexpr std::size_t rarest = 2;     // tokens that training holds less often are <unk>

struct EncodedPair {
    Ids source, target;  // target with <end>
};

Seq2SeqDesign design_of(const std::string& id) {
    Seq2SeqDesign d;
    if (id == "zh-en-luong") {
        d.cell = CellKind::lstm;
        d.score = "general";
        d.look_first = false;
        d.input_feeding = true;
    }
    d.attention = id != "zh-en-fixed";
    return d;
}

class TranslationTask : public Task {
 public:
    TranslationTask(std::string id, const TrainOptions& options);

    std::string id() const override { return id_; }
    WeightMap initial_weights(Rng& rng) const override { return initial_seq2seq_weights(sizes_, design_, rng); }
    Index steps_per_epoch() const override { return static_cast<Index>(pairs_.size()) / batch_size_; }
    int default_epochs() const override { return 16; }
    Var<float> shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const override;
    int shards() const override { return shard_count; }
    double learning_rate(Index step) const override;
    std::string headline() const override { return "bleu_greedy"; }
    Index held_out(Index wanted) const override { return std::min<Index>(wanted, static_cast<Index>(held_out_.size())); }
    std::optional<double> progress_metric(const WeightMap& weights, Index n, std::stop_token stop) const override;
    std::map<std::string, double> evaluate(const WeightMap& weights, Index n, std::stop_token stop) const override;
    nlohmann::json card() const override;

 private:
    void read_options(const TrainOptions& options);
    void build_vocabularies(const TranslationData& data);
    /// Pairs of the batch, alike in length: a fresh order every epoch.
    std::vector<const EncodedPair*> batch(Index step) const;
    std::vector<std::size_t> epoch_order(Index epoch) const;
    Bleu bleu(const Seq2Seq<float>& model, Index n, bool beam, const std::stop_token& stop) const;
    double held_out_loss(const Seq2Seq<float>& model, Index n, const std::stop_token& stop) const;

    std::string id_;
    Seq2SeqDesign design_;
    Seq2SeqSizes sizes_{.embedding = 192, .encoder = 160, .decoder = 320, .attention = 160, .readout = 192};
    SequenceText text_;
    std::vector<EncodedPair> pairs_;
    std::vector<HeldOutSentence> held_out_;
    Index batch_size_ = 128;
    Index total_steps_ = 0;
    std::size_t merges_ = 3000;
    double peak_rate_ = 2e-3, dropout_ = 0.3, smoothing_ = 0.1;
    std::uint64_t seed_ = 7;
    mutable std::mutex order_mutex_;
    mutable Index order_epoch_ = -1;
    mutable std::vector<std::size_t> order_;
};

TranslationTask::TranslationTask(std::string id, const TrainOptions& options) : id_(std::move(id)), design_(design_of(id_)) {
    if (options.data_path.empty())
        throw Error(ErrorCode::usage, id_ + ": needs the sentence pairs",
                    "pass --data cmn-eng.txt (Tatoeba pairs from www.manythings.org/anki)");
    read_options(options);
    const TranslationData data = read_translation_data(options.data_path);
    build_vocabularies(data);
    for (const SentencePair& pair : data.training) {
        EncodedPair e{text_.read(pair.chinese).ids, text_.target(pair.english)};
        e.target.push_back(text_.vocabularies().end());
        if (static_cast<Index>(std::max(e.source.size(), e.target.size())) <= longest_output) pairs_.push_back(std::move(e));
    }
    held_out_ = data.held_out;
    if (steps_per_epoch() == 0)
        throw Error(ErrorCode::bad_format, options.data_path + ": fewer pairs than one batch", "use the whole file");
    total_steps_ = steps_per_epoch() * (options.epochs > 0 ? options.epochs : default_epochs());
}

void TranslationTask::read_options(const TrainOptions& options) {
    std::map<std::string, Index*> units = {{"embedding", &sizes_.embedding},
                                           {"encoder", &sizes_.encoder},
                                           {"decoder", &sizes_.decoder},
                                           {"attention", &sizes_.attention},
                                           {"readout", &sizes_.readout}};
    for (const auto& [name, value] : options.extra) {
        if (const auto found = units.find(name); found != units.end() && value >= 1 && value <= 4096)
            *found->second = static_cast<Index>(value);
        else if (name == "merges" && value >= 0 && value <= 100000)
            merges_ = static_cast<std::size_t>(value);
        else if (name == "dropout" && value >= 0 && value < 1)
            dropout_ = value;
        else if (name == "smoothing" && value >= 0 && value < 1)
            smoothing_ = value;
        else
            throw Error(ErrorCode::usage, fmt::format("{}: option {}={} is unknown or out of range", id_, name, value),
                        "there are: merges (to 100000), dropout and smoothing (0 to 1), embedding, encoder, decoder, "
                        "attention, readout (units)");
    }
    if (options.batch_size > 0) batch_size_ = std::max<Index>(options.batch_size, shard_count);
    if (options.learning_rate > 0) peak_rate_ = options.learning_rate;
    seed_ = options.seed;
}

void TranslationTask::build_vocabularies(const TranslationData& data) {
    std::vector<std::string> english;
    std::map<std::string, std::size_t> characters, subwords;
    for (const SentencePair& pair : data.training) {
        english.push_back(pair.english);
        for (const std::string& c : code_points(pair.chinese)) ++characters[c];
    }
    Bpe bpe = Bpe::learn(english, merges_);
    for (const std::string& sentence : english)
        for (const std::string& piece : bpe.encode(sentence)) ++subwords[piece];
    std::vector<std::string> source = {"<pad>", "<unk>"}, target = {"<unk>"};
    for (const auto& [token, count] : characters)
        if (count >= rarest) source.push_back(token);
    for (const auto& [token, count] : subwords)
        if (count >= rarest) target.push_back(token);
    target.insert(target.end(), {"<end>", "<start>"});
    sizes_.source_vocabulary = static_cast<Index>(source.size());
    sizes_.target_vocabulary = static_cast<Index>(target.size());
    text_ = SequenceText({Vocabulary(std::move(source)), Vocabulary(std::move(target))}, std::move(bpe), true);
}

double TranslationTask::learning_rate(Index step) const {
    return WarmUpCosine{.peak = peak_rate_, .warm_up = 300, .floor = 0.01}.at(step, total_steps_);
}

std::vector<std::size_t> TranslationTask::epoch_order(Index epoch) const {
    Rng rng = Rng(seed_).fork("epoch", static_cast<std::uint64_t>(epoch));
    const auto shuffle = [&rng](auto& items) {
        for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[rng.below(i)]);
    };
    std::vector<std::size_t> order(pairs_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    shuffle(order);
    // Stretches of 32 batches sorted by length: little padding, and still another mixture every epoch.
    const auto size = static_cast<std::size_t>(batch_size_);
    for (std::size_t start = 0; start < order.size(); start += 32 * size) {
        const auto first = order.begin() + static_cast<std::ptrdiff_t>(start);
        const auto last = order.begin() + static_cast<std::ptrdiff_t>(std::min(start + 32 * size, order.size()));
        std::stable_sort(first, last, [this](std::size_t a, std::size_t b) {
            const auto key = [this](std::size_t i) { return std::pair(pairs_[i].target.size(), pairs_[i].source.size()); };
            return key(a) < key(b);
        });
    }
    std::vector<std::size_t> batches(order.size() / size), shuffled;
    std::iota(batches.begin(), batches.end(), std::size_t{0});
    shuffle(batches);
    for (const std::size_t b : batches)
        shuffled.insert(shuffled.end(), order.begin() + static_cast<std::ptrdiff_t>(b * size),
                        order.begin() + static_cast<std::ptrdiff_t>((b + 1) * size));
    return shuffled;
}

std::vector<const EncodedPair*> TranslationTask::batch(Index step) const {
    const Index epoch = step / steps_per_epoch();
    const std::scoped_lock lock(order_mutex_);
    if (order_epoch_ != epoch) {
        order_ = epoch_order(epoch);
        order_epoch_ = epoch;
    }
    std::vector<const EncodedPair*> chosen;
    const Index start = step % steps_per_epoch() * batch_size_;
    for (Index i = start; i < start + batch_size_; ++i) chosen.push_back(&pairs_[order_[static_cast<std::size_t>(i)]]);
    return chosen;
}

Var<float> TranslationTask::shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const {
    std::vector<Ids> sources, targets;
    const std::vector<const EncodedPair*> all = batch(step);
    for (std::size_t i = static_cast<std::size_t>(shard); i < all.size(); i += shard_count) {
        sources.push_back(all[i]->source);
        targets.push_back(all[i]->target);
    }
    const PaddedTargets padded = PaddedTargets::from(targets, text_.vocabularies().end());
    const Seq2Seq<float> model(weights, design_);
    const Noise noise{.dropout = dropout_, .rng = &rng};
    const auto encoded = model.encode(PaddedSources::from(sources), nullptr, {}, noise);
    const auto forced = model.forced(encoded, padded.ids, padded.length, &rng, noise);
    return cross_entropy<float>(forced.logits, padded.ids, padded.counts, static_cast<float>(smoothing_));
}

Bleu TranslationTask::bleu(const Seq2Seq<float>& model, Index n, bool beam, const std::stop_token& stop) const {
    const auto count = static_cast<std::size_t>(held_out(n));
    std::vector<Bleu> parts(count);
    parallel_for(static_cast<std::int64_t>(count), [&](std::int64_t i) {
        check_stop(stop);
        const HeldOutSentence& sentence = held_out_[static_cast<std::size_t>(i)];
        const Ids source[] = {text_.read(sentence.chinese).ids};
        const auto encoded = model.encode(PaddedSources::from(source));
        const BeamSettings settings{.width = beam ? 5 : 1, .length_penalty = 1, .max_steps = longest_output};
        const BeamResult result = beam_search(model, encoded, settings);
        parts[static_cast<std::size_t>(i)].add(text_.write(result.hypotheses.front().ids), sentence.references);
    });
    Bleu total;
    for (const Bleu& part : parts) total.add(part);
    return total;
}

double TranslationTask::held_out_loss(const Seq2Seq<float>& model, Index n, const std::stop_token& stop) const {
    const auto count = static_cast<std::size_t>(held_out(n));
    std::vector<double> losses(count), tokens(count);
    parallel_for(static_cast<std::int64_t>(count), [&](std::int64_t i) {
        check_stop(stop);
        const auto at = static_cast<std::size_t>(i);
        const Ids source[] = {text_.read(held_out_[at].chinese).ids};
        Ids target = text_.target(held_out_[at].references.front());
        target.push_back(text_.vocabularies().end());
        const auto forced = model.forced(model.encode(PaddedSources::from(source)), target, static_cast<Index>(target.size()));
        tokens[at] = static_cast<double>(target.size());
        losses[at] = static_cast<double>(cross_entropy<float>(forced.logits, target).value().item()) * tokens[at];
    });
    return std::accumulate(losses.begin(), losses.end(), 0.0) / std::accumulate(tokens.begin(), tokens.end(), 0.0);
}

std::optional<double> TranslationTask::progress_metric(const WeightMap& weights, Index n, std::stop_token stop) const {
    return bleu(Seq2Seq<float>(Weights<float>(weights), design_), n, false, stop).score();
}

std::map<std::string, double> TranslationTask::evaluate(const WeightMap& weights, Index n, std::stop_token stop) const {
    if (n < 1) throw Error(ErrorCode::usage, id_ + ": nothing to evaluate on", "ask for at least one sentence");
    const Seq2Seq<float> model(Weights<float>(weights), design_);
    return {{"bleu_greedy", bleu(model, n, false, stop).score()},
            {"bleu_beam5", bleu(model, n, true, stop).score()},
            {"loss", held_out_loss(model, n, stop)}};
}

nlohmann::json TranslationTask::card() const {
    const std::string what = id_ == "zh-en-luong"   ? "LSTM, general score, input feeding (Luong 2015)"
                             : id_ == "zh-en-fixed" ? "GRU without attention, one fixed context (Cho 2014)"
                                                    : "GRU, additive attention (Bahdanau 2014)";
    nlohmann::json card = {
        {"id", id_},
        {"title", "Chinese to English: " + what},
        {"data",
         fmt::format(
             "Tatoeba sentence pairs (tatoeba.org, through www.manythings.org/anki, cmn-eng.txt): {} training pairs; held "
             "out are the {} Chinese sentences whose FNV-1a hash is 0 modulo 25, and every training pair that shares an "
             "English sentence with them is dropped",
             pairs_.size(), held_out_.size())},
        {"licence", "Sentences: CC BY 2.0 FR, Tatoeba contributors (tatoeba.org). Weights: MIT, as the code"},
        {"bleu",
         "Corpus BLEU-4 (Papineni 2002) in [0, 1], lower case, words, digits and single punctuation marks as tokens, all "
         "English "
         "translations of a held-out Chinese sentence as its references, closest reference length, no smoothing "
         "(src/train/bleu.hpp). bleu_beam5: beam 5, length penalty 1 (Wu 2016)"},
        {"design", to_json(design_)},
        {"sizes",
         {{"embedding", sizes_.embedding},
          {"encoder", sizes_.encoder},
          {"decoder", sizes_.decoder},
          {"attention", sizes_.attention},
          {"readout", sizes_.readout}}},
        {"batch_size", batch_size_},
        {"dropout", dropout_},
        {"label_smoothing", smoothing_},
        {"learning_rate", peak_rate_}};
    text_.into_card(card);
    return card;
}

}  // namespace

std::vector<std::string> translation_task_ids() {
    return {"zh-en-gru", "zh-en-luong", "zh-en-fixed"};
}

std::unique_ptr<Task> make_translation_task(const std::string& id, const TrainOptions& options) {
    return std::make_unique<TranslationTask>(id, options);
}

}  // namespace saccade
