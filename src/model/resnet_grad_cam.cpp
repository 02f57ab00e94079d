#include <fmt/core.h>

#include <algorithm>

#include "autograd/ops.hpp"
#include "model/resnet.hpp"

namespace saccade {

template <class T>
GradCam<T> grad_cam(const ResNet<T>& model, Index block, const Tensor<T>& output, Index class_index,
                    const BlockOnlooker<T>& onlooker) {
    const auto classes = static_cast<Index>(model.design().classes.size());
    if (class_index < 0 || class_index >= classes)
        throw Error(ErrorCode::out_of_range, fmt::format("Grad-CAM: there is no class {}", class_index),
                    fmt::format("classes are counted from 0 to {}", classes - 1));
    if (output.shape().rank() != 4 || output.shape()[0] != 1)
        throw Error(ErrorCode::invalid_input, "Grad-CAM: an output of shape " + output.shape().str() + ", not [1, H, W, C]");
    Tape<T> tape;
    const Var<T> a = tape.leaf(output);
    const Var<T> logits = model.logits(model.run_blocks(block + 1, model.design().block_count(), a, onlooker));
    Tensor<T> chosen(logits.shape());
    chosen.data()[class_index] = 1;
    tape.backward(logits, chosen);

    const Index height = output.shape()[1], width = output.shape()[2], channels = output.shape()[3];
    GradCam<T> cam{tape.grad(a).reshape({height, width, channels}), Tensor<T>(Shape{channels}),
                   Tensor<T>(Shape{height, width})};
    const Index cells = height * width;
    for (Index i = 0; i < cells; ++i)
        for (Index k = 0; k < channels; ++k)
            cam.alpha.data()[k] += cam.gradient.data()[i * channels + k] / static_cast<T>(cells);
    for (Index i = 0; i < cells; ++i) {
        T sum = 0;
        for (Index k = 0; k < channels; ++k) sum += cam.alpha.data()[k] * output.data()[i * channels + k];
        cam.map.data()[i] = std::max(sum, T(0));
    }
    return cam;
}

template GradCam<float> grad_cam(const ResNet<float>&, Index, const Tensor<float>&, Index, const BlockOnlooker<float>&);
template GradCam<double> grad_cam(const ResNet<double>&, Index, const Tensor<double>&, Index, const BlockOnlooker<double>&);

}  // namespace saccade
