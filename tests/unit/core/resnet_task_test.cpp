#include "train/resnet_task.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/parallel.hpp"
#include "image/image.hpp"
#include "io/atomic_file.hpp"
#include "model/resnet.hpp"
#include "testing.hpp"
#include "train/image_set.hpp"
#include "train/sgd.hpp"
#include "train/trainer.hpp"
#include "train/training.hpp"

namespace saccade::resnet_task_test {
namespace {

/// Red and green pictures of 8 x 8 pixels with noise: a small set that a network learns at once.
class Colours {
 public:
    Colours() {
        Rng rng(3);
        for (const std::string split : {"train", "test"})
            for (const std::string kind : {"green", "red"})
                for (int i = 0; i < 8; ++i) {
                    Image image(8, 8);
                    for (std::size_t p = 0; p < image.rgb.size(); ++p) {
                        const bool strong = p % 3 == (kind == "red" ? 0 : 1);
                        image.rgb[p] = static_cast<std::uint8_t>((strong ? 150 : 20) + rng.below(60));
                    }
                    const std::string path = folder_ / (split + "/" + kind + "/" + std::to_string(i) + ".png");
                    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
                    write_file(path, write_png(image));
                }
    }
    std::string path() const { return folder_ / ""; }
    std::string operator/(const std::string& name) const { return folder_ / name; }
    TrainOptions options() const {
        TrainOptions options;
        options.data_path = path();
        options.epochs = 4;
        options.extra = {{"batch", 8}, {"learning_rate", 0.05}, {"enlarged", 3}};
        return options;
    }

