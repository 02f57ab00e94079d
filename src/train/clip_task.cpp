#include "train/clip_task.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "autograd/ops.hpp"
#include "train/attention_losses.hpp"
#include "train/clip_judge.hpp"
#include "train/padded_targets.hpp"
#include "train/schedule.hpp"
#include "train/task_options.hpp"

namespace saccade {

namespace {

constexpr Index calibration_batches = 16;  // of 16 clips
constexpr CaptionLanguage languages[] = {CaptionLanguage::english, CaptionLanguage::chinese};

class ClipTask : public Task {
 public:
    ClipTask(std::string id, const TrainOptions& options);

    std::string id() const override { return id_; }
    WeightMap initial_weights(Rng& rng) const override { return initial_clip_weights(sizes_, design_.places, rng); }
    /// What fits: a describer over time has seen the same pictures and words as one over time and space.
    WeightMap started_from(const Model& start, WeightMap fresh) const override;
    void read_card(const nlohmann::json& card, const std::string& where) override {
        design_ = clip_design_from_json(card, where);
    }
    Index steps_per_epoch() const override { return steps_an_epoch_; }
    int default_epochs() const override { return 20; }
    Var<float> shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const override;
    int shards() const override { return shard_count; }
    double learning_rate(Index step) const override {
        return WarmUpCosine{.peak = peak_rate_, .warm_up = 100, .floor = 0.01}.at(step, total_steps_);
    }
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
    std::string id_;
    CaptionText text_ = clip_text();
    ClipDesign design_;
    ClipSizes sizes_;
    double dropout_ = 0.2, forget_ = 0.4, peak_rate_ = 2e-3;
    // Weight of the term that says when, and where, the words of an event may look (Liu 2016), and the share of the steps in
    // which it does.
    double guide_ = 0.5, guided_ = 1;
    bool staged_ = true;  // short stories first
    Index batch_size_ = 16, steps_an_epoch_ = 100, total_steps_ = 0;
};

ClipTask::ClipTask(std::string id, const TrainOptions& options) : id_(std::move(id)) {
    design_ = clip_design(id_ != "temporal");
    if (!options.data_path.empty())
        throw Error(ErrorCode::usage, id_ + ": takes no data file", "leave out --data: its examples come from a generator");
    if (options.learning_rate > 0) peak_rate_ = options.learning_rate;
    staged_ = options.from.empty();
    read_task_options(id_, options,
                      {whole_option("steps", 1e6, steps_an_epoch_),
                       {"learning_rate", 1e-6, 1, [this](double v) { peak_rate_ = v; }},
                       whole_option("state", 2049, sizes_.state),
                       whole_option("embedding", 1025, sizes_.embedding),
                       whole_option("attention", 1025, sizes_.attention),
                       whole_option("frame", 2049, sizes_.frame),
                       {"dropout", 0, 1, [this](double v) { dropout_ = v; }},
                       {"forget", 0, 1, [this](double v) { forget_ = v; }},
                       {"guide", 0, 1e3, [this](double v) { guide_ = v; }},
                       {"guided", 0, 1.001, [this](double v) { guided_ = v; }}});
    sizes_.vocabulary = text_.vocabulary().size();
    if (options.batch_size > 0) batch_size_ = std::max<Index>(options.batch_size, 2 * shard_count);
    total_steps_ = steps_an_epoch_ * (options.epochs > 0 ? options.epochs : default_epochs());
}

WeightMap ClipTask::started_from(const Model& start, WeightMap fresh) const {
    const std::string where = start.path.empty() ? start.id : start.path;
    clip_design_from_json(start.card.json(), where);
    for (auto& [name, tensor] : fresh) {
        const auto found = start.weights.find(name);
        if (found != start.weights.end() && found->second.shape() == tensor.shape()) tensor = found->second.clone();
    }
    return fresh;
}

/// Where the words of a batch's sentences may look: [steps * B, n], time-major; all ones for words of no event, of which
/// nothing is asked.
std::vector<float> gold_of(std::span<const Clip> clips, std::span<const std::vector<ClipWord>> sentences, Index steps,
                           Index height, Index width) {
    const Index size = static_cast<Index>(clips.size()), n = clips.front().frames * height * width;
    std::vector<float> gold(static_cast<std::size_t>(steps * size * n), 1.0f);
    for (std::size_t b = 0; b < clips.size(); ++b)
        for (std::size_t t = 0; t < sentences[b].size(); ++t) {
            const Tensor<float> own = clip_gold(clips[b], sentences[b][t], height, width);
            if (!own.empty())
                std::ranges::copy(own.values(), gold.begin() + (static_cast<Index>(t) * size + static_cast<Index>(b)) * n);
        }
    return gold;
}

Var<float> ClipTask::shard_loss(const Weights<float>& weights, Index step, int, Rng& rng) const {
    // One thing at a time: what one event looks like, then stories (Bengio 2009, "Curriculum learning").
    const double progress = static_cast<double>(step) / static_cast<double>(total_steps_);
    const std::size_t most_events = !staged_ ? 3 : progress < 0.2 ? 1 : progress < 0.35 ? 2 : 3;
    const Index size = std::max<Index>(2, batch_size_ / shard_count);
    std::vector<Clip> clips;
    while (static_cast<Index>(clips.size()) < size) {
        Clip clip = random_clip(rng);
        if (clip.events.size() <= most_events) clips.push_back(std::move(clip));
    }
    const ClipDescriber<float> model(weights, design_);
    const auto encoded = model.encode(clip_pictures(clips));
    const CaptionNoise noise{.dropout = dropout_, .forget = forget_, .soft_samples = 0, .rng = &rng};
    Var<float> loss = Tensor<float>::scalar(0);
    for (const CaptionLanguage language : languages) {
        std::vector<std::vector<ClipWord>> sentences;
        std::vector<Ids> ids;
        for (const Clip& clip : clips) {
            sentences.push_back(sentence_of(clip, language));
            ids.push_back(ids_of(text_, sentences.back()));
        }
        const PaddedTargets targets = PaddedTargets::from(ids, text_.end());
        const Ids starts(static_cast<std::size_t>(size), text_.start(language));
        const auto forced = model.forced(encoded, starts, targets.ids, targets.length, noise);
        loss = add(loss, cross_entropy<float>(forced.logits, targets.ids, targets.counts));
        if (guide_ > 0 && progress < guided_) {
            const std::vector<float> gold = gold_of(clips, sentences, targets.length, encoded.height, encoded.width);
            loss = add(loss, scale(alignment_loss(forced.weights, gold), static_cast<float>(guide_)));
        }
    }
    return scale(loss, 0.5f);
}

void ClipTask::recalibrate_norms(WeightMap& weights, std::stop_token stop) const {
    const auto batch = [](Index i) {
        Rng rng = Rng(7).fork("population of clips", static_cast<std::uint64_t>(i));
        std::vector<Clip> clips;
        for (int b = 0; b < 16; ++b) clips.push_back(random_clip(rng));
        return with_motion(clip_pictures(clips));
    };
    recalibrate_caption_encoder(weights, design_.encoder, calibration_batches, batch, std::move(stop), clip_channels);
}

std::optional<double> ClipTask::progress_metric(const WeightMap& weights, Index n, std::stop_token stop) const {
    const ClipTally t = judge_clips(ClipDescriber<float>(Weights<float>(weights), design_), text_, n, false, stop);
    return (t.exact[0] + t.exact[1]) / t.sentences;
}

std::map<std::string, double> ClipTask::evaluate(const WeightMap& weights, Index n, std::stop_token stop) const {
    if (n < 1) throw Error(ErrorCode::usage, id_ + ": nothing to evaluate on", "ask for at least one clip");
    const ClipTally t = judge_clips(ClipDescriber<float>(Weights<float>(weights), design_), text_, n, true, stop);
    ClipTally::Pointing both = t.verbs;
    both.add(t.nouns);
    const auto share = [](double part, double whole) { return part / std::max(whole, 1.0); };
    std::map<std::string, double> metrics = {{"exact_match", share(t.exact[0] + t.exact[1], t.sentences)},
                                             {"exact_match_english", share(t.exact[0], t.sentences / 2)},
                                             {"exact_match_chinese", share(t.exact[1], t.sentences / 2)},
                                             {"bleu_greedy", t.bleu.score()},
                                             {"pointing_accuracy", share(both.in_event, both.words)},
                                             {"pointing_verbs", share(t.verbs.in_event, t.verbs.words)},
                                             {"pointing_nouns", share(t.nouns.in_event, t.nouns.words)},
                                             {"pointing_chance", share(both.chance, both.words)},
                                             {"gold_weight", share(both.mass, both.words)},
                                             {"loss", t.loss / t.tokens}};
    if (design_.places) {
        metrics["pointing_region"] = share(both.in_region, both.words);
        metrics["pointing_region_verbs"] = share(t.verbs.in_region, t.verbs.words);
        metrics["pointing_region_nouns"] = share(t.nouns.in_region, t.nouns.words);
        metrics["pointing_region_chance"] = share(both.chance_region, both.words);
    }
    return metrics;
}

nlohmann::json ClipTask::card() const {
    nlohmann::json card = {
        {"id", id_},
        {"title", std::string("What happens in clips, in English and Chinese: attention over ") +
                      (design_.places ? "time and space" : "time") + " (Yao 2015)"},
        {"data",
         "Generated clips: 16 frames of 48 x 48 pixels, one to three coloured shapes on a light ground, one to three events "
         "one "
         "after the other, each of 2 to 4 frames, with at least one still frame between them: a shape appears, vanishes, moves "
         "left, right, up or down, turns, or two meet. Every clip has one sentence a language. Held out: clips of other seeds"},
        {"licence", "MIT, as the code"},
        {"metrics_are",
         "exact_match: greedy sentences that tell all that happens, in order, and nothing else (parsed; of two that meet "
         "either "
         "may come first; both languages, also each). bleu_greedy: against the taught sentence. pointing_accuracy: the taught "
         "sentence is given, and at the step that writes a verb or a noun the largest weight lies in a frame of its event; "
         "pointing_verbs, pointing_nouns: of each; pointing_chance: a frame drawn at random. Over time and space also "
         "pointing_region: in such a frame, and there in a place of which the word's shape covers a tenth or more, in that "
         "frame "
         "or the one before it; pointing_region_chance: a place drawn at random. gold_weight: weight within those frames, or "
         "those places of them. loss: nats a word"},
        {"design", to_json(design_)},
        {"batch_size", batch_size_},
        {"learning_rate", peak_rate_},
        {"dropout", dropout_},
        {"forget", forget_},
        {"guide", {{"weight", guide_}, {"share_of_steps", guided_}}}};
    if (guide_ > 0)
        card["supervision"] =
            "in training a term of the loss rewards weight on the frames of the word's event, and with places on the word's "
            "shape there";
    text_.into_card(card);
    return card;
}

}  // namespace

std::vector<std::string> clip_task_ids() {
    return {"temporal", "temporal-space"};
}

std::unique_ptr<Task> make_clip_task(const std::string& id, const TrainOptions& options) {
    return std::make_unique<ClipTask>(id, options);
}

}  // namespace saccade
