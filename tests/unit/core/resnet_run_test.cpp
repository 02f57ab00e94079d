#include "model/resnet_run.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/ops.hpp"
#include "same_trace.hpp"
#include "testing.hpp"
#include "tiny_resnet.hpp"
#include "trace/claims.hpp"

namespace saccade::test::resnet_run_test {
namespace {

struct Done {
    Trace trace;
    ResNetOutput output;
};

Done run_tiny(const ModelPtr& model, const ResNetRequest& request, std::vector<Intervention> interventions = {}) {
    Probe probe({}, std::move(interventions));
    probe.axis({"color", AxisKind::channel, 3, {"R", "G", "B"}, "k"});
    ResNetOutput output = run_resnet(model, request, Observer(probe));
    return {probe.finish(), std::move(output)};
}

ResNetRequest request_of(Index block, bool grad_cam = true) {
    return {
        .picture = random_picture(12, 20), .origin = "drawn", .block = block, .grad_cam = grad_cam, .watched = std::nullopt};
}

TEST(ResNetRun, every_rule_holds_for_every_attention_and_block) {
    for (const char* attention : {"none", "se", "cbam"}) {
        const ModelPtr model = tiny_resnet(attention);
        for (const Index block : {Index{0}, Index{1}, Index{2}, Index{5}}) {
            const Done done = run_tiny(model, request_of(block));
            std::size_t rules = 0;
            for (const Step& step : done.trace.steps()) rules += step.rule.empty() ? 0 : 1;
            const std::string where = std::string(attention) + ", block " + std::to_string(block);
            EXPECT_GE(rules, std::string(attention) == "none" ? 7u : std::string(attention) == "se" ? 12u : 19u) << where;
            const std::vector<Claim> claims = check_claims(done.trace, 1000);
            EXPECT_GE(claims.size(), rules) << where;
            for (const Claim& claim : claims) EXPECT_TRUE(claim.holds) << where << ": " << claim.text << ", " << claim.error;
        }
    }
}

TEST(ResNetRun, what_is_shown_is_what_the_network_computes) {
    const ModelPtr model = tiny_resnet("cbam");
    const ResNetRequest request = request_of(2);
    const Done done = run_tiny(model, request);
    const ResNet<float>& network = resnet_of(model)->for_picture(12, 20);
    const Var<float> logits = network(network.normalised(request.picture.reshape({1, 12, 20, 3})));
    for (Index c = 0; c < 3; ++c)
        EXPECT_NEAR(done.trace.tensor("logits").values.data()[c], logits.value().data()[c], 1e-5) << c;
    EXPECT_EQ(done.trace.tensor("stage2.block1.features").values.shape(), (Shape{6, 6, 10}));
    EXPECT_EQ(done.trace.tensor("stage2.block1.spatial").values.shape(), (Shape{6, 10}));
    EXPECT_EQ(done.trace.tensor("stage1.block2.gate").values.shape(), Shape{4});
    EXPECT_EQ(done.trace.tensor("stage3.block2.spatial").values.shape(), (Shape{3, 5}));
    EXPECT_EQ(done.trace.find("stage3.block2.features"), nullptr) << "other blocks show their gates alone";
    const ResNetOutput silent = run_resnet(model, request);
    EXPECT_EQ(silent.watched, done.output.watched);
    for (Index c = 0; c < 3; ++c) EXPECT_EQ(silent.probabilities.data()[c], done.output.probabilities.data()[c]);
    for (Index i = 0; i < 60; ++i) EXPECT_EQ(silent.grad_cam.data()[i], done.output.grad_cam.data()[i]);
}

TEST(ResNetRun, grad_cam_is_that_of_selvaraju) {
    const ModelPtr model = tiny_resnet("se");
    for (const Index block : {Index{1}, Index{5}}) {
        ResNetRequest request = request_of(block);
        request.watched = 1;
        const Done done = run_tiny(model, request);
        const ResNet<float>& network = resnet_of(model)->for_picture(12, 20);
        const Var<float> x = network.stem(network.normalised(request.picture.reshape({1, 12, 20, 3})));
        Tape<float> tape;
        const Var<float> output = tape.leaf(network.run_blocks(0, block + 1, x).value());
        const Var<float> logits = network.logits(network.run_blocks(block + 1, 6, output));
        Tensor<float> chosen(logits.shape());
        chosen.data()[1] = 1;
        tape.backward(logits, chosen);
        const Index channels = output.shape()[3], cells = output.value().size() / channels;
        const Var<float> places = reshape(Var<float>(output.value()), {cells, channels});
        const Var<float> alpha = mean(reshape(Var<float>(tape.grad(output)), {cells, channels}), 0);
        const Tensor<float> map = relu(sum(mul(places, alpha), -1)).value();
        const float peak = *std::ranges::max_element(map.values());
        EXPECT_GT(peak, 1e-6f) << "an empty map would prove nothing";
        const Tensor<float>& shown = done.trace.tensor("grad_cam").values;
        ASSERT_EQ(shown.size(), map.size());
        for (Index i = 0; i < shown.size(); ++i) EXPECT_NEAR(shown.data()[i], map.data()[i] / peak, 1e-5) << i;
    }
}

TEST(ResNetRun, a_gate_set_by_hand_flows_on_to_probabilities_and_gradient) {
    const ModelPtr model = tiny_resnet("cbam");
    const ResNetRequest request = request_of(1);
    const Done before = run_tiny(model, request);
    for (const char* spec : {"stage1.block2.gate[2]=0", "stage2.block1.gate[1]=0", "stage3.block2.spatial[1,2]=0.9",
                             "stage1.block2.features[0,3,4]=5", "stage1.block2.shortcut*=0.5", "stage1.block2.middle[1]=0",
                             "classifier.input[3]=2", "input[0,0,0]=1"}) {
        const Done after = run_tiny(model, request, {parse_intervention(spec)});
        double moved = 0;
        for (Index c = 0; c < 3; ++c) {
            const float p = after.output.probabilities.data()[c];
            EXPECT_TRUE(std::isfinite(p)) << spec;
            moved += std::abs(static_cast<double>(p - before.output.probabilities.data()[c]));
        }
        EXPECT_GT(moved, 1e-7) << spec;
        for (const Claim& claim : check_claims(after.trace))
            EXPECT_TRUE(claim.holds || claim.by_hand) << spec << ": " << claim.text;
        for (const Note& note : after.trace.notes()) ADD_FAILURE() << spec << ": " << note.text;
    }
    // A gate above the block that is constant passes no gradient to what it was computed from: the map changes.
    const Done constant = run_tiny(model, request, {parse_intervention("stage2.block2.gate=0")});
    EXPECT_NE(0, std::memcmp(constant.output.grad_cam.data(), before.output.grad_cam.data(),
                             before.output.grad_cam.values().size_bytes()));
}

TEST(ResNetRun, what_is_kept_of_a_picture_changes_nothing) {
    const ModelPtr model = tiny_resnet("cbam");
    const ResNetRequest request = request_of(3);
    run_tiny(model, request);
    for (const char* spec : {"stage1.block2.gate[2]=0", "stage1.block1.spatial[3,4]=0.5", "stage2.block1.gate*=2",
                             "stage2.block2.gate[1]=0", "stage3.block1.gate[0]=1", "input[2,3,1]=0.25"}) {
        const std::vector<Intervention> hand = {parse_intervention(spec)};
        expect_same_trace(run_tiny(model, request, hand).trace, run_tiny(tiny_resnet("cbam"), request, hand).trace);
    }
    ResNetRequest other = request;
    other.picture = random_picture(12, 20, 4);
    expect_same_trace(run_tiny(model, other).trace, run_tiny(tiny_resnet("cbam"), other).trace);
    other.block = 4;
    expect_same_trace(run_tiny(model, other).trace, run_tiny(tiny_resnet("cbam"), other).trace);
}

TEST(ResNetRun, logits_set_by_hand_have_no_gradient) {
    const Done done = run_tiny(tiny_resnet("none"), request_of(3), {parse_intervention("logits=1")});
    for (const float v : done.output.grad_cam.values()) EXPECT_EQ(v, 0);
    for (const float p : done.output.probabilities.values()) EXPECT_NEAR(p, 1.0 / 3, 1e-6);
}

TEST(ResNetRun, a_bottleneck_that_is_shut_is_said_to_be) {
    const ModelPtr model = tiny_resnet("se");
    EXPECT_TRUE(run_tiny(model, request_of(5)).trace.notes().empty());
    const Done shut = run_tiny(model, request_of(5), {parse_intervention("stage3.block2.bottleneck=0")});
    ASSERT_EQ(shut.trace.notes().size(), 1u);
    for (const float gate : shut.trace.tensor("stage3.block2.gate").values.values()) EXPECT_EQ(gate, 0.5f);
}

TEST(ResNetRun, numbers_beyond_float_are_said_to_be) {
    std::vector<Intervention> large;
    for (const char* block : {"stage1.block1", "stage1.block2", "stage2.block1", "stage2.block2", "stage3.block1"})
        large.push_back(parse_intervention(std::string(block) + ".gate=1e9"));
    error_of(ErrorCode::numeric, [&] { run_tiny(tiny_resnet("se"), request_of(5), large); });
}

TEST(ResNetRun, any_size_and_no_more_blocks_or_classes_than_there_are) {
    const ModelPtr model = tiny_resnet("cbam");
    ResNetRequest request = request_of(5);
    for (const auto& [height, width] : {std::pair<Index, Index>{1, 1}, {4, 64}, {7, 5}}) {
        request.picture = random_picture(height, width);
        for (const Claim& claim : check_claims(run_tiny(model, request).trace)) EXPECT_TRUE(claim.holds) << claim.text;
    }
    request.block = 6;
    EXPECT_TRUE(contains(error_of(ErrorCode::out_of_range, [&] { run_tiny(model, request); }), "no block 6"));
    request.block = 0;
    request.watched = 3;
    EXPECT_TRUE(contains(error_of(ErrorCode::out_of_range, [&] { run_tiny(model, request); }), "no class 3"));
    std::stop_source stop;
    stop.request_stop();
    request.watched.reset();
    error_of(ErrorCode::cancelled, [&] { run_resnet(model, request, {}, stop.get_token()); });
}

}  // namespace
}  // namespace saccade::test::resnet_run_test
