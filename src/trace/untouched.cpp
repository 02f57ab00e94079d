#include "trace/untouched.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "trace/formula_evaluate.hpp"

namespace saccade {

namespace {

/// Ids along the same axes, of which a tensor has the probabilities: names of its cells that differ from run to run.
const TraceTensor* ids_beside(const Trace& trace, const TraceTensor& tensor) {
    const Step* step = trace.step_of(tensor.info.name);
    if (step == nullptr || step->rule.empty()) return nullptr;
    for (const std::string& name : operands(parse_rule(step->rule)))
        if (const TraceTensor* ids = trace.find(name);
            ids != nullptr && ids->info.role == Role::output && ids->info.axes == tensor.info.axes)
            return ids;
    return nullptr;
}

/// What the rule makes of the other run's operands for these ids. Nothing where the operands are not those of this run.
std::optional<Tensor<float>> of_same_ids(const Trace& trace, const TraceTensor& tensor, const TraceTensor& ids,
                                         const Trace& untouched) try {
    const Rule rule = parse_rule(trace.step_of(tensor.info.name)->rule);
    Trace mixed;
    const auto take = [&](TensorInfo info, const TraceValues& values) {
        for (AxisPtr& axis : info.axes) {
            const AxisPtr known = mixed.axis(axis->name);
            axis = known ? known : mixed.add_axis(*axis);
        }
        mixed.add(info, values);
    };
    take(tensor.info, tensor.values);
    for (const std::string& name : operands(rule)) {
        if (mixed.find(name) != nullptr) continue;
        const TraceTensor& operand = name == ids.info.name ? ids : untouched.tensor(name);
        take(operand.info, operand.values);
    }
    const BoundRule bound(rule, mixed);
    const Shape& shape = tensor.values.shape();
    Tensor<float> was(shape);
    std::vector<Index> cell(static_cast<std::size_t>(shape.rank()), 0);
    for (Index i = 0; i < was.size(); ++i) {
        was.data()[i] = static_cast<float>(bound.evaluate(cell));
        for (int a = shape.rank() - 1; a >= 0 && ++cell[static_cast<std::size_t>(a)] == shape[a]; --a)
            cell[static_cast<std::size_t>(a)] = 0;
    }
    return was;
} catch (const Error&) {
    return std::nullopt;  // another length, or not recorded there
}

/// The other run's, as long as this one's.
std::optional<Tensor<float>> of_same_rows(const TraceTensor& tensor, const TraceTensor& was) {
    const Shape &now = tensor.values.shape(), &then = was.values.shape();
    if (now.rank() != then.rank() || now.rank() == 0 || now[-1] != then[-1] ||
        tensor.info.axes.back()->labels != was.info.axes.back()->labels)
        return std::nullopt;
    if (now == then) return was.values.whole();
    if (now.rank() != 2) return std::nullopt;
    Tensor<float> rows(now, std::numeric_limits<float>::quiet_NaN());
    std::copy_n(was.values.data(), std::min(now[0], then[0]) * now[1], rows.data());
    return rows;
}

}  // namespace

std::string untouched_name(const std::string& name) {
    return name + ".untouched";
}

Trace with_untouched(const Trace& trace, const Trace& untouched) {
    Trace result = trace;
    for (const TraceTensor* tensor : trace.with_role(Role::probabilities)) {
        const TraceTensor* was = untouched.find(tensor->info.name);
        const std::string name = untouched_name(tensor->info.name);
        if (was == nullptr || tensor->values.empty() || trace.find(name) != nullptr) continue;
        const TraceTensor* ids = ids_beside(trace, *tensor);
        std::optional<Tensor<float>> values =
            ids != nullptr ? of_same_ids(trace, *tensor, *ids, untouched) : of_same_rows(*tensor, *was);
        if (!values) continue;
        TensorInfo info = tensor->info;
        info.name = name;
        info.role = Role::state;  // none of the run's own: its claims are not about it
        info.title += " · nothing changed by hand";
        result.add(std::move(info), std::move(*values));
    }
    for (const auto& [name, text] : trace.texts())
        if (const auto was = untouched.texts().find(name); was != untouched.texts().end() && was->second != text)
            result.set_text(untouched_name(name), was->second);
    return result;
}

}  // namespace saccade
