#include "model/rnn_shapes_memory.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/ops.hpp"

namespace saccade {

namespace {

/// A row of the curves.
struct Remembered {
    std::string label;
    Tensor<float> jacobian;  // [length, units, features]
};

/// One network's states [forward h_(at_forward); backward h_(at_backward)] with respect to every input.
Tensor<float> jacobian_of(const RnnShapes<float>& model, const Tensor<float>& x, Index at_forward, Index at_backward,
                          const std::stop_token& stop) {
    const Tensor<float> forward = state_jacobian<float>(model.forward(), x, false, at_forward, stop);
    if (!model.design().both_directions) return forward;
    const Var<float> both[] = {forward, state_jacobian<float>(model.backward(), x, true, at_backward, stop)};
    return concat<float>(both, 1).value();
}

/// one_to_n: d h_t / d x_1 for every t.
Tensor<float> jacobian_of_first(const RnnShapes<float>& model, const Tensor<float>& x, const std::stop_token& stop) {
    std::vector<Var<float>> rows;
    for (Index t = 0; t < x.shape()[0]; ++t)
        rows.emplace_back(state_jacobian<float>(model.forward(), x, false, t, stop).row(0));
    return stack<float>(rows).value();
}

std::vector<Remembered> remembered(const MemoryOf& memory, const Ids& read, const std::stop_token& stop) {
    const RnnShapes<float>& model = *memory.model;
    const Tensor<float> x = embedding<float>(model.table(), read).value();
    const Index last = x.shape()[0] - 1;
    switch (model.design().shape) {
        case RnnShape::one_to_n:
            return {{memory.label, jacobian_of_first(model, x, stop)}};
        case RnnShape::n_to_n:
            return {{memory.label + ", last character", jacobian_of(model, x, last, last, stop)},
                    {memory.label + ", first character", jacobian_of(model, x, 0, 0, stop)}};
        case RnnShape::n_to_one:
        case RnnShape::n_to_m:
            break;
    }
    return {{memory.label, jacobian_of(model, x, last, 0, stop)}};
}

}  // namespace

void show_memory(std::span<const MemoryOf> memories, const Ids& read, Probe& probe, const std::stop_token& stop) {
    if (memories.empty()) return;
    std::vector<Remembered> rows;
    for (const MemoryOf& memory : memories)
        for (Remembered& row : remembered(memory, read, stop)) rows.push_back(std::move(row));
    Index units = 0;
    std::vector<std::string> labels;
    for (const Remembered& row : rows) {
        units = std::max(units, row.jacobian.shape()[1]);
        labels.push_back(row.label);
    }
    const auto count = static_cast<Index>(rows.size());
    const Index length = rows[0].jacobian.shape()[0], features = rows[0].jacobian.shape()[2];
    Tensor<float> jacobian(Shape{count, length, units, features});
    for (Index c = 0; c < count; ++c) {
        const Tensor<float>& from = rows[static_cast<std::size_t>(c)].jacobian;
        const Index own = from.shape()[1] * features;
        for (Index t = 0; t < length; ++t)
            std::copy_n(from.data() + t * own, own, jacobian.data() + (c * length + t) * units * features);
    }
    probe.axis({"memory", AxisKind::head, count, labels, "c"});
    probe.axis({"memory_unit", AxisKind::feature, units, {}, "k"});

    const RnnShape shape = memories[0].model->design().shape;
    const bool spelled = shape == RnnShape::one_to_n;
    const std::string derivative = spelled ? "∂h_t/∂x_1" : shape == RnnShape::n_to_n ? "∂h/∂x_t" : "∂h_T/∂x_t";
    const Observer observe(probe);
    const Tensor<float> shown = observe("memory.jacobian", jacobian, [&] {
        return Shown{.role = Role::metric,
                     .symbol = "J",
                     .title = "Jacobian " + derivative,
                     .axes = {"memory", "position", "memory_unit", "feature"},
                     .step = {"differentiate", derivative + ", by reverse mode through every step", "",
                              "Pascanu 2013, eq. 5; Bengio 1994"}};
    });
    Tensor<float> norm(Shape{count, length});
    for (Index i = 0; i < norm.size(); ++i) {
        double sum = 0;
        for (Index k = 0; k < units * features; ++k) {
            const auto value = static_cast<double>(shown.data()[i * units * features + k]);
            sum += value * value;
        }
        norm.data()[i] = static_cast<float>(std::sqrt(sum));
    }
    observe("memory.norm", norm, [&] {
        return Shown{.role = Role::metric,
                     .symbol = "‖J‖",
                     .title = spelled ? "Memory of the input" : "Memory of each character",
                     .unit = "‖" + derivative + "‖",
                     .axes = {"memory", "position"},
                     .step = {"measure", "‖J‖ = √(Σ_k Σ_m J_km²)",
                              "@memory.norm[c,j] = sqrt(sum_k(sum_m(square(@memory.jacobian[c,j,k,m]))))", "Frobenius norm"}};
    });
}

}  // namespace saccade
