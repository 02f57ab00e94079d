#include "trace/trace.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

#include "trace/formula.hpp"

namespace saccade {

namespace {

constexpr std::array<std::pair<Role, const char*>, 17> roles{{{Role::input, "input"},
                                                              {Role::embedding, "embedding"},
                                                              {Role::query, "query"},
                                                              {Role::key, "key"},
                                                              {Role::value, "value"},
                                                              {Role::scores, "scores"},
                                                              {Role::mask, "mask"},
                                                              {Role::weights, "weights"},
                                                              {Role::context, "context"},
                                                              {Role::state, "state"},
                                                              {Role::gate, "gate"},
                                                              {Role::logits, "logits"},
                                                              {Role::probabilities, "probabilities"},
                                                              {Role::output, "output"},
                                                              {Role::map, "map"},
                                                              {Role::metric, "metric"},
                                                              {Role::parameter, "parameter"}}};

/// Names stand in rules, on the command line and as file names inside an .npz: nothing but letters, digits, '_' and '.'.
bool is_tensor_name(const std::string& name) {
    const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    const auto more = [&](char c) { return letter(c) || std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '.'; };
    return !name.empty() && name.size() <= 200 && letter(name.front()) && std::all_of(name.begin(), name.end(), more);
}

}  // namespace

std::string to_string(Role role) {
    for (const auto& [known, name] : roles) {
        if (known == role) return name;
    }
    throw Error(ErrorCode::invalid_input, "a role without a name");
}

Role role_from(const std::string& text) {
    std::string names;
    for (const auto& [role, name] : roles) {
        if (text == name) return role;
        names += (names.empty() ? "" : ", ") + std::string(name);
    }
    throw Error(ErrorCode::bad_format, "unknown role '" + text + "'", "the known ones are: " + names);
}

bool TraceTensor::edited(Index offset) const {
    // By bits: a masked cell stays -inf, and an edit that changes nothing is none.
    if (before.empty()) return false;
    if (before.kept() && values.kept()) return std::memcmp(before.data() + offset, values.data() + offset, sizeof(float)) != 0;
    const Index size = values.size() / values.shape()[0];
    const Tensor<float> now = values.row(offset / size), was = before.row(offset / size);
    return std::memcmp(was.data() + offset % size, now.data() + offset % size, sizeof(float)) != 0;
}

AxisPtr Trace::add_axis(Axis axis) {
    if (axis.name.empty()) throw Error(ErrorCode::invalid_input, "an axis without a name");
    if (this->axis(axis.name)) throw Error(ErrorCode::invalid_input, fmt::format("two axes named '{}'", axis.name));
    if (axis.extent < 0 || (!axis.labels.empty() && static_cast<Index>(axis.labels.size()) != axis.extent)) {
        throw Error(ErrorCode::invalid_input,
                    fmt::format("axis '{}': {} labels for an extent of {}", axis.name, axis.labels.size(), axis.extent));
    }
    axes_.push_back(std::make_shared<const Axis>(std::move(axis)));
    return axes_.back();
}

void Trace::add(TensorInfo info, TraceValues values, TraceValues before) {
    if (!is_tensor_name(info.name)) {
        throw Error(ErrorCode::invalid_input, fmt::format("'{}' cannot name a tensor", info.name),
                    "use letters, digits, '_' and '.'");
    }
    if (find(info.name) != nullptr) throw Error(ErrorCode::invalid_input, fmt::format("two tensors named '{}'", info.name));
    const Shape& shape = values.shape();
    if (static_cast<int>(info.axes.size()) != shape.rank()) {
        throw Error(ErrorCode::invalid_input,
                    fmt::format("tensor '{}': {} axes for the shape {}", info.name, info.axes.size(), shape.str()));
    }
    for (int i = 0; i < shape.rank(); ++i) {
        const AxisPtr& axis = info.axes[static_cast<std::size_t>(i)];
        if (!axis || std::find(axes_.begin(), axes_.end(), axis) == axes_.end()) {
            throw Error(ErrorCode::invalid_input, fmt::format("tensor '{}': axis {} is not of this trace", info.name, i));
        }
        if (axis->extent != shape[i]) {
            throw Error(ErrorCode::invalid_input, fmt::format("tensor '{}' of shape {}: axis '{}' has extent {}", info.name,
                                                              shape.str(), axis->name, axis->extent));
        }
    }
    if (!before.empty() && before.shape() != shape) {
        throw Error(ErrorCode::invalid_input, fmt::format("tensor '{}': shape {} before interventions, {} after", info.name,
                                                          before.shape().str(), shape.str()));
    }
    by_name_[info.name] = tensors_.size();
    tensors_.push_back({std::move(info), std::move(values), std::move(before)});
}

void Trace::add_step(Step step) {
    const TraceTensor& result = tensor(step.result);
    if (step_of(step.result) != nullptr) {
        throw Error(ErrorCode::invalid_input, fmt::format("two steps with the result '{}'", step.result));
    }
    if (!step.rule.empty()) {
        const Rule rule = parse_rule(step.rule);
        if (rule.result != result.info.name) {
            throw Error(ErrorCode::invalid_input, fmt::format("the rule of '{}' is about '{}'", step.result, rule.result));
        }
        check_rule(rule, *this);
    }
    steps_.push_back(std::move(step));
}

const TraceTensor* Trace::find(const std::string& name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : &tensors_[found->second];
}

const TraceTensor& Trace::tensor(const std::string& name) const {
    if (const TraceTensor* found = find(name)) return *found;
    std::string names;
    for (const TraceTensor& known : tensors_) {
        if (known.info.role != Role::parameter) names += (names.empty() ? "" : ", ") + known.info.name;
    }
    throw Error(ErrorCode::not_found, fmt::format("there is no tensor '{}' in this run", name),
                names.empty() ? "nothing was recorded" : "choose one of: " + names);
}

const Step* Trace::step_of(const std::string& result) const {
    const auto found = std::find_if(steps_.begin(), steps_.end(), [&](const Step& step) { return step.result == result; });
    return found == steps_.end() ? nullptr : &*found;
}

AxisPtr Trace::axis(const std::string& name) const {
    const auto found = std::find_if(axes_.begin(), axes_.end(), [&](const AxisPtr& axis) { return axis->name == name; });
    return found == axes_.end() ? nullptr : *found;
}

std::vector<const TraceTensor*> Trace::with_role(Role role) const {
    std::vector<const TraceTensor*> found;
    for (const TraceTensor& tensor : tensors_) {
        if (tensor.info.role == role) found.push_back(&tensor);
    }
    return found;
}

}  // namespace saccade
