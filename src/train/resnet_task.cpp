#include "train/resnet_task.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <span>

#include "autograd/ops.hpp"
#include "base/parallel.hpp"
#include "base/stop.hpp"
#include "image/image.hpp"
#include "model/model_store.hpp"
#include "model/resnet.hpp"
#include "train/augment.hpp"
#include "train/image_set.hpp"
#include "train/resnet_pictures.hpp"
#include "train/schedule.hpp"
#include "train/sgd.hpp"
#include "train/task_options.hpp"

namespace saccade {

namespace {

constexpr Index measured_at_once = 100;                                // test pictures in one pass
constexpr Index calibration_pictures = 2048, calibration_batch = 128;  // that statistics are measured on

constexpr double distil_temperature = 3;

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
    std::optional<double> progress_metric(const WeightMap& weights, Index n, std::stop_token stop) const override;
    nlohmann::json card() const override;
    /// The sizes that the model was trained for are those that it is measured at.
    void read_card(const nlohmann::json& card, const std::string& where) override;

 private:
    static constexpr int shard_count = 2;
    const ImageSet& train() const { return set(train_, ImageSplit::train); }
    const ImageSet& test() const { return set(test_, ImageSplit::test); }
    const ImageSet& set(ImageSetPtr& place, ImageSplit split) const;
    ResNetDesign design() const;
    Index total_steps() const { return steps_per_epoch() * epochs_; }
    std::vector<Index> batch(Index step) const;
    Tensor<float> teacher_logits(std::span<const Index> chosen) const;
    /// What a step learns from: windows of one size, for a batch is one tensor, out of pictures enlarged to between two sides.
    struct Look {
        Augmentation window;
        Index least_side, most_side;
    };
    Look look(Index step) const;
    Index whole_side() const { return std::min(test().height, test().width); }
    /// Sides that the network is to know pictures at: as they are, twice, three times as large.
    std::vector<Index> measured_sides() const;
    /// Of each norm, batch by batch, over training pictures enlarged to a side.
    std::vector<StatisticsMap<float>> statistics_at(const WeightMap& weights, Index side, std::stop_token stop) const;
    /// On n of the test pictures, enlarged to a side.
    struct Judged {
        double loss = 0;
        Index hits = 0;
    };
    Judged judge(const WeightMap& weights, Index n, Index side, std::stop_token stop) const;

    Network network_;
    std::string folder_;
    std::uint64_t seed_;
    Index epochs_, batch_size_ = 128;
    double peak_ = 0.2, warm_up_ = 0.1, weight_decay_ = 5e-4, smoothing_ = 0.05;
    Index small_ = 24;
    double small_share_ = 0.5;
    Index enlarged_ = 1;  // times, at most
    double distil_ = 0;   // share of the loss that a teacher gives
    std::string from_;    // the teacher

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
                       {"small_share", 0, 1, [this](double v) { small_share_ = v; }},
                       {"distil", 0, 1.001, [this](double v) { distil_ = v; }},
                       whole_option("enlarged", 9, enlarged_)});
    from_ = options.from;
    if (distil_ > 0 && from_.empty())
        throw Error(ErrorCode::usage, fmt::format("{}: distil: there is no teacher", id()),
                    "name a trained network with --from");
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
    design.mean = picture_colours.mean;
    design.deviation = picture_colours.deviation;
    design.sides = measured_sides();
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

ResNetTask::Look ResNetTask::look(Index step) const {
    const Index whole = whole_side();
    const auto window = [](Index size) { return Augmentation{.size = size, .padding = 4, .mirror = true}; };
    if (static_cast<double>(step) < small_share_ * static_cast<double>(total_steps()))
        return {window(std::min(small_, whole)), whole, whole};
    // Windows of the size of a picture every other step, and between them of each larger size in turn, of pictures about as
    // large.
    const Index times = step % 2 == 0 || enlarged_ == 1 ? 1 : 2 + step / 2 % (enlarged_ - 1), size = times * whole;
    if (enlarged_ == 1) return {window(size), whole, whole};
    return {window(size), std::max(whole, 7 * size / 8), 9 * size / 8};
}

