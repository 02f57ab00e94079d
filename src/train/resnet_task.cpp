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
#include "base/sha256.hpp"
#include "base/stop.hpp"
#include "image/image.hpp"
#include "model/model_store.hpp"
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

constexpr double distil_temperature = 3;

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
    WeightMap started_from(const Model& start, WeightMap fresh) const override;
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
    void measure_norms(WeightMap& weights, std::stop_token stop) const;
    /// On n of the test pictures, enlarged to a side.
    struct Judged {
        double loss = 0;
        Index hits = 0;
    };
    Judged judge(const ResNet<float>& network, Index n, Index side, std::stop_token stop) const;

    Network network_;
    std::string folder_;
    std::uint64_t seed_;
    Index epochs_, batch_size_ = 128;
    double peak_ = 0.2, warm_up_ = 0.1, weight_decay_ = 5e-4, smoothing_ = 0.05;
    Index small_ = 24;
    double small_share_ = 0.5;
    Index enlarged_ = 1;    // times, at most
    double distil_ = 0;     // share of the loss that a teacher gives
    bool settled_ = false;  // statistics of norms are measured before the first step, and stay
    std::string from_;      // the teacher

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
                       {"settled", 0, 2, [this](double v) { settled_ = v >= 1; }},
                       whole_option("enlarged", 9, enlarged_)});
    from_ = options.from;
    for (const auto& [asked, why] : {std::pair(distil_ > 0, "distil: there is no teacher"),
                                     std::pair(settled_, "settled: there is no network whose statistics could stay")})
        if (asked && from_.empty())
            throw Error(ErrorCode::usage, fmt::format("{}: {}", id(), why), "name a trained network with --from");
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
    design.least_side = whole_side();
    design.most_side = enlarged_ * whole_side();
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

/// A picture of a set, `side` pixels along its shorter side.
Image enlarged(const ImageSet& pictures, Index picture, Index side) {
    Image image(pictures.width, pictures.height);
    std::copy_n(pictures.picture(picture), pictures.picture_size(), image.rgb.data());
    const Index whole = std::min(pictures.height, pictures.width);
    return side == whole ? image : resized(image, image.width * side / whole, image.height * side / whole);
}

/// Pictures [n, height, width, 3] as the network reads them.
Tensor<float> enlarged_batch(const ImageSet& pictures, std::span<const Index> chosen, Index side) {
    Tensor<float> x;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        const Image image = enlarged(pictures, chosen[i], side);
        if (i == 0) x = Tensor<float>::uninitialized({static_cast<Index>(chosen.size()), image.height, image.width, 3});
        scale_colours(image.rgb.data(), image.height * image.width, {colour_mean, colour_deviation},
                      x.data() + static_cast<Index>(i * image.rgb.size()));
    }
    return x;
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
    const ColourScale colour{colour_mean, colour_deviation};
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
        augment(image.rgb.data(), image.height, image.width, how.window, colour, rng, x.data() + (i - first) * size * size * 3);
        targets.push_back(pictures.labels[static_cast<std::size_t>(picture)]);
    }
    const auto network = settled_ ? ResNet<float>::settled(weights, design()) : ResNet<float>::training(weights, design());
    const Var<float> logits = network(Var<float>(std::move(x)));
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

WeightMap ResNetTask::started_from(const Model& start, WeightMap fresh) const {
    fresh = Task::started_from(start, std::move(fresh));
    if (settled_) measure_norms(fresh, {});
    return fresh;
}

void ResNetTask::recalibrate_norms(WeightMap& weights, std::stop_token stop) const {
    if (!settled_) measure_norms(weights, std::move(stop));
}

void ResNetTask::measure_norms(WeightMap& weights, std::stop_token stop) const {
    const ImageSet& pictures = train();
    const ResNetDesign how = design();
    // Of pictures at every size alike: the statistics are one set for all of them.
    const std::vector<Index> sides = measured_sides();
    const auto size_count = static_cast<Index>(sides.size());
    const Index count = std::min(calibration_pictures, pictures.size()),
                batches = (count + calibration_batch - 1) / calibration_batch;
    std::vector<StatisticsMap<float>> seen(static_cast<std::size_t>(batches * size_count));
    // Of all sizes as many numbers: fewer pictures of the large ones, whose activations would not fit.
    parallel_for(batches * size_count, [&](std::int64_t at) {
        check_stop(stop);
        const Index b = at / size_count, first = count * b / batches, whole = count * (b + 1) / batches - first,
                    side = sides[static_cast<std::size_t>(at % size_count)],
                    n = std::max<Index>(1, whole * whole_side() * whole_side() / (side * side));
        std::vector<Index> chosen;
        for (Index i = 0; i < n; ++i) chosen.push_back(((first + i) * 7919) % pictures.size());  // folders are sorted by class
        ResNet<float>::training(Weights<float>(weights), how,
                                &seen[static_cast<std::size_t>(at)])(Var<float>(enlarged_batch(pictures, chosen, side)));
    });
    for (const auto& [norm, first] : seen.front()) {
        BatchStatistics<float> all = pooled_statistics(seen, norm);
        weights.insert_or_assign(norm + ".mean", std::move(all.mean));
        weights.insert_or_assign(norm + ".variance", std::move(all.variance));
    }
}

void ResNetTask::read_card(const nlohmann::json& card, const std::string& where) {
    const ResNetDesign trained = resnet_design_from_json(card, where);
    enlarged_ = std::max<Index>(1, trained.most_side / trained.least_side);
}

std::optional<double> ResNetTask::progress_metric(const WeightMap& weights, Index n, std::stop_token stop) const {
    n = std::min(n, test().size());
    const Judged judged = judge(ResNet<float>(Weights<float>(weights), design()), n, whole_side(), stop);
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
    const ResNet<float> network(Weights<float>(weights), design());
    const auto share = [n](double sum) { return sum / static_cast<double>(n); };
    std::map<std::string, double> metrics;
    for (const Index side : measured_sides()) {
        const Judged judged = judge(network, n, side, stop);
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

ResNetTask::Judged ResNetTask::judge(const ResNet<float>& network, Index n, Index side, std::stop_token stop) const {
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
        card["recipe"]["enlarged"] =
            fmt::format("one step in two, to {} times the size in turn, by an eighth more or less", fmt::join(larger, ", "));
    if (settled_) card["recipe"]["settled"] = "norms keep the statistics that the network it starts from has over all sizes";
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
