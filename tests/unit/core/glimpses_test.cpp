#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "attention/retina.hpp"
#include "image/digits.hpp"
#include "image/handwriting.hpp"
#include "io/atomic_file.hpp"
#include "model/glimpse_model.hpp"
#include "run/run.hpp"
#include "testing.hpp"
#include "train/glimpse_pictures.hpp"
#include "train/glimpse_task.hpp"
#include "train/trainer.hpp"

namespace saccade::glimpses_test {
namespace {

TEST(Retina, places_are_edges_and_what_lies_beyond_is_clipped) {
    EXPECT_EQ(edge_at(-1.0f, 28), 0);
    EXPECT_EQ(edge_at(0.0f, 28), 14);
    EXPECT_EQ(edge_at(1.0f, 28), 28);
    EXPECT_EQ(edge_at(7.0f, 28), 28);
    EXPECT_EQ(edge_at(-7.0f, 28), 0);
    EXPECT_EQ(edge_at(0.0f, 29), 15);
    EXPECT_EQ(edge_at(NAN, 28), 14);
}

TEST(Retina, coarse_cells_are_means_and_there_is_nothing_beyond_the_picture) {
    // Brightness is the column's number plus ten times the row's.
    Tensor<double> picture({1, 8, 8});
    for (Index i = 0; i < 64; ++i) picture.data()[i] = static_cast<double>(i % 8 + i / 8 * 10);
    const Tensor<double> seen = look<double>({.scales = 2, .cells = 2}, picture, Ids{4, 4});
    EXPECT_EQ(seen.shape(), (Shape{1, 8}));
    const std::vector<double> fine = {33, 34, 43, 44}, coarse = {27.5, 29.5, 47.5, 49.5};
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_DOUBLE_EQ(seen.data()[i], fine[i]);
        EXPECT_DOUBLE_EQ(seen.data()[i + 4], coarse[i]);
    }
    // At the corner three quarters of every patch lie outside.
    const Tensor<double> corner = look<double>({.scales = 2, .cells = 2}, picture, Ids{8, 8});
    const std::vector<double> last = {77, 0, 0, 0, 71.5, 0, 0, 0};
    for (std::size_t i = 0; i < 8; ++i) EXPECT_DOUBLE_EQ(corner.data()[i], last[i]) << i;
}

TEST(Retina, says_what_it_needs) {
    EXPECT_TRUE(test::contains(test::error_of(ErrorCode::invalid_input, [] { require_valid(Retina{.scales = 1, .cells = 7}); }),
                               "an even number of cells"));
    EXPECT_TRUE(test::contains(test::error_of(ErrorCode::invalid_input,
                                              [] {
                                                  look<float>({}, Tensor<float>({2, 4, 4}), Ids{1, 1});
                                              }),
                               "one centre"));
}

TEST(GlimpseDesign, survives_its_card_and_refuses_what_cannot_be) {
    const GlimpseDesign design{
        .retina = {3, 12}, .glimpses = 8, .sensed = 16, .units = 32, .height = 60, .width = 60, .deviation = 0.2};
    const GlimpseDesign again = glimpse_design_from_json({{"glimpses", to_json(design)}}, "card");
    EXPECT_EQ(to_json(again), to_json(design));
    EXPECT_TRUE(test::contains(
        test::error_of(ErrorCode::bad_format, [] { glimpse_design_from_json(nlohmann::json::object(), "card"); }), "glimpses"));
    nlohmann::json card = {{"glimpses", to_json(design)}};
    card["glimpses"]["units"] = 0;
    test::error_of(ErrorCode::bad_format, [&] { glimpse_design_from_json(card, "card"); });
    GlimpseDesign wide = design;
    wide.deviation = 9;
    test::error_of(ErrorCode::invalid_input, [&] { require_valid(wide); });
}

TEST(GlimpseModel, counts_each_weight_of_a_glimpse_once) {
    const GlimpseDesign design{.retina = {2, 4}, .glimpses = 3, .sensed = 5, .units = 7};
    Rng rng(2);
    const WeightMap weights = initial_glimpse_weights(design, 4, rng);
    Index numbers = 0;
    for (const auto& [name, values] : weights)
        if (values.shape().rank() == 2) numbers += values.size();
    EXPECT_EQ(GlimpseModel<float>(Weights<float>(weights), design).multiply_adds(), numbers);
}

TEST(GlimpsePictures, lie_anywhere_on_the_canvas_and_clutter_is_of_other_pictures) {
    ImageSet set{
        .height = 4, .width = 4, .classes = {"a"}, .pixels = std::vector<std::uint8_t>(2 * 4 * 4 * 3, 0), .labels = {0, 0}};
    for (std::size_t i = 0; i < 48; ++i) set.pixels[i] = 255;  // the first is white, the second black
    const GlimpsePictures plain{.height = 10, .width = 10, .pieces = 0};
    std::vector<float> canvas(100);
    std::vector<int> reached(100);
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        Rng rng(seed);
        plain.put(set, 0, rng, canvas.data());
        EXPECT_EQ(std::count(canvas.begin(), canvas.end(), 1.0f), 16);
        for (std::size_t i = 0; i < 100; ++i) reached[i] += canvas[i] > 0;
    }
    EXPECT_TRUE(std::ranges::all_of(reached, [](int n) { return n > 0; }));
    const GlimpsePictures cluttered{.height = 10, .width = 10, .pieces = 3, .piece_side = 2};
    Rng rng(5);
    double ink = 0;
    for (int i = 0; i < 20; ++i) {
        cluttered.put(set, 1, rng, canvas.data());
        for (const float v : canvas) ink += static_cast<double>(v);
    }
    EXPECT_GT(ink, 0);
    const GlimpsePictures own{.height = 4, .width = 4, .shift = 1};
    std::vector<float> small(16);
    bool moved = false;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        Rng shifted(seed);
        own.put(set, 0, shifted, small.data());
        moved = moved || std::count(small.begin(), small.end(), 1.0f) < 16;
        EXPECT_GE(std::count(small.begin(), small.end(), 1.0f), 9);
    }
    EXPECT_TRUE(moved);
}

