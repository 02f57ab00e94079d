#include "train/translation_task.hpp"

#include <fmt/core.h>

#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "autograd/ops.hpp"
#include "model/beam.hpp"
#include "model/seq2seq.hpp"
#include "train/attention_guide.hpp"
#include "train/attention_losses.hpp"
#include "train/padded_targets.hpp"
#include "train/schedule.hpp"
#include "train/task_options.hpp"
#include "train/translation_set.hpp"

namespace saccade {

namespace {

constexpr const char* guided_ending = "-guided";

Seq2SeqDesign translator_design(const std::string& id) {
    Seq2SeqDesign d;
    if (id.starts_with("zh-en-luong")) {
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
    Index steps_per_epoch() const override { return set_.steps_per_epoch(); }
    int default_epochs() const override { return 16; }
    Var<float> shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const override;
    int shards() const override { return shard_count; }
    double learning_rate(Index step) const override;
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
    double bleu(const Seq2Seq<float>& model, Index n, Index beam, const std::stop_token& stop) const;
    /// Source -> output, by a beam of this width.
    static std::function<Ids(const Ids&)> translator(const Seq2Seq<float>& model, Index beam);

    std::string id_;
    Seq2SeqDesign design_;
    Seq2SeqSizes sizes_{.embedding = 192, .encoder = 160, .decoder = 320, .attention = 160, .readout = 192};
    double peak_rate_ = 2e-3, dropout_ = 0.3;
    double alignment_loss_ = 0;  // weight of the guide's loss; 0: attention is free
    TranslationSet set_;
    mutable std::once_flag guide_made_;
    mutable std::optional<AttentionGuide> guide_;  // made by the first step: measuring needs none
    Index total_steps_ = 0;
};

TranslationTask::TranslationTask(std::string id, const TrainOptions& options)
    : id_(std::move(id)), design_(translator_design(id_)), set_(id_, options, read_options(options)) {
    sizes_.source_vocabulary = set_.source_vocabulary();
    sizes_.target_vocabulary = set_.target_vocabulary();
    total_steps_ = steps_per_epoch() * (options.epochs > 0 ? options.epochs : default_epochs());
}

TranslationSet::Settings TranslationTask::read_options(const TrainOptions& options) {
    TranslationSet::Settings settings;
    if (id_.ends_with(guided_ending)) alignment_loss_ = 1;
    read_task_options(id_, options,
                      {{"merges", 0, 100001, [&](double v) { settings.merges = static_cast<std::size_t>(v); }},
                       {"dropout", 0, 1, [this](double v) { dropout_ = v; }},
                       {"smoothing", 0, 1, [&](double v) { settings.smoothing = v; }},
                       {"alignment_loss", 0, 1000, [this](double v) { alignment_loss_ = design_.attention ? v : 0; }},
                       whole_option("embedding", 4097, sizes_.embedding),
                       whole_option("encoder", 4097, sizes_.encoder),
                       whole_option("decoder", 4097, sizes_.decoder),
                       whole_option("attention", 4097, sizes_.attention),
                       whole_option("readout", 4097, sizes_.readout)});
    if (options.learning_rate > 0) peak_rate_ = options.learning_rate;
    return settings;
}

double TranslationTask::learning_rate(Index step) const {
    return WarmUpCosine{.peak = peak_rate_, .warm_up = 300, .floor = 0.01}.at(step, total_steps_);
}

Var<float> TranslationTask::shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const {
    const TranslationSet::Batch batch = set_.batch(step, shard, shard_count);
    const PaddedTargets padded = PaddedTargets::from(batch.targets, set_.text().vocabularies().end());
    const Seq2Seq<float> model(weights, design_);
    const Noise noise{.dropout = dropout_, .rng = &rng};
    const PaddedSources sources = PaddedSources::from(batch.sources);
    const auto encoded = model.encode(sources, {}, {}, noise);
    const auto forced = model.forced(encoded, padded.ids, padded.length, &rng, noise);
    const Var<float> loss =
        cross_entropy<float>(forced.logits, padded.ids, padded.counts, static_cast<float>(set_.settings().smoothing));
    if (alignment_loss_ == 0) return loss;
    const std::vector<float> gold = guide().gold(batch.sources, batch.targets, padded.length, sources.length, true);
    return add(loss, scale(alignment_loss(forced.weights, gold), static_cast<float>(alignment_loss_)));
}

std::function<Ids(const Ids&)> TranslationTask::translator(const Seq2Seq<float>& model, Index beam) {
    return [&model, beam](const Ids& source) {
        const Ids sources[] = {source};
        const BeamSettings settings{.width = beam, .length_penalty = 1, .max_steps = TranslationSet::longest};
        return beam_search(model, model.encode(PaddedSources::from(sources)), settings).hypotheses.front().ids;
    };
}

double TranslationTask::bleu(const Seq2Seq<float>& model, Index n, Index beam, const std::stop_token& stop) const {
    return set_.bleu(n, translator(model, beam), stop).score();
}

std::optional<double> TranslationTask::progress_metric(const WeightMap& weights, Index n, std::stop_token stop) const {
    return bleu(Seq2Seq<float>(Weights<float>(weights), design_), n, 1, stop);
}

std::map<std::string, double> TranslationTask::evaluate(const WeightMap& weights, Index n, std::stop_token stop) const {
    if (n < 1) throw Error(ErrorCode::usage, id_ + ": nothing to evaluate on", "ask for at least one sentence");
    const Seq2Seq<float> model(Weights<float>(weights), design_);
    const auto loss = [&](const Ids& source, const Ids& target) {
        const Ids sources[] = {source};
        const auto encoded = model.encode(PaddedSources::from(sources));
        const auto forced = model.forced(encoded, target, static_cast<Index>(target.size()));
        return static_cast<double>(cross_entropy<float>(forced.logits, target).value().item());
    };
    std::map<std::string, double> metrics = {{"loss", set_.held_out_loss(n, loss, stop)},
                                             {"places", set_.places(translator(model, 1), stop)}};
    set_.bleu_by_nearness(n, translator(model, 1), stop).into(metrics, "bleu_greedy");
    set_.bleu_by_nearness(n, translator(model, 5), stop).into(metrics, "bleu_beam5");
    return metrics;
}

nlohmann::json TranslationTask::card() const {
    std::string what = id_.starts_with("zh-en-luong") ? "LSTM, general score, input feeding (Luong 2015)"
                       : id_ == "zh-en-fixed"         ? "GRU without attention, one fixed context (Cho 2014)"
                                                      : "GRU, additive attention (Bahdanau 2014)";
    what += id_.ends_with(guided_ending) ? ", attention guided by word alignments" : "";
    nlohmann::json card = {{"id", id_},
                           {"title", "Chinese to English: " + what},
                           {"design", to_json(design_)},
                           {"sizes",
                            {{"embedding", sizes_.embedding},
                             {"encoder", sizes_.encoder},
                             {"decoder", sizes_.decoder},
                             {"attention", sizes_.attention},
                             {"readout", sizes_.readout}}},
                           {"dropout", dropout_},
                           {"learning_rate", peak_rate_}};
    if (design_.attention) {
        card["alignment_loss"] = alignment_loss_;
        card["attention"] =
            alignment_loss_ == 0
                ? "free: nothing but the translation says where to look, as in the paper"
                : "guided: besides the translation, -log of the weight on the source characters to which the word "
                  "aligner zh-en-aligner links the token (Liu 2016, Mi 2016), times alignment_loss";
    }
    set_.into_card(card);
    return card;
}

}  // namespace

std::vector<std::string> translation_task_ids() {
    return {"zh-en-gru", "zh-en-gru-guided", "zh-en-luong", "zh-en-luong-guided", "zh-en-fixed"};
}

std::unique_ptr<Task> make_translation_task(const std::string& id, const TrainOptions& options) {
    return std::make_unique<TranslationTask>(id, options);
}

}  // namespace saccade
