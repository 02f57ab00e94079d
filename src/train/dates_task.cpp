#include "train/dates_task.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "autograd/ops.hpp"
#include "base/parallel.hpp"
#include "base/stop.hpp"
#include "base/utf8.hpp"
#include "model/seq2seq.hpp"
#include "model/vocabulary.hpp"
#include "train/attention_losses.hpp"
#include "train/date_lists_data.hpp"
#include "train/date_task.hpp"

namespace saccade {

namespace {

constexpr Index output_length = 11;      // ten characters and <end>
constexpr float entropy_weight = 0.01f;  // of hard attention's sampler (Xu 2015, eq. 12)

/// Examples as the model takes them.
struct DatesBatch {
    PaddedSources sources;
    Ids targets;              // [output_length, B]
    std::vector<float> gold;  // [digits, B, length]: 1 on the gold characters of the eight digits
};

class DatesTask : public DateTask {
 public:
    DatesTask(std::string id, const TrainOptions& options);

    WeightMap initial_weights(Rng& rng) const override { return initial_seq2seq_weights(sizes_, design_, rng); }
    Var<float> shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const override;
    int shards() const override { return shard_count; }
    std::map<std::string, double> evaluate(const WeightMap& weights, Index n, std::stop_token stop) const override;
    nlohmann::json card() const override;

 private:
    static constexpr int shard_count = 4;
    struct Score {
        double exact = 0, gold = 0, loss = 0;
    };
    Ids source_ids(const std::u32string& text) const;
    Ids target_ids(const std::string& text) const;
    DatesBatch batch_of(std::span<const DateExample> examples) const;
    Score score(const Seq2Seq<float>& model, std::span<const DateExample> examples, Rng rng) const;

