#include "trace/axis.hpp"

#include <array>
#include <utility>

namespace saccade {

namespace {

constexpr std::array<std::pair<AxisKind, const char*>, 11> kinds{{{AxisKind::batch, "batch"},
                                                                  {AxisKind::layer, "layer"},
                                                                  {AxisKind::head, "head"},
                                                                  {AxisKind::query, "query"},
                                                                  {AxisKind::key, "key"},
                                                                  {AxisKind::feature, "feature"},
                                                                  {AxisKind::channel, "channel"},
                                                                  {AxisKind::y, "y"},
                                                                  {AxisKind::x, "x"},
                                                                  {AxisKind::step, "step"},
                                                                  {AxisKind::class_, "class"}}};

}  // namespace

std::string to_string(AxisKind kind) {
    for (const auto& [known, name] : kinds) {
        if (known == kind) return name;
    }
    throw Error(ErrorCode::invalid_input, "an axis kind without a name");
}

AxisKind axis_kind_from(const std::string& text) {
    std::string names;
    for (const auto& [kind, name] : kinds) {
        if (text == name) return kind;
        names += (names.empty() ? "" : ", ") + std::string(name);
    }
    throw Error(ErrorCode::bad_format, "unknown axis kind '" + text + "'", "the known ones are: " + names);
}

bool is_stacked(AxisKind kind) {
    return kind == AxisKind::layer || kind == AxisKind::head;
}

const std::vector<std::string>& Axis::whole_labels() const {
    static const std::vector<std::string> none;
    if (part.whole == 0) return labels;
    return part.labels ? *part.labels : none;
}

std::string Axis::label(Index i) const {
    if (i >= 0 && static_cast<std::size_t>(i) < labels.size()) return labels[static_cast<std::size_t>(i)];
    return std::to_string(is_stacked(kind) ? i + 1 : i);
}

}  // namespace saccade
