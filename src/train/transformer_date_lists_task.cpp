#include "train/transformer_date_lists_task.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "autograd/ops.hpp"
#include "base/parallel.hpp"
#include "base/stop.hpp"
#include "model/transformer.hpp"
#include "train/date_lists_data.hpp"
#include "train/date_task.hpp"
#include "train/padded_targets.hpp"

namespace saccade {

namespace {

constexpr int trained_dates = 3;   // lists of as many, at most, in training; a shard each, so that there is little padding
constexpr int measured_dates = 6;  // and in evaluation
constexpr Index longest = 96;      // positions that a learned table has: any three dates fit
constexpr Index clip = 16;         // Shaw's k
const std::string prefix = "date-lists-";

class TransformerDateListsTask : public DateTask {
 public:
    TransformerDateListsTask(const std::string& id, const TrainOptions& options) : DateTask(id, 3e-3) {
        read_options(options);
        design_.encoder.position = design_.decoder.position = position_code(id.substr(prefix.size())).id;
        design_.decoder.causal = design_.decoder.cross = true;
    }

    WeightMap initial_weights(Rng& rng) const override {
        return initial_transformer_weights(design_, text_.vocabularies().source.size(), text_.vocabularies().target.size(),
                                           {.longest = longest, .clip = clip}, rng);
    }
    Var<float> shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const override;
    int shards() const override { return trained_dates; }
    int default_epochs() const override { return 8; }
    std::map<std::string, double> evaluate(const WeightMap& weights, Index n, std::stop_token stop) const override;
    std::optional<double> progress_metric(const WeightMap& weights, Index n, std::stop_token stop) const override;
    nlohmann::json card() const override;

 private:
    struct Score {
        double exact = 0, loss = 0;
        double characters = 0;  // share that is right after the right ones before
    };
    /// Sums over the lists [first, first + n) of `dates` dates.
    Score score(const Transformer<float>& model, Index dates, Index first, Index n, bool with_loss) const;
    /// Means for each number of dates from 1 on, n lists each.
    std::vector<Score> scores(const WeightMap& weights, Index dates, Index n, bool with_loss,
                              const std::stop_token& stop) const;

