#include "train/vit_task.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "checkpoint/vision_checkpoint.hpp"
#include "image/image.hpp"
#include "io/atomic_file.hpp"
#include "run/run.hpp"
#include "testing.hpp"
#include "train/trainer.hpp"

namespace saccade::vit_task_test {
namespace {

/// Bright and dark pictures of 8 x 8 pixels with noise.
class Lights {
 public:
    Lights() {
        Rng rng(3);
        for (const std::string split : {"train", "test"})
            for (const std::string kind : {"bright", "dark"})
                for (int i = 0; i < 8; ++i) {
                    Image image(8, 8);
                    for (std::size_t p = 0; p < image.rgb.size(); p += 3) {
                        const auto grey = static_cast<std::uint8_t>((kind == "bright" ? 190 : 10) + rng.below(60));
                        image.rgb[p] = image.rgb[p + 1] = image.rgb[p + 2] = grey;
                    }
                    const std::string path = folder_ / (split + "/" + kind + "/" + std::to_string(i) + ".png");
                    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
                    write_file(path, write_png(image));
                }
    }
    TrainOptions options() const {
        TrainOptions options;
        options.data_path = folder_ / "";
        options.batch_size = 8;
        options.epochs = 20;
        options.learning_rate = 0.01;
        options.extra = {{"layers", 1}, {"heads", 2}, {"d_model", 8}, {"d_ff", 8}};
        return options;
    }

 private:
    test::TemporaryFolder folder_;
};

TEST(VitTask, learns_and_runs_in_the_exhibit_by_its_card) {
    const Lights data;
    const auto task = make_vit_task("mnist-vit", data.options());
    EXPECT_EQ(task->usual_held_out(), 16);
    Trainer trainer(*task, 7);
    const double before = task->evaluate(trainer.weights_copy(), 16, {}).at("loss");
    for (int i = 0; i < 120; ++i) trainer.step();
    const auto metrics = task->evaluate(trainer.weights_copy(), 16, {});
    EXPECT_GE(metrics.at("accuracy"), 0.9);
    EXPECT_LT(metrics.at("loss"), before / 2);

    auto model = std::make_shared<Model>();
    model->id = "mnist-vit";
    model->weights = trainer.weights_copy();
    model->card = Card(task->card());
    const VisionCheckpointPtr opened = vision_checkpoint_of(ModelPtr(model));
    EXPECT_EQ(opened->classes, (std::vector<std::string>{"bright", "dark"}));
    EXPECT_EQ(opened->model.design().tokens(), 5);
    RunRequest request;
    request.exhibit = "vision-checkpoint";
    request.model = model;
    request.params.set("image", std::string("scene:{\"background\":{\"kind\":\"plain\",\"color\":\"white\"}}"));
    EXPECT_EQ(run(request)->axis("top")->label(0), "bright");

    nlohmann::json card = task->card();
    card["classes"] = {"bright"};
    auto other = std::make_shared<Model>(*model);
    other->card = Card(card);
    EXPECT_TRUE(test::contains(test::error_of(ErrorCode::bad_format, [&] { vision_checkpoint_of(ModelPtr(other)); }),
                               "do not fit its weights"));
}

TEST(VitTask, says_what_it_needs) {
    TrainOptions none;
    EXPECT_TRUE(test::contains(test::error_of(ErrorCode::usage, [&] { make_vit_task("mnist-vit", none); }), "needs pictures"));
    const Lights data;
    TrainOptions large = data.options();
    large.extra["patch"] = 9;
    EXPECT_TRUE(test::contains(test::error_of(ErrorCode::invalid_input, [&] { make_vit_task("mnist-vit", large); }),
                               "patches of 9 x 9 px do not fit into pictures of 8 x 8"));
}

}  // namespace
}  // namespace saccade::vit_task_test