std::vector<Index> ResNetTask::measured_sides() const {
    std::vector<Index> sides;
    for (Index times = 1; times <= enlarged_; ++times) sides.push_back(times * whole_side());
    return sides;
}

/// Hinton 2015 ("Distilling the knowledge in a neural network", section 2): T^2 times the cross-entropy of the student's
/// softmax(logits / T) with the teacher's. [n, classes] each.
Var<float> distilled(const Var<float>& logits, const Tensor<float>& teacher) {
    constexpr auto t = static_cast<float>(distil_temperature);
    const Tensor<float> wanted = softmax<float>(scale<float>(teacher, 1 / t)).value();
    const Var<float> agreement = sum_all(mul<float>(log_softmax(scale(logits, 1 / t)), wanted));
    return scale(agreement, -t * t / static_cast<float>(logits.shape()[0]));
}

Var<float> ResNetTask::shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const {
    const ImageSet& pictures = train();
    const std::vector<Index> chosen = batch(step);
    const Look how = look(step);
    const auto count = static_cast<Index>(chosen.size()), first = count * shard / shard_count,
               last = count * (shard + 1) / shard_count, size = how.window.size;
    Tensor<float> x = Tensor<float>::uninitialized({last - first, size, size, 3});
    Ids targets;
    for (Index i = first; i < last; ++i) {
        const Index picture = chosen[static_cast<std::size_t>(i)];
        const double ratio = static_cast<double>(how.most_side) / static_cast<double>(how.least_side);
        // Log-uniform: a picture is no more often enlarged than shrunk by a factor.
        const auto side = static_cast<Index>(
            ratio > 1 ? std::lround(static_cast<double>(how.least_side) * std::pow(ratio, rng.uniform())) : how.least_side);
        const Image image = enlarged(pictures, picture, side);
        augment(image.rgb.data(), image.height, image.width, how.window, picture_colours, rng,
                x.data() + (i - first) * size * size * 3);
        targets.push_back(pictures.labels[static_cast<std::size_t>(picture)]);
    }
    const Var<float> logits = ResNet<float>::training(weights, design())(Var<float>(std::move(x)));
    const auto share = static_cast<float>(distil_);
    const auto labelled = [&] { return cross_entropy<float>(logits, targets, {}, static_cast<float>(smoothing_)); };
    if (distil_ == 0) return labelled();
    const std::span<const Index> mine(chosen.data() + first, static_cast<std::size_t>(last - first));
    const Var<float> taught = distilled(logits, teacher_logits(mine));
    return distil_ >= 1 ? taught : add(scale(taught, share), scale(labelled(), 1 - share));
}

Tensor<float> ResNetTask::teacher_logits(std::span<const Index> chosen) const {
    const ResNet<float> teacher(Weights<float>(named_model(from_)->weights), design());
    return teacher(Var<float>(enlarged_batch(train(), chosen, whole_side()))).value();
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
    const ResNetDesign how = design();
    for (const Index side : how.sides) {
        const std::vector<StatisticsMap<float>> seen = statistics_at(weights, side, stop);
        for (const auto& [norm, first] : seen.front()) {
            BatchStatistics<float> all = pooled_statistics(seen, norm);
            weights.insert_or_assign(how.statistics_name(norm, "mean", side), std::move(all.mean));
            weights.insert_or_assign(how.statistics_name(norm, "variance", side), std::move(all.variance));
        }
    }
}

std::vector<StatisticsMap<float>> ResNetTask::statistics_at(const WeightMap& weights, Index side, std::stop_token stop) const {
    const ImageSet& pictures = train();
    // Large pictures hold more places each: fewer of them tell as much, and fewer at once fit into memory.
    const Index times = std::max<Index>(1, side / whole_side());
    const Index count = std::max<Index>(1, std::min(calibration_pictures, pictures.size()) / times),
                at_once = std::max<Index>(1, calibration_batch / (times * times)), batches = (count + at_once - 1) / at_once;
    std::vector<StatisticsMap<float>> seen(static_cast<std::size_t>(batches));
    parallel_for(batches, [&](std::int64_t b) {
        check_stop(stop);
        std::vector<Index> chosen;
        for (Index i = count * b / batches; i < count * (b + 1) / batches; ++i)
            chosen.push_back((i * 7919) % pictures.size());  // folders are sorted by class
        ResNet<float>::training(Weights<float>(weights), design(),
                                &seen[static_cast<std::size_t>(b)])(Var<float>(enlarged_batch(pictures, chosen, side)));
    });
    return seen;
}

