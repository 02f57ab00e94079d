#include "train/transformer_translation_task.hpp"

#include <fmt/core.h>

#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "autograd/ops.hpp"
#include "model/beam.hpp"
#include "model/transformer.hpp"
#include "train/attention_guide.hpp"
#include "train/attention_losses.hpp"
#include "train/padded_targets.hpp"
#include "train/schedule.hpp"
#include "train/task_options.hpp"
#include "train/translation_set.hpp"

namespace saccade {

namespace {

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
    void read_card(const nlohmann::json& card, const std::string& where) override { set_.read_card(card, where); }

 private:
    static constexpr int shard_count = 2;
    TranslationSet::Settings read_options(const TrainOptions& options);
    const AttentionGuide& guide() const {
        std::call_once(guide_made_, [this] { guide_.emplace(set_.text()); });
        return *guide_;
    }
    /// The layer whose heads, in the mean, are guided: the last but one (Garg 2019, section 4.1).
    std::size_t guided_layer() const { return static_cast<std::size_t>(std::max<Index>(0, size_.layers - 2)); }
    double bleu(const Transformer<float>& model, Index n, Index beam, const std::stop_token& stop) const;
    /// Source -> output, by a beam of this width.
    static std::function<Ids(const Ids&)> translator(const Transformer<float>& model, Index beam);

    std::string id_;
    StackDesign size_{.layers = 3, .heads = 6, .d_model = 192, .d_ff = 512};
    InverseSquareRoot schedule_{.peak = 1.5e-3, .warm_up = 600, .cool_down = 0.4};
    double dropout_ = 0.2, alignment_loss_ = 0;  // the second: weight of the guide's loss
    TranslationSet set_;
    TransformerDesign design_;
    mutable std::once_flag guide_made_;
    mutable std::optional<AttentionGuide> guide_;  // made by the first step: measuring needs none
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
    // The bundled aligner knows the tokens of the pairs with the dictionary.
    if (!options.dictionary_path.empty()) alignment_loss_ = 0.3;
    read_task_options(id_, options,
                      {{"merges", 0, 100001, [&](double v) { settings.merges = static_cast<std::size_t>(v); }},
                       {"dropout", 0, 1, [this](double v) { dropout_ = v; }},
                       {"smoothing", 0, 1, [&](double v) { settings.smoothing = v; }},
                       {"alignment_loss", 0, 1000, [this](double v) { alignment_loss_ = v; }},
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
    const PaddedSources sources = PaddedSources::from(batch.sources);
    std::vector<Var<float>> cross;
    if (alignment_loss_ > 0) call.cross_weights = &cross;
    const auto rows = static_cast<Index>(padded.ids.size());
    const Var<float> logits = model.forced(model.encode(sources, call), padded.ids, padded.length, call);
    const Var<float> loss = cross_entropy<float>(reshape(logits, {rows, model.classes()}), padded.ids, padded.counts,
                                                 static_cast<float>(set_.settings().smoothing));
    if (alignment_loss_ == 0) return loss;
    const Var<float> mean = scale(sum(cross.at(guided_layer()), 1), 1.0f / static_cast<float>(size_.heads));
    const std::vector<float> gold = guide().gold(batch.sources, batch.targets, padded.length, sources.length, false);
    const Var<float> guided = alignment_loss({reshape(mean, {rows, sources.length})}, gold);
    return add(loss, scale(guided, static_cast<float>(alignment_loss_)));
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
    std::map<std::string, double> metrics = {{"loss", set_.held_out_loss(n, loss, stop)},
                                             {"places", set_.places(translator(model, 1), stop)}};
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
    card["alignment_loss"] = alignment_loss_;
    if (alignment_loss_ > 0)
        card["attention"] = fmt::format(
            "guided: besides the translation, -log of the weight, in the mean of the heads of the decoder's layer {}, on the "
            "source characters to which the word aligner zh-en-aligner links the token (Garg 2019), times alignment_loss",
            guided_layer() + 1);
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
