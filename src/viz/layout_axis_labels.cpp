#include <algorithm>
#include <cmath>

#include "viz/layout.hpp"

namespace saccade {

namespace {

constexpr double smallest = 10, largest = 18;  // px of the em: the user's own tokens

/// Width of the widest label that would be written. Long axes are sampled: measuring tens of thousands of labels would cost
/// frames.
double widest(const Sketch& sketch, const Axis& axis, double size, Index stride) {
    const Index most = 400;
    const Index step = std::max<Index>(stride, (axis.extent + most - 1) / most);
    double width = 0;
    for (Index i = 0; i < axis.extent; i += std::max<Index>(step, 1))
        width = std::max(width, sketch.text_width(drawn_label(axis, i), size));
    return width;
}

}  // namespace

AxisLabels fit_row_labels(const Sketch& sketch, const Axis& axis, double pitch, double limit) {
    AxisLabels labels;
    labels.size = std::clamp(pitch * 0.68, sketch.px(smallest), sketch.px(largest));
    labels.stride = nice_stride(labels.size * 1.15 / pitch);
    if (axis.labels.empty()) labels.size = std::min(labels.size, sketch.px(13));
    labels.extent = widest(sketch, axis, labels.size, labels.stride);
    if (labels.extent > limit) {
        labels.size = std::max(sketch.px(smallest), labels.size * limit / labels.extent);
        labels.extent = std::min(limit, widest(sketch, axis, labels.size, labels.stride));
    }
    labels.none = limit < labels.size;
    if (labels.none) labels.extent = 0;
    return labels;
}

AxisLabels fit_column_labels(const Sketch& sketch, const Axis& axis, double pitch, double limit) {
    AxisLabels labels;
    labels.size = std::clamp(pitch * 0.58, sketch.px(smallest), sketch.px(largest));
    const bool numbers = axis.labels.empty();
    if (numbers) labels.size = std::min(labels.size, sketch.px(13));
    const double line = labels.size * 1.25;
    double width = widest(sketch, axis, labels.size, 1);
    if (!numbers && width + sketch.px(3) > pitch) {
        // Somewhat smaller may do; letters below the smallest size do not.
        const double size = std::max(sketch.px(smallest), labels.size * (pitch - sketch.px(3)) / width);
        if (widest(sketch, axis, size, 1) + sketch.px(2) <= pitch) {
            labels.size = size;
            width = 0;
        }
    }
    // A sign that is as wide as it is high gains nothing by being turned.
    const bool signs = width <= 1.3 * labels.size;
    const bool fits = width + sketch.px(3) <= pitch;
    if (fits || numbers || signs) {
        labels.extent = line;
        const double gap = sketch.px(numbers ? 8 : 3);
        labels.stride = fits && !numbers ? 1 : nice_stride(std::max(1.0, (width + gap) / pitch));
    } else {
        labels.rotated = true;
        labels.stride = nice_stride(labels.size * 1.35 / pitch);
        labels.extent = std::min(limit, widest(sketch, axis, labels.size, labels.stride));
    }
    labels.none = limit < line;
    if (labels.none) labels.extent = 0;
    return labels;
}

std::vector<Index> labelled_positions(const Sketch& sketch, const AxisPtr& axis, const AxisLabels& labels) {
    std::vector<Index> written;
    if (labels.none) return written;
    std::vector<Index> forced;
    for (const Focus* focus : {&sketch.state().selected, &sketch.state().hovered})
        if (const auto at = focus->on(axis);
            at && *at >= 0 && *at < axis->extent && (forced.empty() || std::abs(*at - forced[0]) >= labels.stride))
            forced.push_back(*at);
    for (Index i = 0; i < axis->extent; i += labels.stride) {
        const bool crowded =
            std::any_of(forced.begin(), forced.end(), [&](Index f) { return std::abs(f - i) < labels.stride; });
        if (!crowded) written.push_back(i);
    }
    written.insert(written.end(), forced.begin(), forced.end());
    std::sort(written.begin(), written.end());
    return written;
}

}  // namespace saccade
