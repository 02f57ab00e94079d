#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "exhibit/exhibit.hpp"
#include "image/image.hpp"
#include "run/runner.hpp"
#include "testing.hpp"

// The exhibit temporal on the bundled models.

namespace saccade::test::temporal_exhibit_test {
namespace {

RunRequest request_of(const std::string& model, const std::string& language = "en") {
    RunRequest request;
    request.exhibit = "temporal";
    request.params.set("model", model);
    request.params.set("language", language);
    return request;
}

void write_picture(const std::string& path, Index width, Index height) {
    std::ofstream(path, std::ios::binary) << write_png(Image(width, height));
}

/// A clip of one's own, of that many pictures.
RunRequest own_clip(const TemporaryFolder& folder, int pictures) {
    for (int i = 0; i < pictures; ++i) write_picture(folder / ("f" + std::to_string(i) + ".png"), 48, 48);
    RunRequest request = request_of("time");
    request.params.set("folder", folder / "");
    return request;
}

bool says(const Trace& trace, const std::string& part) {
    return std::ranges::any_of(trace.notes(), [&](const Note& note) { return contains(note.text, part); });
}

TEST(Temporal, every_rule_holds_and_every_view_has_its_tensor) {
    for (const char* model : {"time", "space"})
        for (const char* language : {"en", "zh"}) {
            const std::string where = std::string(model) + ", " + language;
            const RunRequest request = request_of(model, language);
            const TracePtr trace = run(request);
            for (const Claim& claim : check_claims(*trace)) EXPECT_TRUE(claim.holds) << where << ": " << claim.text;
            for (const ViewPlacement& view : placements(exhibit("temporal"), request.params))
                EXPECT_NE(trace->find(view.tensor), nullptr) << where << ": " << view.tensor;
            EXPECT_EQ(trace->tensor("weights").values.shape()[0], trace->axis("output")->extent);
            EXPECT_FALSE(trace->texts().at("output").empty());
        }
}

TEST(Temporal, an_event_that_is_moved_takes_the_gold_frames_with_it) {
    RunRequest request = request_of("time");
    request.params.set("sentence", std::string("the red circle appears"));
    request.params.set("story", std::string("the red circle appears"));
    for (const std::int64_t first : {3, 10}) {
        request.params.set("first_event", first);
        const Tensor<float> gold = run(request)->tensor("gold").values.row(3);
        for (Index t = 0; t < gold.size(); ++t)
            EXPECT_EQ(gold.data()[t], t >= first - 1 && t <= first + 1 ? 1 : 0) << first << ", frame " << t + 1;
    }
}

TEST(Temporal, shapes_stay_where_they_are_while_an_event_is_moved) {
    RunRequest request = request_of("time");
    const Tensor<float> before = run(request)->tensor("frames").values.row(0).clone();
    request.params.set("second_event", std::int64_t{12});
    const Tensor<float> after = run(request)->tensor("frames").values.row(0);
    EXPECT_TRUE(std::ranges::equal(before.values(), after.values()));
    request.seed = 8;
    EXPECT_FALSE(std::ranges::equal(before.values(), run(request)->tensor("frames").values.row(0).values()));
}

TEST(Temporal, what_cannot_be_seen_as_it_stands_in_time_is_said) {
    RunRequest request = request_of("time");
    request.params.set("story", std::string("the red circle appears, then the red circle moves left"));
    EXPECT_FALSE(says(*run(request), "not there yet"));
    request.params.set("first_event", std::int64_t{14});
    EXPECT_TRUE(says(*run(request), "event 2: the shape is not there yet"));
    request.params.set("third_event", std::int64_t{2});
    EXPECT_TRUE(says(*run(request), "the clip has 2 events"));
}

TEST(Temporal, without_attention_every_word_reads_the_same_mean) {
    RunRequest request = request_of("time");
    request.params.set("temperature", INFINITY);
    const Tensor<float> context = run(request)->tensor("context").values;
    for (Index i = 1; i < context.shape()[0]; ++i)
        for (Index n = 0; n < context.shape()[1]; ++n) EXPECT_NEAR(context.at({i, n}), context.at({0, n}), 1e-5);
}

TEST(Temporal, a_weight_by_hand_is_carried_on) {
    RunRequest request = request_of("time");
    request.interventions = {parse_intervention("weights[1,0]=1")};
    const TracePtr trace = run(request);
    const Tensor<float> own = trace->tensor("context").values.row(1), first = trace->tensor("annotations").values.row(0);
    for (Index k = 0; k < own.size(); ++k) EXPECT_NEAR(own.data()[k], first.data()[k], 1e-5);
}

TEST(OwnClip, of_any_number_of_pictures_of_any_size_gives_a_sentence) {
    for (const auto& [pictures, said] : {std::pair(1, "1 picture, in which nothing can happen"), std::pair(3, "3 pictures"),
                                         std::pair(40, "16 of 40 pictures are read")}) {
        const TemporaryFolder folder;
        const TracePtr trace = run(own_clip(folder, pictures));
        EXPECT_EQ(trace->axis("frame")->extent, std::min(pictures, 16));
        EXPECT_TRUE(says(*trace, said)) << pictures;
        EXPECT_EQ(trace->find("gold"), nullptr);
    }
    const TemporaryFolder folder;
    const RunRequest request = own_clip(folder, 4);
    write_picture(folder / "f10.png", 200, 30);
    const TracePtr trace = run(request);
    EXPECT_EQ(trace->axis("frame")->extent, 5);
    EXPECT_TRUE(says(*trace, "of different sizes"));
}

TEST(OwnClip, that_cannot_be_read_is_refused_in_one_line) {
    const TemporaryFolder folder;
    RunRequest request = own_clip(folder, 0);
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [&] { run(request); }), "holds no pictures"));
    std::ofstream(folder / "f1.png") << "no picture";
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { run(request); }), "f1.png"));
    request.params.set("folder", folder / "f1.png");
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { run(request); }), "is no animated picture"));
    request.params.set("folder", folder / "none");
    EXPECT_TRUE(contains(error_of(ErrorCode::not_found, [&] { run(request); }), "there is no such folder"));
}

}  // namespace
}  // namespace saccade::test::temporal_exhibit_test
