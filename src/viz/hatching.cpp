#include "viz/hatching.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace saccade {

std::vector<Segment> hatch_lines(const std::vector<Box>& boxes) {
    struct Span {
        double from = 0, to = 0;  // in y
    };
    constexpr double touching = 0.01;
    std::map<long, std::vector<Span>> lines;  // by x + y, in spacings
    for (const Box& b : boxes) {
        const auto last = static_cast<long>(std::floor((b.right() + b.bottom()) / hatch_spacing));
        for (auto k = static_cast<long>(std::ceil((b.x + b.y) / hatch_spacing)); k <= last; ++k) {
            const double d = static_cast<double>(k) * hatch_spacing;
            const Span span{std::max(b.y, d - b.right()), std::min(b.bottom(), d - b.x)};
            if (span.to - span.from > touching) lines[k].push_back(span);
        }
    }
    std::vector<Segment> segments;
    for (auto& [k, spans] : lines) {
        const double d = static_cast<double>(k) * hatch_spacing;
        std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.from < b.from; });
        for (std::size_t i = 0; i < spans.size();) {
            Span joined = spans[i];
            while (++i < spans.size() && spans[i].from <= joined.to + touching) joined.to = std::max(joined.to, spans[i].to);
            segments.push_back({{d - joined.from, joined.from}, {d - joined.to, joined.to}});
        }
    }
    return segments;
}

}  // namespace saccade
