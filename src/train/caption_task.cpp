#include "train/caption_task.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "autograd/ops.hpp"
#include "base/parallel.hpp"
#include "base/stop.hpp"
#include "train/caption_judge.hpp"
#include "train/caption_losses.hpp"
#include "train/caption_sentence.hpp"
#include "train/schedule.hpp"
#include "train/task_options.hpp"

namespace saccade {

namespace {

constexpr Index side = caption_side;       // of all held-out pictures
constexpr Index calibration_batches = 16;  // of 32 pictures
constexpr CaptionLanguage languages[] = {CaptionLanguage::english, CaptionLanguage::chinese};

/// A part of a training: until a share of its steps, from a share of the peak learning rate downwards.
struct Phase {
    double until, rate;
    bool samples;  // locations are drawn (Xu 2015, section 4.1), whatever the design
};

/// Soft attention from nothing learns to point beside what it looks for: a location's window sees its neighbours. A while of
/// drawn locations, in which only the one that is looked at counts, moves its maps onto the shapes; then it is soft again.
constexpr Phase pointed[] = {{.until = 0.85, .rate = 1, .samples = false},
                             {.until = 0.965, .rate = 0.5, .samples = true},
                             {.until = 1, .rate = 0.15, .samples = false}};

class CaptionTask : public Task {
 public:
    CaptionTask(std::string id, const TrainOptions& options);

    std::string id() const override { return id_; }
    WeightMap initial_weights(Rng& rng) const override;
    /// What fits: how to look may be another's.
    WeightMap started_from(const Model& start, WeightMap fresh) const override;
    void read_card(const nlohmann::json& card, const std::string& where) override;
    Index steps_per_epoch() const override { return steps_an_epoch_; }
    int default_epochs() const override { return starts_ ? 20 : phases_.size() > 1 ? 176 : 150; }
    Var<float> shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const override;
    int shards() const override { return shard_count; }
    double learning_rate(Index step) const override;
    double clip_norm() const override { return 5.0; }
    TrainingIntervals intervals() const override {
        return {.points = 20, .evaluations = 200, .snapshots = 100, .examples = 64};
    }
    void recalibrate_norms(WeightMap& weights, std::stop_token stop) const override;
    Index usual_held_out() const override { return 1000; }
    std::optional<double> progress_metric(const WeightMap& weights, Index n, std::stop_token stop) const override;
    std::map<std::string, double> evaluate(const WeightMap& weights, Index n, std::stop_token stop) const override;
    nlohmann::json card() const override;

