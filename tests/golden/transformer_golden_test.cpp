#include <gtest/gtest.h>

#include <algorithm>

#include "attention/mask.hpp"
#include "golden/golden_testing.hpp"
#include "model/transformer_stack.hpp"
#include "trace/claims.hpp"

// Multi-head attention and transformer layers against float64 PyTorch, position codes against the papers' equations written
// out; files by make_transformer_golden.py.

namespace saccade::transformer_golden_test {
namespace {

/// What a file holds of one case: its weights, which keep their names, and its other arrays.
struct GoldenCase {
    WeightMap weights;
    std::map<std::string, NpyArray> arrays;

    GoldenCase(const std::string& file, const std::string& name) {
        for (const auto& [entry, values] : read_golden(file)) {
            if (!entry.starts_with(name + ":")) continue;
            const std::string own = entry.substr(name.size() + 1);
            if (own.find('.') == std::string::npos)
                arrays.emplace(own, values);
            else
                weights.emplace(own, values.template cast<float>());
        }
        EXPECT_FALSE(weights.empty()) << file << " has no case " << name;
    }
    Tensor<float> operator[](const std::string& array) const {
        const auto found = arrays.find(array);
        return found == arrays.end() ? Tensor<float>() : found->second.cast<float>();
    }
    void expect(const std::string& array, const Var<float>& values) const {
        expect_close(array, values.value(), arrays.at(array));
    }
};

Tensor<float> padded_batch() {
    const Index lengths[] = {5, 3};
    return over_heads(padding_mask<float>(lengths, 5));
}

TEST(TransformerGolden, multi_head_attention) {
    for (const char* name : {"self", "cross", "causal", "padded", "drawn"}) {
        SCOPED_TRACE(name);
        const GoldenCase golden("transformer_attention", name);
        const Weights<float> weights(golden.weights);
        const MultiHeadAttention<float> attention(multi_head_projections(weights, "self", 12, true), 3);
        const Tensor<float> mask = std::string(name) == "padded" ? padded_batch() : golden["mask"];
        const auto out = attention(golden["x"], attention.keys_values(golden["y"]), mask);
        golden.expect("weights", out.weights);
        golden.expect("attended", out.attended);
    }
}

TEST(TransformerGolden, encoder_and_decoder_layers) {
    for (const bool decoder : {false, true})
        for (const bool pre : {false, true}) {
            const std::string name = std::string(decoder ? "decoder " : "encoder ") + (pre ? "pre relu" : "post gelu");
            SCOPED_TRACE(name);
            const GoldenCase golden("transformer_layers", name);
            const StackDesign design{.layers = 1,
                                     .heads = 3,
                                     .d_model = 12,
                                     .d_ff = 20,
                                     .norm = pre ? "pre" : "post",
                                     .activation = pre ? "relu" : "gelu",
                                     .position = "none",
                                     .causal = decoder,
                                     .cross = decoder};
            const TransformerStack<float> stack(Weights<float>(golden.weights), "stack", design);
            StackCall<float> call;
            if (decoder)
                call.memory = golden["memory"];
            else
                call.mask = padded_batch();
            golden.expect("state", stack(stack.positioned(golden["x"], call), call));
        }
}

TEST(TransformerGolden, position_codes) {
    std::vector<PositionFunction> codes = position_codes();
    codes.insert(codes.end(), other_position_codes().begin(), other_position_codes().end());
    for (const PositionFunction& code : codes) {
        SCOPED_TRACE(code.id);
        const GoldenCase golden("transformer_positions", code.id);
        const StackDesign design{.layers = 1,
                                 .heads = 3,
                                 .d_model = 12,
                                 .d_ff = 0,
                                 .norm = "none",
                                 .position = code.id,
                                 .max_distance = 5};  // of buckets
        const Weights<float> weights(golden.weights);
        const TransformerStack<float> stack(weights, "stack", design);
        Probe probe({}, {});
        StackCall<float> call;
        golden.expect("state", stack(stack.positioned(golden["x"], call), call));
        call.observe = Observer(probe, "self.");
        call.names = {.tokens = "token"};
        golden.expect("state", stack(stack.positioned(golden["x"], call), call));
        stack.declare_axes(probe);
        stack.declare_position_axes(probe, "self.");
        probe.axis({"token", AxisKind::query, 7, {}, "i"});
        probe.axis({"token.key", AxisKind::key, 7, {}, "j"});
        const Trace trace = probe.finish();
        golden.expect("weights", trace.tensor("self.weights").values.whole());
        for (const Claim& claim : check_claims(trace)) EXPECT_TRUE(claim.holds) << claim.tensor << ": " << claim.error;
    }
}

}  // namespace
}  // namespace saccade::transformer_golden_test
