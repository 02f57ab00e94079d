#include "train/vit_task.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "autograd/ops.hpp"
#include "base/parallel.hpp"
#include "base/stop.hpp"
#include "model/vision_transformer.hpp"
#include "train/image_set.hpp"
#include "train/resnet_pictures.hpp"
#include "train/schedule.hpp"
#include "train/task_options.hpp"

namespace saccade {

namespace {

constexpr float grey_mean = 0.1307f, grey_deviation = 0.3081f;  // of MNIST's training pictures
constexpr Index measured_at_once = 50, most_shift = 3;

class VitTask : public Task {
 public:
    VitTask(std::string id, const TrainOptions& options);

    std::string id() const override { return id_; }
    WeightMap initial_weights(Rng& rng) const override { return initial_vision_weights(design_, classes(), rng); }
    Index steps_per_epoch() const override { return std::max<Index>(1, train_->size() / batch_size_); }
    int default_epochs() const override { return 4; }
    Var<float> shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const override;
    int shards() const override { return shard_count; }
    double learning_rate(Index step) const override {
        return WarmUpCosine{.peak = peak_rate_, .warm_up = 100, .floor = 0.01}.at(step, total_steps_);
    }
    TrainingIntervals intervals() const override {
        return {.points = 10, .evaluations = 100, .snapshots = 100, .examples = 500};
    }
    std::string headline() const override { return "accuracy"; }
    Index usual_held_out() const override { return test_->size(); }
    Index held_out(Index wanted) const override { return std::min(wanted, test_->size()); }
    std::map<std::string, double> evaluate(const WeightMap& weights, Index n, std::stop_token stop) const override;
    nlohmann::json card() const override;
    void read_card(const nlohmann::json& card, const std::string& where) override {
        design_ = vision_design_from_json(card, where);
    }

 private:
    static constexpr int shard_count = 2;
    Index classes() const { return static_cast<Index>(test_->classes.size()); }
    /// Logits [n, classes] of normalised pictures [n, height, width, 1].
    static Var<float> logits(const VisionTransformer& model, Tensor<float> pictures) {
        const StackCall<float> call;
        return model.logits(model.stack()(model.embed(Var<float>(std::move(pictures)), call), call), {});
    }

