#include "model/layered_parameters.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace saccade::layered_parameters_test {
namespace {

WeightMap three_layers() {
    WeightMap weights;
    for (const char* layer : {"0", "1", "2"}) {
        const auto first = static_cast<float>(layer[0] - '0');
        weights["stack." + std::string(layer) + ".in.weight"] = Tensor<float>::from({2, 2}, {first, first, first, 7});
        weights["stack." + std::string(layer) + ".in.bias"] = Tensor<float>::from({2}, {first, 3});
    }
    weights["stack.0.gate"] = Tensor<float>::from({1}, {4});  // layer 1 has none
    weights["stack.2.gate"] = Tensor<float>::from({1}, {5});
    weights["other.0.w"] = Tensor<float>::from({1}, {1});
    weights["other.1.w"] = Tensor<float>::from({2}, {1, 2});  // of another shape
    weights["stack.norm.gain"] = Tensor<float>::from({1}, {9});
    return weights;
}

TEST(LayeredParameters, layers_that_lie_together_are_one_tensor_without_a_copy) {
    WeightMap weights = three_layers();
    const WeightMap before = three_layers();
    lay_layers_together(weights);
    ASSERT_EQ(weights.size(), before.size());
    for (const auto& [name, tensor] : before) {
        EXPECT_EQ(weights.at(name).shape(), tensor.shape()) << name;
        EXPECT_TRUE(std::ranges::equal(weights.at(name).values(), tensor.values())) << name;
    }
    const auto own = [&](Index l) -> const Tensor<float>& { return weights.at("stack." + std::to_string(l) + ".in.weight"); };
    LayeredParameters layered;
    const Tensor<float> all = layered.get("in.weight", 3, own);
    EXPECT_EQ(all.shape(), (Shape{3, 2, 2}));
    EXPECT_EQ(all.data(), weights.at("stack.0.in.weight").data()) << "the same storage";
    EXPECT_EQ(all.at({2, 1, 1}), 7);
    EXPECT_EQ(all.at({2, 0, 0}), 2);
}

TEST(LayeredParameters, layers_that_lie_apart_are_copied_once) {
    const WeightMap weights = three_layers();
    int asked = 0;
    const auto own = [&](Index l) -> const Tensor<float>& {
        ++asked;
        return weights.at("stack." + std::to_string(l) + ".in.bias");
    };
    LayeredParameters layered;
    const Tensor<float> all = layered.get("in.bias", 3, own);
    EXPECT_EQ(all.shape(), (Shape{3, 2}));
    EXPECT_TRUE(std::ranges::equal(all.values(), std::vector<float>{0, 3, 1, 3, 2, 3}));
    const int first = asked;
    EXPECT_EQ(layered.get("in.bias", 3, own).data(), all.data());
    EXPECT_EQ(asked, first);
}

TEST(LayeredParameters, rows_are_one_tensor_only_where_they_follow_each_other) {
    const Tensor<float> whole = Tensor<float>::from({3, 2}, {1, 2, 3, 4, 5, 6});
    const std::vector<Tensor<float>> in_order = {whole.row(0), whole.row(1), whole.row(2)},
                                     turned = {whole.row(1), whole.row(0)}, gap = {whole.row(0), whole.row(2)},
                                     apart = {whole.row(0), whole.row(1).clone()};
    EXPECT_EQ(Tensor<float>::of_rows(in_order).data(), whole.data());
    EXPECT_EQ(Tensor<float>::of_rows(in_order).shape(), whole.shape());
    for (const auto& rows : {turned, gap, apart}) EXPECT_TRUE(Tensor<float>::of_rows(rows).empty());
}

}  // namespace
}  // namespace saccade::layered_parameters_test