/// A bright bar, upright or lying, somewhere on 12 x 12 px.
class Bars {
 public:
    Bars() {
        Rng rng(3);
        for (const std::string split : {"train", "test"})
            for (const std::string kind : {"lying", "upright"})
                for (int i = 0; i < 40; ++i) {
                    Image image(12, 12);
                    const Index at = 1 + static_cast<Index>(rng.below(9));
                    for (Index along = 1; along < 11; ++along)
                        for (Index wide = 0; wide < 2; ++wide) {
                            const Index y = kind == "lying" ? at + wide : along, x = kind == "lying" ? along : at + wide;
                            std::fill_n(image.row(y) + 3 * x, 3, std::uint8_t{250});
                        }
                    const std::string path = folder_ / (split + "/" + kind + "/" + std::to_string(i) + ".png");
                    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
                    write_file(path, write_png(image));
                }
    }
    TrainOptions options() const {
        TrainOptions options;
        options.data_path = folder_ / "";
        options.batch_size = 16;
        options.epochs = 200;
        options.learning_rate = 0.003;
        options.extra = {{"glimpses", 3}, {"cells", 10}, {"sensed", 16}, {"units", 24}, {"shift", 0}, {"samples", 2}};
        return options;
    }

 private:
    test::TemporaryFolder folder_;
};

TEST(GlimpseTask, learns_and_runs_in_the_exhibit_by_its_card) {
    const Bars data;
    const auto task = make_glimpse_task("glimpses-mnist", data.options());
    EXPECT_EQ(task->usual_held_out(), 80);
    Trainer trainer(*task, 7);
    const double before = task->evaluate(trainer.weights_copy(), 80, {}).at("loss");
    for (int i = 0; i < 500; ++i) trainer.step();
    const auto metrics = task->evaluate(trainer.weights_copy(), 80, {});
    EXPECT_GE(metrics.at("accuracy"), 0.9);
    EXPECT_GE(metrics.at("accuracy_sampled"), 0.9);
    EXPECT_LT(metrics.at("loss"), before / 2);
    EXPECT_EQ(task->progress_metric(trainer.weights_copy(), 80, {}), metrics.at("accuracy"));

    auto model = std::make_shared<Model>();
    model->id = "glimpses-mnist";
    model->weights = trainer.weights_copy();
    model->card = Card(task->card());
    RunRequest request;
    request.exhibit = "glimpses";
    request.model = model;
    request.params.set("centred", false);
    request.params.set("image",
                       std::string(R"(scene:{"background":{"color":"#000000"},"shapes":[{"kind":"square","color":"white",)"
                                   R"("x":0.4,"y":0.5,"size":0.8,"aspect":0.2,"angle":90}]})"));
    const TracePtr trace = run(request);
    EXPECT_EQ(trace->axis("class")->label(1), "upright");
    EXPECT_EQ(trace->texts().at("output").substr(0, 7), "upright");
    EXPECT_EQ(trace->axis("glimpse")->extent, 3);

    nlohmann::json card = task->card();
    card["classes"] = {"lying"};
    auto other = std::make_shared<Model>(*model);
    other->card = Card(card);
    request.model = other;
    EXPECT_TRUE(test::contains(test::error_of(ErrorCode::bad_format, [&] { run(request); }), "its card names 1 classes"));
}

