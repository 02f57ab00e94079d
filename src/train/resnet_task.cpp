#include "train/resnet_task.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "autograd/ops.hpp"
#include "base/parallel.hpp"
#include "base/sha256.hpp"
#include "base/stop.hpp"
#include "model/resnet.hpp"
#include "train/augment.hpp"
#include "train/cifar_binary.hpp"
#include "train/image_set.hpp"
#include "train/schedule.hpp"
#include "train/sgd.hpp"
#include "train/task_options.hpp"

namespace saccade {

namespace {

constexpr Index measured_at_once = 100;                                // test pictures in one pass
constexpr Index calibration_pictures = 2048, calibration_batch = 128;  // that statistics are measured on

// Of CIFAR-10's training pictures, rounded; other pictures come close enough, for a norm follows the first layer.
constexpr std::array<float, 3> colour_mean{0.4914f, 0.4822f, 0.4465f}, colour_deviation{0.2470f, 0.2435f, 0.2616f};

struct Network {
    const char *id, *attention, *title;
};
constexpr Network networks[] = {
    {"cifar-resnet20", "none", "CIFAR-10: ResNet-20 (He 2016)"},
    {"cifar-se-resnet20", "se", "CIFAR-10: SE-ResNet-20, squeeze-and-excitation (Hu 2018)"},
    {"cifar-cbam-resnet20", "cbam", "CIFAR-10: CBAM-ResNet-20, channel and spatial attention (Woo 2018)"},
};

class ResNetTask : public Task {
 public:
    ResNetTask(const Network& network, const TrainOptions& options);

    std::string id() const override { return network_.id; }
    WeightMap initial_weights(Rng& rng) const override { return initial_resnet_weights(design(), rng); }
    Index steps_per_epoch() const override { return std::max<Index>(1, train().size() / batch_size_); }
    int default_epochs() const override { return 60; }
    Var<float> shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const override;
    int shards() const override { return shard_count; }
    double learning_rate(Index step) const override;
    double clip_norm() const override { return 10; }  // for the first steps; a batch's gradient stays well below
    std::unique_ptr<Optimiser> optimiser(const WeightMap& weights) const override {
        return std::make_unique<Sgd>(weights, Sgd::Settings{.momentum = 0.9, .weight_decay = weight_decay_});
    }
    TrainingIntervals intervals() const override {
        const Index epoch = steps_per_epoch();
        return {.points = 10, .evaluations = epoch, .snapshots = std::max<Index>(1, epoch / 2), .examples = 2000};
    }
    void recalibrate_norms(WeightMap& weights, std::stop_token stop) const override;
    std::string headline() const override { return "accuracy"; }
    Index usual_held_out() const override { return test().size(); }
    Index held_out(Index wanted) const override { return std::min(wanted, test().size()); }
    std::map<std::string, double> evaluate(const WeightMap& weights, Index n, std::stop_token stop) const override;
    nlohmann::json card() const override;

 private:
    static constexpr int shard_count = 2;
    const ImageSet& train() const { return set(train_, ImageSplit::train); }
    const ImageSet& test() const { return set(test_, ImageSplit::test); }
    const ImageSet& set(ImageSetPtr& place, ImageSplit split) const;
    ResNetDesign design() const;
    Index total_steps() const { return steps_per_epoch() * epochs_; }
    std::vector<Index> batch(Index step) const;
    Augmentation augmentation(Index step) const;

    Network network_;
    std::string folder_;
    std::uint64_t seed_;
    Index epochs_, batch_size_ = 128;
    double peak_ = 0.2, warm_up_ = 0.1, weight_decay_ = 5e-4, smoothing_ = 0.05;
    Index small_ = 24;
    double small_share_ = 0.5;

