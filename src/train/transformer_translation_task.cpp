#include "train/transformer_translation_task.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "autograd/ops.hpp"
#include "model/beam.hpp"
#include "model/transformer.hpp"
#include "train/padded_targets.hpp"
#include "train/schedule.hpp"
#include "train/task_options.hpp"
#include "train/translation_set.hpp"

namespace saccade {

namespace {

constexpr int shard_count = 2;

class TransformerTranslationTask : public Task {
 public:
    TransformerTranslationTask(std::string id, const TrainOptions& options);

    std::string id() const override { return id_; }
    WeightMap initial_weights(Rng& rng) const override {
        return initial_transformer_weights(design_, set_.source_vocabulary(), set_.target_vocabulary(), {}, rng);
    }
    Index steps_per_epoch() const override { return set_.steps_per_epoch(); }
    int default_epochs() const override { return 16; }
    Var<float> shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const override;
    int shards() const override { return shard_count; }
    double learning_rate(Index step) const override { return schedule_.at(step, total_steps_); }
    std::string headline() const override { return "bleu_greedy"; }
    Index held_out(Index wanted) const override { return set_.held_out(wanted); }
    std::optional<double> progress_metric(const WeightMap& weights, Index n, std::stop_token stop) const override;
    std::map<std::string, double> evaluate(const WeightMap& weights, Index n, std::stop_token stop) const override;
    nlohmann::json card() const override;

 private:
    TranslationSet::Settings read_options(const TrainOptions& options);
    double bleu(const Transformer<float>& model, Index n, Index beam, const std::stop_token& stop) const;
    /// Source -> output, by a beam of this width.
    static std::function<Ids(const Ids&)> translator(const Transformer<float>& model, Index beam);

    std::string id_;
    StackDesign size_{.layers = 3, .heads = 6, .d_model = 192, .d_ff = 512};
    InverseSquareRoot schedule_{.peak = 1.5e-3, .warm_up = 600, .cool_down = 0.4};
    double dropout_ = 0.2;
    TranslationSet set_;
    TransformerDesign design_;
    Index total_steps_ = 0;
};

TransformerTranslationTask::TransformerTranslationTask(std::string id, const TrainOptions& options)
    : id_(std::move(id)), set_(id_, options, read_options(options)) {
    design_ = {size_, size_};
    design_.decoder.causal = design_.decoder.cross = true;
    require_valid(size_);
    total_steps_ = steps_per_epoch() * (options.epochs > 0 ? options.epochs : default_epochs());
}

TranslationSet::Settings TransformerTranslationTask::read_options(const TrainOptions& options) {
    TranslationSet::Settings settings;
    read_task_options(id_, options,
                      {{"merges", 0, 100001, [&](double v) { settings.merges = static_cast<std::size_t>(v); }},
                       {"dropout", 0, 1, [this](double v) { dropout_ = v; }},
                       {"smoothing", 0, 1, [&](double v) { settings.smoothing = v; }},
                       whole_option("layers", 65, size_.layers),
                       whole_option("heads", 65, size_.heads),
                       whole_option("d_model", 4097, size_.d_model),
                       whole_option("d_ff", 16385, size_.d_ff),
                       {"warm_up", 1, 1e6, [this](double v) { schedule_.warm_up = v; }},
                       {"cool_down", 0, 1, [this](double v) { schedule_.cool_down = v; }}});
    if (options.learning_rate > 0) schedule_.peak = options.learning_rate;
    return settings;
}

Var<float> TransformerTranslationTask::shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const {
    const TranslationSet::Batch batch = set_.batch(step, shard, shard_count);
    const PaddedTargets padded = PaddedTargets::from(batch.targets, set_.text().vocabularies().end()).batch_major();
    const Transformer<float> model(weights, design_);
    StackCall<float> call;
    call.dropout = dropout_;
    call.rng = &rng;
    const Var<float> logits =
        model.forced(model.encode(PaddedSources::from(batch.sources), call), padded.ids, padded.length, call);
    return cross_entropy<float>(reshape(logits, {static_cast<Index>(padded.ids.size()), model.classes()}), padded.ids,
                                padded.counts, static_cast<float>(set_.settings().smoothing));
}

std::function<Ids(const Ids&)> TransformerTranslationTask::translator(const Transformer<float>& model, Index beam) {
    return [&model, beam](const Ids& source) {
        const Ids sources[] = {source};
        const BeamSettings settings{.width = beam, .length_penalty = 1, .max_steps = TranslationSet::longest};
        return beam_search(model, model.encode(PaddedSources::from(sources)), settings).hypotheses.front().ids;
    };
}

double TransformerTranslationTask::bleu(const Transformer<float>& model, Index n, Index beam,
                                        const std::stop_token& stop) const {
    return set_.bleu(n, translator(model, beam), stop).score();
}

std::optional<double> TransformerTranslationTask::progress_metric(const WeightMap& weights, Index n,
                                                                  std::stop_token stop) const {
    return bleu(Transformer<float>(Weights<float>(weights), design_), n, 1, stop);
}

std::map<std::string, double> TransformerTranslationTask::evaluate(const WeightMap& weights, Index n,
                                                                   std::stop_token stop) const {
    if (n < 1) throw Error(ErrorCode::usage, id_ + ": nothing to evaluate on", "ask for at least one sentence");
    const Transformer<float> model(Weights<float>(weights), design_);
    const auto loss = [&](const Ids& source, const Ids& target) {
        const Ids sources[] = {source};
        const auto steps = static_cast<Index>(target.size());
        const Var<float> logits = model.forced(model.encode(PaddedSources::from(sources)), target, steps);
        return static_cast<double>(
            cross_entropy<float>(logits.value().reshape({steps, model.classes()}), target).value().item());
    };
    std::map<std::string, double> metrics = {{"loss", set_.held_out_loss(n, loss, stop)}};
    set_.bleu_by_nearness(n, translator(model, 1), stop).into(metrics, "bleu_greedy");
    set_.bleu_by_nearness(n, translator(model, 5), stop).into(metrics, "bleu_beam5");
    return metrics;
}

nlohmann::json TransformerTranslationTask::card() const {
    nlohmann::json card = {{"id", id_},
                           {"title", fmt::format("Chinese to English: transformer, {0} + {0} layers, {1} heads (Vaswani 2017)",
                                                 size_.layers, size_.heads)},
                           {"dropout", dropout_},
                           {"learning_rate", schedule_.peak},
                           {"warm_up", schedule_.warm_up},
                           {"cool_down", schedule_.cool_down}};
    into_card(design_, card);
    set_.into_card(card);
    return card;
}

}  // namespace

std::vector<std::string> transformer_translation_task_ids() {
    return {"zh-en-transformer"};
}

std::unique_ptr<Task> make_transformer_translation_task(const std::string& id, const TrainOptions& options) {
    return std::make_unique<TransformerTranslationTask>(id, options);
}

}  // namespace saccade
