#include "image/handwriting.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "image/digits.hpp"

namespace saccade {

namespace {

constexpr Index fitted_side = 20, piece_side = 8, drawn_side = 112;
constexpr float least_ink = 0.15f;  // of the darkest: what is fainter is paper

struct Grey {
    Index height = 0, width = 0;
    std::vector<float> values;  // 0 to 1
    bool inverted = false;

    float at(Index y, Index x) const { return values[static_cast<std::size_t>(y * width + x)]; }
};

Grey grey_of(const Image& picture) {
    Grey grey{picture.height, picture.width, std::vector<float>(static_cast<std::size_t>(picture.height * picture.width)),
              false};
    for (std::size_t i = 0; i < grey.values.size(); ++i) {
        const std::uint8_t* p = picture.rgb.data() + 3 * i;
        grey.values[i] =
            (0.299f * static_cast<float>(p[0]) + 0.587f * static_cast<float>(p[1]) + 0.114f * static_cast<float>(p[2])) / 255;
    }
    double edge = 0;
    Index seen = 0;
    for (Index y = 0; y < grey.height; ++y)
        for (Index x = 0; x < grey.width; x += y == 0 || y == grey.height - 1 ? 1 : std::max<Index>(grey.width - 1, 1)) {
            edge += static_cast<double>(grey.at(y, x));
            ++seen;
        }
    if (edge > 0.5 * static_cast<double>(seen)) {
        grey.inverted = true;
        for (float& v : grey.values) v = 1 - v;
    }
    return grey;
}

struct InkBox {
    Index x0, y0, x1, y1;  // [x0, x1)
};

/// Mean over the area of each cell of a grid laid over a part of the picture.
float mean_over(const Grey& grey, double x0, double y0, double x1, double y1) {
    double sum = 0;
    for (auto y = static_cast<Index>(std::floor(y0)); static_cast<double>(y) < y1; ++y) {
        const double high = std::min(static_cast<double>(y + 1), y1) - std::max(static_cast<double>(y), y0);
        if (y < 0 || y >= grey.height || high <= 0) continue;
        for (auto x = static_cast<Index>(std::floor(x0)); static_cast<double>(x) < x1; ++x) {
            const double wide = std::min(static_cast<double>(x + 1), x1) - std::max(static_cast<double>(x), x0);
            if (x >= 0 && x < grey.width && wide > 0) sum += wide * high * static_cast<double>(grey.at(y, x));
        }
    }
    return static_cast<float>(sum / ((x1 - x0) * (y1 - y0)));
}

/// The box, its longer side `cells` long, as cells [rows, columns] of which the largest is 1.
Tensor<float> fitted_ink(const Grey& grey, const InkBox& box, Index cells) {
    const double longer = static_cast<double>(std::max(box.x1 - box.x0, box.y1 - box.y0)),
                 step = longer / static_cast<double>(cells);
    const auto along = [&](Index length) {
        return std::clamp<Index>(static_cast<Index>(std::ceil(static_cast<double>(length) / step - 1e-9)), 1, cells);
    };
    Tensor<float> ink({along(box.y1 - box.y0), along(box.x1 - box.x0)});
    float most = 0;
    for (Index v = 0; v < ink.shape()[0]; ++v)
        for (Index u = 0; u < ink.shape()[1]; ++u) {
            const double x = static_cast<double>(box.x0) + static_cast<double>(u) * step,
                         y = static_cast<double>(box.y0) + static_cast<double>(v) * step;
            const float mean = mean_over(grey, x, y, x + step, y + step);
            ink.data()[v * ink.shape()[1] + u] = mean;
            most = std::max(most, mean);
        }
    if (most > 0)
        for (float& v : ink.values()) v /= most;
    return ink;
}

/// Its centre of mass in the middle of 28 x 28, as far as it then lies within.
Tensor<float> in_the_middle(const Tensor<float>& ink) {
    constexpr Index side = CentredInk::side;
    const Index rows = ink.shape()[0], columns = ink.shape()[1];
    double mass = 0, at_x = 0, at_y = 0;
    for (Index y = 0; y < rows; ++y)
        for (Index x = 0; x < columns; ++x) {
            const double v = static_cast<double>(ink.data()[y * columns + x]);
            mass += v;
            at_x += v * (static_cast<double>(x) + 0.5);
            at_y += v * (static_cast<double>(y) + 0.5);
        }
    const auto start = [&](double middle, Index extent) {
        return std::clamp<Index>(
            static_cast<Index>(std::lround(static_cast<double>(side) / 2 - middle / std::max(mass, 1e-12))), 0, side - extent);
    };
    const Index left = start(at_x, columns), top = start(at_y, rows);
    Tensor<float> centred({side, side});
    for (Index y = 0; y < rows; ++y) std::copy_n(ink.data() + y * columns, columns, centred.data() + (top + y) * side + left);
    return centred;
}

}  // namespace

CentredInk centred_ink(const Image& picture) {
    const Grey grey = grey_of(picture);
    CentredInk centred{.ink = Tensor<float>({CentredInk::side, CentredInk::side}), .inverted = grey.inverted};
    const float darkest = grey.values.empty() ? 0 : *std::ranges::max_element(grey.values);
    InkBox box{grey.width, grey.height, 0, 0};
    if (darkest >= least_ink)
        for (Index y = 0; y < grey.height; ++y)
            for (Index x = 0; x < grey.width; ++x)
                if (grey.at(y, x) >= least_ink * darkest)
                    box = {std::min(box.x0, x), std::min(box.y0, y), std::max(box.x1, x + 1), std::max(box.y1, y + 1)};
    centred.empty = box.x1 <= box.x0;
    if (centred.empty) return centred;
    centred.x = static_cast<double>(box.x0 + box.x1) / 2 / static_cast<double>(grey.width);
    centred.y = static_cast<double>(box.y0 + box.y1) / 2 / static_cast<double>(grey.height);
    centred.at_border = box.x0 == 0 || box.y0 == 0 || box.x1 == grey.width || box.y1 == grey.height;
    centred.ink = in_the_middle(fitted_ink(grey, box, fitted_side));
    return centred;
}

WholeInk whole_ink(const Image& picture, Index side) {
    const Grey grey = grey_of(picture);
    WholeInk whole{Tensor<float>({side, side}), grey.inverted};
    const double step = static_cast<double>(std::max(grey.width, grey.height)) / static_cast<double>(side);
    const double left = (static_cast<double>(grey.width) - step * static_cast<double>(side)) / 2,
                 top = (static_cast<double>(grey.height) - step * static_cast<double>(side)) / 2;
    for (Index v = 0; v < side; ++v)
        for (Index u = 0; u < side; ++u) {
            const double x = left + static_cast<double>(u) * step, y = top + static_cast<double>(v) * step;
            whole.ink.data()[v * side + u] = mean_over(grey, x, y, x + step, y + step);
        }
    return whole;
}

void put_ink(const CentredInk& ink, Index side, float* canvas) {
    constexpr Index own = CentredInk::side;
    const auto start = [&](double middle) {
        return std::clamp<Index>(static_cast<Index>(std::lround(middle * static_cast<double>(side))) - own / 2, 0, side - own);
    };
    const Index left = start(ink.x), top = start(ink.y);
    for (Index y = 0; y < own; ++y)
        for (Index x = 0; x < own; ++x) {
            float& there = canvas[(top + y) * side + left + x];
            there = std::max(there, ink.ink.data()[y * own + x]);
        }
}

void strew_pieces(Index pieces, Index side, Rng& rng, float* canvas) {
    static const std::vector<Tensor<float>> digits = [] {
        std::vector<Tensor<float>> all;
        for (int digit = 0; digit < 10; ++digit)
            all.push_back(centred_ink(draw(digit_scene(digit), drawn_side, drawn_side)).ink);
        return all;
    }();
    constexpr Index own = CentredInk::side;
    const auto below = [&](Index n) { return static_cast<Index>(rng.below(static_cast<std::uint64_t>(n))); };
    for (Index piece = 0; piece < pieces; ++piece) {
        const Tensor<float>& digit = digits[static_cast<std::size_t>(below(10))];
        const Index from_y = 4 + below(own - piece_side - 7), from_x = 4 + below(own - piece_side - 7);
        const Index to_y = below(side - piece_side + 1), to_x = below(side - piece_side + 1);
        for (Index y = 0; y < piece_side; ++y)
            for (Index x = 0; x < piece_side; ++x) {
                float& there = canvas[(to_y + y) * side + to_x + x];
                there = std::max(there, digit.data()[(from_y + y) * own + from_x + x]);
            }
    }
}

}  // namespace saccade
