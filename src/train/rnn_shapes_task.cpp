#include "train/rnn_shapes_task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "autograd/ops.hpp"
#include "base/parallel.hpp"
#include "base/stop.hpp"
#include "train/rnn_shapes_data.hpp"
#include "train/schedule.hpp"

namespace saccade {

namespace {

struct ShapeScore {
    double units = 0, right = 0;  // what accuracy counts: texts, or characters for n_to_n
    double sequences = 0, right_sequences = 0;
    double loss = 0, targets = 0;
};

class RnnShapesTask : public Task {
 public:
    RnnShapesTask(const RnnDesign& design, const TrainOptions& options);

    std::string id() const override { return rnn_id(design_); }
    WeightMap initial_weights(Rng& rng) const override { return initial_rnn_weights(design_, sizes_, rng); }
    Index steps_per_epoch() const override { return steps_an_epoch_; }
    int default_epochs() const override;
    Var<float> shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const override;
    int shards() const override { return shard_count; }
    double learning_rate(Index step) const override;
    Index held_out(Index wanted) const override {
        return design_.shape == RnnShape::one_to_n ? std::min(wanted, months_in_a_year) : wanted;
    }
    std::map<std::string, double> evaluate(const WeightMap& weights, Index n, std::stop_token stop) const override;
    std::string headline() const override { return writes() ? "exact_match" : "accuracy"; }
    nlohmann::json card() const override;

 private:
    static constexpr int shard_count = 4;
    bool writes() const { return design_.shape == RnnShape::n_to_m || design_.shape == RnnShape::one_to_n; }
    Var<float> logits(const RnnShapes<float>& model, const RnnBatch& batch) const;
    ShapeScore score(const RnnShapes<float>& model, const RnnBatch& batch) const;

