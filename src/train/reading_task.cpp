#include "train/reading_task.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>

#include "autograd/ops.hpp"
#include "base/parallel.hpp"
#include "base/stop.hpp"
#include "model/model_store.hpp"
#include "model/text_reader.hpp"
#include "train/adam.hpp"
#include "train/padded_targets.hpp"
#include "train/reading_data.hpp"
#include "train/schedule.hpp"
#include "train/task_options.hpp"

namespace saccade {

namespace {

constexpr Index longest_output = 20, evaluation_chunk = 32, population_batches = 16;

/// Of words that were held out, in fonts that were: sums over words.
struct ReadingTally {
    double words = 0, exact = 0, characters = 0, pointed = 0, by_chance = 0, loss = 0, tokens = 0;

    void add(const ReadingTally& other) {
        words += other.words;
        exact += other.exact;
        characters += other.characters;
        pointed += other.pointed;
        by_chance += other.by_chance;
        loss += other.loss;
        tokens += other.tokens;
    }
};

/// A batch of pictures and what stands in them.
struct ReadingBatch {
    Tensor<float> pictures;  // [B, height, width]
    Tensor<float> edges;     // [B, points, 2]: of each word's line, where control points would straighten it
    std::vector<Ids> ids;    // with [s]
    std::vector<WordPicture> drawn;
};

class ReadingTask : public Task {
 public:
    ReadingTask(std::string id, const TrainOptions& options);

    std::string id() const override { return id_; }
    WeightMap initial_weights(Rng& rng) const override {
        words();  // what is missing is said before anything begins
        return initial_reader_weights(design_, rng);
    }
    WeightMap started_from(const Model& start, WeightMap fresh) const override;
    Index steps_per_epoch() const override { return steps_an_epoch_; }
    int default_epochs() const override { return 80; }
    Var<float> shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const override;
    int shards() const override { return shard_count; }
    double learning_rate(Index step) const override;
    std::unique_ptr<Optimiser> optimiser(const WeightMap& weights) const override;
    double clip_norm() const override { return 5.0; }
    TrainingIntervals intervals() const override {
        return {.points = 20, .evaluations = 250, .snapshots = 100, .examples = 128};
    }
    void recalibrate_norms(WeightMap& weights, std::stop_token stop) const override;
    Index usual_held_out() const override { return 1000; }
    std::optional<double> progress_metric(const WeightMap& weights, Index n, std::stop_token stop) const override;
    std::map<std::string, double> evaluate(const WeightMap& weights, Index n, std::stop_token stop) const override;
    nlohmann::json card() const override;

 private:
    static constexpr int shard_count = 2;
    ReadingBatch draw(Rng& rng, Index size, WordShape shape, bool held_out) const;
    ReadingTally judge(const TextReader<float>& reader, Index n, WordShape shape, const std::stop_token& stop) const;
    ReadingTally judge_chunk(const TextReader<float>& reader, const ReadingBatch& batch) const;
    void judge_maps(const TextReader<float>& reader, const Tensor<float>& points, const WordPicture& drawn, std::size_t b,
                    const std::vector<Tensor<float>>& weights, ReadingTally& tally) const;

    /// Read when first asked for, so that a task can be made where no list is.
    const WordList& words() const {
        std::call_once(words_read_, [this] { words_ = read_word_list(list_path_); });
        return words_;
    }

