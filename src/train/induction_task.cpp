#include "train/induction_task.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "autograd/ops.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/stop.hpp"
#include "model/head_scores.hpp"
#include "model/language_model.hpp"
#include "train/induction_data.hpp"
#include "train/schedule.hpp"

namespace saccade {

namespace {

constexpr Index short_length = 64, long_length = 128;  // tokens of a training sequence
constexpr Index shortest_period = 4;                   // of repeated random tokens
constexpr Index test_period = 24, test_length = 2 * test_period + 1;
constexpr Index text_length = 64;      // of a held-out context
constexpr std::size_t rarest = 2;      // pieces that training holds less often are <unk>
constexpr Index most_sequences = 256;  // that an evaluation looks at

StackDesign attention_only_design() {
    StackDesign d;
    d.layers = 2;
    d.heads = 4;
    d.d_model = 128;
    d.d_ff = 0;
    d.norm = "none";  // the residual stream is a plain sum, so heads compose by products of their matrices alone
    d.position = "shaw";
    d.causal = true;
    d.bias = false;
    return d;
}

/// The loss of each predicted token, [n - 1] for n ids.
std::vector<double> token_losses(const LanguageModel<float>& model, const Ids& ids) {
    const std::span<const Index> read(ids.data(), ids.size() - 1);
    const Var<float> logits = model.logits(read, 1);
    const Index n = logits.shape()[1], classes = logits.shape()[2];
    const Tensor<float> chances = log_softmax<float>(reshape(logits, Shape{n, classes})).value();
    std::vector<double> losses;
    for (Index t = 0; t < n; ++t)
        losses.push_back(-static_cast<double>(chances.data()[t * classes + ids[static_cast<std::size_t>(t) + 1]]));
    return losses;
}

double mean(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(std::max<std::size_t>(values.size(), 1));
}

class InductionTask : public Task {
 public:
    InductionTask(std::string id, const TrainOptions& options);

    std::string id() const override { return id_; }
    WeightMap initial_weights(Rng& rng) const override;
    Index steps_per_epoch() const override { return steps_an_epoch_; }
    int default_epochs() const override { return 12; }
    Var<float> shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const override;
    int shards() const override { return shard_count; }
    double learning_rate(Index step) const override {
        return WarmUpCosine{.peak = peak_rate_, .warm_up = 100, .floor = 0.02}.at(step, total_steps_);
    }
    std::string headline() const override { return "induction_score"; }
    Index held_out(Index wanted) const override { return std::min(wanted, most_sequences); }
    std::optional<double> progress_metric(const WeightMap& weights, Index n, std::stop_token stop) const override;
    std::map<std::string, double> evaluate(const WeightMap& weights, Index n, std::stop_token stop) const override;
    nlohmann::json card() const override;

 private:
    static constexpr int shard_count = 4;
    void read_options(const TrainOptions& options);
    void read_text(const std::string& path);
    Ids drawn(Rng& rng, Index i, Index length, Index& period) const;
    /// The held-out random sequences, the same for every model of one vocabulary.
    std::vector<Ids> test_sequences(Index vocabulary, Index n) const;
    Tensor<float> induction_scores(const LanguageModel<float>& model, Index n, const std::stop_token& stop) const;
    double repeated_loss(const WeightMap& weights, Index n, const std::stop_token& stop) const;
    double text_loss(const LanguageModel<float>& model, Index n, const std::stop_token& stop) const;