    RnnDesign design_;
    RnnSizes sizes_;
    std::vector<std::vector<std::size_t>> forms_ = forms_by_length(shard_count);
    Index batch_size_ = 128;
    Index steps_an_epoch_ = 250;
    double peak_rate_ = 5e-3;
    Index total_steps_ = 0;
};

RnnSizes sizes_for(const RnnDesign& design) {
    const RnnNames& names = rnn_names(design.shape);
    RnnSizes sizes;
    sizes.inputs = static_cast<Index>(names.inputs.size());
    sizes.outputs = static_cast<Index>(names.outputs.size());
    // What is read at the end has the same width in one direction and in both, so that they can be compared. An LSTM, which has
    // a gate more, is a little narrower where that keeps its file small.
    const Index wide = design.cell == RecurrentKind::lstm ? 88 : 96;
    sizes.hidden = design.shape == RnnShape::one_to_n ? 32 : design.shape == RnnShape::n_to_m ? wide : 48;
    sizes.decoder = sizes.hidden;
    if (design.both_directions) sizes.hidden /= 2;
    return sizes;
}

RnnShapesTask::RnnShapesTask(const RnnDesign& design, const TrainOptions& options)
    : design_(design), sizes_(sizes_for(design)) {
    if (!options.data_path.empty())
        throw Error(ErrorCode::usage, id() + ": takes no data file", "leave out --data: its examples come from a generator");
    for (const auto& [name, value] : options.extra) {
        if (name != "steps")
            throw Error(ErrorCode::usage, id() + ": there is no option '" + name + "'", "the only option is steps (per epoch)");
        if (!(value >= 1 && value <= 1e6))
            throw Error(ErrorCode::usage, id() + ": steps per epoch must lie between 1 and 1000000", "the default is 250");
        steps_an_epoch_ = static_cast<Index>(value);
    }
    if (options.batch_size > 0) batch_size_ = std::max<Index>(options.batch_size, shard_count);
    if (options.learning_rate > 0) peak_rate_ = options.learning_rate;
    total_steps_ = steps_an_epoch_ * (options.epochs > 0 ? options.epochs : default_epochs());
}

int RnnShapesTask::default_epochs() const {
    switch (design_.shape) {
        case RnnShape::one_to_n:
            return 2;
        case RnnShape::n_to_one:
            return 8;
        case RnnShape::n_to_n:
            return 6;
        case RnnShape::n_to_m:
            break;
    }
    return design_.cell == RecurrentKind::lstm ? 20 : 14;
}

double RnnShapesTask::learning_rate(Index step) const {
    // A step of an Elman cell can move its states far: tanh saturates at once. An LSTM that must carry a whole date learns
    // nothing at twice this rate.
    double peak = peak_rate_;
    if (design_.cell == RecurrentKind::elman) peak *= 0.4;
    if (design_.cell == RecurrentKind::lstm && design_.shape == RnnShape::n_to_m) peak *= 0.7;
    return WarmUpCosine{.peak = peak, .warm_up = 100, .floor = 0.02}.at(step, total_steps_);
}

Var<float> RnnShapesTask::logits(const RnnShapes<float>& model, const RnnBatch& batch) const {
    return writes() ? model.write(batch.texts, batch.targets) : model.classify(batch.texts);
}

Var<float> RnnShapesTask::shard_loss(const Weights<float>& weights, Index, int shard, Rng& rng) const {
    RnnBatch batch;
    if (design_.shape == RnnShape::one_to_n) {
        constexpr Index share = months_in_a_year / shard_count;
        batch = rnn_months(shard * share, share);
    } else {
        std::vector<DateExample> examples;
        for (Index i = shard; i < batch_size_; i += shard_count)
            examples.push_back(draw_training_date(rng, forms_[static_cast<std::size_t>(shard)]));
        batch = rnn_batch(design_.shape, examples);
    }
    return cross_entropy<float>(logits(RnnShapes<float>(weights, design_), batch), batch.targets, batch.weights);
}

ShapeScore RnnShapesTask::score(const RnnShapes<float>& model, const RnnBatch& batch) const {
    const Index size = batch.texts.count(), steps = static_cast<Index>(batch.targets.size()) / size;
    const Tensor<float> o = logits(model, batch).value();
    ShapeScore score;
    for (const float w : batch.weights) score.targets += static_cast<double>(w);
    score.loss = static_cast<double>(cross_entropy<float>(o, batch.targets, batch.weights).value().item()) * score.targets;
    std::vector<Ids> decoded;
    if (writes()) {
        PaddedTexts texts = batch.texts;
        if (design_.shape == RnnShape::one_to_n) {
            texts.ids.resize(static_cast<std::size_t>(size));
            texts.lengths.assign(static_cast<std::size_t>(size), 1);
        }
        decoded = model.decode(texts, steps, months_in_a_year);
    }
    for (Index b = 0; b < size; ++b) {
        double units = 0, right = 0;
        for (Index t = 0; t < steps; ++t) {
            const Index at = t * size + b;
            if (batch.weights[static_cast<std::size_t>(at)] == 0) continue;
            const float* row = o.data() + at * sizes_.outputs;
            const Index answer = writes() ? decoded[static_cast<std::size_t>(b)][static_cast<std::size_t>(t)]
                                          : std::max_element(row, row + sizes_.outputs) - row;
            ++units;
            right += answer == batch.targets[static_cast<std::size_t>(at)] ? 1 : 0;
        }
        score.units += units;
        score.right += right;
        ++score.sequences;
        score.right_sequences += right == units ? 1 : 0;
    }
    return score;
}

std::map<std::string, double> RnnShapesTask::evaluate(const WeightMap& weights, Index n, std::stop_token stop) const {
    if (n < 1) throw Error(ErrorCode::usage, id() + ": nothing to evaluate on", "ask for at least one example");
    const RnnShapes<float> model{Weights<float>(weights), design_};
    std::vector<ShapeScore> scores;
    if (design_.shape == RnnShape::one_to_n) {
        scores.push_back(score(model, rnn_months(0, months_in_a_year)));
    } else {
        std::vector<DateExample> examples = held_out_dates(n);
        // By length, so that there is little padding; the sums below do not depend on the order beyond rounding.
        std::ranges::stable_sort(examples, {}, [](const DateExample& e) { return e.source.size(); });
        constexpr Index chunk = 64;
        scores.resize(static_cast<std::size_t>((n + chunk - 1) / chunk));
        parallel_for(static_cast<std::int64_t>(scores.size()), [&](std::int64_t c) {
            check_stop(stop);
            const std::span<const DateExample> all(examples);
            const auto part =
                all.subspan(static_cast<std::size_t>(c * chunk), static_cast<std::size_t>(std::min(chunk, n - c * chunk)));
            scores[static_cast<std::size_t>(c)] = score(model, rnn_batch(design_.shape, part));
        });
    }
    ShapeScore total;
    for (const ShapeScore& s : scores)
        total = {total.units + s.units,         total.right + s.right,
                 total.sequences + s.sequences, total.right_sequences + s.right_sequences,
                 total.loss + s.loss,           total.targets + s.targets};
    std::map<std::string, double> metrics = {{"loss", total.loss / total.targets}};
    if (!writes()) metrics["accuracy"] = total.right / total.units;
    if (design_.shape != RnnShape::n_to_one) metrics["exact_match"] = total.right_sequences / total.sequences;
    return metrics;
}

std::string data_text(RnnShape shape) {
    if (shape == RnnShape::one_to_n)
        return "The twelve months, each number with its English name: all of them are learned, so nothing is held out and the "
               "metrics say how well they are remembered";
    const std::string dates = fmt::format(
        "Dates from 1950-01-01 to 2049-12-31 in {} written forms, English and Chinese, by a seeded generator "
        "(src/train/dates_data.cpp); one calendar day in ten is held out of training in every form. ",
        date_forms().size());
    if (shape == RnnShape::n_to_one) return dates + "Wanted: the month";
    if (shape == RnnShape::n_to_n)
        return dates + "Wanted: for each character, is it of the year, the month, the day or none (the generator's gold spans)";
    return dates + "Wanted: the date in ISO 8601";
}

std::string title_of(const RnnDesign& design) {
    static const std::map<RnnShape, std::string> what = {{RnnShape::one_to_n, "a month is spelled out"},
                                                         {RnnShape::n_to_one, "which month is it"},
                                                         {RnnShape::n_to_n, "year, month or day, character by character"},
                                                         {RnnShape::n_to_m, "dates to ISO 8601 through the last state"}};
    return fmt::format("{}, {}{}: {}", to_string(design.shape), recurrent_title(design.cell),
                       design.both_directions ? " in both directions" : "", what.at(design.shape));
}

nlohmann::json RnnShapesTask::card() const {
    nlohmann::json card = to_json(design_);
    card["id"] = id();
    card["title"] = title_of(design_);
    card["data"] = data_text(design_.shape);
    card["licence"] = "MIT, as the code: data and weights are made by it alone";
    card["sizes"] = {{"embedding", sizes_.embedding}, {"hidden", sizes_.hidden}};
    if (design_.shape == RnnShape::n_to_m) card["sizes"]["decoder"] = sizes_.decoder;
    card["batch_size"] = design_.shape == RnnShape::one_to_n ? months_in_a_year : batch_size_;
    if (design_.shape == RnnShape::one_to_n)
        card["notes"] = "exact_match: share of the twelve months that are spelled right, decoded greedily.";
    else if (writes())
        card["notes"] = "exact_match: share of the dates that are right in every character, decoded greedily.";
    else if (design_.shape == RnnShape::n_to_one)
        card["notes"] = "accuracy: share of the dates whose month is right.";
    else
        card["notes"] =
            "accuracy: share of the characters whose tag is right; exact_match: share of the dates in which all are.";
    const RnnNames& names = rnn_names(design_.shape);
    card["vocabulary"] = {{"source", names.inputs}, {"target", names.outputs}};
    return card;
}

}  // namespace

std::vector<RnnDesign> rnn_designs() {
    std::vector<RnnDesign> all;
    for (const RnnShape shape : {RnnShape::one_to_n, RnnShape::n_to_one, RnnShape::n_to_n, RnnShape::n_to_m})
        for (const bool both : {false, true})
            for (const RecurrentKind cell : {RecurrentKind::elman, RecurrentKind::gru, RecurrentKind::lstm})
                if (shape != RnnShape::one_to_n || !both) all.push_back({shape, cell, both});
    return all;
}

std::vector<std::string> rnn_task_ids() {
    std::vector<std::string> ids;
    for (const RnnDesign& design : rnn_designs()) ids.push_back(rnn_id(design));
    return ids;
}

std::unique_ptr<Task> make_rnn_shapes_task(const std::string& id, const TrainOptions& options) {
    for (const RnnDesign& design : rnn_designs())
        if (rnn_id(design) == id) return std::make_unique<RnnShapesTask>(design, options);
    throw Error(ErrorCode::usage, "no recurrent network '" + id + "'",
                fmt::format("one of: {}", fmt::join(rnn_task_ids(), ", ")));
}

}  // namespace saccade