    std::string id_, list_path_;
    ReaderDesign design_;
    mutable std::once_flag words_read_;
    mutable WordList words_;
    Index batch_size_ = 64, steps_an_epoch_ = 250, total_steps_ = 0;
    double peak_rate_ = 2e-3, straight_share_ = 0.25, rectifier_share_ = 1, guide_ = 20;
    BendRange trained_bend_;  // what is held out bends as usual
};

ReadingTask::ReadingTask(std::string id, const TrainOptions& options) : id_(std::move(id)), list_path_(options.data_path) {
    design_.rectifier = id_ == "reading";
    read_task_options(id_, options,
                      {whole_option("steps", 1e6, steps_an_epoch_),
                       {"learning_rate", 1e-6, 1, [this](double v) { peak_rate_ = v; }},
                       {"rectifier_share", 1e-6, 1.001, [this](double v) { rectifier_share_ = v; }},
                       {"guide", 0, 1e4, [this](double v) { guide_ = v; }},
                       {"straight_share", 0, 1.001, [this](double v) { straight_share_ = v; }},
                       {"least_bend", 0, 180, [this](double v) { trained_bend_.least = v; }},
                       {"most_bend", 0, 180, [this](double v) { trained_bend_.most = v; }}});
    if (options.learning_rate > 0) peak_rate_ = options.learning_rate;
    if (options.batch_size > 0) batch_size_ = std::max<Index>(options.batch_size, 2 * shard_count);
    total_steps_ = steps_an_epoch_ * (options.epochs > 0 ? options.epochs : default_epochs());
}

double ReadingTask::learning_rate(Index step) const {
    return WarmUpCosine{.peak = peak_rate_, .warm_up = 200, .floor = 0.01}.at(step, total_steps_);
}

/// A reader without a rectifier will do (of a reader that cannot read yet a rectifier learns nothing but noise), and one with
/// fewer convolutions, for further ones begin by giving on what they get.
WeightMap ReadingTask::started_from(const Model& start, WeightMap fresh) const {
    reader_design_from_json(start.card.json(), start.path.empty() ? start.id : start.path);
    Model whole{start.id, start.path, start.card, start.weights};
    for (const auto& [name, tensor] : fresh)
        if (name.starts_with("rectifier.") || name.starts_with("encoder.conv") || name.starts_with("encoder.norm"))
            whole.weights.emplace(name, tensor);
    return Task::started_from(whole, std::move(fresh));
}

constexpr double share_of_points = 0.1;  // of the rectifier's rate

/// A control point is a sum over hundreds of features, none negative: what noise does to one weight it does to all, and at the
/// full rate the points leave the word in the first hundred steps. The reader then learns to do without.
std::unique_ptr<Optimiser> ReadingTask::optimiser(const WeightMap& weights) const {
    return std::make_unique<Adam>(weights, Adam::Settings{.rate_share = [share = rectifier_share_](const std::string& name) {
                                      if (!name.starts_with("rectifier.")) return 1.0;
                                      return name.starts_with("rectifier.points.") ? share_of_points * share : share;
                                  }});
}

ReadingBatch ReadingTask::draw(Rng& rng, Index size, WordShape shape, bool held_out) const {
    const auto& families = held_out ? testing_families() : training_families();
    const auto& list = held_out ? words().held_out : words().train;
    const Index height = design_.height, width = design_.width;
    ReadingBatch batch;
    batch.pictures = Tensor<float>::uninitialized({size, height, width});
    batch.edges = Tensor<float>::uninitialized({size, reader_points, 2});
    static_assert(reader_points == 2 * places_of_an_edge);
    for (Index b = 0; b < size; ++b) {
        const bool straight = shape == WordShape::mixed && rng.uniform() < straight_share_;
        DrawnWord drawn = draw_example(list, families, straight ? WordShape::straight : shape, height, width, rng,
                                       shape == WordShape::mixed ? trained_bend_ : BendRange());
        std::ranges::copy(drawn.picture.grey.values(), batch.pictures.data() + b * height * width);
        for (Index k = 0; k < 2 * reader_points; ++k)
            batch.edges.data()[b * 2 * reader_points + k] =
                static_cast<float>(drawn.picture.edges[static_cast<std::size_t>(k / 2)][static_cast<std::size_t>(k % 2)]);
        batch.ids.push_back(reader_ids(drawn.example.word));
        batch.ids.back().push_back(reader_end);
        batch.drawn.push_back(std::move(drawn.picture));
    }
    return batch;
}

Var<float> ReadingTask::shard_loss(const Weights<float>& weights, Index, int, Rng& rng) const {
    const ReadingBatch batch = draw(rng, batch_size_ / shard_count, WordShape::mixed, false);
    const TextReader<float> reader(weights, design_);
    const auto read = reader.read(Var<float>(batch.pictures));
    const PaddedTargets targets = PaddedTargets::from(batch.ids, reader_end);
    const auto forced = reader.decoder().forced(read.encoded, targets.ids, targets.length);
    const Var<float> loss = cross_entropy<float>(forced.logits, targets.ids, targets.counts);
    if (!design_.rectifier || guide_ == 0) return loss;
    const Var<float> away = sub(read.points, Var<float>(batch.edges));
    const double each = guide_ / static_cast<double>(away.shape().size());
    return add(loss, scale(sum_all(mul(away, away)), static_cast<float>(each)));
}

void ReadingTask::recalibrate_norms(WeightMap& weights, std::stop_token stop) const {
    const TextReader<float> reader(Weights<float>(weights), design_);
    recalibrate(
        weights, reader_norms(design_), population_batches,
        [&](Index i) {
            Rng rng = Rng(7).fork("population of words", static_cast<std::uint64_t>(i));
            return reader.statistics(draw(rng, batch_size_, WordShape::mixed, false).pictures);
        },
        stop);
}

/// Does the map of each character have its largest weight where the character is? Its steps lie side by side in the rectified
/// picture; the spline takes their middles to the original.
void ReadingTask::judge_maps(const TextReader<float>& reader, const Tensor<float>& points, const WordPicture& drawn,
                             std::size_t b, const std::vector<Tensor<float>>& weights, ReadingTally& tally) const {
    const std::vector<PlaceInPicture> middles = reader_step_places();
    const Tensor<double> spline = spline_weights(rectified_points(reader_points), middles);
    std::vector<PlaceInPicture> places = middles;
    if (reader.design().rectifier)
        for (std::size_t j = 0; j < places.size(); ++j) {
            places[j] = {0, 0};
            for (Index k = 0; k < reader_points; ++k) {
                const double w = spline.data()[static_cast<Index>(j) * reader_points + k];
                const float* const p = points.data() + (static_cast<Index>(b) * reader_points + k) * 2;
                places[j].x += w * static_cast<double>(p[0]);
                places[j].y += w * static_cast<double>(p[1]);
            }
        }
    for (std::size_t i = 0; i < drawn.boxes.size(); ++i) {
        const auto row = weights[i].row(static_cast<Index>(b)).values();
        const auto best = static_cast<std::size_t>(std::ranges::max_element(row) - row.begin());
        const auto inside = [&](const PlaceInPicture& p) { return drawn.boxes[i].holds(p.x, p.y); };
        tally.characters += 1;
        tally.pointed += inside(places[best]) ? 1 : 0;
        tally.by_chance += static_cast<double>(std::ranges::count_if(places, inside)) / static_cast<double>(places.size());
    }
}

ReadingTally ReadingTask::judge_chunk(const TextReader<float>& reader, const ReadingBatch& batch) const {
    const auto read = reader.read(Var<float>(batch.pictures));
    const std::size_t size = batch.ids.size();
    const auto greedy = reader.decoder().greedy(read.encoded, longest_output);
    ReadingTally tally;
    for (std::size_t b = 0; b < size; ++b) {
        const Ids& ids = batch.ids[b];
        tally.words += 1;
        bool exact = greedy.steps >= static_cast<Index>(ids.size());
        for (std::size_t i = 0; exact && i < ids.size(); ++i) exact = greedy.ids[i * size + b] == ids[i];
        if (!exact) continue;
        tally.exact += 1;
        judge_maps(reader, read.points.value(), batch.drawn[b], b, greedy.weights, tally);
    }
    const PaddedTargets targets = PaddedTargets::from(batch.ids, reader_end);
    const auto forced = reader.decoder().forced(read.encoded, targets.ids, targets.length);
    double tokens = 0;
    for (const float counts : targets.counts) tokens += static_cast<double>(counts);
    tally.tokens = tokens;
    tally.loss = tokens * static_cast<double>(cross_entropy<float>(forced.logits, targets.ids, targets.counts).value().item());
    return tally;
}

ReadingTally ReadingTask::judge(const TextReader<float>& reader, Index n, WordShape shape, const std::stop_token& stop) const {
    std::vector<ReadingTally> chunks(static_cast<std::size_t>((n + evaluation_chunk - 1) / evaluation_chunk));
    const Rng base = Rng(20181).fork("held-out words", static_cast<std::uint64_t>(shape));
    parallel_for(static_cast<std::int64_t>(chunks.size()), [&](std::int64_t c) {
        check_stop(stop);
        Rng rng = base.fork("chunk", static_cast<std::uint64_t>(c));
        const Index size = std::min(evaluation_chunk, n - c * evaluation_chunk);
        chunks[static_cast<std::size_t>(c)] = judge_chunk(reader, draw(rng, size, shape, true));
    });
    ReadingTally all;
    for (const ReadingTally& chunk : chunks) all.add(chunk);
    return all;
}

std::optional<double> ReadingTask::progress_metric(const WeightMap& weights, Index n, std::stop_token stop) const {
    const TextReader<float> reader(Weights<float>(weights), design_);
    ReadingTally t = judge(reader, n / 2, WordShape::straight, stop);
    t.add(judge(reader, n - n / 2, WordShape::curved, stop));
    return t.exact / t.words;
}

std::map<std::string, double> ReadingTask::evaluate(const WeightMap& weights, Index n, std::stop_token stop) const {
    if (n < 1) throw Error(ErrorCode::usage, id_ + ": nothing to evaluate on", "ask for at least one word");
    const TextReader<float> reader(Weights<float>(weights), design_);
    const ReadingTally straight = judge(reader, n, WordShape::straight, stop),
                       curved = judge(reader, n, WordShape::curved, stop);
    ReadingTally both = straight;
    both.add(curved);
    return {{"exact_match", both.exact / both.words},
            {"exact_straight", straight.exact / straight.words},
            {"exact_curved", curved.exact / curved.words},
            {"pointing_straight", straight.pointed / std::max(straight.characters, 1.0)},
            {"pointing_curved", curved.pointed / std::max(curved.characters, 1.0)},
            {"pointing_chance", both.by_chance / std::max(both.characters, 1.0)},
            {"loss", both.loss / both.tokens}};
}

nlohmann::json ReadingTask::card() const {
    nlohmann::json card = {
        {"id", id_},
        {"title", std::string("Words in pictures") + (design_.rectifier ? "" : ", read as they are: no rectifier")},
        {"data",
         fmt::format(
             "Pictures of words, 32 x 100, drawn with {} font families; words of a list ({} of them), numbers and marks; a "
             "share straight, of the others half bent or seen from the side. Held out: {} words of the list, and the "
             "families {}",
             training_families().size(), words().train.size(), words().held_out.size(), fmt::join(testing_families(), ", "))},
        {"licence", "MIT, as the code; fonts and words are those of the machine that it was trained on"},
        {"metrics_are",
         "exact_match: held-out words in held-out fonts, read greedily, every character right, capitals too; exact_straight: "
         "turned by "
         "5 degrees at most; exact_curved: on an arc of 30 to 90 degrees, or seen from the side. pointing: of the characters "
         "of words "
         "that are read right, those whose largest weight lies, taken back through the spline, within the character's box; "
         "pointing_chance: a step drawn at random. No map was supervised. loss: nats a character"},
        {"design", to_json(design_)},
        {"vocabulary", reader_tokens()},
        {"batch_size", batch_size_},
        {"learning_rate", peak_rate_},
        {"straight_share", straight_share_},
        {"bend_degrees", {trained_bend_.least, trained_bend_.most}},
        {"training_families", training_families()}};
    if (design_.rectifier) {
        card["rectifier_learning_rate"] = peak_rate_ * rectifier_share_;
        card["rectifier_points_learning_rate"] = peak_rate_ * rectifier_share_ * share_of_points;
        card["guide"] = guide_;
        card["guide_is"] =
            "a share of the loss: how far control points lie from the edges of the line as it was drawn, squared. Shi 2018 "
            "finds them by the "
            "loss of reading alone";
    }
    return card;
}

}  // namespace

std::vector<std::string> reading_task_ids() {
    return {"reading", "reading-plain"};
}

std::unique_ptr<Task> make_reading_task(const std::string& id, const TrainOptions& options) {
    return std::make_unique<ReadingTask>(id, options);
}

}  // namespace saccade