    std::string id_;
    StackDesign design_ = attention_only_design();
    PositionSizes sizes_;
    SequenceText text_;
    std::vector<Ids> training_, held_out_;
    DataSource source_;  // of the sentences
    std::size_t merges_ = 2500;
    Index batch_size_ = 32;
    Index steps_an_epoch_ = 100;
    Index total_steps_ = 0;
    double peak_rate_ = 3e-3;
};

InductionTask::InductionTask(std::string id, const TrainOptions& options) : id_(std::move(id)) {
    read_options(options);
    require_valid(design_);
    sizes_.d_model = design_.d_model;
    sizes_.heads = design_.heads;
    if (!options.data_path.empty()) read_text(options.data_path);
    total_steps_ = steps_an_epoch_ * (options.epochs > 0 ? options.epochs : default_epochs());
}

void InductionTask::read_options(const TrainOptions& options) {
    for (const auto& [name, value] : options.extra) {
        if (name == "d_model" && value >= 2 && value <= 1024)
            design_.d_model = static_cast<Index>(value);
        else if (name == "heads" && value >= 1 && value <= 64)
            design_.heads = static_cast<Index>(value);
        else if (name == "clip" && value >= 1 && value <= 512)
            sizes_.clip = static_cast<Index>(value);
        else if (name == "merges" && value >= 0 && value <= 100000)
            merges_ = static_cast<std::size_t>(value);
        else if (name == "steps" && value >= 1 && value <= 1e6)
            steps_an_epoch_ = static_cast<Index>(value);
        else
            throw Error(
                ErrorCode::usage, fmt::format("{}: option {}={} is unknown or out of range", id_, name, value),
                "the options are: d_model (to 1024), heads (to 64), clip (to 512), merges (to 100000), steps (per epoch)");
    }
    if (options.batch_size > 0) batch_size_ = std::max<Index>(options.batch_size, shard_count);
    if (options.learning_rate > 0) peak_rate_ = options.learning_rate;
}

void InductionTask::read_text(const std::string& path) {
    const EnglishSentences sentences = read_english_sentences(path);
    Bpe bpe = Bpe::learn(sentences.training, merges_);
    std::map<std::string, std::size_t> counts;
    source_ = sentences.source;
    for (const std::string& sentence : sentences.training)
        for (const std::string& piece : bpe.encode(sentence)) ++counts[piece];
    std::vector<std::string> tokens = {"<unk>"};
    for (const auto& [token, count] : counts)
        if (count >= rarest) tokens.push_back(token);
    tokens.insert(tokens.end(), {"<end>", "<start>"});
    // It reads what it writes: there is no source but the special tokens that every such list has.
    text_ = SequenceText({Vocabulary({"<pad>", "<unk>"}), Vocabulary(std::move(tokens))}, std::move(bpe), true);
    for (const std::string& sentence : sentences.training) training_.push_back(text_.target(sentence));
    for (const std::string& sentence : sentences.held_out) held_out_.push_back(text_.target(sentence));
}

WeightMap InductionTask::initial_weights(Rng& rng) const {
    if (training_.empty())
        throw Error(ErrorCode::usage, id_ + ": needs English sentences to learn from",
                    "pass --data cmn-eng.txt (Tatoeba pairs from www.manythings.org/anki)");
    return initial_language_model_weights(design_, text_.vocabularies().target.size(), sizes_, rng);
}

/// Random tokens in every other sequence, sentences in the rest. `period` 0: sentences.
Ids InductionTask::drawn(Rng& rng, Index i, Index length, Index& period) const {
    const Index start = text_.vocabularies().start();
    period = 0;
    if (i % 2 == 1) return recurring_sentences(rng, training_, length + 1, start);
    const auto longest = static_cast<std::uint64_t>(length / 2 - shortest_period);
    period = shortest_period + static_cast<Index>(rng.below(longest));
    return repeated_random_tokens(rng, start - 1, period, length + 1, start);
}

Var<float> InductionTask::shard_loss(const Weights<float>& weights, Index step, int, Rng& rng) const {
    const bool longer = step % 4 == 3;
    const Index length = longer ? long_length : short_length;
    const Index batch = std::max<Index>(2, batch_size_ / shard_count / (longer ? 2 : 1));
    Ids read, targets;
    std::vector<float> counts;
    for (Index i = 0; i < batch; ++i) {
        Index period = 0;
        const Ids ids = drawn(rng, i, length, period);
        read.insert(read.end(), ids.begin(), ids.end() - 1);
        targets.insert(targets.end(), ids.begin() + 1, ids.end());
        // What is drawn at random cannot be learned: only what repeats counts.
        for (Index t = 0; t < length; ++t) counts.push_back(period > 0 && t <= period ? 0.0f : 1.0f);
    }
    const LanguageModel<float> model(weights, design_);
    const Var<float> logits = model.logits(read, batch);
    return cross_entropy<float>(reshape(logits, Shape{batch * length, model.classes()}), targets, counts);
}

std::vector<Ids> InductionTask::test_sequences(Index vocabulary, Index n) const {
    std::vector<Ids> sequences;
    for (Index i = 0; i < held_out(n); ++i) {
        Rng rng = Rng(7).fork("held-out repeated tokens", static_cast<std::uint64_t>(i));
        sequences.push_back(repeated_random_tokens(rng, vocabulary - 2, test_period, test_length, vocabulary - 1));
    }
    return sequences;
}

Tensor<float> InductionTask::induction_scores(const LanguageModel<float>& model, Index n, const std::stop_token& stop) const {
    const std::vector<Ids> sequences = test_sequences(model.vocabulary(), n);
    std::vector<Tensor<float>> scores(sequences.size());
    parallel_for(static_cast<std::int64_t>(sequences.size()), [&](std::int64_t i) {
        check_stop(stop);
        const Ids& ids = sequences[static_cast<std::size_t>(i)];
        std::vector<Var<float>> weights;  // [1, h, T, T] of each layer
        StackCall<float> call;
        call.weights = &weights;
        model.stack()(model.stack().embed(ids, 1, call), call);
        for (Var<float>& w : weights) w = reshape(w, w.shape().without(0));
        scores[static_cast<std::size_t>(i)] = head_scores(stack<float>(weights).value(), ids, 1).induction;
    });
    Tensor<float> all(Shape{design_.layers, design_.heads});
    for (const Tensor<float>& one : scores)
        for (Index h = 0; h < all.size(); ++h) all.data()[h] += one.data()[h] / static_cast<float>(scores.size());
    return all;
}

double InductionTask::repeated_loss(const WeightMap& weights, Index n, const std::stop_token& stop) const {
    const LanguageModel<float> model(Weights<float>(weights), design_);
    const std::vector<Ids> sequences = test_sequences(model.vocabulary(), n);
    std::vector<double> losses(sequences.size());
    parallel_for(static_cast<std::int64_t>(sequences.size()), [&](std::int64_t i) {
        check_stop(stop);
        std::vector<double> each = token_losses(model, sequences[static_cast<std::size_t>(i)]);
        // The first token of the second copy cannot be foreseen: nothing says that a copy begins.
        each.erase(each.begin(), each.begin() + test_period + 1);
        losses[static_cast<std::size_t>(i)] = mean(each);
    });
    return mean(losses);
}

double InductionTask::text_loss(const LanguageModel<float>& model, Index n, const std::stop_token& stop) const {
    std::vector<double> losses(static_cast<std::size_t>(held_out(n)));
    parallel_for(static_cast<std::int64_t>(losses.size()), [&](std::int64_t i) {
        check_stop(stop);
        Rng rng = Rng(7).fork("held-out text", static_cast<std::uint64_t>(i));
        losses[static_cast<std::size_t>(i)] =
            mean(token_losses(model, recurring_sentences(rng, held_out_, text_length + 1, model.start_id())));
    });
    return mean(losses);
}

std::optional<double> InductionTask::progress_metric(const WeightMap& weights, Index n, std::stop_token stop) const {
    const LanguageModel<float> model(Weights<float>(weights), design_);
    const Tensor<float> scores = induction_scores(model, std::min<Index>(n, 16), stop);
    return static_cast<double>(*std::ranges::max_element(scores.values()));
}

std::map<std::string, double> InductionTask::evaluate(const WeightMap& weights, Index n, std::stop_token stop) const {
    if (n < 1) throw Error(ErrorCode::usage, id_ + ": nothing to evaluate on", "ask for at least one sequence");
    const LanguageModel<float> model(Weights<float>(weights), design_);
    const Tensor<float> scores = induction_scores(model, n, stop);
    const Index best = std::ranges::max_element(scores.values()) - scores.values().begin();
    std::map<std::string, double> metrics = {
        {"induction_score", static_cast<double>(scores.data()[best])},
        {"loss_repeated", repeated_loss(weights, n, stop)},
        {"loss_ablated", repeated_loss(without_head(weights, design_, best / design_.heads, best % design_.heads), n, stop)}};
    for (Index h = 0; h < scores.size(); ++h)
        metrics[fmt::format("induction_score_{}_{}", h / design_.heads + 1, h % design_.heads + 1)] =
            static_cast<double>(scores.data()[h]);
    if (!held_out_.empty()) metrics["loss"] = text_loss(model, n, stop);
    return metrics;
}

nlohmann::json InductionTask::card() const {
    nlohmann::json card = {
        {"id", id_},
        {"title", "Two layers of attention alone: an English language model with induction heads"},
        {"data",
         fmt::format(
             "Half of the sequences: the English sentences of {}, {} of them, a few at a time, so that they recur; the {} "
             "sentences of the translators' held-out split are held out. The other half: random tokens that repeat, where "
             "only the repetition counts in the loss",
             source_.str(), training_.size(), held_out_.size())},
        {"licence", source_.licence_of("Sentences")},
        {"metrics_are",
         fmt::format(
             "induction_score (Olsson 2022): on {} random tokens, none twice, and the same once more: mean weight from each "
             "token of the second copy to the one after its first occurrence; of the best head, and of every head as "
             "induction_score_LAYER_HEAD. loss_repeated: nats a token on the second copy (its first token left out); "
             "loss_ablated: the same with the best head silenced. loss: nats a token on held-out sentences that recur",
             test_period)},
        {"stack", to_json(design_)},
        {"clip", sizes_.clip},
        {"batch_size", batch_size_},
        {"learning_rate", peak_rate_}};
    if (training_.empty()) return card;
    source_.into_card(card);
    text_.into_card(card);
    return card;
}

}  // namespace

std::vector<std::string> induction_task_ids() {
    return {"induction"};
}

std::unique_ptr<Task> make_induction_task(const std::string& id, const TrainOptions& options) {
    return std::make_unique<InductionTask>(id, options);
}

}  // namespace saccade