void ResNetTask::read_card(const nlohmann::json& card, const std::string& where) {
    const ResNetDesign trained = resnet_design_from_json(card, where);
    enlarged_ = static_cast<Index>(trained.sides.size());
}

std::optional<double> ResNetTask::progress_metric(const WeightMap& weights, Index n, std::stop_token stop) const {
    n = std::min(n, test().size());
    const Judged judged = judge(weights, n, whole_side(), stop);
    return static_cast<double>(judged.hits) / static_cast<double>(n);
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
    const auto share = [n](double sum) { return sum / static_cast<double>(n); };
    std::map<std::string, double> metrics;
    for (const Index side : measured_sides()) {
        const Judged judged = judge(weights, n, side, stop);
        const double accuracy = share(static_cast<double>(judged.hits));
        if (side != whole_side()) {
            metrics[fmt::format("accuracy_at_{}", side)] = accuracy;
            continue;
        }
        metrics["accuracy"] = accuracy;
        metrics["loss"] = share(judged.loss);
    }
    return metrics;
}

ResNetTask::Judged ResNetTask::judge(const WeightMap& weights, Index n, Index side, std::stop_token stop) const {
    const ResNet<float> network(Weights<float>(weights), design(), side);
    const ImageSet& pictures = test();
    const Index at_once = std::max<Index>(1, measured_at_once * whole_side() * whole_side() / (side * side)),
                batches = (n + at_once - 1) / at_once;
    std::vector<Judged> judged(static_cast<std::size_t>(batches));
    parallel_for(batches, [&](std::int64_t b) {
        check_stop(stop);
        const Index first = n * b / batches, count = n * (b + 1) / batches - first;
        std::vector<Index> chosen;
        Ids targets;
        for (Index i = 0; i < count; ++i) {
            // Folders are sorted by class: a part of them is spread over all.
            chosen.push_back((first + i) * pictures.size() / n);
            targets.push_back(pictures.labels[static_cast<std::size_t>(chosen.back())]);
        }
        const Tensor<float> logits = network(Var<float>(enlarged_batch(pictures, chosen, side))).value();
        Judged& here = judged[static_cast<std::size_t>(b)];
        here.loss = static_cast<double>(cross_entropy<float>(logits, targets).value().item()) * static_cast<double>(count);
        for (Index i = 0; i < count; ++i) {
            const auto row = logits.row(i).values();
            here.hits += std::ranges::max_element(row) - row.begin() == targets[static_cast<std::size_t>(i)];
        }
    });
    Judged all;
    for (const Judged& part : judged) {
        all.loss += part.loss;
        all.hits += part.hits;
    }
    return all;
}

nlohmann::json ResNetTask::card() const {
    nlohmann::json card = {
        {"id", id()},
        {"title", network_.title},
        {"held_out", "the test pictures; none was used for training, but the log follows 2,000 of them"},
        {"metrics_are",
         "accuracy: share of the test pictures whose class is the likeliest, as they are; accuracy_at_SIDE: enlarged "
         "to that side, bilinear"},
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
    std::vector<Index> larger;
    for (Index times = 2; times <= enlarged_; ++times) larger.push_back(times);
    if (distil_ > 0)
        card["recipe"]["distil"] = {{"share", distil_},
                                    {"temperature", distil_temperature},
                                    {"teacher", "the model that it starts from, which sees each picture whole and as it is"}};
    if (enlarged_ > 1)
        card["recipe"]["enlarged"] = fmt::format(
            "one step in two, to {} times the size in turn, by an eighth more or less; norms have statistics for each size",
            fmt::join(larger, ", "));
    if (small_share_ > 0) card["recipe"]["small"] = {{"pixels", small_}, {"share", small_share_}};
    card.update(pictures_card(train(), test()));
    card["data_folder"]["name"] = std::filesystem::path(folder_).lexically_normal().filename().string();
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
