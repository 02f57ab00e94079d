#include "train/glimpse_task.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "autograd/ops.hpp"
#include "base/parallel.hpp"
#include "base/stop.hpp"
#include "model/glimpse_model.hpp"
#include "train/glimpse_pictures.hpp"
#include "train/reinforce.hpp"
#include "train/resnet_pictures.hpp"
#include "train/schedule.hpp"
#include "train/task_options.hpp"

namespace saccade {

namespace {

constexpr Index measured_at_once = 50, sampled_paths = 10;
constexpr double first_within = 0.5;  // half sides: a training's first fixation is uniform over the middle of the picture
constexpr std::uint64_t held_out_seed = 2014;

struct GlimpseSetting {
    std::string id, title;
    Retina retina;
    Index glimpses;
    Index side;  // of the canvas; 0: the picture's own
    Index pieces;
    double deviation;
    int epochs;
};

const std::vector<GlimpseSetting>& settings() {
    static const std::vector<GlimpseSetting> all = {
        {"glimpses-mnist", "MNIST, 6 glimpses (Mnih 2014)", {1, 8}, 6, 0, 0, 0.15, 100},
        {"glimpses-translated", "MNIST on 60 × 60, 8 glimpses (Mnih 2014)", {3, 12}, 8, 60, 0, 0.2, 100},
        {"glimpses-cluttered", "MNIST on 60 × 60 with clutter, 8 glimpses (Mnih 2014)", {3, 12}, 8, 60, 4, 0.2, 100},
    };
    return all;
}

class GlimpseTask : public Task {
 public:
    GlimpseTask(const GlimpseSetting& setting, const TrainOptions& options);

    std::string id() const override { return setting_.id; }
    WeightMap initial_weights(Rng& rng) const override { return initial_glimpse_weights(design_, classes(), rng); }
    Index steps_per_epoch() const override { return std::max<Index>(1, train_->size() / batch_size_); }
    int default_epochs() const override { return setting_.epochs; }
    Var<float> shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const override;
    int shards() const override { return shard_count; }
    double learning_rate(Index step) const override {
        return WarmUpCosine{.peak = peak_rate_, .warm_up = 200, .floor = 0.01}.at(step, total_steps_);
    }
    double clip_norm() const override { return 5; }
    TrainingIntervals intervals() const override {
        return {.points = 20, .evaluations = 500, .snapshots = 500, .examples = 1000};
    }
    std::string headline() const override { return "accuracy"; }
    Index usual_held_out() const override { return test_->size(); }
    Index held_out(Index wanted) const override { return std::min(wanted, test_->size()); }
    std::map<std::string, double> evaluate(const WeightMap& weights, Index n, std::stop_token stop) const override;
    std::optional<double> progress_metric(const WeightMap& weights, Index n, std::stop_token stop) const override;
    nlohmann::json card() const override;
    void read_card(const nlohmann::json& card, const std::string& where) override {
        design_ = glimpse_design_from_json(card, where);
    }

 private:
    static constexpr int shard_count = 2;
    Index classes() const { return static_cast<Index>(test_->classes.size()); }
    GlimpsePictures pictures(Index shift) const {
        return {design_.height, design_.width, setting_.side == 0 ? shift : 0, pieces_, 8};
    }
    /// One batch of the test pictures, walked in one way.
    struct Measured {
        double hits = 0, loss = 0;
    };
    struct Walk {
        double deviation = 0;  // 0: the policy's mean
        bool anywhere = false;
        Index paths = 1;  // whose beliefs are averaged
    };
    Measured measure(const GlimpseModel<float>& model, Index first, Index count, Index n, const Walk& walk) const;
    Measured measure_all(const WeightMap& weights, Index n, const Walk& walk, const std::stop_token& stop) const;

