#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "run/run.hpp"
#include "trace/claims.hpp"
#include "trace/intervention.hpp"

// Gradients that are shown are those of the run that is shown, whatever was changed by hand in it.

namespace saccade::test::gradients_by_hand_test {
namespace {

std::vector<Index> index_of(Index flat, const Shape& shape) {
    std::vector<Index> index(static_cast<std::size_t>(shape.rank()));
    for (int a = shape.rank(); a-- > 0; flat /= shape[a]) index[static_cast<std::size_t>(a)] = flat % shape[a];
    return index;
}

RunRequest with_scaled(RunRequest request, const std::string& tensor, const std::vector<Index>& index, float factor) {
    Intervention scaled;
    scaled.kind = Intervention::Kind::scale;
    scaled.tensor = tensor;
    scaled.index = index;
    scaled.value = factor;
    request.interventions.push_back(scaled);
    return request;
}

/// The cells whose scaling should move the result most, by the gradient.
std::vector<Index> strongest(const Tensor<float>& gradient, const Tensor<float>& values, std::size_t count) {
    std::vector<Index> cells(static_cast<std::size_t>(gradient.size()));
    for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = static_cast<Index>(i);
    std::ranges::partial_sort(cells, cells.begin() + static_cast<std::ptrdiff_t>(count), [&](Index a, Index b) {
        return std::abs(gradient.data()[a] * values.data()[a]) > std::abs(gradient.data()[b] * values.data()[b]);
    });
    cells.resize(count);
    return cells;
}

/// Scales single cells of what the gradient is by, up and down a little, and holds the change of `result` against it.
template <class Result>
void expect_derivative(const RunRequest& request, const std::string& of, const std::string& gradient, const Result& result) {
    constexpr float little = 0.02f;
    const TracePtr trace = run(request);
    const Tensor<float>&by = trace->tensor(gradient).values, &values = trace->tensor(of).values;
    ASSERT_EQ(by.shape(), values.shape());
    for (const Index cell : strongest(by, values, 2)) {
        const std::vector<Index> index = index_of(cell, values.shape());
        const double up = result(*run(with_scaled(request, of, index, 1 + little)));
        const double down = result(*run(with_scaled(request, of, index, 1 - little)));
        const double claimed = static_cast<double>(by.data()[cell] * values.data()[cell]) * 2 * little;
        ASSERT_GT(std::abs(claimed), 1e-5) << gradient << " is nearly 0 everywhere";
        EXPECT_NEAR(up - down, claimed, 0.1 * std::abs(claimed) + 5e-6) << gradient << ", cell " << cell;
    }
}

TEST(GradientsByHand, of_the_transformer_are_those_of_what_is_shown) {
    RunRequest request;
    request.exhibit = "transformer";
    request.params.set("source", std::string("我爱中国。"));
    request.params.set("target", std::string("i love china."));
    request.params.set("gradients", true);
    request.params.set("gradient_of", std::int64_t{2});
    const auto log_p = [](const Trace& trace) {
        const TraceTensor &p = trace.tensor("probabilities"), &ids = trace.tensor("output.id");
        return std::log(static_cast<double>(p.values.at({1, static_cast<Index>(ids.values.data()[1])})));
    };
    for (const char* spec : {"encoder.weights[0,2]*=0", "cross.weights[1,3]*=0.5", "decoder.norm2[0,:,:]*=2", "logits*=0.5"}) {
        SCOPED_TRACE(spec);
        request.interventions = {parse_intervention(spec)};
        for (const char* stack : {"encoder", "decoder", "cross"})
            expect_derivative(request, std::string(stack) + ".weights", std::string(stack) + ".weights.gradient", log_p);
    }
    // An ablated head's weights matter for themselves, not for what was computed before.
    request.interventions = {parse_intervention("cross.weights[1,3]*=0")};
    const Tensor<float> ablated = run(request)->tensor("cross.weights.gradient").values.row(1).row(3);
    EXPECT_TRUE(std::ranges::any_of(ablated.values(), [](float g) { return std::abs(g) > 1e-4f; }));
}

TEST(GradientsByHand, grad_cam_goes_back_through_a_scaled_block) {
    RunRequest request;
    request.exhibit = "spatial";
    const auto logit = [](const Trace& trace) {
        const auto logits = trace.tensor("logits").values.values();
        return static_cast<double>(*std::ranges::max_element(logits));
    };
    for (const char* spec : {"stage3.block3.gate*=0.5", "stage3.block3.spatial*=3", "classifier.input*=0.5", "logits*=0.25"}) {
        SCOPED_TRACE(spec);
        request.interventions = {parse_intervention(spec)};
        expect_derivative(request, "stage3.block2.output", "grad_cam.gradient", logit);
    }
    request.params.set("block", std::string("3.3"));
    request.interventions = {parse_intervention("classifier.input*=0.5")};
    expect_derivative(request, "stage3.block3.output", "grad_cam.gradient", logit);
    const TracePtr trace = run(request);
    for (const Claim& claim : check_claims(*trace)) EXPECT_TRUE(claim.holds || claim.by_hand) << claim.text;
}

TEST(GradientsByHand, what_leaves_them_out_says_so_where_it_is_shown) {
    RunRequest request;
    request.exhibit = "rnn-shapes";
    EXPECT_EQ(run(request)->tensor("memory.norm").info.title.find("by hand"), std::string::npos);
    request.interventions = {parse_intervention("forward.update[3,:]=0.5")};
    const TracePtr trace = run(request);
    for (const char* name : {"memory.norm", "memory.jacobian"})
        EXPECT_NE(trace->tensor(name).info.title.find("without what was changed by hand"), std::string::npos) << name;
    EXPECT_TRUE(std::ranges::any_of(trace->notes(), [](const Note& n) { return n.text.find("by hand") != std::string::npos; }));
}

}  // namespace
}  // namespace saccade::test::gradients_by_hand_test
