#include <fmt/core.h>

#include <algorithm>

#include "autograd/ops.hpp"
#include "model/resnet.hpp"

namespace saccade {

namespace {

constexpr const char* paper = "Selvaraju 2017, eq. 1 and 2";
constexpr float smallest_peak = 1e-12f;  // what a map is divided by at least

}  // namespace

GradCam grad_cam(const ResNetDesign& design, Index block, Tape<float>& tape, const Var<float>& output, const Var<float>& logits,
                 Index class_index, const Observer& observe) {
    const auto classes = static_cast<Index>(design.classes.size());
    if (class_index < 0 || class_index >= classes)
        throw Error(ErrorCode::out_of_range, fmt::format("Grad-CAM: there is no class {}", class_index),
                    fmt::format("classes are counted from 0 to {}", classes - 1));
    if (output.shape().rank() != 4 || output.shape()[0] != 1)
        throw Error(ErrorCode::invalid_input, "Grad-CAM: an output of shape " + output.shape().str() + ", not [1, H, W, C]");
    const Index h = output.shape()[1], w = output.shape()[2], c = output.shape()[3];
    Tensor<float> chosen(logits.shape());
    chosen.data()[class_index] = 1;
    tape.backward(logits, chosen);

    const Var<float> gradient = observe("grad_cam.gradient", Var<float>(tape.grad(output)), [&] {
        // Of the last block it is that of the mean over all places; before it lie layers that are not shown. What was changed
        // by hand on the way has its part in it, which no rule says.
        const bool by_hand = observe.probe() != nullptr && observe.probe()->intervening();
        const bool last = block + 1 == design.block_count() && !by_hand;
        return Shown{
            .symbol = "∂",
            .title = "Gradient of the class's logit",
            .axes = {"channel", "y", "x"},
            .step = {"differentiate", fmt::format("∂ o_{} / ∂ A_c(y,x)", design.classes[static_cast<std::size_t>(class_index)]),
                     last ? fmt::format("@grad_cam.gradient[c,y,x] = @classifier.weight[{},c] / {}", class_index, h * w) : "",
                     paper},
            .channels_last = true};
    });
    const Var<float> alpha = observe("grad_cam.weight", mean(reshape(gradient, {h * w, c}), 0), [] {
        return Shown{.symbol = "α",
                     .title = "Grad-CAM: weight of each channel",
                     .axes = {"channel"},
                     .step = {"average", "α_c = mean_yx ∂ o / ∂ A_c(y,x)",
                              "@grad_cam.weight[c] = mean_y(mean_x(@grad_cam.gradient[c,y,x]))", paper}};
    });
    const Var<float> weighted = matmul(Var<float>(output.value().reshape({h * w, c})), reshape(alpha, {c, 1}));
    const Var<float> sum = observe("grad_cam.sum", reshape(weighted, {h, w}), [&] {
        return Shown{.role = Role::scores,
                     .symbol = "S",
                     .title = "Grad-CAM before relu",
                     .axes = {"y", "x"},
                     .step = {"combine", "S = Σ_c α_c A_c",
                              fmt::format("@grad_cam.sum[y,x] = sum_c(@grad_cam.weight[c] * @{}.output[c,y,x])",
                                          design.block_name(block)),
                              paper}};
    });
    const float peak = std::max(*std::ranges::max_element(sum.value().values()), smallest_peak);
    const Var<float> map = observe("grad_cam", scale(relu(sum), 1 / peak), [] {
        return Shown{
            .role = Role::map,
            .symbol = "L",
            .title = "Grad-CAM",
            .axes = {"y", "x"},
            .step = {"combine", "L = relu(S) / max S",
                     fmt::format("@grad_cam[y,x] = relu(@grad_cam.sum[y,x]) / max(max_u(max_v(@grad_cam.sum[u,v])), {})",
                                 smallest_peak),
                     paper}};
    });
    return {alpha.value(), sum.value(), map.value()};
}

}  // namespace saccade