    StackDesign size_{.layers = 2, .heads = 4, .d_model = 64, .d_ff = 128};
    TransformerDesign design_{size_, size_};
    SequenceText text_{date_vocabularies(";"), {}, false};
};

Var<float> TransformerDateListsTask::shard_loss(const Weights<float>& weights, Index, int shard, Rng& rng) const {
    std::vector<Ids> sources, targets;
    // The longest lists first, so that two threads share the shards evenly.
    for (Index i = shard; i < batch_size(); i += trained_dates) {
        const DateList list = draw_training_date_list(rng, trained_dates - shard);
        sources.push_back(text_.read(list.source).ids);
        // Three of the longest forms with stray spaces: so rare that truncation does no harm, and all codes see the same.
        if (sources.back().size() > static_cast<std::size_t>(longest)) sources.back().resize(longest);
        targets.push_back(text_.target(list.target));
        targets.back().push_back(text_.vocabularies().end());
    }
    const PaddedTargets padded = PaddedTargets::from(targets, text_.vocabularies().end()).batch_major();
    const Transformer<float> model(weights, design_);
    const Var<float> logits = model.forced(model.encode(PaddedSources::from(sources)), padded.ids, padded.length);
    return cross_entropy<float>(reshape(logits, {static_cast<Index>(padded.ids.size()), model.classes()}), padded.ids,
                                padded.counts);
}

TransformerDateListsTask::Score TransformerDateListsTask::score(const Transformer<float>& model, Index dates, Index first,
                                                                Index n, bool with_loss) const {
    std::vector<Ids> sources, targets;
    Score score;
    for (Index i = first; i < first + n; ++i) {
        const DateList list = held_out_date_list(dates, i);
        Ids source = text_.read(list.source).ids;
        // A list that a learned table has no positions for is one that the model gets wrong.
        if (!position_code(design_.encoder.position).any_length && static_cast<Index>(source.size()) > longest) continue;
        sources.push_back(std::move(source));
        targets.push_back(text_.target(list.target));
        targets.back().push_back(text_.vocabularies().end());
    }
    if (sources.empty()) return score;
    const auto encoded = model.encode(PaddedSources::from(sources));
    const std::vector<Ids> outputs = model.greedy(encoded, characters_a_date * dates);
    for (std::size_t b = 0; b < targets.size(); ++b) score.exact += outputs[b] == targets[b] ? 1 : 0;
    if (with_loss) {
        const PaddedTargets padded = PaddedTargets::from(targets, text_.vocabularies().end()).batch_major();
        const Var<float> logits = model.forced(encoded, padded.ids, padded.length);
        const Shape rows{static_cast<Index>(padded.ids.size()), model.classes()};
        const auto lists = static_cast<double>(targets.size());
        score.loss =
            static_cast<double>(cross_entropy<float>(reshape(logits, rows), padded.ids, padded.counts).value().item()) * lists;
        double right = 0;
        for (std::size_t i = 0; i < padded.ids.size(); ++i) {
            const float* row = logits.value().data() + static_cast<Index>(i) * rows[1];
            right += std::max_element(row, row + rows[1]) - row == padded.ids[i] ? 1 : 0;
        }
        score.characters = right / static_cast<double>(padded.ids.size()) * lists;  // targets of one length: no padding
    }
    return score;
}

std::vector<TransformerDateListsTask::Score> TransformerDateListsTask::scores(const WeightMap& weights, Index dates, Index n,
                                                                              bool with_loss,
                                                                              const std::stop_token& stop) const {
    const Transformer<float> model(Weights<float>(weights), design_);
    constexpr Index chunk = 32;
    const Index chunks = (n + chunk - 1) / chunk;
    std::vector<Score> parts(static_cast<std::size_t>(dates * chunks)), means;
    parallel_for(dates * chunks, [&](std::int64_t at) {
        check_stop(stop);
        const Index first = at % chunks * chunk;
        parts[static_cast<std::size_t>(at)] = score(model, at / chunks + 1, first, std::min(chunk, n - first), with_loss);
    });
    for (Index d = 0; d < dates; ++d) {
        Score total;
        for (Index c = 0; c < chunks; ++c) {
            total.exact += parts[static_cast<std::size_t>(d * chunks + c)].exact;
            total.loss += parts[static_cast<std::size_t>(d * chunks + c)].loss;
            total.characters += parts[static_cast<std::size_t>(d * chunks + c)].characters;
        }
        const auto count = static_cast<double>(n);
        means.push_back({total.exact / count, total.loss / count, total.characters / count});
    }
    return means;
}

std::optional<double> TransformerDateListsTask::progress_metric(const WeightMap& weights, Index n, std::stop_token stop) const {
    const auto means = scores(weights, trained_dates, std::max<Index>(1, n / trained_dates), false, stop);
    double sum = 0;
    for (const Score& s : means) sum += s.exact;
    return sum / trained_dates;
}

std::map<std::string, double> TransformerDateListsTask::evaluate(const WeightMap& weights, Index n,
                                                                 std::stop_token stop) const {
    require_examples(n);
    const auto means = scores(weights, measured_dates, std::max<Index>(1, n / measured_dates), true, stop);
    std::map<std::string, double> metrics = {{"exact_match", 0}, {"loss", 0}};
    for (std::size_t d = 0; d < means.size(); ++d) {
        metrics[fmt::format("exact_match_{}", d + 1)] = means[d].exact;
        metrics[fmt::format("accuracy_{}", d + 1)] = means[d].characters;
        if (d >= trained_dates) continue;
        metrics["exact_match"] += means[d].exact / trained_dates;
        metrics["loss"] += means[d].loss / trained_dates;
    }
    return metrics;
}

nlohmann::json TransformerDateListsTask::card() const {
    nlohmann::json card = {
        {"id", id()},
        {"title", "Lists of dates: transformer, position code " + position_code(design_.encoder.position).title},
        {"data",
         "Lists of 1 to 3 dates by the seeded generator (src/train/dates_data.cpp, src/train/date_lists_data.cpp); one "
         "calendar "
         "day in ten is held out of training in every form"},
        {"licence", "MIT, as the code: data and weights are made by it alone"},
        {"batch_size", batch_size()},
        {"notes",
         fmt::format(
             "Trained on lists of 1 to {0} dates, measured on lists of 1 to {1}: exact_match_N is the share of held-out "
             "lists of N dates that are written without a fault, accuracy_N the share of their characters that are right "
             "after the right ones before, exact_match and loss the mean of 1 to {0}. No model was shown that a list "
             "goes on after {0} dates, and most end it there (Newman 2020, \"The EOS decision and length "
             "extrapolation\"): accuracy tells the codes apart. The models "
             "date-lists-* of this family differ in their position code alone. A learned table has {2} positions, of "
             "which training reached about the first 70 of the source and 33 of the output; lists that do not fit "
             "count as faults. Shaw's k is {3}.",
             trained_dates, measured_dates, longest, clip)}};
    into_card(design_, card);
    text_.into_card(card);
    return card;
}

}  // namespace

std::vector<std::string> transformer_date_lists_task_ids() {
    std::vector<std::string> ids;
    for (const PositionFunction& code : position_codes()) ids.push_back(prefix + code.id);
    return ids;
}

std::unique_ptr<Task> make_transformer_date_lists_task(const std::string& id, const TrainOptions& options) {
    return std::make_unique<TransformerDateListsTask>(id, options);
}

}  // namespace saccade
