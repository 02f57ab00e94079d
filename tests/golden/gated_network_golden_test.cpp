#include <algorithm>
#include <set>

#include "attention/channel_se.hpp"
#include "autograd/ops_hard.hpp"
#include "autograd/ops_image.hpp"
#include "base/base64.hpp"
#include "base/parallel.hpp"
#include "checkpoint/network_checkpoint.hpp"
#include "golden/golden_testing.hpp"
#include "nn/activation.hpp"
#include "run/run.hpp"
#include "trace/claims.hpp"

// Networks that gate their channels, in the layout of the library timm, against float64 PyTorch; files by make_timm_golden.py.

namespace saccade::gated_network_golden_test {
namespace {

using Golden = std::map<std::string, NpyArray>;

std::string folder_of(const std::string& name) {
    return std::string(SACCADE_TEST_DATA) + "/golden/timm_" + name;
}

std::string picture_of(const Tensor<double>& plain) {
    Image image(plain.shape()[1], plain.shape()[0]);
    std::ranges::transform(plain.values(), image.rgb.begin(),
                           [](double v) { return static_cast<std::uint8_t>(std::lround(255 * v)); });
    return "data:image/png;base64," + base64_encode(write_png(image));
}

struct Case {
    const char* name;
    std::size_t gates;
    Index classes;
};

class GatedNetworkGolden : public testing::TestWithParam<Case> {
 protected:
    Golden golden_ = read_golden(std::string("timm_") + GetParam().name);
    RunRequest request(std::int64_t block = 0) const {
        RunRequest made;
        made.exhibit = "vision-checkpoint";
        made.params.set("path", folder_of(GetParam().name));
        made.params.set("image", picture_of(golden_.at("plain").cast<double>()));
        made.params.set("block", block);
        return made;
    }
    /// Which block the run shows whole.
    static std::string shown(const Trace& trace) {
        for (const TraceTensor& tensor : trace.tensors())
            if (tensor.info.name.ends_with(".pooled")) return tensor.info.name.substr(0, tensor.info.name.find(".pooled"));
        return {};
    }
};

TEST_P(GatedNetworkGolden, every_gate_and_the_logits_agree) {
    const TracePtr trace = run(request());
    expect_close("input", trace->tensor("input").values, golden_.at("plain"));
    expect_close("logits", trace->tensor("logits").values, golden_.at("logits"));
    std::size_t gates = 0;
    for (const auto& [name, values] : golden_) {
        if (!name.starts_with("stage")) continue;
        expect_close(name + ".gate", trace->tensor(name + ".gate").values, values);
        ++gates;
    }
    EXPECT_EQ(gates, GetParam().gates);
    const Tensor<double> logits = golden_.at("logits").cast<double>();
    EXPECT_EQ(trace->tensor("top.class").values.data()[0],
              static_cast<float>(std::ranges::max_element(logits.values()) - logits.values().begin()));
    EXPECT_EQ(trace->axis("class")->extent, GetParam().classes);
    for (const Note& note : trace->notes()) ADD_FAILURE() << note.text;
}

TEST_P(GatedNetworkGolden, at_every_gate_every_step_follows_from_its_rule) {
    std::set<std::string> blocks;
    for (std::int64_t block = 1; block <= static_cast<std::int64_t>(GetParam().gates); ++block) {
        const TracePtr trace = run(request(block));
        const std::string name = shown(*trace);
        blocks.insert(name);
        std::size_t rules = 0;
        for (const Claim& claim : check_claims(*trace)) {
            EXPECT_TRUE(claim.holds) << block << " " << claim.tensor << ": " << claim.text << ": " << claim.error;
            ++rules;
        }
        EXPECT_GE(rules, 10u);
        for (const std::string tensor : {"features", "pooled", "bottleneck", "gate_scores", "gate", "refined", "output"}) {
            const Step* step = trace->step_of(name + "." + tensor);
            ASSERT_NE(step, nullptr) << name << " " << tensor;
            EXPECT_FALSE(step->rule.empty()) << name << " " << tensor;
        }
        // Whichever is shown whole, every gate is the same.
        for (const auto& [other, values] : golden_)
            if (other.starts_with("stage")) expect_close(other, trace->tensor(other + ".gate").values, values);
    }
    EXPECT_EQ(blocks.size(), GetParam().gates);
}

TEST_P(GatedNetworkGolden, a_gate_set_by_hand_changes_what_follows_and_nothing_before) {
    const std::int64_t second = 2;
    const TracePtr before = run(request(second));
    const std::string block = shown(*before);
    RunRequest changed = request(second);
    changed.interventions = {parse_intervention(block + ".gate[1]=0"), parse_intervention(block + ".gate[2]=1")};
    const TracePtr after = run(changed);
    const auto same = [&](const std::string& name) {
        return std::ranges::equal(before->tensor(name).values.values(), after->tensor(name).values.values());
    };
    EXPECT_EQ(after->tensor(block + ".gate").values.data()[1], 0);
    const Tensor<float>& refined = after->tensor(block + ".refined").values;
    for (const float v : refined.row(1).values()) ASSERT_EQ(v, 0);
    for (Index i = 0; i < refined.row(2).size(); ++i)
        ASSERT_EQ(refined.row(2).data()[i], after->tensor(block + ".features").values.row(2).data()[i]);
    EXPECT_TRUE(same(block + ".pooled"));
    for (const std::string& name : {block + ".output", std::string("logits"), std::string("probabilities")})
        EXPECT_FALSE(same(name)) << name;
    // A gate of a block that is not shown whole.
    RunRequest elsewhere = request();
    elsewhere.interventions = {parse_intervention(block + ".gate*=0")};
    const TracePtr other = run(elsewhere);
    for (const float v : other->tensor(block + ".gate").values.values()) ASSERT_EQ(v, 0);
    EXPECT_FALSE(std::ranges::equal(other->tensor("logits").values.values(), before->tensor("logits").values.values()));
}

TEST_P(GatedNetworkGolden, a_run_is_the_same_bit_for_bit_whatever_was_kept_and_on_any_number_of_threads) {
    const auto logits = [&] {
        const Tensor<float> values = run(request(1))->tensor("logits").values;
        return std::vector<float>(values.values().begin(), values.values().end());
    };
    const std::vector<float> first = logits();
    EXPECT_EQ(logits(), first);
    const int threads = thread_count();
    set_thread_count(threads == 1 ? 2 : 1);
    EXPECT_EQ(logits(), first);
    set_thread_count(threads);
}

INSTANTIATE_TEST_SUITE_P(Families, GatedNetworkGolden,
                         testing::Values(Case{"seresnet50", 5, 5}, Case{"mobilenetv3_large_100", 8, 3},
                                         Case{"efficientnet_b0", 16, 4}),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(GatedNetworkNames, are_read_out_as_they_are_described) {
    const NetworkCheckpointPtr network = read_network_checkpoint(folder_of("mobilenetv3_large_100"));
    EXPECT_EQ(network->classes, (std::vector<std::string>{"tabby, tabby cat", "n2", "liner"}));
    EXPECT_EQ(network->unused, "");
}

TEST(DepthwiseGolden, alone_and_laid_out) {
    const Golden golden = read_golden("timm_mechanisms");
    for (const std::string id : {"0", "1", "2", "3", "4"}) {
        SCOPED_TRACE(id);
        const auto of = [&](const std::string& name) { return golden.at("depthwise" + id + "." + name).cast<float>(); };
        const Tensor<float> x = of("x"), weight = of("weight"), bias = of("bias");
        const ConvForm form{.stride = static_cast<Index>(of("stride").data()[0]),
                            .padding = weight.shape()[2] / 2,
                            .groups = weight.shape()[0]};
        const Tensor<float> y = conv2d(Var<float>(x), Var<float>(weight), Var<float>(bias), form).value();
        expect_close("y", y, golden.at("depthwise" + id + ".y"));
        const PackedConv<float> packed(weight, bias, form);
        EXPECT_TRUE(std::ranges::equal(packed(x).values(), y.values()));
        Tensor<float> sum = packed(x, y, true), expected(y.shape());
        for (Index i = 0; i < y.size(); ++i) expected.data()[i] = std::max(0.0f, y.data()[i] + y.data()[i]);
        EXPECT_TRUE(std::ranges::equal(sum.values(), expected.values()));
        // A picture by itself is the same as in a batch.
        EXPECT_TRUE(std::ranges::equal(packed(x.rows(1, 1)).values(), y.row(1).values()));
    }
}

TEST(LinesGolden, hard_sigmoid_and_hard_swish) {
    const Golden golden = read_golden("timm_mechanisms");
    const Var<float> x(golden.at("lines.x").cast<float>());
    const auto expect = [&](const std::string& name, const Tensor<float>& values) {
        const Tensor<double> expected = golden.at("lines." + name).cast<double>();
        for (Index i = 0; i < values.size(); ++i)
            EXPECT_NEAR(values.data()[i], expected.data()[i], 1e-6 * std::max(1.0, std::abs(expected.data()[i])))
                << name << " of " << x.value().data()[i];
    };
    expect("hard_sigmoid", hard_sigmoid(x).value());
    expect("hard_swish", hard_swish(x).value());
    expect("hard_swish", activation("hard_swish")(x).value());
}

TEST(GateGolden, with_biases_and_other_functions) {
    const Golden golden = read_golden("timm_mechanisms");
    for (const std::string name : {"silu", "hard"}) {
        SCOPED_TRACE(name);
        const auto of = [&](const std::string& part) { return Var<float>(golden.at(name + "." + part).cast<float>()); };
        SqueezeExcitation<float> gate(of("reduce"), of("expand"));
        gate.reduce_bias = of("reduce_bias");
        gate.expand_bias = of("expand_bias");
        gate.activation = name == "silu" ? "silu" : "relu";
        gate.hard = name == "hard";
        const Tensor<float> given = of("given").value();
        expect_close("refined", gate(Var<float>(given), Observer()).value(), golden.at(name + ".refined"));
        for (Index n = 0; n < given.shape()[0]; ++n) {
            Probe probe({}, {});
            gate(Var<float>(given.rows(n, 1)), Observer(probe));
            const ShownRun shown = probe.take();
            for (const char* part : {"pooled", "bottleneck", "gate"})
                expect_close(part, shown.tensor(part), golden.at(name + "." + part).cast<double>().row(n));
        }
    }
}

}  // namespace
}  // namespace saccade::gated_network_golden_test
