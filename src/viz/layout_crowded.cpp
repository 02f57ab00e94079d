#include <algorithm>
#include <cmath>
#include <numbers>
#include <unordered_map>

#include "viz/layout.hpp"

namespace saccade {

namespace {

constexpr double ink_up = 0.75, ink_down = 0.22;  // of the em, above and below the baseline
constexpr double touching = 0.5;                  // px that texts may reach into each other, and over the figure's edge

/// Texts by where they stand, so that each is compared with the few beside it.
class Bands {
 public:
    using Corners = std::array<Point, 4>;

    bool is_free(const Corners& ink) const {
        for (const std::int64_t band : bands_of(ink))
            if (const auto found = bands_.find(band); found != bands_.end())
                for (const std::size_t i : found->second)
                    if (inks_overlap(inks_[i], ink)) return false;
        return true;
    }

    void take(const Corners& ink) {
        for (const std::int64_t band : bands_of(ink)) bands_[band].push_back(inks_.size());
        inks_.push_back(ink);
    }

 private:
    /// Squares that it reaches into.
    static std::vector<std::int64_t> bands_of(const Corners& ink) {
        constexpr double side = 48;
        double left = ink[0].x, right = left, top = ink[0].y, bottom = top;
        for (const Point& p : ink) {
            left = std::min(left, p.x);
            right = std::max(right, p.x);
            top = std::min(top, p.y);
            bottom = std::max(bottom, p.y);
        }
        std::vector<std::int64_t> all;
        for (auto y = static_cast<std::int64_t>(std::floor(top / side)); static_cast<double>(y) * side <= bottom; ++y)
            for (auto x = static_cast<std::int64_t>(std::floor(left / side)); static_cast<double>(x) * side <= right; ++x)
                all.push_back(y * 100'000 + x);
        return all;
    }

    std::unordered_map<std::int64_t, std::vector<std::size_t>> bands_;
    std::vector<Corners> inks_;
};

bool is_cut(const Figure& figure, const std::array<Point, 4>& ink) {
    return std::ranges::any_of(ink, [&](const Point& p) {
        return !(p.x >= -touching && p.y >= -touching && p.x <= figure.width + touching && p.y <= figure.height + touching);
    });
}

}  // namespace

std::array<Point, 4> ink_corners(const TextItem& text, const TextMeasure& measure) {
    const Point start = text_start(text, measure);
    const double w = measure.width(text.text, text.size, text.font), up = ink_up * text.size, down = ink_down * text.size;
    const double turn = text.angle * std::numbers::pi / 180, c = std::cos(turn), s = std::sin(turn);
    const auto turned = [&](double x, double y) { return Point{text.at.x + c * x - s * y, text.at.y + s * x + c * y}; };
    return {turned(start.x, start.y - up), turned(start.x + w, start.y - up), turned(start.x + w, start.y + down),
            turned(start.x, start.y + down)};
}

Box ink_box(const TextItem& text, const TextMeasure& measure) {
    double left = 1e9, top = 1e9, right = -1e9, bottom = -1e9;
    for (const Point& p : ink_corners(text, measure)) {
        left = std::min(left, p.x);
        right = std::max(right, p.x);
        top = std::min(top, p.y);
        bottom = std::max(bottom, p.y);
    }
    return {left, top, right - left, bottom - top};
}

bool inks_overlap(const std::array<Point, 4>& a, const std::array<Point, 4>& b) {
    // Two rectangles are apart if they are along a side of one of them.
    const auto apart_along = [&](const Point& from, const Point& to) {
        const double length = std::hypot(to.x - from.x, to.y - from.y);
        if (length <= 0) return false;
        const auto span = [&](const std::array<Point, 4>& of) {
            double low = 1e18, high = -1e18;
            for (const Point& p : of) {
                const double along = (p.x * (to.x - from.x) + p.y * (to.y - from.y)) / length;
                low = std::min(low, along);
                high = std::max(high, along);
            }
            return std::pair{low, high};
        };
        const auto [a_low, a_high] = span(a);
        const auto [b_low, b_high] = span(b);
        return a_low + touching >= b_high || b_low + touching >= a_high;
    };
    for (const auto* of : {&a, &b})
        if (apart_along((*of)[0], (*of)[1]) || apart_along((*of)[1], (*of)[2])) return false;
    return true;
}

void leave_out_crowded(Figure& figure, const TextMeasure& measure, const std::vector<Color>& lit) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < figure.items.size(); ++i)
        if (std::holds_alternative<TextItem>(figure.items[i])) order.push_back(i);
    if (order.empty()) return;
    const auto text = [&](std::size_t i) -> const TextItem& { return std::get<TextItem>(figure.items[i]); };
    std::stable_partition(order.begin() + 1, order.end(),
                          [&](std::size_t i) { return std::ranges::find(lit, text(i).color) != lit.end(); });
    Bands taken;
    std::vector<char> leaves(figure.items.size(), 0);
    for (const std::size_t i : order) {
        const auto ink = ink_corners(text(i), measure);
        leaves[i] = is_cut(figure, ink) || !taken.is_free(ink) ? 1 : 0;
        if (leaves[i] == 0) taken.take(ink);
    }
    for (std::size_t i = 0; i < leaves.size(); ++i)
        if (leaves[i] != 0) figure.left_out.push_back(text(i).text);
    std::size_t at = 0;
    std::erase_if(figure.items, [&](const FigureItem&) { return leaves[at++] != 0; });
}

}  // namespace saccade