    std::string id_, folder_;
    ImageSetPtr train_, test_;
    VisionDesign design_;
    double peak_rate_ = 1e-3;
    Index batch_size_ = 64, total_steps_ = 0;
};

VitTask::VitTask(std::string id, const TrainOptions& options) : id_(std::move(id)), folder_(options.data_path) {
    StackDesign& stack = design_.stack;
    stack.layers = 3;
    stack.heads = 4;
    stack.d_model = 48;
    stack.d_ff = 96;
    stack.norm_epsilon = 1e-6;
    design_.patch = 4;
    design_.channels = 1;
    read_task_options(id_, options,
                      {whole_option("layers", 25, stack.layers), whole_option("heads", 65, stack.heads),
                       whole_option("d_model", 1025, stack.d_model), whole_option("d_ff", 4097, stack.d_ff),
                       whole_option("patch", 65, design_.patch)});
    if (options.learning_rate > 0) peak_rate_ = options.learning_rate;
    if (options.batch_size > 0) batch_size_ = std::max<Index>(options.batch_size, shard_count);
    if (folder_.empty())
        throw Error(ErrorCode::usage, id_ + ": needs pictures",
                    "pass --data FOLDER, which holds MNIST's four files, or train/CLASS/* and test/CLASS/*");
    train_ = read_image_set(folder_, ImageSplit::train);
    test_ = read_image_set(folder_, ImageSplit::test);
    if (train_->classes != test_->classes || train_->height != test_->height || train_->width != test_->width)
        throw Error(ErrorCode::bad_format, folder_ + ": training and test pictures have different classes or sizes",
                    "use the same in both");
    design_.height = test_->height;
    design_.width = test_->width;
    require_valid(design_);
    total_steps_ = steps_per_epoch() * (options.epochs > 0 ? options.epochs : default_epochs());
}

/// A picture, normalised, shifted by (dx, dy) -> [height, width]; what comes in from beyond its border is black.
void put_shifted(const ImageSet& set, Index picture, Index dx, Index dy, float* out) {
    const std::uint8_t* from = set.picture(picture);
    for (Index y = 0; y < set.height; ++y)
        for (Index x = 0; x < set.width; ++x) {
            const Index u = y - dy, v = x - dx;
            const bool inside = u >= 0 && v >= 0 && u < set.height && v < set.width;
            const float grey = inside ? static_cast<float>(from[3 * (u * set.width + v)]) / 255 : 0;
            *out++ = (grey - grey_mean) / grey_deviation;
        }
}

Var<float> VitTask::shard_loss(const Weights<float>& weights, Index, int, Rng& rng) const {
    const Index n = batch_size_ / shard_count, h = train_->height, w = train_->width;
    Tensor<float> pictures = Tensor<float>::uninitialized({n, h, w, 1});
    Ids targets;
    const auto shift = [&] { return static_cast<Index>(rng.below(2 * most_shift + 1)) - most_shift; };
    for (Index i = 0; i < n; ++i) {
        const auto picture = static_cast<Index>(rng.below(static_cast<std::uint64_t>(train_->size())));
        const Index dx = shift(), dy = shift();
        put_shifted(*train_, picture, dx, dy, pictures.data() + i * h * w);
        targets.push_back(train_->labels[static_cast<std::size_t>(picture)]);
    }
    return cross_entropy<float>(logits(VisionTransformer(weights, design_), std::move(pictures)), targets);
}

std::map<std::string, double> VitTask::evaluate(const WeightMap& weights, Index n, std::stop_token stop) const {
    if (n < 1) throw Error(ErrorCode::usage, id_ + ": nothing to evaluate on", "ask for at least one picture");
    n = held_out(n);
    const VisionTransformer model(Weights<float>(weights), design_);
    if (model.classes() != classes())
        throw Error(
            ErrorCode::invalid_input,
            fmt::format("{}: the pictures are of {} classes, the model tells {} apart", folder_, classes(), model.classes()),
            "give a folder with the classes that the model was trained on");
    const Index batches = (n + measured_at_once - 1) / measured_at_once, size = test_->height * test_->width;
    std::vector<double> losses(static_cast<std::size_t>(batches)), hits(losses);
    parallel_for(batches, [&](std::int64_t b) {
        check_stop(stop);
        const Index first = n * b / batches, count = n * (b + 1) / batches - first;
        Tensor<float> pictures = Tensor<float>::uninitialized({count, test_->height, test_->width, 1});
        Ids targets;
        for (Index i = 0; i < count; ++i) {
            const Index picture = (first + i) * test_->size() / n;
            put_shifted(*test_, picture, 0, 0, pictures.data() + i * size);
            targets.push_back(test_->labels[static_cast<std::size_t>(picture)]);
        }
        const Tensor<float> said = logits(model, std::move(pictures)).value();
        losses[static_cast<std::size_t>(b)] =
            static_cast<double>(cross_entropy<float>(said, targets).value().item()) * static_cast<double>(count);
        for (Index i = 0; i < count; ++i) {
            const auto row = said.row(i).values();
            hits[static_cast<std::size_t>(b)] +=
                std::ranges::max_element(row) - row.begin() == targets[static_cast<std::size_t>(i)];
        }
    });
    const auto mean = [n](const std::vector<double>& all) {
        return std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(n);
    };
    return {{"accuracy", mean(hits)}, {"loss", mean(losses)}};
}

nlohmann::json VitTask::card() const {
    nlohmann::json card = pictures_card(*train_, *test_);
    card.update({{"id", id_},
                 {"title", "MNIST: a small vision transformer (Dosovitskiy 2021)"},
                 {"held_out", "the test pictures; none was used for training, but the log follows 500 of them"},
                 {"metrics_are", "accuracy: share of the test pictures whose class is the likeliest"},
                 {"recipe",
                  {{"optimiser", "Adam"},
                   {"learning_rate", peak_rate_},
                   {"batch", batch_size_},
                   {"augmentation", fmt::format("shifted by up to {} px each way", most_shift)}}},
                 {"family", "vit"},
                 {"classes", test_->classes},
                 {"mean", grey_mean},
                 {"deviation", grey_deviation},
                 {"vision", to_json(design_)}});
    std::vector<std::string> digits;
    for (char digit = '0'; digit <= '9'; ++digit) digits.emplace_back(1, digit);
    if (test_->classes != digits || test_->width != 28 || test_->height != 28) return card;
    card["data"] = "MNIST: " + card["data"].get<std::string>();
    card["licence"] = "none stated by its authors; passed on as CC BY-SA 3.0; made from NIST's special databases 1 and 3";
    card["citation"] = "Yann LeCun, Corinna Cortes, Christopher Burges: The MNIST database of handwritten digits, 1998";
    return card;
}

}  // namespace

std::vector<std::string> vit_task_ids() {
    return {"mnist-vit"};
}

std::unique_ptr<Task> make_vit_task(const std::string& id, const TrainOptions& options) {
    return std::make_unique<VitTask>(id, options);
}

}  // namespace saccade
