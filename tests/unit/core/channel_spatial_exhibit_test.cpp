#include <algorithm>
#include <cmath>

#include "exhibit/exhibit.hpp"
#include "image/load_image.hpp"
#include "image/samples.hpp"
#include "run/runner.hpp"
#include "same_trace.hpp"
#include "testing.hpp"
#include "tiny_resnet.hpp"

// The exhibits channel and spatial on networks of the right form and with random weights.

namespace saccade::test::channel_spatial_exhibit_test {
namespace {

RunRequest request_of(const std::string& id, const std::string& attention, const std::string& block = "2.2") {
    RunRequest request;
    request.exhibit = id;
    request.model = tiny_resnet(attention, 3);
    request.params.set("model", attention);
    request.params.set("block", block);
    request.params.set("resolution", std::int64_t{32});
    return request;
}

TEST(ChannelAndSpatial, record_what_the_views_look_for_and_keep_their_rules) {
    for (const char* id : {"channel", "spatial"}) {
        for (const char* attention : {"none", "se", "cbam"}) {
            for (const char* block : {"1.1", "2.2", "3.3"}) {
                const std::string where = std::string(id) + ", " + attention + ", " + block;
                const RunRequest request = request_of(id, attention, block);
                const TracePtr trace = run(request);
                for (const ViewPlacement& view : placements(exhibit(id), request.params))
                    EXPECT_NE(trace->find(view.tensor), nullptr) << where << ": " << view.tensor;
                for (const Claim& claim : check_claims(*trace)) EXPECT_TRUE(claim.holds) << where << ": " << claim.text;
                EXPECT_EQ(trace->tensor("image").values.shape()[2], 3) << where;
                EXPECT_EQ(trace->find("grad_cam") != nullptr, std::string(id) == "spatial") << where;
            }
        }
    }
}

TEST(ChannelAndSpatial, a_gate_by_hand_moves_the_probabilities) {
    const TracePtr before = run(request_of("channel", "se"));
    RunRequest request = request_of("channel", "se");
    request.interventions = {parse_intervention("stage2.block2.gate[1]=0")};
    const TracePtr after = run(request);
    EXPECT_EQ(after->tensor("stage2.block2.gate").values.data()[1], 0);
    for (Index i = 0; i < 16 * 16; ++i) EXPECT_EQ(after->tensor("stage2.block2.refined").values.row(1).data()[i], 0);
    double moved = 0;
    for (Index c = 0; c < 3; ++c)
        moved += std::abs(static_cast<double>(after->tensor("probabilities").values.data()[c] -
                                              before->tensor("probabilities").values.data()[c]));
    EXPECT_GT(moved, 1e-6);
}

TEST(ChannelAndSpatial, what_was_kept_changes_nothing) {
    Reuse reuse;
    RunRequest request = request_of("spatial", "cbam");
    for (const char* image : {"sample:ship", "sample:truck", "sample:ship"}) {
        request.params.set("image", std::string(image));
        expect_same_trace(*run(request, {}, {}, &reuse), *run(request));
    }
}

/// The bundled networks.
TEST(ChannelAndSpatial, side_by_side_are_the_three_runs) {
    RunRequest request;
    request.exhibit = "spatial";
    request.params.set("class", std::string("ship"));
    request.params.set("resolution", std::int64_t{32});
    request.params.set("block", std::string("3.2"));
    request.params.set("side_by_side", true);
    request.interventions = {parse_intervention("stage3.block2.gate[5]=0")};
    const TracePtr together = run(request);
    for (const Claim& claim : check_claims(*together)) EXPECT_TRUE(claim.holds || claim.by_hand) << claim.text;
    EXPECT_EQ(together->axis("watched")->labels, std::vector<std::string>{"ship"});
    EXPECT_EQ(together->tensor("compare.watched").values.data()[1],
              together->tensor("compare.probabilities").values.at({1, 8}));
    request.params.set("side_by_side", false);
    const char* networks[] = {"none", "se", "cbam"};
    for (Index i = 0; i < 3; ++i) {
        request.params.set("model", std::string(networks[i]));
        if (i < 2) request.interventions.clear();
        if (i == 2) request.interventions = {parse_intervention("stage3.block2.gate[5]=0")};
        const TracePtr alone = run(request);
        for (const auto& [both, one] :
             {std::pair{"compare.grad_cam", "grad_cam"}, {"compare.probabilities", "probabilities"}}) {
            const Tensor<float> row = together->tensor(both).values.row(i), expected = alone->tensor(one).values;
            ASSERT_EQ(row.shape(), expected.shape());
            EXPECT_TRUE(std::ranges::equal(row.values(), expected.values())) << both << ", " << networks[i];
        }
    }
}

TEST(ChannelAndSpatial, side_by_side_each_looks_for_what_it_finds_likeliest) {
    RunRequest request;
    request.exhibit = "spatial";
    request.params.set("image", std::string("sample:truck"));
    request.params.set("resolution", std::int64_t{96});
    request.params.set("side_by_side", true);
    const TracePtr together = run(request);
    EXPECT_EQ(together->find("compare.watched"), nullptr);
    request.params.set("model", std::string("none"));
    const Tensor<float> expected = run(request)->tensor("grad_cam").values;
    EXPECT_TRUE(std::ranges::equal(together->tensor("compare.grad_cam").values.row(0).values(), expected.values()));
}

TEST(ChannelAndSpatial, pictures_of_any_form_cover_the_maps) {
    const TemporaryFolder folder;
    for (const auto& [width, height] : {std::pair<Index, Index>{4, 1}, {300, 3}, {20, 90}}) {
        put_bytes(folder / "picture.png", write_png(Image(width, height)));
        RunRequest request = request_of("spatial", "cbam");
        request.params.set("image", folder / "picture.png");
        const TracePtr trace = run(request);
        for (const TraceTensor& tensor : trace->tensors())
            for (const float v : tensor.values.values()) ASSERT_TRUE(std::isfinite(v)) << tensor.info.name;
        const Shape& read = trace->tensor("input").values.shape();
        EXPECT_EQ(std::max(read[0], read[1]), 32);
        EXPECT_EQ(read[0] % 4 + read[1] % 4, 0);
    }
}

TEST(ChannelAndSpatial, what_cannot_be_is_one_line) {
    RunRequest request = request_of("spatial", "cbam");
    request.params.set("class", std::string("frog"));
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [&] { run(request); }), "frog"));
    request = request_of("channel", "none");
    request.model = tiny_resnet("none", 2);
    request.params.set("block", std::string("3.3"));
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [&] { run(request); }), "no block 3.3"));
    request = request_of("channel", "none");
    request.params.set("image", std::string("/nowhere/cat.png"));
    EXPECT_TRUE(contains(error_of(ErrorCode::io, [&] { run(request); }), "/nowhere/cat.png"));
    request = request_of("channel", "none");
    request.params.set("resolution", std::int64_t{513});
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [&] { run(request); }), "Resolution"));
}

TEST(ChannelAndSpatial, what_is_shown_is_not_what_is_read) {
    RunRequest request = request_of("channel", "se");
    request.interventions = {parse_intervention("image[0,0,0]=1")};
    const TracePtr trace = run(request);
    ASSERT_EQ(trace->notes().size(), 1u);
    EXPECT_TRUE(contains(trace->notes()[0].text, "changes nothing else"));
}

TEST(ChannelAndSpatial, a_picture_far_larger_than_those_learned_is_said_to_be) {
    RunRequest request = request_of("channel", "se");
    EXPECT_TRUE(run(request)->notes().empty());
    request.params.set("resolution", std::int64_t{128});
    const TracePtr trace = run(request);
    ASSERT_EQ(trace->notes().size(), 1u);
    EXPECT_TRUE(contains(trace->notes()[0].text, "32×32"));
}

}  // namespace
}  // namespace saccade::test::channel_spatial_exhibit_test
