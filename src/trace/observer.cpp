#include "trace/observer.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace saccade {

Observer Observer::redescribed(std::function<bool(Shown&)> edit) const {
    Observer other = *this;
    if (probe_ != nullptr) other.edit_ = std::make_shared<const std::function<bool(Shown&)>>(std::move(edit));
    return other;
}

Var<float> Observer::show_redescribed(std::string_view part, Var<float> x, const std::function<Shown()>& describe) const {
    Shown shown = describe();
    if (!(*edit_)(shown)) return x;
    return probe_->show(prefix_, part, row_, std::move(x), [&] { return std::move(shown); });
}

Tensor<float> Observer::numbers(const Ids& ids) {
    Tensor<float> values(Shape{static_cast<Index>(ids.size())});
    std::ranges::transform(ids, values.data(), [](Index id) { return static_cast<float>(id); });
    return values;
}

Ids Observer::read_ids(std::string_view part, const Tensor<float>& shown, Index limit) const {
    Ids ids;
    for (const float v : shown.values()) {
        if (!std::isfinite(v) || v != std::floor(v) || v < 0 || v >= static_cast<float>(limit))
            throw Error(ErrorCode::invalid_input, fmt::format("{} was set to {}, which is not a valid id", name(part), v),
                        fmt::format("set it to a whole number from 0 to {}", limit - 1));
        ids.push_back(static_cast<Index>(v));
    }
    return ids;
}

}  // namespace saccade