TEST(GlimpseTask, says_what_it_needs) {
    TrainOptions none;
    EXPECT_TRUE(test::contains(test::error_of(ErrorCode::usage, [&] { make_glimpse_task("glimpses-translated", none); }),
                               "needs pictures"));
    const Bars data;
    TrainOptions small = data.options();
    small.extra["side"] = 10;
    EXPECT_TRUE(test::contains(test::error_of(ErrorCode::usage, [&] { make_glimpse_task("glimpses-translated", small); }),
                               "at least as large as a picture"));
    TrainOptions odd = data.options();
    odd.extra["cells"] = 5;
    test::error_of(ErrorCode::invalid_input, [&] { make_glimpse_task("glimpses-mnist", odd); });
}

Image drawn(const std::vector<std::vector<std::array<double, 2>>>& strokes, double width, const std::string& ink = "white",
            const std::string& paper = "#000000", Index side = 256) {
    Scene scene;
    scene.background.color = paper;
    for (const auto& stroke : strokes) scene.shapes.push_back(pen_stroke(stroke, width, ink));
    return draw(scene, side, side);
}

TEST(CentredInk, is_fitted_and_its_mass_is_in_the_middle) {
    const CentredInk ink = centred_ink(drawn({{{0.1, 0.1}, {0.1, 0.5}}}, 0.05));
    EXPECT_FALSE(ink.empty);
    EXPECT_FALSE(ink.at_border);
    EXPECT_NEAR(ink.x, 0.1, 0.01);
    EXPECT_NEAR(ink.y, 0.3, 0.01);
    double mass = 0, x = 0, y = 0;
    Index first = 28, last = -1;
    for (Index i = 0; i < 28 * 28; ++i) {
        const double v = static_cast<double>(ink.ink.data()[i]);
        mass += v;
        x += v * (static_cast<double>(i % 28) + 0.5);
        y += v * (static_cast<double>(i / 28) + 0.5);
        if (v > 0.05) {
            first = std::min(first, i / 28);
            last = std::max(last, i / 28);
        }
    }
    EXPECT_NEAR(x / mass, 14, 0.75);
    EXPECT_NEAR(y / mass, 14, 0.75);
    EXPECT_EQ(last - first + 1, 20);
}

TEST(CentredInk, takes_thin_strokes_dots_dark_ink_and_nothing) {
    // 1 px wide: as dark as any other ink.
    const CentredInk thin = centred_ink(drawn({{{0.3, 0.2}, {0.3, 0.8}}, {{0.3, 0.8}, {0.7, 0.8}}}, 1.0 / 256));
    EXPECT_EQ(*std::ranges::max_element(thin.ink.values()), 1.0f);
    EXPECT_GT(std::ranges::count_if(thin.ink.values(), [](float v) { return v > 0.4f; }), 25);
    const CentredInk dot = centred_ink(drawn({{{0.5, 0.5}}}, 0.02));
    EXPECT_FALSE(dot.empty);
    const CentredInk dark = centred_ink(drawn({{{0.4, 0.2}, {0.6, 0.8}}}, 0.06, "#111111", "white"));
    EXPECT_TRUE(dark.inverted);
    const CentredInk light = centred_ink(drawn({{{0.4, 0.2}, {0.6, 0.8}}}, 0.06));
    for (Index i = 0; i < dark.ink.size(); ++i) EXPECT_NEAR(dark.ink.data()[i], light.ink.data()[i], 0.05);
    for (const char* paper : {"#000000", "white"}) {
        const CentredInk nothing = centred_ink(drawn({}, 0.1, "white", paper));
        EXPECT_TRUE(nothing.empty);
        EXPECT_TRUE(std::ranges::all_of(nothing.ink.values(), [](float v) { return v == 0; }));
    }
    EXPECT_TRUE(centred_ink(drawn({{{0.5, 0.5}, {1.0, 0.5}}}, 0.1)).at_border);
    EXPECT_TRUE(centred_ink(Image(1, 1)).empty);
}