    mutable std::mutex mutex_;
    mutable ImageSetPtr train_, test_;  // read when they are asked for: eval needs no training pictures
    mutable Index order_epoch_ = -1;
    mutable std::vector<Index> order_;
};

ResNetTask::ResNetTask(const Network& network, const TrainOptions& options)
    : network_(network),
      folder_(options.data_path),
      seed_(options.seed),
      epochs_(options.epochs > 0 ? options.epochs : default_epochs()) {
    read_task_options(network_.id, options,
                      {{"learning_rate", 1e-6, 10, [this](double v) { peak_ = v; }},
                       {"weight_decay", 0, 1, [this](double v) { weight_decay_ = v; }},
                       {"smoothing", 0, 1, [this](double v) { smoothing_ = v; }},
                       {"warm_up", 0, 1, [this](double v) { warm_up_ = v; }},
                       whole_option("batch", 4097, batch_size_),
                       whole_option("small", 1025, small_),
                       {"small_share", 0, 1, [this](double v) { small_share_ = v; }}});
    if (options.learning_rate > 0) peak_ = options.learning_rate;
    if (options.batch_size > 0) batch_size_ = options.batch_size;
    if (batch_size_ % shard_count != 0)
        throw Error(ErrorCode::usage, fmt::format("{}: a batch of {} pictures", id(), batch_size_), "choose an even number");
    if (folder_.empty())
        throw Error(ErrorCode::usage, id() + ": needs pictures",
                    "pass --data FOLDER, which holds train/CLASS/* and test/CLASS/*");
    test();  // what is wrong with the data is said at once
}

const ImageSet& ResNetTask::set(ImageSetPtr& place, ImageSplit split) const {
    const std::scoped_lock lock(mutex_);
    if (!place) place = read_image_set(folder_, split);
    if (train_ && test_ && train_->classes != test_->classes)
        throw Error(ErrorCode::bad_format, folder_ + ": training and test pictures have different classes",
                    "use the same class names in both");
    return *place;
}

ResNetDesign ResNetTask::design() const {
    ResNetDesign design;
    design.attention = network_.attention;
    design.classes = test().classes;
    design.mean = colour_mean;
    design.deviation = colour_deviation;
    return design;
}

double ResNetTask::learning_rate(Index step) const {
    const auto total = static_cast<double>(total_steps());
    return WarmUpCosine{.peak = peak_, .warm_up = warm_up_ * total, .floor = 0}.at(step, total_steps());
}

/// The pictures of a step: each epoch in an order of its own.
std::vector<Index> ResNetTask::batch(Index step) const {
    // Both before the lock: they take it, too.
    const Index n = train().size(), per_epoch = steps_per_epoch(), epoch = step / per_epoch;
    const std::scoped_lock lock(mutex_);
    if (order_epoch_ != epoch) {
        order_.resize(static_cast<std::size_t>(n));
        std::iota(order_.begin(), order_.end(), Index{0});
        Rng rng = Rng(seed_).fork("order of the epoch", static_cast<std::uint64_t>(epoch));
        for (std::size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[rng.below(i)]);
        order_epoch_ = epoch;
    }
    const Index start = (step % per_epoch) * batch_size_, count = std::min(batch_size_, n);
    return {order_.begin() + start, order_.begin() + start + count};
}

Augmentation ResNetTask::augmentation(Index step) const {
    const ImageSet& pictures = train();
    const Index whole = std::min(pictures.height, pictures.width);
    const bool small = static_cast<double>(step) < small_share_ * static_cast<double>(total_steps());
    return {.size = small ? std::min(small_, whole) : whole, .padding = 4, .mirror = true};
}

Var<float> ResNetTask::shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const {
    const ImageSet& pictures = train();
    const std::vector<Index> chosen = batch(step);
    const Augmentation how = augmentation(step);
    const ColourScale colour{colour_mean, colour_deviation};
    const auto count = static_cast<Index>(chosen.size()), first = count * shard / shard_count,
               last = count * (shard + 1) / shard_count;
    Tensor<float> x = Tensor<float>::uninitialized({last - first, how.size, how.size, 3});
    Ids targets;
    for (Index i = first; i < last; ++i) {
        const Index picture = chosen[static_cast<std::size_t>(i)];
        augment(pictures.picture(picture), pictures.height, pictures.width, how, colour, rng,
                x.data() + (i - first) * how.size * how.size * 3);
        targets.push_back(pictures.labels[static_cast<std::size_t>(picture)]);
    }
    const auto network = ResNet<float>::training(weights, design());
    return cross_entropy<float>(network(Var<float>(std::move(x))), targets, {}, static_cast<float>(smoothing_));
}

/// E[x] and E[x^2] - E[x]^2 over the batches' statistics, in their order.
BatchStatistics<float> pooled_statistics(const std::vector<StatisticsMap<float>>& batches, const std::string& norm) {
    const Index channels = batches.front().at(norm).mean.size();
    BatchStatistics<float> all{Tensor<float>(Shape{channels}), Tensor<float>(Shape{channels})};
    for (Index c = 0; c < channels; ++c) {
        double sum = 0, squares = 0;
        for (const auto& batch : batches) {
            const auto mean = static_cast<double>(batch.at(norm).mean.data()[c]);
            sum += mean;
            squares += static_cast<double>(batch.at(norm).variance.data()[c]) + mean * mean;
        }
        const auto n = static_cast<double>(batches.size());
        all.mean.data()[c] = static_cast<float>(sum / n);
        all.variance.data()[c] = static_cast<float>(std::max(0.0, squares / n - sum / n * sum / n));
    }
    return all;
}

void ResNetTask::recalibrate_norms(WeightMap& weights, std::stop_token stop) const {
    const ImageSet& pictures = train();
    const Index count = std::min(calibration_pictures, pictures.size()),
                batches = (count + calibration_batch - 1) / calibration_batch;
    const ResNetDesign how = design();
    std::vector<StatisticsMap<float>> seen(static_cast<std::size_t>(batches));
    parallel_for(batches, [&](std::int64_t b) {
        check_stop(stop);
        const Index first = count * b / batches, n = count * (b + 1) / batches - first;
        Tensor<float> x = Tensor<float>::uninitialized({n, pictures.height, pictures.width, 3});
        for (Index i = 0; i < n; ++i)  // spread over all, for folders are sorted by class
            scale_colours(pictures.picture(((first + i) * 7919) % pictures.size()), pictures.height * pictures.width,
                          {colour_mean, colour_deviation}, x.data() + i * pictures.picture_size());
        ResNet<float>::training(Weights<float>(weights), how, &seen[static_cast<std::size_t>(b)])(Var<float>(std::move(x)));
    });
    for (const auto& [norm, first] : seen.front()) {
        BatchStatistics<float> all = pooled_statistics(seen, norm);
        weights.insert_or_assign(norm + ".mean", std::move(all.mean));
        weights.insert_or_assign(norm + ".variance", std::move(all.variance));
    }
}

std::map<std::string, double> ResNetTask::evaluate(const WeightMap& weights, Index n, std::stop_token stop) const {
    const ImageSet& pictures = test();
    if (n < 1) throw Error(ErrorCode::usage, id() + ": nothing to evaluate on", "ask for at least one picture");
    n = std::min(n, pictures.size());
    const auto classes = static_cast<Index>(pictures.classes.size());
    const auto head = weights.find("classifier.weight");
    if (head != weights.end() && head->second.shape().rank() == 2 && head->second.shape()[0] != classes)
        throw Error(ErrorCode::invalid_input,
                    fmt::format("{}: the pictures are of {} {}, the model tells {} apart", folder_, classes,
                                classes == 1 ? "class" : "classes", head->second.shape()[0]),
                    "give a folder with the classes that the model was trained on");
    const ResNet<float> network(Weights<float>(weights), design());
    const Index batches = (n + measured_at_once - 1) / measured_at_once;
    std::vector<double> losses(static_cast<std::size_t>(batches));
    std::vector<Index> hits(static_cast<std::size_t>(batches));
    parallel_for(batches, [&](std::int64_t b) {
        check_stop(stop);
        const Index first = n * b / batches, count = n * (b + 1) / batches - first;
        Tensor<float> x = Tensor<float>::uninitialized({count, pictures.height, pictures.width, 3});
        Ids targets;
        for (Index i = 0; i < count; ++i) {
            // Folders are sorted by class: a part of them is spread over all.
            const Index picture = (first + i) * pictures.size() / n;
            scale_colours(pictures.picture(picture), pictures.height * pictures.width, {colour_mean, colour_deviation},
                          x.data() + i * pictures.picture_size());
            targets.push_back(pictures.labels[static_cast<std::size_t>(picture)]);
        }
        const Tensor<float> logits = network(Var<float>(std::move(x))).value();
        const auto at = static_cast<std::size_t>(b);
        losses[at] = static_cast<double>(cross_entropy<float>(logits, targets).value().item()) * static_cast<double>(count);
        for (Index i = 0; i < count; ++i) {
            const auto row = logits.row(i).values();
            hits[at] += std::ranges::max_element(row) - row.begin() == targets[static_cast<std::size_t>(i)];
        }
    });
    const auto share = [n](double sum) { return sum / static_cast<double>(n); };
    return {{"accuracy", share(static_cast<double>(std::accumulate(hits.begin(), hits.end(), Index{0})))},
            {"loss", share(std::accumulate(losses.begin(), losses.end(), 0.0))}};
}

/// Of the pictures as they were read: two folders with one hash taught the same.
std::string pixels_hash(const ImageSet& set) {
    const auto bytes = [](const auto& values) {
        return std::string_view(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(values[0]));
    };
    return sha256(sha256(bytes(set.pixels)) + sha256(bytes(set.labels)));
}

/// What the pictures are, and whose.
nlohmann::json data_card(const ImageSet& train, const ImageSet& test) {
    const std::string what = fmt::format("{} training and {} test pictures of {} x {} pixels in {} classes", train.size(),
                                         test.size(), train.width, train.height, train.classes.size());
    if (train.classes != cifar_classes() || train.width != 32 || train.height != 32)
        return {{"data", what}, {"licence", "that of the pictures, which this program does not know"}};
    return {{"data", "CIFAR-10: " + what},
            {"licence", "no licence stated; published for research, with the request to cite the report"},
            {"citation",
             "Alex Krizhevsky: Learning multiple layers of features from tiny images. Technical report, "
             "University of Toronto, 2009"}};
}

nlohmann::json ResNetTask::card() const {
    nlohmann::json card = {{"id", id()},
                           {"title", network_.title},
                           {"held_out", "the test pictures; none was used for training, but the log follows 2,000 of them"},
                           {"recipe",
                            {{"optimiser", "SGD, Nesterov momentum 0.9"},
                             {"learning_rate", peak_},
                             {"warm_up", warm_up_},
                             {"weight_decay", weight_decay_},
                             {"label_smoothing", smoothing_},
                             {"batch", batch_size_},
                             {"clip_norm", clip_norm()},
                             {"epochs", epochs_},
                             {"augmentation", "windows of the picture with a border of 4 pixels, mirrored half the time"}}}};
    if (small_share_ > 0) card["recipe"]["small"] = {{"pixels", small_}, {"share", small_share_}};
    card.update(data_card(train(), test()));
    card["data_folder"] = {{"name", std::filesystem::path(folder_).lexically_normal().filename().string()},
                           {"train_sha256", pixels_hash(train())},
                           {"test_sha256", pixels_hash(test())}};
    into_card(design(), card);
    return card;
}

}  // namespace

std::vector<std::string> resnet_task_ids() {
    std::vector<std::string> ids;
    for (const Network& network : networks) ids.emplace_back(network.id);
    return ids;
}

std::unique_ptr<Task> make_resnet_task(const std::string& id, const TrainOptions& options) {
    const auto* network = std::ranges::find(networks, id, &Network::id);
    return std::make_unique<ResNetTask>(*network, options);
}

}  // namespace saccade
