#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>
#include <optional>

#include "viz/counted_labels.hpp"

namespace saccade {

namespace {

/// px of the em: the user's own tokens. In figures no smaller than what is said about them.
struct Sizes {
    double smallest, largest;
    explicit Sizes(const Sketch& sketch) : smallest(sketch.px(sketch.state().decorations ? 12 : 10)), largest(sketch.px(18)) {
        if (sketch.state().text_size > 0) smallest = largest = sketch.state().text_size;
    }
};

/// Width of the widest label that would be written, and no more than is asked about. Long axes are sampled: measuring tens of
/// thousands of labels would cost frames.
double widest(const Sketch& sketch, const Axis& axis, double size, Index stride, double enough = 1e9) {
    const Index most = 400;
    const Index step = std::max<Index>(stride, (axis.extent + most - 1) / most);
    double width = 0;
    for (Index i = 0; i < axis.extent && width < enough; i += std::max<Index>(step, 1))
        width = std::max(width, sketch.text_width(drawn_label(axis, i), size));
    return std::min(width, enough);
}

/// The number that a label begins with: of "1000", and of "96–127", a block of positions. None of other labels.
std::optional<Index> leading_number(const std::string& label) {
    Index number = 0;
    const auto [end, problem] = std::from_chars(label.data(), label.data() + label.size(), number);
    const std::string_view rest(end, static_cast<std::size_t>(label.data() + label.size() - end));
    if (problem != std::errc() || (!rest.empty() && !rest.starts_with("–"))) return std::nullopt;
    return number;
}

/// Labels that count positions by themselves, evenly: a part of a longer axis, or blocks of one.
bool counts_itself(const Axis& axis) {
    const Index last = axis.extent - 1;
    if (axis.labels.empty() || last < 4) return false;
    const auto first = leading_number(axis.label(0)), second = leading_number(axis.label(1)),
               end = leading_number(axis.label(last));
    return first && second && end && *second > *first && *end - *first == last * (*second - *first);
}

/// "@12": among tokens that are digits themselves a bare number would be read as one of them, and "#12" is the id of a token.
std::string position_label(const Axis& axis, Index i) {
    if (counts_itself(axis))
        if (const auto number = leading_number(axis.label(i))) return std::to_string(*number);
    return "@" + std::to_string(axis.at(i) + 1);
}

/// Positions instead of tokens.
void count_positions(const Sketch& sketch, const Axis& axis, AxisLabels& labels) {
    labels.positions = true;
    labels.rotated = false;
    labels.size = std::clamp(labels.size, Sizes(sketch).smallest, std::max(Sizes(sketch).smallest, sketch.px(13)));
    labels.extent = sketch.text_width(position_label(axis, axis.extent - 1), labels.size);
}

AxisLabels fit_rows(const Sketch& sketch, const Axis& axis, double pitch, double limit, bool counted) {
    const auto [smallest, largest] = Sizes(sketch);
    AxisLabels labels;
    // Of the pitch; on a card that is written for the back row the names count for more than the air between them.
    const bool enlarged = !sketch.state().decorations && sketch.state().text_scale > 1;
    labels.size = std::clamp(pitch * (enlarged ? 0.88 : 0.68), smallest, largest);
    labels.stride = nice_stride(labels.size * label_pitch / pitch);
    if (axis.labels.empty()) labels.size = std::max(smallest, std::min(labels.size, sketch.px(13)));
    if ((labels.stride > 1 || counted) && !axis.labels.empty()) {
        count_positions(sketch, axis, labels);
        labels.stride = nice_stride(labels.size * label_pitch / pitch);
        // The one in focus has its token beside its number.
        const double token = sketch.text_width(": ", labels.size) + widest(sketch, axis, labels.size, 1, 4 * labels.size);
        labels.extent = std::max(labels.extent, std::min(limit, labels.extent + std::min(token, 4 * labels.size)));
    } else {
        labels.extent = widest(sketch, axis, labels.size, labels.stride);
    }
    if (labels.extent > limit) {
        labels.size = std::max(smallest, labels.size * limit / labels.extent);
        labels.extent = std::min(limit, labels.positions ? labels.extent : widest(sketch, axis, labels.size, labels.stride));
    }
    labels.none = limit < labels.size;
    if (labels.none) labels.extent = 0;
    return labels;
}

/// Columns as they were asked for, in a figure; labels of that size.
AxisLabels columns_as_asked(const Sketch& sketch, const Axis& axis, double pitch, double limit, AxisLabels labels) {
    using Choice = ViewOptions::Labels;
    const Choice choice = sketch.state().options.labels;
    const double line = labels.size * 1.25, whole = widest(sketch, axis, labels.size, 1);
    labels.rotated = choice == Choice::upright;
    labels.slanted = choice == Choice::slanted;
    if (labels.rotated) {
        labels.stride = nice_stride(labels.size * label_pitch / pitch);
        labels.extent = std::min(limit, whole);
    } else if (labels.slanted) {
        labels.stride = nice_stride(labels.size * label_pitch * std::numbers::sqrt2 / pitch);
        labels.extent = std::min(limit, slanted_extent(whole, labels.size));
    } else {
        // What is cut to a letter or two says nothing.
        const double wide = choice == Choice::thinned ? whole + sketch.px(3) : std::min(whole, 2 * labels.size) + sketch.px(3);
        labels.stride = nice_stride(std::max(1.0, wide / pitch));
        labels.extent = line;
    }
    labels.none = limit < line;
    if (labels.none) labels.extent = 0;
    return labels;
}

AxisLabels fit_columns(const Sketch& sketch, const Axis& axis, double pitch, double limit, bool counted) {
    const auto [smallest, largest] = Sizes(sketch);
    AxisLabels labels;
    labels.size = std::clamp(pitch * 0.58, smallest, largest);
    const bool numbers = axis.labels.empty();
    if (numbers) labels.size = std::max(smallest, std::min(labels.size, sketch.px(13)));
    if (sketch.state().decorations && sketch.state().options.labels != ViewOptions::Labels::automatic)
        return columns_as_asked(sketch, axis, pitch, limit, labels);
    const double line = labels.size * 1.25;
    // Where even the smallest do not fit beside each other, they are counted: how wide they are is not asked then.
    const bool close = !numbers && labels.size <= smallest && nice_stride(smallest * label_pitch / pitch) > 1;
    double width = widest(sketch, axis, labels.size, 1, close ? pitch : 1e9);
    if (!numbers && width + sketch.px(3) > pitch) {
        // Somewhat smaller may do; letters below the smallest size do not.
        const double size = std::max(smallest, labels.size * (pitch - sketch.px(3)) / width);
        if (widest(sketch, axis, size, 1, pitch) + sketch.px(2) <= pitch) {
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
        const double whole = close ? 0 : widest(sketch, axis, labels.size, 1);
        if (whole > limit) labels.size = std::max(smallest, labels.size * limit / whole);
        labels.stride = nice_stride(labels.size * label_pitch / pitch);
        if (!close) {
            // Smaller rather than cut.
            const double high = widest(sketch, axis, labels.size, labels.stride);
            if (high > limit) labels.size = std::max(smallest, labels.size * limit / high);
            labels.extent = std::min(limit, widest(sketch, axis, labels.size, labels.stride));
        }
    }
    if ((labels.stride > 1 || counted) && !numbers) {
        count_positions(sketch, axis, labels);
        labels.stride = nice_stride(std::max(1.0, (labels.extent + sketch.px(8)) / pitch));
        labels.extent = labels.size * 1.25;
    }
    labels.none = limit < line;
    if (labels.none) labels.extent = 0;
    return labels;
}

}  // namespace

double slanted_extent(double width, double size) {
    return (width + size) * std::numbers::sqrt2 / 2;
}

double slanted_room(double extent, double size) {
    return extent * std::numbers::sqrt2 - size;
}

double smallest_label(const Sketch& sketch) {
    return Sizes(sketch).smallest;
}

std::string written_label(const Sketch& sketch, const AxisPtr& axis, const AxisLabels& labels, Index i, double room) {
    const std::string token = drawn_label(*axis, i);
    if (!labels.positions) return cut_to_fit(token, room, labels.size, Font::ui, sketch.measure());
    const auto fits = [&](const std::string& text) { return sketch.text_width(text, labels.size) <= room; };
    const std::string number = position_label(*axis, i);
    if (!sketch.selected(axis, i) && !sketch.hovered(axis, i)) return number;
    const std::string both = counts_itself(*axis) ? token : number + ": " + token;
    return fits(both) || !fits(token) ? cut_to_fit(both, room, labels.size, Font::ui, sketch.measure()) : token;
}

double label_room(const Sketch& sketch, const AxisPtr& axis, const AxisLabels& labels, double pitch) {
    const bool lying = sketch.state().decorations && sketch.state().options.labels == ViewOptions::Labels::horizontal;
    if (lying && !labels.positions) return pitch * static_cast<double>(labels.stride) - sketch.px(3);
    if (!labels.positions) return 1e9;
    const double number = sketch.text_width(position_label(*axis, axis->extent - 1), labels.size);
    return std::max(number + 0.5, 2 * pitch * static_cast<double>(labels.stride) - number - sketch.px(8));
}

AxisLabels fit_row_labels(const Sketch& sketch, const Axis& axis, double pitch, double limit) {
    return fit_rows(sketch, axis, pitch, limit, false);
}

AxisLabels fit_column_labels(const Sketch& sketch, const Axis& axis, double pitch, double limit) {
    return fit_columns(sketch, axis, pitch, limit, false);
}

AxisLabels counted_row_labels(const Sketch& sketch, const Axis& axis, double pitch, double limit) {
    return fit_rows(sketch, axis, pitch, limit, true);
}

AxisLabels counted_column_labels(const Sketch& sketch, const Axis& axis, double pitch, double limit) {
    return fit_columns(sketch, axis, pitch, limit, true);
}

std::vector<Index> labelled_positions(const Sketch& sketch, const AxisPtr& axis, const AxisLabels& labels) {
    std::vector<Index> written;
    if (labels.none) return written;
    std::vector<Index> forced;
    // Of neighbours in focus the one under the pointer: who points at it asks for its name.
    for (const Focus* focus : {&sketch.hovered_focus(), &sketch.selected_focus()})
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