 private:
    test::TemporaryFolder folder_;
};

bool same(const WeightMap& a, const WeightMap& b) {
    for (const auto& [name, tensor] : a)
        if (!std::ranges::equal(tensor.values(), b.at(name).values())) return false;
    return a.size() == b.size();
}

TEST(ResNetTask, learns_and_measures_the_statistics_that_inference_needs) {
    const Colours data;
    for (const std::string& id : resnet_task_ids()) {
        SCOPED_TRACE(id);
        const auto task = make_resnet_task(id, data.options());
        Trainer trainer(*task, 7);
        for (int i = 0; i < 8; ++i) trainer.step();
        WeightMap weights = trainer.weights_copy();
        EXPECT_THROW(task->evaluate(weights, 16, {}), Error);  // no statistics yet
        task->recalibrate_norms(weights, {});
        const auto metrics = task->evaluate(weights, 16, {});
        EXPECT_EQ(metrics.at("accuracy"), 1.0);
        EXPECT_EQ(metrics.at("accuracy_at_16"), 1.0) << "red is red at every size";
        EXPECT_EQ(metrics.at("accuracy_at_24"), 1.0);
        EXPECT_LT(metrics.at("loss"), 0.5);
        EXPECT_EQ(task->usual_held_out(), 16);
        const ResNetDesign design = resnet_design_from_json(task->card(), "card");
        EXPECT_EQ(design.classes, (std::vector<std::string>{"green", "red"}));
        EXPECT_EQ(design.sides, (std::vector<Index>{8, 16, 24}));
        EXPECT_FALSE(task->card().value("data", "CIFAR").starts_with("CIFAR")) << "nobody else's pictures";
        for (const char* name : {"stem.norm.mean", "stem.norm.mean_16", "stem.norm.mean_24", "stem.norm.variance_24"})
            EXPECT_EQ(weights.at(name).shape(), Shape{16}) << name;
    }
}

TEST(ResNetTask, recalibrated_statistics_are_those_of_the_pictures) {
    // One batch holds them all, so a network with population statistics gives what one with the batch's own gave.
    const Colours data;
    TrainOptions options = data.options();
    options.extra["enlarged"] = 1;
    const auto task = make_resnet_task("cifar-cbam-resnet20", options);
    Rng rng(5);
    WeightMap weights = task->initial_weights(rng);
    task->recalibrate_norms(weights, {});
    EXPECT_EQ(task->evaluate(weights, 16, {}).size(), 2u) << "accuracy and loss, at the pictures' own size alone";
    const auto for_eval = make_resnet_task("cifar-cbam-resnet20", data.options());
    for_eval->read_card(task->card(), "card");
    EXPECT_EQ(for_eval->evaluate(weights, 16, {}).size(), 2u) << "as the card says";
    const ResNetDesign design = resnet_design_from_json(task->card(), "card");
    const ImageSetPtr pictures = read_image_set(data.path(), ImageSplit::train);
    Tensor<float> pixels(Shape{16, 8, 8, 3});
    for (Index i = 0; i < pixels.size(); ++i)
        pixels.data()[i] = static_cast<float>(pictures->pixels[static_cast<std::size_t>(i)]) / 255.0f;
    const ResNet<float> folded(Weights<float>(weights), design);
    const auto measured = ResNet<float>::training(Weights<float>(weights), design);
    const Tensor<float> x = folded.normalised(pixels);
    const Tensor<float> a = folded(x).value(), b = measured(x).value();
    for (Index i = 0; i < a.size(); ++i) EXPECT_NEAR(a.data()[i], b.data()[i], 1e-4);
}

TEST(ResNetTask, each_size_has_the_statistics_of_its_own) {
    // All pictures are in one batch of each size: there the network gives what it gave with the batch's own statistics.
    const Colours data;
    const auto task = make_resnet_task("cifar-se-resnet20", data.options());
    Rng rng(5);
    auto model = std::make_shared<Model>();
    model->weights = task->initial_weights(rng);
    task->recalibrate_norms(model->weights, {});
    model->id = "sizes";
    model->card = Card(task->card());
    const auto loaded = resnet_of(model);
    ASSERT_EQ(loaded->of_side.size(), 3u);
    const ImageSetPtr pictures = read_image_set(data.path(), ImageSplit::train);
    for (const Index side : {8, 16, 24}) {
        SCOPED_TRACE(side);
        // As many as are measured: of pictures twice as large half, in the order that they are measured in.
        const Index n = 16 / (side / 8);
        Tensor<float> pixels(Shape{n, side, side, 3});
        for (Index i = 0; i < n; ++i) {
            Image image(8, 8);
            std::copy_n(pictures->picture(i * 7919 % 16), image.rgb.size(), image.rgb.data());
            const Image large = side == 8 ? image : resized(image, side, side);
            for (std::size_t v = 0; v < large.rgb.size(); ++v)
                pixels.data()[static_cast<std::size_t>(i) * large.rgb.size() + v] = static_cast<float>(large.rgb[v]) / 255.0f;
        }
        const ResNet<float>& network = loaded->for_picture(side, side + 40);
        EXPECT_EQ(&network, &loaded->for_picture(side + 1, side + 1)) << "the nearest";
        const auto measured = ResNet<float>::training(Weights<float>(model->weights), network.design());
        const Tensor<float> x = network.normalised(pixels);
        const Tensor<float> a = network(x).value(), b = measured(x).value();
        for (Index i = 0; i < a.size(); ++i) EXPECT_NEAR(a.data()[i], b.data()[i], 1e-4);
    }
    const ResNetDesign& design = loaded->design();
    EXPECT_EQ(design.nearest_side(1), 8);
    EXPECT_EQ(design.nearest_side(11), 8);
    EXPECT_EQ(design.nearest_side(12), 16);
    EXPECT_EQ(design.nearest_side(500), 24);
    auto without = std::make_shared<Model>(*model);
    without->id = "without";
    without->weights.erase("stage1.block1.norm1.mean_16");
    EXPECT_TRUE(test::contains(test::error_of(ErrorCode::bad_format, [&] { resnet_of(without); }), "norm1.mean_16"));
}

TEST(ResNetTask, pictures_of_other_classes_than_the_models_are_named) {
    const Colours data;
    const auto task = make_resnet_task("cifar-resnet20", data.options());
    Rng rng(5);
    WeightMap weights = task->initial_weights(rng);
    weights.insert_or_assign("classifier.weight", Tensor<float>(Shape{10, 64}));
    const std::string line = test::error_of(ErrorCode::invalid_input, [&] { task->evaluate(weights, 2, {}); });
    EXPECT_TRUE(test::contains(line, data.path() + ": the pictures are of 2 classes, the model tells 10 apart")) << line;
}

TEST(ResNetTask, resumed_is_the_same_as_uninterrupted_at_any_thread_count) {
    const Colours data;
    const auto task = make_resnet_task("cifar-se-resnet20", data.options());
    const int before = thread_count();
    set_thread_count(1);
    Trainer whole(*task, 7);
    for (int i = 0; i < 3; ++i) whole.step();
    const WeightMap checkpoint = whole.checkpoint();
    for (int i = 0; i < 2; ++i) whole.step();
    set_thread_count(2);
    Trainer resumed(*task, 7);
    resumed.restore(checkpoint, 3);
    for (int i = 0; i < 2; ++i) resumed.step();
    set_thread_count(before);
    EXPECT_TRUE(same(whole.weights(), resumed.weights()));
    WeightMap without = checkpoint;
    without.erase("sgd.velocity.stem.weight");
    EXPECT_THROW(resumed.restore(without, 3), Error);
}

TEST(ResNetTask, saved_models_run) {
    const Colours data;
    Training training("cifar-resnet20", data.options());
    while (training.state() == Training::State::running) std::this_thread::yield();
    ASSERT_EQ(training.state(), Training::State::finished);
    const std::string path = data / "model.safetensors";
    training.save_model(path);
    const auto loaded = resnet_of(load_model(path, "cifar-resnet20"));
    const Tensor<float> pixels(Shape{1, 12, 20, 3}, 0.5f);  // another size than it learned
    const ResNet<float>& network = loaded->for_picture(12, 20);
    EXPECT_EQ(network(network.normalised(pixels)).value().shape(), (Shape{1, 2}));
    EXPECT_TRUE(training.points().back().metric.has_value());
}

TEST(ResNetTask, learns_from_pictures_of_every_size) {
    const Colours data;
    TrainOptions options = data.options();
    options.extra["small_share"] = 0.5;
    const auto task = make_resnet_task("cifar-resnet20", options);
    Rng rng(5);
    const WeightMap weights = task->initial_weights(rng);
    const Weights<float> leaves(weights);
    EXPECT_TRUE(test::contains(task->card()["recipe"]["enlarged"].get<std::string>(), "to 2, 3 times the size"));
    const Index half = task->steps_per_epoch() * options.epochs / 2;
    for (const Index step : {Index{0}, half, half + 1}) {
        Rng a(3), b(3), c(4);
        const float loss = task->shard_loss(leaves, step, 0, a).value().item();
        EXPECT_EQ(loss, task->shard_loss(leaves, step, 0, b).value().item()) << step;
        EXPECT_NE(loss, task->shard_loss(leaves, step, 0, c).value().item()) << step;
        // Without enlarging only the first half, of small windows, and the steps between, of whole pictures, are the same.
        options.extra["enlarged"] = 1;
        Rng d(3);
        const float whole = make_resnet_task("cifar-resnet20", options)->shard_loss(leaves, step, 0, d).value().item();
        EXPECT_EQ(whole == loss, step == 0) << step;  // sides vary by an eighth
        options.extra.erase("enlarged");
    }
}

TEST(ResNetTask, learns_from_a_teacher) {
    const Colours data;
    TrainOptions options = data.options();
    options.extra["small_share"] = 0;
    options.extra["distil"] = 1;
    EXPECT_TRUE(
        test::contains(test::error_of(ErrorCode::usage, [&] { make_resnet_task("cifar-resnet20", options); }), "--from"));
    Training first("cifar-resnet20", data.options());
    while (first.state() == Training::State::running) std::this_thread::yield();
    options.from = data / "teacher.safetensors";
    first.save_model(options.from);
    const auto task = make_resnet_task("cifar-resnet20", options);
    const ModelPtr teacher = load_model(options.from, "cifar-resnet20");
    Rng rng(5);
    const WeightMap fresh = task->initial_weights(rng);
    const auto loss = [&](const WeightMap& weights) {
        Rng same(3);
        return task->shard_loss(Weights<float>(weights), 0, 0, same).value().item();
    };
    EXPECT_LT(loss(teacher->weights), loss(fresh));
    EXPECT_EQ(task->card()["recipe"]["distil"]["share"], 1.0);
}

TEST(ResNetTask, starts_from_a_model) {
    const Colours data;
    const auto task = make_resnet_task("cifar-resnet20", data.options());
    Trainer first(*task, 7);
    for (int i = 0; i < 2; ++i) first.step();
    Model model;
    model.weights = first.weights_copy();
    model.card = Card(task->card());
    const Trainer second(*task, 8, &model);
    EXPECT_TRUE(same(second.weights(), model.weights));
    EXPECT_EQ(second.steps_done(), 0);
    const auto refused = [&] { return test::error_of(ErrorCode::bad_format, [&] { Trainer(*task, 7, &model); }); };
    model.card.json()["classes"] = {"red", "green"};
    EXPECT_TRUE(test::contains(refused(), "the classes of its card are others")) << refused();
    model.weights.insert_or_assign("classifier.bias", Tensor<float>(Shape{5}));
    EXPECT_TRUE(test::contains(refused(), "tensor 'classifier.bias' is [5] there, and [2] here")) << refused();
    model.weights.erase("classifier.bias");
    EXPECT_TRUE(test::contains(refused(), "it has no tensor 'classifier.bias'")) << refused();
}

TEST(ResNetTask, says_what_is_wrong) {
    const Colours data;
    const auto refused = [](const TrainOptions& options) {
        try {
            make_resnet_task("cifar-resnet20", options);
        } catch (const Error& e) {
            return e.line();
        }
        return std::string();
    };
    EXPECT_NE(refused({}).find("--data"), std::string::npos);
    TrainOptions options = data.options();
    options.extra["nothing"] = 1;
    EXPECT_NE(refused(options).find("small_share"), std::string::npos);
    options = data.options();
    options.extra["batch"] = 9;
    EXPECT_NE(refused(options).find("even"), std::string::npos);
    options = data.options();
    options.data_path += "nowhere";
    EXPECT_NE(refused(options).find("nowhere"), std::string::npos);
    std::filesystem::rename(data / "test/red", data / "test/blue");
    const auto task = make_resnet_task("cifar-resnet20", data.options());
    EXPECT_THROW(task->steps_per_epoch(), Error);  // the two splits have other classes
}

TEST(ResNetModel, cards_and_weights_that_do_not_fit_are_refused) {
    ResNetDesign design;
    design.classes = {"a", "b"};
    design.attention = "cbam";
    nlohmann::json card;
    into_card(design, card);
    EXPECT_EQ(resnet_design_from_json(card, "card"), design);
    for (const auto& [key, value] : std::map<std::string, nlohmann::json>{{"attention", "none of them"},
                                                                          {"widths", {16, 8}},
                                                                          {"widths", "wide"},
                                                                          {"deviation", {0, 1, 1}},
                                                                          {"kernel", 4},
                                                                          {"sides", {64, 32}},
                                                                          {"sides", {32, 32}},
                                                                          {"sides", nlohmann::json::array()}}) {
        nlohmann::json bad = card;
        bad["network"][key] = value;
        EXPECT_THROW(resnet_design_from_json(bad, "card"), Error) << key;
    }
    EXPECT_THROW(resnet_design_from_json(nlohmann::json::object(), "card"), Error);
    Rng rng(1);
    const WeightMap fresh = initial_resnet_weights(design, rng);
    auto model = std::make_shared<Model>();
    model->id = "x";
    model->card = Card(card);
    model->weights = fresh;
    EXPECT_THROW(resnet_of(model), Error);  // no statistics
}

TEST(ResNetModel, bundled_ones_run_and_say_where_they_come_from) {
    for (const std::string& id : resnet_task_ids()) {
        SCOPED_TRACE(id);
        const ModelPtr model = bundled_model(id);
        for (const char* entry : {"title", "data", "licence", "citation", "command", "recipe", "log", "date"})
            EXPECT_TRUE(model->card.json().contains(entry)) << entry;
        EXPECT_EQ(model->card.json().at("n"), 10000);
        const ResNet<float>& network = resnet_of(model)->for_picture(32, 32);
        EXPECT_EQ(network.design().classes.size(), 10u);
        const Tensor<float> grey(Shape{1, 32, 32, 3}, 0.5f);
        const Var<float> logits = network(network.normalised(grey));
        for (const float v : logits.value().values()) EXPECT_TRUE(std::isfinite(v));
    }
}

TEST(Sgd, follows_its_equations) {
    WeightMap weights{{"w", Tensor<float>::from(Shape{1, 1}, {2.0f})}, {"gain", Tensor<float>::from(Shape{1}, {2.0f})}};
    const WeightMap gradients{{"w", Tensor<float>::from(Shape{1, 1}, {1.0f})}, {"gain", Tensor<float>::from(Shape{1}, {1.0f})}};
    Sgd sgd(weights, {.momentum = 0.5, .weight_decay = 0.25});
    sgd.step(weights, gradients, 0.1);
    EXPECT_NEAR(weights.at("w").item(), 2 - 0.1 * (1.5 + 0.5 * 1.5), 1e-6);  // g = 1 + 0.25 * 2
    EXPECT_NEAR(weights.at("gain").item(), 2 - 0.1 * (1 + 0.5), 1e-6);       // no decay
    sgd.step(weights, gradients, 0.1);
    EXPECT_NEAR(weights.at("gain").item(), 1.85 - 0.1 * (1 + 0.5 * 1.5), 1e-6);
    EXPECT_EQ(sgd.updates(), 2);
    Sgd other(weights, {.momentum = 0.5, .weight_decay = 0.25});
    other.restore(sgd.state(), 2);
    EXPECT_TRUE(same(other.state(), sgd.state()));
    EXPECT_THROW(other.restore({}, 2), Error);
}

}  // namespace
}  // namespace saccade::resnet_task_test