    Seq2SeqDesign design_;
    SequenceVocabularies vocabularies_ = date_vocabularies();
    Seq2SeqSizes sizes_;
    std::map<char32_t, Index> source_ids_;
    std::vector<std::vector<std::size_t>> forms_ = forms_by_length(shard_count);
    double alignment_loss_ = 0.1;
};

/// "dates", "dates-SCORE", "dates-ALIGNMENT" or "dates-SCORE-ALIGNMENT".
Seq2SeqDesign dates_design(const std::string& id) {
    Seq2SeqDesign design;
    std::size_t start = std::string("dates").size();
    while (start < id.size()) {
        const std::size_t end = std::min(id.find('-', start + 1), id.size());
        const std::string variant = id.substr(start + 1, end - start - 1);
        const auto function = std::ranges::find(align_functions(), variant, &AlignFunction::id);
        if (function != align_functions().end())
            design.align.function = function->id;
        else
            design.score = score_function(variant).id;
        start = end;
    }
    return design;
}

DatesTask::DatesTask(std::string id, const TrainOptions& options)
    : DateTask(std::move(id), 3e-3), design_(dates_design(this->id())) {
    if (align_function(design_.align.function).samples) alignment_loss_ = 0;
    read_options(options, {{"alignment_loss", 0, 1e6, [this](double v) { alignment_loss_ = v; }},
                           {"window", 0, 1e6, [this](double v) { design_.align.window = v; }}});
    sizes_.source_vocabulary = vocabularies_.source.size();
    sizes_.target_vocabulary = vocabularies_.target.size();
    for (const char32_t c : source_alphabet()) source_ids_[c] = vocabularies_.source.find(encode_utf8(c));
}

Ids DatesTask::source_ids(const std::u32string& text) const {
    Ids ids;
    for (const char32_t c : text) {
        const auto found = source_ids_.find(c);
        ids.push_back(found == source_ids_.end() ? vocabularies_.unknown() : found->second);
    }
    return ids;
}

Ids DatesTask::target_ids(const std::string& text) const {
    Ids ids;
    for (const char c : text) ids.push_back(c == '-' ? 10 : c - '0');
    ids.push_back(vocabularies_.end());
    return ids;
}

DatesBatch DatesTask::batch_of(std::span<const DateExample> examples) const {
    std::vector<Ids> sources;
    for (const DateExample& example : examples) sources.push_back(source_ids(example.source));
    DatesBatch batch;
    batch.sources = PaddedSources::from(sources);
    const std::size_t size = examples.size(), length = static_cast<std::size_t>(batch.sources.length);
    batch.targets.resize(output_length * size);
    batch.gold.assign(8 * size * length, 0.0f);
    for (std::size_t b = 0; b < size; ++b) {
        const Ids ids = target_ids(examples[b].target);
        for (std::size_t i = 0; i < ids.size(); ++i) batch.targets[i * size + b] = ids[i];
        std::size_t digit = 0;
        for (const GoldSpan& span : examples[b].gold) {
            if (span.count == 0) continue;
            const std::size_t at = (digit++ * size + b) * length + static_cast<std::size_t>(span.start);
            std::fill_n(batch.gold.begin() + static_cast<std::ptrdiff_t>(at), span.count, 1.0f);
        }
    }
    return batch;
}

bool is_digit_step(std::size_t i) {
    return i < 10 && i != 4 && i != 7;
}

/// What belongs to the eight digits, of something that each of the steps has.
template <class Item>
std::vector<Item> of_digits(const std::vector<Item>& steps) {
    std::vector<Item> digits;
    for (std::size_t i = 0; i < steps.size(); ++i)
        if (is_digit_step(i)) digits.push_back(steps[i]);
    return digits;
}

/// log p of each right output, as numbers: [steps * B].
std::vector<float> rewards_of(const Tensor<float>& logits, const Ids& targets) {
    const Tensor<float> log_p = gather(log_softmax(Var<float>(logits)), targets).value();
    return {log_p.values().begin(), log_p.values().end()};
}

Var<float> DatesTask::shard_loss(const Weights<float>& weights, Index, int shard, Rng& rng) const {
    std::vector<DateExample> examples;
    for (Index i = shard; i < batch_size(); i += shard_count)
        examples.push_back(draw_training_date(rng, forms_[static_cast<std::size_t>(shard)]));
    const DatesBatch batch = batch_of(examples);
    const Seq2Seq<float> model(weights, design_);
    const bool sampled = align_function(design_.align.function).samples;
    const auto encoded = model.encode(batch.sources);
    const Noise noise{.soft_samples = sampled ? 0.5 : 0.0, .rng = &rng};
    const auto forced = model.forced(encoded, batch.targets, output_length, &rng, noise);
    Var<float> loss = cross_entropy<float>(forced.logits, batch.targets);
    if (sampled)
        loss = add(loss, reinforce_loss(forced.scores, forced.weights, rewards_of(forced.logits.value(), batch.targets),
                                        encoded.mask, entropy_weight));
    if (alignment_loss_ == 0) return loss;
    return add(loss, scale(alignment_loss(of_digits(forced.weights), batch.gold), static_cast<float>(alignment_loss_)));
}

DatesTask::Score DatesTask::score(const Seq2Seq<float>& model, std::span<const DateExample> examples, Rng rng) const {
    const DatesBatch batch = batch_of(examples);
    const auto encoded = model.encode(batch.sources);
    const auto greedy = model.greedy(encoded, output_length, &rng);
    const auto size = examples.size();
    Score score;
    for (std::size_t b = 0; b < size; ++b) {
        bool exact = greedy.steps == output_length;
        for (std::size_t i = 0; exact && i < output_length; ++i)
            exact = greedy.ids[i * size + b] == batch.targets[i * size + b];
        score.exact += exact ? 1 : 0;
        double mass = 0;
        for (std::size_t i = 0; i < std::min<std::size_t>(greedy.weights.size(), 10); ++i) {
            const GoldSpan span = examples[b].gold[i];
            const float* row = greedy.weights[i].data() + static_cast<Index>(b) * batch.sources.length;
            mass += std::accumulate(row + span.start, row + span.start + span.count, 0.0);
        }
        score.gold += mass / 8;
    }
    const auto forced = model.forced(encoded, batch.targets, output_length, &rng);
    score.loss =
        static_cast<double>(cross_entropy<float>(forced.logits, batch.targets).value().item()) * static_cast<double>(size);
    return score;
}

std::map<std::string, double> DatesTask::evaluate(const WeightMap& weights, Index n, std::stop_token stop) const {
    require_examples(n);
    std::vector<DateExample> examples = held_out_dates(n);
    // By length, so that there is little padding; the sums below do not depend on the order beyond rounding.
    std::ranges::stable_sort(examples, {}, [](const DateExample& e) { return e.source.size(); });
    const Seq2Seq<float> model(Weights<float>(weights), design_);
    const Rng rng(7);  // hard samples: the same ones every time
    constexpr Index chunk = 64;
    std::vector<Score> scores(static_cast<std::size_t>((n + chunk - 1) / chunk));
    parallel_for(static_cast<std::int64_t>(scores.size()), [&](std::int64_t c) {
        check_stop(stop);
        const std::span<const DateExample> all(examples);
        scores[static_cast<std::size_t>(c)] = score(
            model, all.subspan(static_cast<std::size_t>(c * chunk), static_cast<std::size_t>(std::min(chunk, n - c * chunk))),
            rng.fork("chunk", static_cast<std::uint64_t>(c)));
    });
    Score total;
    for (const Score& s : scores) total = {total.exact + s.exact, total.gold + s.gold, total.loss + s.loss};
    const auto count = static_cast<double>(n);
    return {{"exact_match", total.exact / count}, {"gold_weight", total.gold / count}, {"loss", total.loss / count}};
}

nlohmann::json DatesTask::card() const {
    const std::string how =
        fmt::format("{} scores, {}", score_function(design_.score).title, align_function(design_.align.function).title);
    nlohmann::json card = {
        {"id", id()},
        {"title", id() == "dates" ? "Dates to ISO 8601" : "Dates to ISO 8601: " + how},
        {"data",
         fmt::format("Dates from 1950-01-01 to 2049-12-31 in {} written forms, English and Chinese, by a seeded generator "
                     "(src/train/dates_data.cpp); one calendar day in ten is held out of training in every form",
                     date_forms().size())},
        {"licence", "MIT, as the code: data and weights are made by it alone"},
        {"design", to_json(design_)},
        {"sizes",
         {{"embedding", sizes_.embedding},
          {"encoder", sizes_.encoder},
          {"decoder", sizes_.decoder},
          {"attention", sizes_.attention}}},
        {"alignment_loss", alignment_loss_},
        {"batch_size", batch_size()},
        {"vocabulary", to_json(vocabularies_)}};
    if (align_function(design_.align.function).samples)
        card["notes"] =
            "Hard attention, trained by REINFORCE with a leave-one-out baseline; half of the steps used the expectation "
            "(Xu 2015, section 4.1). The alignment is not supervised.";
    else if (alignment_loss_ > 0)
        card["notes"] =
            "The attention is supervised: to the cross-entropy is added alignment_loss times -log of the weight on the gold "
            "characters. Without it (dates --option alignment_loss=0, seed 7, 1500 steps) exact match is the same and the "
            "weight "
            "on gold is 0.72: the decoder reads what it needs from neighbouring annotations too.";
    return card;
}

}  // namespace

std::vector<std::string> dates_task_ids() {
    std::vector<std::string> ids = {"dates"};
    const std::string additive = Seq2SeqDesign{}.score;
    for (const ScoreFunction& f : score_functions())
        if (f.id != additive) ids.push_back("dates-" + f.id);
    for (const AlignFunction& f : align_functions())
        if (f.trainable && f.id != AlignSettings{}.function) ids.push_back("dates-" + f.id);
    // Every score function needs weights that have an alignment's own parameters.
    for (const ScoreFunction& score : score_functions())
        for (const AlignFunction& f : align_functions())
            if (score.id != additive && !f.parameters({}).empty()) ids.push_back("dates-" + score.id + "-" + f.id);
    return ids;
}

std::string dates_model_for(const std::string& score, const std::string& alignment) {
    const std::vector<std::string> ids = dates_task_ids();
    const std::string stem = score == Seq2SeqDesign{}.score ? "dates" : "dates-" + score;
    return std::ranges::find(ids, stem + "-" + alignment) != ids.end() ? stem + "-" + alignment : stem;
}

std::unique_ptr<Task> make_dates_task(const std::string& id, const TrainOptions& options) {
    return std::make_unique<DatesTask>(id, options);
}

}  // namespace saccade