TEST(PutInk, lies_where_it_was_drawn_as_far_as_the_canvas_goes) {
    const CentredInk ink = centred_ink(drawn({{{0.1, 0.8}, {0.2, 0.8}}}, 0.05));
    std::vector<float> canvas(60 * 60);
    put_ink(ink, 60, canvas.data());
    double mass = 0, x = 0, y = 0;
    for (std::size_t i = 0; i < canvas.size(); ++i) {
        mass += static_cast<double>(canvas[i]);
        x += static_cast<double>(canvas[i]) * (static_cast<double>(i % 60) + 0.5);
        y += static_cast<double>(canvas[i]) * (static_cast<double>(i / 60) + 0.5);
    }
    EXPECT_NEAR(x / mass, 14, 1);  // 0.15 of 60 is 9: moved in
    EXPECT_NEAR(y / mass, 46, 1);  // 0.8 of 60 is 48
    Rng rng(1);
    std::vector<float> cluttered(60 * 60);
    strew_pieces(4, 60, rng, cluttered.data());
    EXPECT_GT(std::ranges::count_if(cluttered, [](float v) { return v > 0.5f; }), 5);
}

TEST(PenStroke, goes_through_its_places_and_stays_short) {
    std::vector<std::array<double, 2>> places;
    for (int i = 0; i <= 2000; ++i) {
        const double t = i / 2000.0;
        places.push_back({0.5 + 0.4 * t * std::cos(20 * t), 0.5 + 0.4 * t * std::sin(20 * t)});
    }
    const SceneShape shape = pen_stroke(places, 0.02, "white", 200, 100);
    EXPECT_LE(shape.points.size(), 64u);
    Scene one;
    one.shapes = {shape};
    const Scene scene = scene_from_text(scene_value(one).substr(6));
    ASSERT_EQ(scene.shapes.size(), 1u);
    EXPECT_EQ(scene.shapes[0].kind, ShapeKind::stroke);
    EXPECT_EQ(scene.shapes[0].points.size(), shape.points.size());
    // A straight one on a wide picture: as wide as it was asked for, both ways.
    Scene wide;
    wide.background.color = "#000000";
    wide.shapes = {pen_stroke({{0.25, 0.5}, {0.75, 0.5}}, 0.2, "white", 200, 100)};
    const Image image = draw(wide, 200, 100);
    const auto lit = [&](Index x, Index y) { return image.row(y)[3 * x] > 127; };
    EXPECT_TRUE(lit(50, 50) && lit(100, 50) && lit(149, 50) && lit(100, 42) && lit(100, 58) && lit(43, 50));
    EXPECT_FALSE(lit(100, 38) || lit(100, 62) || lit(36, 50) || lit(163, 50));
    EXPECT_EQ(shape_at(wide, 0.5, 0.5), 0);
    EXPECT_EQ(shape_at(wide, 0.5, 0.8), -1);
    // A dot is round.
    wide.shapes = {pen_stroke({{0.5, 0.5}}, 0.4, "white", 200, 100)};
    const Image dot = draw(wide, 200, 100);
    EXPECT_GT(dot.row(50)[3 * 118], 127);
    EXPECT_LT(dot.row(50)[3 * 122], 127);
    EXPECT_LT(dot.row(66)[3 * 116], 127);
}

TEST(PenStroke, a_stroke_without_places_is_refused) {
    EXPECT_TRUE(test::contains(
        test::error_of(ErrorCode::bad_format, [] { scene_from_text(R"({"shapes":[{"kind":"stroke"}]})"); }), "places"));
}

}  // namespace
}  // namespace saccade::glimpses_test