 private:
    static constexpr int shard_count = 2;
    const Phase& phase(Index step) const;
    Index begin_of(const Phase& phase) const;
    Index end_of(const Phase& phase) const;
    struct Batch {
        Tensor<float> images;
        PaddedTargets targets[2];
    };
    Batch draw_batch(Rng& rng, Index size, int most_shapes) const;
    std::string id_;
    std::string warm_;     // the bundled captioner whose weights it starts from; empty: none, or that of --from
    bool starts_ = false;  // from a trained captioner
    std::vector<Phase> phases_;
    CaptionText text_ = caption_text();
    CaptionerDesign design_;
    CaptionerSizes sizes_;
    ReinforceSettings reinforce_;
    double dropout_ = 0.3, forget_ = 0.4, doubly_ = 0.02, shuffled_ = 0.25, soft_samples_ = 0.5, peak_rate_ = 0;
    Index batch_size_ = 32, steps_an_epoch_ = 100, total_steps_ = 0;
};

CaptionTask::CaptionTask(std::string id, const TrainOptions& options) : id_(std::move(id)) {
    const std::string which = id_.substr(std::string("captions-").size());  // "soft", or "sca-spatial-channel"
    design_ = captioner_design(which.substr(0, which.find('-')));
    design_.channel_first = !which.ends_with("spatial-channel");
    if (!options.data_path.empty())
        throw Error(ErrorCode::usage, id_ + ": takes no data file", "leave out --data: its examples come from a generator");
    double rate = options.learning_rate;
    Index warm = design_.samples() || design_.channels ? 1 : 0, drawn = 1;
    read_task_options(id_, options,
                      {whole_option("steps", 1e6, steps_an_epoch_),
                       {"learning_rate", 1e-6, 1, [&](double v) { rate = v; }},
                       whole_option("state", 2049, sizes_.state),
                       whole_option("embedding", 1025, sizes_.embedding),
                       whole_option("attention", 1025, sizes_.attention),
                       {"dropout", 0, 1, [this](double v) { dropout_ = v; }},
                       {"forget", 0, 1, [this](double v) { forget_ = v; }},
                       {"doubly", 0, 1e3, [this](double v) { doubly_ = v; }},
                       {"shuffled", 0, 1.001, [this](double v) { shuffled_ = v; }},
                       {"soft_samples", 0, 1.001, [this](double v) { soft_samples_ = v; }},
                       {"entropy", 0, 1e3, [this](double v) { reinforce_.entropy = v; }},
                       {"reinforce", 0, 1e3, [this](double v) { reinforce_.weight = v; }},
                       {"discount", 0, 1.001, [this](double v) { reinforce_.discount = v; }},
                       {"drawn", 0, 2, [&](double v) { drawn = static_cast<Index>(v); }},
                       {"warm", 0, 3, [&](double v) { warm = static_cast<Index>(v); }}});  // 1: from captions-soft, 2: -hard
    if (warm > 0 && options.from.empty()) warm_ = warm == 1 ? "captions-soft" : "captions-hard";
    starts_ = !warm_.empty() || !options.from.empty();
    peak_rate_ = rate > 0 ? rate : starts_ ? 1e-3 : 2e-3;
    if (!starts_ && drawn > 0 && !design_.samples() && !design_.channels)
        phases_.assign(std::begin(pointed), std::end(pointed));
    else
        phases_ = {{.until = 1, .rate = 1, .samples = design_.samples()}};
    sizes_.vocabulary = text_.vocabulary().size();
    if (options.batch_size > 0) batch_size_ = std::max<Index>(options.batch_size, 2 * shard_count);
    total_steps_ = steps_an_epoch_ * (options.epochs > 0 ? options.epochs : default_epochs());
}

const Phase& CaptionTask::phase(Index step) const {
    return *std::ranges::find_if(phases_, [&](const Phase& p) { return step < end_of(p) || &p == &phases_.back(); });
}

Index CaptionTask::begin_of(const Phase& phase) const {
    return &phase == phases_.data() ? 0 : end_of(*(&phase - 1));
}

Index CaptionTask::end_of(const Phase& phase) const {
    return static_cast<Index>(phase.until * static_cast<double>(total_steps_) + 0.5);
}

double CaptionTask::learning_rate(Index step) const {
    const Phase& now = phase(step);
    const Index begin = begin_of(now);
    return WarmUpCosine{.peak = peak_rate_ * now.rate, .warm_up = 100, .floor = 0.01}.at(step - begin, end_of(now) - begin);
}

/// A trained captioner knows already what shapes look like and how captions go: only how to look is new.
void take_trained(WeightMap& weights, const Model& trained) {
    const auto take = [&](const std::string& name, const std::string& theirs) {
        const auto found = trained.weights.find(theirs);
        if (found == trained.weights.end() || found->second.shape() != weights.at(name).shape()) return;
        weights[name] = found->second.clone();
    };
    for (const auto& [name, tensor] : WeightMap(weights)) take(name, name);
    if (weights.contains("attention.spatial.vector")) {
        take("attention.spatial.feature_weight", "attention.key_weight");
        take("attention.spatial.state_weight", "attention.query_weight");
        take("attention.spatial.word_weight", "attention.word_weight");
        take("attention.spatial.vector", "attention.vector");
    }
}

WeightMap CaptionTask::initial_weights(Rng& rng) const {
    WeightMap weights = initial_captioner_weights(sizes_, design_, rng);
    if (!warm_.empty()) take_trained(weights, *bundled_model(warm_));
    if (std::ranges::any_of(phases_, &Phase::samples))
        weights["reinforce.baseline"] = Tensor<float>(Shape{2, most_caption_words});
    return weights;
}

WeightMap CaptionTask::started_from(const Model& start, WeightMap fresh) const {
    const std::string where = start.path.empty() ? start.id : start.path;
    if (captioner_design_from_json(start.card.json(), where).encoder != design_.encoder ||
        !start.weights.contains("encoder.conv1.weight"))
        throw Error(ErrorCode::bad_format, "not a captioner with such an encoder",
                    fmt::format("start from one of {}", fmt::join(caption_task_ids(), ", ")));
    take_trained(fresh, start);
    return fresh;
}

void CaptionTask::read_card(const nlohmann::json& card, const std::string& where) {
    design_ = captioner_design_from_json(card, where);
}

CaptionTask::Batch CaptionTask::draw_batch(Rng& rng, Index size, int most_shapes) const {
    const auto [width, height] = random_caption_size(rng);
    std::vector<Scene> scenes;
    std::vector<Ids> captions[2];
    for (Index b = 0; b < size; ++b) {
        scenes.push_back(random_caption_scene(rng, width, height, most_shapes));
        std::vector<CaptionShape> order = caption_shapes(scenes.back());
        if (rng.uniform() < shuffled_)
            for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
        for (std::size_t l = 0; l < 2; ++l)
            captions[l].push_back(ids_of(text_, caption_of(scenes.back(), order, languages[l])));
    }
    Batch batch;
    batch.images = caption_pictures(scenes);
    for (std::size_t l = 0; l < 2; ++l) batch.targets[l] = PaddedTargets::from(captions[l], text_.end());
    return batch;
}

Var<float> CaptionTask::shard_loss(const Weights<float>& weights, Index step, int, Rng& rng) const {
    // One thing at a time: what shapes look like, then where each is, then long captions (Bengio 2009, "Curriculum learning").
    const double progress = static_cast<double>(step) / static_cast<double>(end_of(phases_.front()));
    const bool drawn = phase(step).samples;
    const int most_shapes = starts_ ? 5 : progress < 0.06 ? 1 : progress < 0.15 ? 2 : progress < 0.25 ? 3 : 5;
    const Index size = std::max<Index>(2, batch_size_ / shard_count);
    const Batch batch = draw_batch(rng, size, most_shapes);
    CaptionerDesign how = design_;
    if (drawn) how.align = captioner_design("hard").align;
    const Captioner<float> model(weights, how);
    const auto encoded = model.encode(Var<float>(batch.images));
    const CaptionNoise noise{.dropout = dropout_, .forget = forget_, .soft_samples = soft_samples_, .rng = &rng};
    Var<float> loss = Tensor<float>::scalar(0);
    for (std::size_t l = 0; l < 2; ++l) {
        const PaddedTargets& targets = batch.targets[l];
        const Ids starts(static_cast<std::size_t>(size), text_.start(languages[l]));
        const auto forced = model.forced(encoded, starts, targets.ids, targets.length, &rng, noise);
        loss = add(loss, cross_entropy<float>(forced.logits, targets.ids, targets.counts));
        if (doubly_ > 0) loss = add(loss, scale(doubly_stochastic_loss(forced.steps, targets), static_cast<float>(doubly_)));
        if (drawn) {
            const Var<float> baseline =
                reshape(slice(weights.get("reinforce.baseline"), 0, static_cast<Index>(l), 1), {most_caption_words});
            loss = add(loss, reinforce_loss(forced.steps, forced.logits.value(), targets, baseline, reinforce_));
        }
    }
    return scale(loss, 0.5f);
}

void CaptionTask::recalibrate_norms(WeightMap& weights, std::stop_token stop) const {
    const auto batch = [](Index i) {
        Rng rng = Rng(7).fork("population of pictures", static_cast<std::uint64_t>(i));
        std::vector<Scene> scenes;
        for (int b = 0; b < 32; ++b) scenes.push_back(random_caption_scene(rng, side, side));
        return caption_pictures(scenes);
    };
    recalibrate_caption_encoder(weights, design_.encoder, calibration_batches, batch, std::move(stop));
}

std::optional<double> CaptionTask::progress_metric(const WeightMap& weights, Index n, std::stop_token stop) const {
    const CaptionTally t = judge_captions(Captioner<float>(Weights<float>(weights), design_), text_, n, false, stop);
    return (t.exact[0] + t.exact[1]) / t.captions;
}

std::map<std::string, double> CaptionTask::evaluate(const WeightMap& weights, Index n, std::stop_token stop) const {
    if (n < 1) throw Error(ErrorCode::usage, id_ + ": nothing to evaluate on", "ask for at least one scene");
    const CaptionTally t = judge_captions(Captioner<float>(Weights<float>(weights), design_), text_, n, true, stop);
    std::map<std::string, double> metrics = {{"exact_match", (t.exact[0] + t.exact[1]) / t.captions},
                                             {"exact_match_english", t.exact[0] / (t.captions / 2)},
                                             {"exact_match_chinese", t.exact[1] / (t.captions / 2)},
                                             {"taught_match", t.taught / t.captions},
                                             {"bleu_greedy", t.bleu.score()},
                                             {"pointing_accuracy", t.noun_hits / std::max(t.nouns, 1.0)},
                                             {"pointing_touching", t.noun_touches / std::max(t.nouns, 1.0)},
                                             {"pointing_attributes", t.word_hits / std::max(t.words, 1.0)},
                                             {"pointing_chance", t.chance / std::max(t.nouns, 1.0)},
                                             {"gold_weight", t.mass / std::max(t.nouns, 1.0)},
                                             {"loss", t.loss / t.tokens}};
    if (design_.samples()) metrics["exact_match_sampled"] = t.drawn / t.captions;
    return metrics;
}

nlohmann::json CaptionTask::card() const {
    const bool hard = design_.samples();
    const std::string how = hard                    ? "hard attention (Xu 2015)"
                            : !design_.channels     ? "soft attention (Xu 2015)"
                            : design_.channel_first ? "channel-wise, then spatial attention (Chen 2017)"
                                                    : "spatial, then channel-wise attention (Chen 2017)";
    nlohmann::json card = {
        {"id", id_},
        {"title", "Captions of scenes in English and Chinese: " + how},
        {"data",
         "Generated scenes: 1 to 5 coloured shapes of two sizes anywhere in the picture, one over the other, plain or busy "
         "grounds, clutter; 96 x 96 pixels, in training also 96 x 72, 72 x 96, 80 x 80 and 120 x 120. Every scene has one "
         "caption a language that is taught (large shapes first, then from left to right); a quarter of the training captions "
         "name the shapes in random order. Held out: scenes of other seeds"},
        {"licence", "MIT, as the code"},
        {"metrics_are",
         "exact_match: greedy captions that are right: every shape once, in words that are right, relations that hold, any "
         "order (both languages; also each); taught_match: word for word the caption that is taught. bleu_greedy: against "
         "the taught caption. pointing_accuracy: the taught caption is given, and at the step that writes a noun the largest "
         "weight of the map lies in a cell of which the noun's shape covers a tenth or more (in front of it nothing; a ring "
         "with its hole); pointing_touching: a cell of which it covers anything at all; pointing_attributes: the same at "
         "articles, sizes and colours; pointing_chance: a cell drawn at "
         "random; gold_weight: weight within those cells at nouns. No map was supervised. loss: nats a word. Hard attention "
         "looks at the likeliest location here; exact_match_sampled: at one that is drawn"},
        {"design", to_json(design_)},
        {"batch_size", batch_size_},
        {"learning_rate", peak_rate_},
        {"dropout", dropout_},
        {"forget", forget_},
        {"doubly_stochastic", doubly_},
        {"random_order", shuffled_}};
    if (phases_.size() > 1)
        for (const Phase& p : phases_)
            card["phases"].push_back({{"until", p.until}, {"rate", peak_rate_ * p.rate}, {"locations_drawn", p.samples}});
    if (!warm_.empty()) card["starts_from"] = starting_point(*bundled_model(warm_));
    if (std::ranges::any_of(phases_, &Phase::samples))
        card["reinforce"] = {{"weight", reinforce_.weight},
                             {"entropy", reinforce_.entropy},
                             {"discount", reinforce_.discount},
                             {"expectation_share", soft_samples_}};
    text_.into_card(card);
    return card;
}

}  // namespace

std::vector<std::string> caption_task_ids() {
    return {"captions-soft", "captions-hard", "captions-sca", "captions-sca-spatial-channel"};
}

std::unique_ptr<Task> make_caption_task(const std::string& id, const TrainOptions& options) {
    return std::make_unique<CaptionTask>(id, options);
}

}  // namespace saccade
