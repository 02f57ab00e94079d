#include <algorithm>

#include "base/base64.hpp"
#include "checkpoint/vision_checkpoint.hpp"
#include "golden/golden_testing.hpp"
#include "image/resample.hpp"
#include "run/run.hpp"
#include "trace/claims.hpp"

// ViT and DeiT, in their own layouts, against float64 PyTorch; files by make_vision_checkpoint_golden.py.

namespace saccade::vision_checkpoint_golden_test {
namespace {

std::string folder_of(const std::string& name) {
    return std::string(SACCADE_TEST_DATA) + "/golden/vision_" + name;
}

/// The picture of a golden file, as a person gives it.
std::string picture_of(const Tensor<double>& plain) {
    Image image(plain.shape()[1], plain.shape()[0]);
    const Index channels = plain.shape()[2];
    for (Index i = 0; i < image.width * image.height; ++i)
        for (Index c = 0; c < 3; ++c)
            image.rgb[static_cast<std::size_t>(3 * i + c)] =
                static_cast<std::uint8_t>(std::lround(255 * plain.data()[i * channels + std::min(c, channels - 1)]));
    return "data:image/png;base64," + base64_encode(write_png(image));
}

struct Case {
    const char* name;
    Index special, classes;
};

class VisionCheckpointGolden : public testing::TestWithParam<Case> {
 protected:
    std::map<std::string, NpyArray> golden_ = read_golden(std::string("vision_") + GetParam().name);
    RunRequest request() const {
        RunRequest made;
        made.exhibit = "vision-checkpoint";
        made.params.set("path", folder_of(GetParam().name));
        made.params.set("image", picture_of(golden_.at("plain").cast<double>()));
        return made;
    }
};

TEST_P(VisionCheckpointGolden, states_weights_logits_and_what_passed_through_agree) {
    const TracePtr trace = run(request());
    for (const auto& [theirs, ours] :
         {std::pair("plain", "input"), std::pair("states", "self.state"), std::pair("weights", "self.weights"),
          std::pair("logits", "logits"), std::pair("gradients", "self.weights.gradient"),
          std::pair("rollout", "self.weights.rollout"), std::pair("relevance", "self.weights.relevance")})
        expect_close(ours, trace->tensor(ours).values, golden_.at(theirs));
    const Tensor<double> logits = golden_.at("logits").cast<double>();
    EXPECT_EQ(trace->tensor("top.class").values.data()[0],
              static_cast<float>(std::ranges::max_element(logits.values()) - logits.values().begin()));
    EXPECT_EQ(trace->axis("class")->extent, GetParam().classes);
    for (const Note& note : trace->notes()) ADD_FAILURE() << note.text;
}

TEST_P(VisionCheckpointGolden, every_step_follows_from_its_rule) {
    const TracePtr trace = run(request());
    std::size_t rules = 0;
    for (const Claim& claim : check_claims(*trace)) {
        EXPECT_TRUE(claim.holds) << claim.tensor << ": " << claim.text << ": " << claim.error;
        ++rules;
    }
    EXPECT_GE(rules, 30u);
    for (const char* tensor :
         {"pixels", "patches", "self.embedding", "logits", "query.weights", "rollout.map", "relevance.map"}) {
        ASSERT_NE(trace->step_of(tensor), nullptr) << tensor;
        EXPECT_FALSE(trace->step_of(tensor)->rule.empty()) << tensor;
    }
}

TEST_P(VisionCheckpointGolden, maps_are_the_rows_of_the_token_that_looks) {
    const auto rows = [&](const Trace& trace, Index token) {
        const Tensor<float>&maps = trace.tensor("query.weights").values, &weights = trace.tensor("self.weights").values;
        const Index patches = maps.shape()[2] * maps.shape()[3], special = GetParam().special;
        ASSERT_EQ(weights.shape()[3], special + patches);
        for (Index l = 0; l < maps.shape()[0]; ++l)
            for (Index h = 0; h < maps.shape()[1]; ++h)
                for (Index p = 0; p < patches; ++p)
                    ASSERT_EQ(maps.row(l).row(h).data()[p], weights.row(l).row(h).row(token).data()[special + p]);
    };
    RunRequest asked = request();
    rows(*run(asked), 0);
    asked.params.set("query", std::int64_t{GetParam().special + 4});
    const TracePtr trace = run(asked);
    rows(*trace, GetParam().special + 3);
    // The number that a click on this patch asks for is its own.
    const Tensor<float>& numbers = trace->tensor("patch.number").values;
    EXPECT_EQ(numbers.data()[3], static_cast<float>(GetParam().special + 4));
    EXPECT_EQ(trace->tensor("query.patch").values.data()[3], 1);
    for (const Claim& claim : check_claims(*trace)) EXPECT_TRUE(claim.holds) << claim.tensor << ": " << claim.error;
}

TEST_P(VisionCheckpointGolden, a_second_run_of_the_same_picture_is_the_same_bit_for_bit) {
    Reuse reuse;
    RunRequest other = request();
    other.params.set("class", std::int64_t{GetParam().classes});
    run(request(), {}, {}, &reuse);
    const TracePtr again = run(other, {}, {}, &reuse), once = run(other);
    ASSERT_EQ(again->tensors().size(), once->tensors().size());
    for (const TraceTensor& tensor : once->tensors())
        EXPECT_TRUE(std::ranges::equal(tensor.values.values(), again->tensor(tensor.info.name).values.values()))
            << tensor.info.name;
}

TEST_P(VisionCheckpointGolden, a_head_that_is_silenced_changes_what_is_said_and_what_is_relevant) {
    RunRequest changed = request();
    changed.interventions = {parse_intervention("self.weights[0,1]*=0")};
    const TracePtr before = run(request()), after = run(changed);
    EXPECT_EQ(after->tensor("self.weights").values.row(0).row(1).data()[0], 0);
    for (const char* tensor : {"logits", "rollout.map", "relevance.map", "self.state"})
        EXPECT_FALSE(std::ranges::equal(before->tensor(tensor).values.values(), after->tensor(tensor).values.values()))
            << tensor;
    EXPECT_EQ(after->tensor("query.weights").values.row(0).row(1).data()[0], 0);
}

TEST_P(VisionCheckpointGolden, pictures_of_another_size_are_read_with_interpolated_positions) {
    std::size_t sides = 0;
    for (const auto& [name, stored] : golden_) {
        if (!name.starts_with("positions_")) continue;
        const std::string side = name.substr(10);
        RunRequest asked = request();
        asked.params.set("image", picture_of(golden_.at("plain_" + side).cast<double>()));
        asked.params.set("resolution", std::int64_t{std::stoi(side)});
        const TracePtr trace = run(asked);
        expect_close("input", trace->tensor("input").values, golden_.at("plain_" + side));
        expect_close("positions", trace->tensor("self.position.table").values, stored);
        expect_close("weights", trace->tensor("self.weights").values, golden_.at("weights_" + side));
        expect_close("logits", trace->tensor("logits").values, golden_.at("logits_" + side));
        ASSERT_EQ(trace->notes().size(), 1u);
        EXPECT_NE(trace->notes()[0].text.find("are interpolated, bicubic"), std::string::npos);
        for (const Claim& claim : check_claims(*trace)) EXPECT_TRUE(claim.holds) << claim.tensor << ": " << claim.error;
        ++sides;
    }
    EXPECT_GE(sides, 1u);
    // At the model's own size, and at one with as many patches, nothing is interpolated.
    RunRequest own = request();
    own.params.set("resolution", std::int64_t{1});
    EXPECT_THROW(run(own), Error) << "smaller than a patch";
    const Shape size = golden_.at("plain").cast<double>().shape();
    own.params.set("resolution", std::int64_t{std::min(size[0], size[1])});
    const TracePtr same = run(own);
    EXPECT_TRUE(same->notes().empty());
    expect_close("logits", same->tensor("logits").values, golden_.at("logits"));
}

INSTANTIATE_TEST_SUITE_P(Families, VisionCheckpointGolden,
                         testing::Values(Case{"vit", 1, 4}, Case{"deit", 2, 3}, Case{"deit_plain", 1, 3}),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(Resample, is_what_pillow_makes_of_it_to_the_last_bit) {
    const auto golden = read_golden("vision_resample");
    const Tensor<double> picture = golden.at("picture").cast<double>();
    Image image(picture.shape()[1], picture.shape()[0]);
    std::ranges::transform(picture.values(), image.rgb.begin(), [](double v) { return static_cast<std::uint8_t>(v); });
    std::size_t sizes = 0;
    for (const Resampling how : {Resampling::lanczos, Resampling::bilinear, Resampling::bicubic, Resampling::hamming})
        for (const auto& [name, stored] : golden) {
            if (!name.starts_with(to_string(how) + "_")) continue;
            ++sizes;
            const Tensor<double> expected = stored.cast<double>();
            const Image made = resampled(image, expected.shape()[1], expected.shape()[0], how);
            EXPECT_TRUE(std::ranges::equal(made.rgb, expected.values())) << name;
        }
    EXPECT_EQ(sizes, 12u);
    const Tensor<double> large = golden.at("large").cast<double>();
    Image other(large.shape()[1], large.shape()[0]);
    std::ranges::transform(large.values(), other.rgb.begin(), [](double v) { return static_cast<std::uint8_t>(v); });
    for (int how = 0; how <= 5; ++how) {
        const std::string name = to_string(static_cast<Resampling>(how));
        const Tensor<double> expected = golden.at("large_" + name).cast<double>();
        EXPECT_TRUE(std::ranges::equal(resampled(other, 20, 31, static_cast<Resampling>(how)).rgb, expected.values())) << name;
    }
}

TEST(Resample, what_neither_grows_nor_shrinks_stays_and_nearest_picks) {
    Image image(4, 2);
    for (std::size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = static_cast<std::uint8_t>(10 * i);
    for (int how = 0; how <= 5; ++how) EXPECT_EQ(resampled(image, 4, 2, static_cast<Resampling>(how)), image) << how;
    const Image half = resampled(image, 2, 1, Resampling::nearest);
    EXPECT_EQ(half.rgb, (std::vector<std::uint8_t>{150, 160, 170, 210, 220, 230}));
    const Image mean = resampled(image, 2, 2, Resampling::box);
    EXPECT_EQ(mean.rgb[0], 15);
    EXPECT_THROW(resampled(image, 0, 3, Resampling::box), Error);
    EXPECT_THROW(cut(image, 3, 0, 2, 1), Error);
}

}  // namespace
}  // namespace saccade::vision_checkpoint_golden_test
