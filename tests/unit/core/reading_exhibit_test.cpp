#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "exhibit/exhibit.hpp"
#include "exhibit/reading_input.hpp"
#include "model/text_reader_run.hpp"
#include "run/runner.hpp"
#include "testing.hpp"

// The exhibit reading on the bundled models.

namespace saccade::test::reading_exhibit_test {
namespace {

RunRequest request_of(const std::string& model = "reading", const std::string& word = "Reading") {
    RunRequest request;
    request.exhibit = "reading";
    request.params.set("model", model);
    request.params.set("word", word);
    return request;
}

bool says(const Trace& trace, const std::string& part) {
    return std::ranges::any_of(trace.notes(), [&](const Note& note) { return contains(note.text, part); });
}

Image grey_image(const Tensor<float>& grey) {
    Image image(grey.shape()[1], grey.shape()[0]);
    for (Index i = 0; i < grey.size(); ++i)
        for (Index k = 0; k < 3; ++k)
            image.rgb[static_cast<std::size_t>(3 * i + k)] =
                static_cast<std::uint8_t>(std::lround(255 * static_cast<double>(grey.data()[i])));
    return image;
}

/// A photograph of a word, in a file.
RunRequest photograph_of(const TemporaryFolder& folder, const Image& image) {
    const std::string path = folder / "sign.png";
    std::ofstream(path, std::ios::binary) << write_png(image);
    RunRequest request = request_of();
    request.params.set("image", path);
    return request;
}

Image drawn(const std::string& word, Index height, Index width) {
    WordLook look;
    look.family = word_families().front();
    return grey_image(draw_word(word, look, height, width).grey);
}

TEST(Reading, every_rule_holds_and_every_view_has_its_tensor) {
    for (const char* model : {"reading", "reading-plain"})
        for (const std::int64_t beam : {1, 4}) {
            RunRequest request = request_of(model);
            request.params.set("beam", beam);
            const TracePtr trace = run(request);
            for (const Claim& claim : check_claims(*trace)) EXPECT_TRUE(claim.holds) << model << ": " << claim.text;
            for (const ViewPlacement& view : placements(exhibit("reading"), request.params))
                EXPECT_NE(trace->find(view.tensor), nullptr) << model << ": " << view.tensor;
            EXPECT_EQ(trace->tensor("map").values.shape(),
                      (Shape{trace->axis("output")->extent, reader_map_height, reader_map_width}));
            EXPECT_EQ(trace->tensor("weights").values.shape()[1], reader_steps);
        }
}

TEST(Reading, a_point_that_is_moved_bends_the_picture_and_what_is_read_follows) {
    RunRequest request = request_of();
    const TracePtr before = run(request);
    request.interventions = {parse_intervention("control_points[4,1]=0.6"), parse_intervention("control_points[5,1]=0.6")};
    const TracePtr after = run(request);
    EXPECT_EQ(after->tensor("control_points").values.at({4, 1}), 0.6f);
    for (const char* follows : {"grid", "rectified.picture", "encoder.embedding", "annotations", "step.place", "spread"}) {
        const auto old = before->tensor(follows).values.values(), now = after->tensor(follows).values.values();
        EXPECT_FALSE(std::ranges::equal(old, now)) << follows;
    }
    for (const Claim& claim : check_claims(*after)) EXPECT_TRUE(claim.holds || claim.by_hand) << claim.text;
    // What the model would have chosen does not move.
    EXPECT_TRUE(std::ranges::equal(before->tensor("image").values.values(), after->tensor("image").values.values()));
}

/// Points that stand still read the picture as it is; mirrored ones from right to left.
TEST(Reading, points_by_hand_say_what_is_read) {
    RunRequest request = request_of();
    const auto still = rectified_points(reader_points);
    for (const bool mirrored : {false, true}) {
        request.interventions.clear();
        for (std::size_t k = 0; k < still.size(); ++k)
            for (const int p : {0, 1}) {
                Intervention put;
                put.tensor = "control_points";
                put.index = {static_cast<Index>(k), p};
                put.value = static_cast<float>(p == 1 ? still[k].y : mirrored ? 1 - still[k].x : still[k].x);
                request.interventions.push_back(put);
            }
        const TracePtr trace = run(request);
        const Tensor<float> image = trace->tensor("image").values.whole(),
                            read = trace->tensor("rectified.picture").values.whole();
        for (Index y = 0; y < 32; ++y)
            for (Index x = 0; x < 100; ++x)
                EXPECT_NEAR(read.at({y, x, 0}), image.at({y, mirrored ? 99 - x : x, 0}), 2e-4) << y << " " << x;
    }
}

/// The weights of a step light the columns that it was read from: the whole of it where the picture is read as it is.
TEST(Reading, a_map_is_the_weights_taken_back) {
    const TracePtr trace = run(request_of("reading-plain"));
    const Tensor<float> spread = trace->tensor("spread").values.whole(), map = trace->tensor("map").values.whole();
    for (Index j = 0; j < reader_steps; ++j) {
        double sum = 0, across = 0;
        for (Index y = 0; y < reader_map_height; ++y)
            for (Index x = 0; x < reader_map_width; ++x) {
                const auto share = static_cast<double>(spread.at({j, y, x}));
                sum += share;
                across += share * (static_cast<double>(x) + 0.5) / static_cast<double>(reader_map_width);
            }
        EXPECT_NEAR(sum, 1, 1e-4) << j;
        // At the ends a step lies on the edge of the picture, and its cells within, by less than a cell.
        EXPECT_NEAR(across, reader_step_places()[static_cast<std::size_t>(j)].x, 1.0 / reader_map_width) << j;
    }
    for (Index t = 0; t < map.shape()[0]; ++t) {
        double sum = 0;
        for (const float v : map.row(t).values()) sum += static_cast<double>(v);
        EXPECT_NEAR(sum, 1, 1e-3) << t;
    }
}

TEST(Reading, a_reading_of_ones_own_is_written) {
    RunRequest request = request_of();
    request.params.set("target", std::string("No中way"));
    const TracePtr trace = run(request);
    EXPECT_EQ(trace->texts().at("output"), "Noway");
    EXPECT_TRUE(says(*trace, "cannot write 中"));
}

TEST(Reading, words_that_cannot_be_read_as_they_are_typed_are_said) {
    const auto refused = [](const std::string& word) {
        return error_of(ErrorCode::invalid_input, [&] { run(request_of("reading", word)); });
    };
    EXPECT_TRUE(contains(refused(""), "Word is empty"));
    EXPECT_TRUE(contains(refused("我爱"), "only 我 爱"));
    EXPECT_TRUE(contains(refused(std::string(65, 'a')), "65 characters"));
    EXPECT_TRUE(says(*run(request_of("reading", "x我y z")), "left out: 我 ␣"));
    EXPECT_EQ(run(request_of("reading", "ＡＢ"))->texts().count("output"), 1u);
    const TracePtr longer = run(request_of("reading", std::string(40, 'm')));
    EXPECT_TRUE(says(*longer, "up to 16 characters; this one has 40"));
    EXPECT_TRUE(says(*run(request_of("reading", "I")), "would fold over itself"));
    RunRequest request = request_of();
    request.params.set("bend", 70.0);
    request.params.set("turn", most_turn);
    request.params.set("far_y", farthest);
    EXPECT_TRUE(says(*run(request), "would fold over itself"));
    request.params.set("font", std::string("No Such Family"));
    EXPECT_TRUE(
        contains(error_of(ErrorCode::invalid_input, [&] { run(request); }), "there is no font family 'No Such Family'"));
    EXPECT_FALSE(run(request_of())->texts().at("fonts").empty());
}

TEST(Reading, settings_bend_turn_and_blur_the_picture) {
    const Tensor<float> usual = run(request_of())->tensor("image").values.whole();
    for (const auto& [name, value] : {std::pair("bend", 0.0), std::pair("turn", 20.0), std::pair("far_x", 0.5),
                                      std::pair("far_y", 0.5), std::pair("blur", 1.0), std::pair("noise", 0.1)}) {
        RunRequest request = request_of();
        request.params.set(name, value);
        EXPECT_FALSE(std::ranges::equal(usual.values(), run(request)->tensor("image").values.values())) << name;
    }
    RunRequest request = request_of();
    request.params.set("clutter", std::int64_t{3});
    const Tensor<float> cluttered = run(request)->tensor("image").values.whole();
    request.seed = 8;
    EXPECT_FALSE(std::ranges::equal(cluttered.values(), run(request)->tensor("image").values.values()));
}

TEST(Photograph, within_its_corners_is_what_is_read) {
    const TemporaryFolder folder;
    // The word in the middle of a dark wall.
    const Image sign = drawn("Sign", 64, 200);
    Image wall(400, 256);
    for (Index y = 0; y < 64; ++y) std::copy_n(sign.row(y), 600, wall.row(y + 96) + 3 * 100);
    RunRequest request = photograph_of(folder, wall);
    request.params.set("corners", std::string("0.25 0.375; 0.75 0.375; 0.75 0.625; 0.25 0.625"));
    const TracePtr trace = run(request);
    const Tensor<float> read = trace->tensor("image").values.whole();
    const Tensor<float> expected = straightened(sign, whole_picture, 32, 100);
    for (Index i = 0; i < read.size(); ++i) EXPECT_NEAR(read.data()[i], expected.data()[i], 0.02) << i;
    EXPECT_EQ(trace->find("word.handles"), nullptr);
    EXPECT_EQ(trace->find("gold"), nullptr);
    for (const ViewPlacement& view : placements(exhibit("reading"), request.params))
        EXPECT_NE(trace->find(view.tensor), nullptr) << view.tensor;
    for (const Claim& claim : check_claims(*trace)) EXPECT_TRUE(claim.holds) << claim.text;
}

TEST(Photograph, whose_corners_are_in_disorder_is_read_all_the_same) {
    const TemporaryFolder folder;
    RunRequest request = photograph_of(folder, drawn("Sign", 64, 200));
    const Tensor<float> whole = run(request)->tensor("image").values.whole();
    for (const auto& [corners, said] :
         {std::pair("1 0; 0 0; 1 1; 0 1", "the corners cross"), std::pair("0 1; 1 1; 1 0; 0 0", "the corners cross"),
          std::pair("0 0; 1 0; 0.4 0.2; 0 1", "lie around no area"), std::pair("0 0; 0 0; 0 0; 0 0", "lie around no area"),
          std::pair("0 0; 0.1 0; 0.1 1; 0 1", "higher than wide")}) {
        request.params.set("corners", std::string(corners));
        const TracePtr trace = run(request);
        EXPECT_TRUE(says(*trace, said)) << corners;
    }
    request.params.set("corners", std::string("1 0; 0 0; 1 1; 0 1"));
    EXPECT_TRUE(std::ranges::equal(whole.values(), run(request)->tensor("image").values.values()));
    for (const char* wrong : {"1 2 3", "0 0; 1 0; 1 1", "0 0; 1 0; 1 1; 0 2"}) {
        request.params.set("corners", std::string(wrong));
        EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [&] { run(request); }), "is not four places in the picture"));
    }
}