    GlimpseSetting setting_;
    std::string folder_;
    ImageSetPtr train_, test_;
    GlimpseDesign design_;
    double peak_rate_ = 1e-3, earlier_ = 0.5;
    Index batch_size_ = 128, samples_ = 1, total_steps_ = 0, shift_ = 2, pieces_ = 0;
};

GlimpseTask::GlimpseTask(const GlimpseSetting& setting, const TrainOptions& options)
    : setting_(setting), folder_(options.data_path), pieces_(setting.pieces) {
    design_.retina = setting.retina;
    design_.glimpses = setting.glimpses;
    design_.deviation = setting.deviation;
    Index canvas_side = setting.side;
    read_task_options(setting.id, options,
                      {whole_option("glimpses", 65, design_.glimpses),
                       whole_option("scales", 7, design_.retina.scales),
                       whole_option("cells", 65, design_.retina.cells),
                       whole_option("units", 4097, design_.units),
                       whole_option("sensed", 4097, design_.sensed),
                       whole_option("samples", 65, samples_),
                       whole_option("side", 1025, canvas_side),
                       {"shift", 0, 15, [this](double v) { shift_ = static_cast<Index>(v); }},
                       {"pieces", 0, 65, [this](double v) { pieces_ = static_cast<Index>(v); }},
                       {"deviation", 0.001, 2, [this](double v) { design_.deviation = v; }},
                       {"earlier", 0, 10, [this](double v) { earlier_ = v; }}});
    if (options.learning_rate > 0) peak_rate_ = options.learning_rate;
    if (options.batch_size > 0) batch_size_ = std::max<Index>(options.batch_size, shard_count);
    if (folder_.empty())
        throw Error(ErrorCode::usage, setting.id + ": needs pictures",
                    "pass --data FOLDER, which holds MNIST's four files, or train/CLASS/* and test/CLASS/*");
    train_ = read_image_set(folder_, ImageSplit::train);
    test_ = read_image_set(folder_, ImageSplit::test);
    if (train_->classes != test_->classes || train_->height != test_->height || train_->width != test_->width)
        throw Error(ErrorCode::bad_format, folder_ + ": training and test pictures have different classes or sizes",
                    "use the same in both");
    design_.height = canvas_side > 0 ? canvas_side : test_->height;
    design_.width = canvas_side > 0 ? canvas_side : test_->width;
    if (design_.height < test_->height || design_.width < test_->width)
        throw Error(
            ErrorCode::usage,
            fmt::format("{}: a canvas of {} px for pictures of {} x {}", setting.id, canvas_side, test_->width, test_->height),
            "the canvas is at least as large as a picture");
    require_valid(design_);
    total_steps_ = steps_per_epoch() * (options.epochs > 0 ? options.epochs : default_epochs());
}

Var<float> GlimpseTask::shard_loss(const Weights<float>& weights, Index, int, Rng& rng) const {
    const Index n = batch_size_ / shard_count, rows = n * samples_, h = design_.height, w = design_.width;
    const GlimpsePictures make = pictures(shift_);
    Tensor<float> canvas = Tensor<float>::uninitialized({rows, h, w});
    Ids targets;
    for (Index i = 0; i < n; ++i) {
        const auto picture = static_cast<Index>(rng.below(static_cast<std::uint64_t>(train_->size())));
        float* const first = canvas.data() + i * samples_ * h * w;
        make.put(*train_, picture, rng, first);
        for (Index m = 1; m < samples_; ++m) std::copy_n(first, h * w, first + m * h * w);
        targets.insert(targets.end(), static_cast<std::size_t>(samples_), train_->labels[static_cast<std::size_t>(picture)]);
    }
    const GlimpseModel<float> model(weights, design_);
    const Observer nobody;
    GlimpseEpisode<float> episode;
    Tensor<float> place = Tensor<float>::uninitialized({rows, 2});
    for (float& v : place.values()) v = static_cast<float>(first_within * (2 * rng.uniform() - 1));
    Var<float> state = model.blank(rows);
    Ids centres(static_cast<std::size_t>(2 * rows));
    for (Index t = 0; t < design_.glimpses; ++t) {
        for (float& v : place.values()) v = std::clamp(v, -1.0f, 1.0f);
        for (Index i = 0; i < 2 * rows; ++i)
            centres[static_cast<std::size_t>(i)] = edge_at(place.data()[i], i % 2 == 0 ? w : h);
        state = model.read(state, look<float>(design_.retina, canvas, centres), place, nobody);
        episode.logits.push_back(model.logits(state, nobody));
        if (t + 1 == design_.glimpses) break;
        // What chooses and what expects read the state, and teach it nothing.
        const Var<float> seen_so_far(state.value());
        episode.means.push_back(model.aim(seen_so_far, nobody));
        episode.baselines.push_back(model.baseline(seen_so_far, nobody));
        place = episode.means.back().value().clone();
        for (float& v : place.values()) v = static_cast<float>(v + design_.deviation * rng.normal());
        episode.places.push_back(place.clone());
    }
    return hybrid_loss<float>(episode, targets, static_cast<float>(design_.deviation), static_cast<float>(earlier_));
}

GlimpseTask::Measured GlimpseTask::measure(const GlimpseModel<float>& model, Index first, Index count, Index n,
                                           const Walk& walk) const {
    const Index rows = count * walk.paths, h = design_.height, w = design_.width;
    const GlimpsePictures make = pictures(0);
    Tensor<float> canvas = Tensor<float>::uninitialized({rows, h, w});
    Ids targets;
    const Rng seeds(held_out_seed);
    for (Index i = 0; i < count; ++i) {
        const Index picture = (first + i) * test_->size() / n;
        Rng rng = seeds.fork("picture", static_cast<std::uint64_t>(picture));
        float* const own = canvas.data() + i * walk.paths * h * w;
        make.put(*test_, picture, rng, own);
        for (Index m = 1; m < walk.paths; ++m) std::copy_n(own, h * w, own + m * h * w);
        targets.push_back(test_->labels[static_cast<std::size_t>(picture)]);
    }
    Rng rng = seeds.fork("paths", static_cast<std::uint64_t>(first));
    const GlimpsePaths paths =
        follow_paths(model, canvas, Tensor<float>(Shape{rows, 2}), design_.glimpses, walk.deviation, walk.anywhere, rng);
    const Tensor<float> belief = softmax<float>(paths.logits.row(design_.glimpses - 1)).value();
    Measured measured;
    for (Index i = 0; i < count; ++i) {
        std::vector<double> p(static_cast<std::size_t>(model.classes()));
        for (Index m = 0; m < walk.paths; ++m)
            for (std::size_t c = 0; c < p.size(); ++c)
                p[c] += static_cast<double>(belief.row(i * walk.paths + m).data()[c]) / static_cast<double>(walk.paths);
        const auto target = static_cast<std::size_t>(targets[static_cast<std::size_t>(i)]);
        measured.hits += std::ranges::max_element(p) - p.begin() == static_cast<std::ptrdiff_t>(target);
        measured.loss -= std::log(std::max(p[target], 1e-30));
    }
    return measured;
}

GlimpseTask::Measured GlimpseTask::measure_all(const WeightMap& weights, Index n, const Walk& walk,
                                               const std::stop_token& stop) const {
    const GlimpseModel<float> model(Weights<float>(weights), design_);
    if (model.classes() != classes())
        throw Error(
            ErrorCode::invalid_input,
            fmt::format("{}: the pictures are of {} classes, the model tells {} apart", folder_, classes(), model.classes()),
            "give a folder with the classes that the model was trained on");
    const Index batches = (n + measured_at_once - 1) / measured_at_once;
    std::vector<Measured> parts(static_cast<std::size_t>(batches));
    parallel_for(batches, [&](std::int64_t b) {
        check_stop(stop);
        const Index first = n * b / batches;
        parts[static_cast<std::size_t>(b)] = measure(model, first, n * (b + 1) / batches - first, n, walk);
    });
    Measured all;
    for (const Measured& part : parts) {
        all.hits += part.hits;
        all.loss += part.loss;
    }
    all.hits /= static_cast<double>(n);
    all.loss /= static_cast<double>(n);
    return all;
}

std::map<std::string, double> GlimpseTask::evaluate(const WeightMap& weights, Index n, std::stop_token stop) const {
    if (n < 1) throw Error(ErrorCode::usage, id() + ": nothing to evaluate on", "ask for at least one picture");
    n = held_out(n);
    const Measured mean = measure_all(weights, n, {}, stop),
                   one = measure_all(weights, n, {.deviation = design_.deviation}, stop),
                   sampled = measure_all(weights, n, {.deviation = design_.deviation, .paths = sampled_paths}, stop),
                   random = measure_all(weights, n, {.anywhere = true}, stop);
    return {{"accuracy", mean.hits},
            {"loss", mean.loss},
            {"accuracy_one_sample", one.hits},
            {"accuracy_sampled", sampled.hits},
            {"accuracy_random", random.hits}};
}

std::optional<double> GlimpseTask::progress_metric(const WeightMap& weights, Index n, std::stop_token stop) const {
    return measure_all(weights, held_out(n), {}, stop).hits;
}

nlohmann::json GlimpseTask::card() const {
    nlohmann::json card = pictures_card(*train_, *test_);
    const bool moved = setting_.side != 0;
    card.update(
        {{"id", id()},
         {"title", setting_.title},
         {"held_out", "the test pictures; none was used for training, but the log follows 1000 of them"},
         {"metrics_are",
          fmt::format(
              "share of the test pictures whose class is the likeliest after the last glimpse, the first in the middle: "
              "accuracy, each next place the policy's mean; accuracy_one_sample, a sample; accuracy_sampled, beliefs "
              "averaged over {} sampled paths; accuracy_random, places uniform over the picture. loss: of the first",
              sampled_paths)},
         {"recipe",
          {{"optimiser", "Adam"},
           {"learning_rate", peak_rate_},
           {"batch", batch_size_},
           {"samples", samples_},
           {"earlier_glimpses_weight", earlier_},
           {"pictures", moved
                            ? fmt::format("anywhere on {} × {} px, {} pieces of clutter of 8 × 8 px of other training pictures",
                                          design_.width, design_.height, pieces_)
                            : fmt::format("shifted by up to {} px each way", shift_)}}},
         {"family", "glimpses"},
         {"classes", test_->classes},
         {"glimpses", to_json(design_)}});
    std::vector<std::string> digits;
    for (char digit = '0'; digit <= '9'; ++digit) digits.emplace_back(1, digit);
    if (test_->classes != digits || test_->width != 28 || test_->height != 28) return card;
    card["data"] = "MNIST: " + card["data"].get<std::string>();
    card["licence"] = "none stated by its authors; passed on as CC BY-SA 3.0; made from NIST's special databases 1 and 3";
    card["citation"] = "Yann LeCun, Corinna Cortes, Christopher Burges: The MNIST database of handwritten digits, 1998";
    return card;
}

}  // namespace

std::vector<std::string> glimpse_task_ids() {
    std::vector<std::string> ids;
    for (const GlimpseSetting& setting : settings()) ids.push_back(setting.id);
    return ids;
}

std::unique_ptr<Task> make_glimpse_task(const std::string& id, const TrainOptions& options) {
    const auto found = std::ranges::find(settings(), id, &GlimpseSetting::id);
    return std::make_unique<GlimpseTask>(*found, options);
}

}  // namespace saccade
