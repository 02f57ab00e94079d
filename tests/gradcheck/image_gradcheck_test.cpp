#include <ostream>

#include "autograd/ops_image.hpp"
#include "gradcheck/gradcheck.hpp"

namespace saccade::image_gradcheck_test {
namespace {

struct ConvCase {
    const char* name;
    Shape x, weight;
    ConvForm form;
    bool bias;
    friend std::ostream& operator<<(std::ostream& out, const ConvCase& c) { return out << c.name; }
};

class ConvGradient : public testing::TestWithParam<ConvCase> {};

TEST_P(ConvGradient, MatchesDifferences) {
    const ConvCase& c = GetParam();
    std::vector<Tensor<double>> inputs{random_tensor(c.x, 1), random_tensor(c.weight, 2)};
    if (c.bias) inputs.push_back(random_tensor(Shape{c.weight[0]}, 3));
    check_gradients(
        [&](const std::vector<Var<double>>& v) { return conv2d(v[0], v[1], c.bias ? v[2] : Var<double>(), c.form); }, inputs);
}

INSTANTIATE_TEST_SUITE_P(Forms, ConvGradient,
                         testing::Values(ConvCase{"plain", {2, 5, 4, 3}, {2, 3, 3, 3}, {}, false},
                                         ConvCase{"padded", {2, 4, 5, 3}, {5, 3, 3, 3}, {1, 1, 1}, false},
                                         ConvCase{"bias", {1, 4, 4, 2}, {3, 2, 3, 3}, {1, 1, 1}, true},
                                         ConvCase{"whole_vectors", {2, 4, 5, 8}, {8, 8, 3, 3}, {1, 1, 1}, false},
                                         ConvCase{"wide", {1, 3, 9, 16}, {16, 16, 3, 3}, {1, 1, 1}, true},
                                         ConvCase{"stride", {2, 7, 6, 3}, {4, 3, 3, 3}, {2, 1, 1}, true},
                                         ConvCase{"stride_whole_vectors", {1, 8, 8, 8}, {16, 8, 3, 3}, {2, 1, 1}, false},
                                         ConvCase{"shift", {2, 6, 6, 3}, {4, 3, 3, 3}, {2, 1, 1, 1}, false},
                                         ConvCase{"shift_of_two", {1, 5, 7, 8}, {8, 8, 5, 5}, {1, 2, 1, 2}, false},
                                         ConvCase{"stride_of_three", {1, 8, 7, 2}, {2, 2, 2, 2}, {3, 0, 1}, false},
                                         ConvCase{"depthwise_stride", {2, 5, 4, 6}, {6, 1, 5, 5}, {2, 2, 6}, true},
                                         ConvCase{"groups", {2, 4, 4, 6}, {9, 2, 3, 3}, {1, 1, 3}, true},
                                         ConvCase{"depthwise", {1, 5, 5, 4}, {4, 1, 3, 3}, {1, 1, 4}, false},
                                         ConvCase{"pointwise", {2, 3, 3, 5}, {4, 5, 1, 1}, {}, true},
                                         ConvCase{"pointwise_stride", {1, 5, 5, 8}, {8, 8, 1, 1}, {2, 0, 1}, false},
                                         ConvCase{"seven", {1, 6, 6, 2}, {1, 2, 7, 7}, {1, 3, 1}, true},
                                         ConvCase{"oblong_window", {1, 4, 6, 2}, {2, 2, 1, 3}, {1, 1, 1}, false},
                                         ConvCase{"padding_past_the_window", {1, 3, 3, 2}, {2, 2, 2, 2}, {1, 3, 1}, false}),
                         [](const auto& test) { return test.param.name; });

TEST(ImageGradients, Subsample) {
    check_gradients([](const auto& v) { return subsample(v[0], 2, 5); }, {random_tensor({2, 5, 4, 3}, 1)});
}

/// Channels that fill vectors and one that does not.
const std::vector<Shape> norm_shapes{{3, 2, 4, 3}, {2, 3, 3, 8}, {5, 19}, {40, 5, 1}};

TEST(ImageGradients, BatchNorm) {
    for (const Shape& shape : norm_shapes) {
        const Shape channels{shape[-1]};
        check_gradients([](const auto& v) { return batch_norm(v[0], v[1], v[2], 1e-3); },
                        {random_tensor(shape, 1, 2, 5), random_tensor(channels, 2), random_tensor(channels, 3)}, 1e-5);
    }
}

TEST(ImageGradients, BatchNormReluWithAndWithoutResidual) {
    for (const Shape& shape : norm_shapes) {
        const Shape channels{shape[-1]};
        const std::vector<Tensor<double>> inputs{random_tensor(shape, 1, 2, 5), random_tensor(channels, 2),
                                                 random_tensor(channels, 3), random_tensor(shape, 4)};
        check_gradients([](const auto& v) { return batch_norm_relu(v[0], v[1], v[2], v[3], 1e-3); }, inputs, 1e-5);
        check_gradients([](const auto& v) { return batch_norm_relu(v[0], v[1], v[2], Var<double>(), 1e-3); },
                        {inputs.begin(), inputs.end() - 1}, 1e-5);
    }
}

TEST(ImageGradients, BatchNormOfAPopulation) {
    for (const Shape& shape : norm_shapes) {
        const Shape channels{shape[-1]};
        const Tensor<double> mean = random_tensor(channels, 5), variance = random_tensor(channels, 6, 0.5, 2);
        const std::vector<Tensor<double>> inputs{random_tensor(shape, 1), random_tensor(channels, 2),
                                                 random_tensor(channels, 3), random_tensor(shape, 4)};
        check_gradients([&](const auto& v) { return batch_norm_fixed(v[0], v[1], v[2], mean, variance, 1e-3); },
                        {inputs.begin(), inputs.end() - 1});
        check_gradients([&](const auto& v) { return batch_norm_fixed_relu(v[0], v[1], v[2], v[3], mean, variance, 1e-3); },
                        inputs);
        // Only the input is asked for, as by Grad-CAM.
        check_gradients(
            [&](const auto& v) {
                return batch_norm_fixed_relu(v[0], Var<double>(inputs[1]), Var<double>(inputs[2]), Var<double>(), mean,
                                             variance, 1e-3);
            },
            {inputs[0]});
    }
}

TEST(ImageGradients, AddRelu) {
    check_gradients([](const auto& v) { return add_relu(v[0], v[1]); },
                    {random_tensor({2, 3, 3, 5}, 1), random_tensor({2, 3, 3, 5}, 2)});
    // The same operand twice.
    check_gradients([](const auto& v) { return add_relu(v[0], v[0]); }, {random_tensor({2, 3, 3, 5}, 1)});
}

TEST(ImageGradients, Gates) {
    for (const Shape& shape : {Shape{2, 3, 2, 3}, Shape{3, 1, 5, 19}}) {
        check_gradients([](const auto& v) { return scale_channels(v[0], v[1]); },
                        {random_tensor(shape, 1), random_tensor({shape[0], shape[3]}, 2)});
        check_gradients([](const auto& v) { return scale_places(v[0], v[1]); },
                        {random_tensor(shape, 1), random_tensor(shape.without(3), 2)});
        // The picture is used twice, and the gate made of it.
        check_gradients([](const auto& v) { return add_relu(v[0], scale_channels(v[0], global_mean_pool(v[0]))); },
                        {random_tensor(shape, 1)});
    }
}

TEST(ImageGradients, Pools) {
    for (const Shape& shape : {Shape{2, 5, 4, 3}, Shape{1, 6, 6, 17}}) {
        const std::vector<Tensor<double>> inputs{random_tensor(shape, 1)};
        check_gradients([](const auto& v) { return max_pool2d(v[0], 2, 2); }, inputs);
        check_gradients([](const auto& v) { return max_pool2d(v[0], 3, 2, 1); }, inputs);
        check_gradients([](const auto& v) { return mean_pool2d(v[0], 2, 2); }, inputs);
        check_gradients([](const auto& v) { return mean_pool2d(v[0], 3, 1, 1); }, inputs);
        check_gradients([](const auto& v) { return global_mean_pool(v[0]); }, inputs);
        check_gradients([](const auto& v) { return global_max_pool(v[0]); }, inputs);
    }
}

}  // namespace
}  // namespace saccade::image_gradcheck_test