TEST(Photograph, that_shows_no_text_or_is_none_is_said) {
    const TemporaryFolder folder;
    RunRequest request = photograph_of(folder, Image(300, 200));
    const TracePtr trace = run(request);
    EXPECT_TRUE(says(*trace, "no character was read") || says(*trace, "the reader is not sure") || says(*trace, "did not end"));
    std::ofstream(folder / "sign.png") << "no picture";
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { run(request); }), "sign.png"));
    request.params.set("image", folder / "none.png");
    EXPECT_TRUE(contains(error_of(ErrorCode::io, [&] { run(request); }), "none.png"));
}

TEST(Photograph, has_corners_that_survive_their_text) {
    const Corners corners{{{0.1, 0.3}, {0.9, 0.1}, {0.805, 0.6}, {0.2, 0.7}}};
    EXPECT_EQ(corners_text(corners), "0.1 0.3; 0.9 0.1; 0.805 0.6; 0.2 0.7");
    const Corners back = corners_from(corners_text(corners));
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_NEAR(back[i].x, corners[i].x, 1e-6);
        EXPECT_NEAR(back[i].y, corners[i].y, 1e-6);
    }
    EXPECT_EQ(corners_from(""), whole_picture);
}

/// What a hand does to a handle is what the settings then are, and puts the handle where the hand let it go.
TEST(Handles, set_the_parameters_that_put_them_there) {
    const Exhibit& e = exhibit("reading");
    const auto put = [&](const std::string& tensor, RunRequest& request, Index i, double x, double y) {
        const auto placed = std::ranges::find(e.places, tensor, &PlacedByParams::tensor);
        ASSERT_NE(placed, e.places.end());
        for (const auto& [name, value] : placed->put(resolve(e.params, request.params), i, x, y))
            request.params.set(name, value);
    };
    RunRequest request = request_of();
    put("word.handles", request, 0, 0.9, 0.35);
    put("word.handles", request, 1, 0.9, 0.6);
    put("word.handles", request, 2, 0.2, 0.4);
    EXPECT_NEAR(request.params.number("bend"), 50, 1e-9);
    EXPECT_NEAR(request.params.number("turn"), 10, 1e-9);
    EXPECT_GT(request.params.number("far_x"), 0.2);
    EXPECT_LT(request.params.number("far_y"), -0.1);
    const Tensor<float> handles = run(request)->tensor("word.handles").values.whole();
    EXPECT_NEAR(handles.at({0, 1}), 0.35, 0.005);
    EXPECT_NEAR(handles.at({1, 1}), 0.6, 0.006);
    EXPECT_NEAR(handles.at({2, 0}), 0.2, 0.005);
    EXPECT_NEAR(handles.at({2, 1}), 0.4, 0.005);
    put("word.handles", request, 0, 0, -9);
    EXPECT_EQ(request.params.number("bend"), most_bend);

    const TemporaryFolder folder;
    request = photograph_of(folder, drawn("Sign", 64, 200));
    put("photo.corners", request, 2, 0.75, 1.5);
    EXPECT_EQ(request.params.text("corners"), "0 0; 1 0; 0.75 1; 0 1");
    EXPECT_EQ(run(request)->tensor("photo.corners").values.at({2, 0}), 0.75f);
}

}  // namespace
}  // namespace saccade::test::reading_exhibit_test
