#include "image/straightened.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace saccade {

namespace {

constexpr double least_turn = 1e-3;  // of the picture's area: a corner that turns less is none
constexpr double least_side = 0.04;  // of the picture, of a box around corners that lie on one line: its corners turn enough
constexpr Index most_a_pixel = 12;   // places across that one pixel is the mean of

/// Twice the area of the triangle, above 0 where it turns clockwise as seen.
double turn_at(const PicturePlace& a, const PicturePlace& b, const PicturePlace& c) {
    return (b.x - a.x) * (c.y - b.y) - (b.y - a.y) * (c.x - b.x);
}

bool lie_around(const Corners& c) {
    for (std::size_t i = 0; i < 4; ++i)
        if (turn_at(c[i], c[(i + 1) % 4], c[(i + 2) % 4]) < least_turn) return false;
    return true;
}

Corners in_order(Corners c) {
    PicturePlace middle{0, 0};
    for (const PicturePlace& p : c) middle = {middle.x + p.x / 4, middle.y + p.y / 4};
    std::ranges::sort(c, {}, [&](const PicturePlace& p) { return std::atan2(p.y - middle.y, p.x - middle.x); });
    std::ranges::rotate(c, std::ranges::min_element(c, {}, [](const PicturePlace& p) { return p.x + p.y; }));
    return c;
}

Corners box_around(const Corners& c) {
    const auto [left, right] = std::ranges::minmax(std::array{c[0].x, c[1].x, c[2].x, c[3].x});
    const auto [top, bottom] = std::ranges::minmax(std::array{c[0].y, c[1].y, c[2].y, c[3].y});
    constexpr double enough = 1.001 * least_side;  // what is put on both sides may be rounded down
    const double more_x = std::max(0.0, enough - (right - left)) / 2, more_y = std::max(0.0, enough - (bottom - top)) / 2;
    return {{{left - more_x, top - more_y},
             {right + more_x, top - more_y},
             {right + more_x, bottom + more_y},
             {left - more_x, bottom + more_y}}};
}

/// From the unit square to the corners (Heckbert 1989, "Fundamentals of texture mapping and image warping", section 2.2.3).
class FromSquare {
 public:
    explicit FromSquare(const Corners& c) {
        const double x1 = c[1].x - c[2].x, x2 = c[3].x - c[2].x, sx = c[0].x - c[1].x + c[2].x - c[3].x;
        const double y1 = c[1].y - c[2].y, y2 = c[3].y - c[2].y, sy = c[0].y - c[1].y + c[2].y - c[3].y;
        const double area = x1 * y2 - x2 * y1;
        g_ = (sx * y2 - x2 * sy) / area;
        h_ = (x1 * sy - sx * y1) / area;
        x_ = {c[1].x - c[0].x + g_ * c[1].x, c[3].x - c[0].x + h_ * c[3].x, c[0].x};
        y_ = {c[1].y - c[0].y + g_ * c[1].y, c[3].y - c[0].y + h_ * c[3].y, c[0].y};
    }
    PicturePlace operator()(double u, double v) const {
        const double depth = g_ * u + h_ * v + 1;
        return {(x_[0] * u + x_[1] * v + x_[2]) / depth, (y_[0] * u + y_[1] * v + y_[2]) / depth};
    }

 private:
    double g_ = 0, h_ = 0;
    std::array<double, 3> x_{}, y_{};
};

/// Between the four pixels around the place; beyond the outermost ones' centres the picture goes on as it ends.
double luma_at(const Image& image, const PicturePlace& place) {
    const auto between = [](double share, Index extent) {
        const double at = std::clamp(share * static_cast<double>(extent) - 0.5, 0.0, static_cast<double>(extent - 1));
        const Index low = std::min(static_cast<Index>(at), std::max<Index>(extent - 2, 0));
        return std::pair(low, at - static_cast<double>(low));
    };
    const auto [x, over] = between(place.x, image.width);
    const auto [y, down] = between(place.y, image.height);
    const auto luma = [&](Index row, Index col) {
        const std::uint8_t* const p = image.row(std::min(row, image.height - 1)) + 3 * std::min(col, image.width - 1);
        return (0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2]) / 255;
    };
    const double above = (1 - over) * luma(y, x) + over * luma(y, x + 1);
    return (1 - down) * above + down * ((1 - over) * luma(y + 1, x) + over * luma(y + 1, x + 1));
}

}  // namespace

UsedCorners used_corners(const Corners& given) {
    if (lie_around(given)) return {given, UsedCorners::How::as_given};
    const Corners sorted = in_order(given);
    if (lie_around(sorted)) return {sorted, UsedCorners::How::in_order};
    return {box_around(given), UsedCorners::How::box};
}

ImageSize size_within(const Corners& c, Index width, Index height) {
    const auto side = [&](std::size_t from, std::size_t to) {
        return std::hypot((c[to].x - c[from].x) * static_cast<double>(width),
                          (c[to].y - c[from].y) * static_cast<double>(height));
    };
    const auto whole = [](double px) { return std::max<Index>(1, std::lround(px)); };
    return {whole(std::max(side(0, 1), side(3, 2))), whole(std::max(side(0, 3), side(1, 2)))};
}

Tensor<float> straightened(const Image& image, const Corners& corners, Index height, Index width) {
    const FromSquare place(corners);
    const ImageSize size = size_within(corners, image.width, image.height);
    const auto places = [](Index px, Index extent) { return std::clamp<Index>((px + extent - 1) / extent, 1, most_a_pixel); };
    const Index across = places(size.width, width), down = places(size.height, height);
    Tensor<float> grey = Tensor<float>::uninitialized({height, width});
    for (Index y = 0; y < height; ++y)
        for (Index x = 0; x < width; ++x) {
            double sum = 0;
            for (Index j = 0; j < down; ++j)
                for (Index i = 0; i < across; ++i)
                    sum +=
                        luma_at(image, place((static_cast<double>(x * across + i) + 0.5) / static_cast<double>(width * across),
                                             (static_cast<double>(y * down + j) + 0.5) / static_cast<double>(height * down)));
            grey.data()[y * width + x] = static_cast<float>(sum / static_cast<double>(across * down));
        }
    return grey;
}

}  // namespace saccade
