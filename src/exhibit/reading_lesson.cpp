#include "exhibit/reading_lesson.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "exhibit/lesson_checks.hpp"

namespace saccade {

namespace {

using Check = std::optional<Claim>;

constexpr double bent_enough = 0.14;  // of the picture's height, where the handle of a word that is bent by 45 degrees stands
constexpr double bends = 1.5;         // px of the picture, root mean square over the control points

/// The step that each character's largest weight stands at lies in its box.
Check characters_point(const Trace& trace) {
    const TraceTensor* pointing = trace.find("pointing");
    if (pointing == nullptr) return std::nullopt;
    Index characters = 0, missed = 0;
    for (const float hit : pointing->values.values())
        if (!std::isnan(hit)) {
            ++characters;
            missed += hit == 0.0f ? 1 : 0;
        }
    if (characters == 0) return std::nullopt;
    return claim_whether("pointing", characters, missed == 0, fmt::format("{} of {} lie elsewhere", missed, characters));
}

/// From one character to the next the largest weight goes to the right.
Check reads_onwards(const Trace& trace) {
    const TraceTensor *weights = trace.find("weights"), *ids = trace.find("output.id");
    if (weights == nullptr || ids == nullptr) return std::nullopt;
    const AxisPtr output = trace.axis("output");
    Index before = -1, checked = 0, back = 0;
    for (Index t = 0; t < weights->values.shape()[0]; ++t) {
        if (output->label(t) == "[s]") break;
        const Tensor<float> row = weights->values.row(t);
        const Index at = std::ranges::max_element(row.values()) - row.values().begin();
        if (before >= 0) {
            ++checked;
            back += at <= before ? 1 : 0;
        }
        before = at;
    }
    if (checked == 0) return std::nullopt;
    return claim_whether("weights", checked, back == 0, fmt::format("{} of {} looks do not go to the right", back, checked));
}

/// How the word was drawn, by the handles: bent, or seen from the side.
struct Drawn {
    bool known = false, straight = false, bent = false;
};

Drawn drawn_as(const Trace& trace) {
    const TraceTensor* handles = trace.find("word.handles");
    if (handles == nullptr) return {};
    const auto off = [&](Index handle, Index coordinate, double rest) {
        return std::abs(static_cast<double>(handles->values.at({handle, coordinate})) - rest);
    };
    const double curve = off(0, 1, 0.5), aside = std::max(off(2, 0, 0.15), off(2, 1, 0.5));
    return {true, curve < 1e-3 && aside < 1e-3, curve >= bent_enough};
}

/// How far the control points are from where a plane alone, moved, turned, sheared and stretched, could bring them: px, root
/// mean square over the points. By least squares, of x and of y each.
double bending(const Tensor<float>& points, const Tensor<float>& still, const std::array<double, 2>& px) {
    const Index n = points.shape()[0];
    const auto at = [](const Tensor<float>& t, Index k, Index p) { return static_cast<double>(t.data()[2 * k + p]); };
    const auto mean = [&](const Tensor<float>& t, Index p) {
        double sum = 0;
        for (Index k = 0; k < n; ++k) sum += at(t, k, p);
        return sum / static_cast<double>(n);
    };
    const double x0 = mean(still, 0), y0 = mean(still, 1);
    double squares = 0;
    for (const Index p : {0, 1}) {
        const double v0 = mean(points, p);
        double xx = 0, xy = 0, yy = 0, xv = 0, yv = 0, vv = 0;
        for (Index k = 0; k < n; ++k) {
            const double x = at(still, k, 0) - x0, y = at(still, k, 1) - y0, v = at(points, k, p) - v0;
            xx += x * x;
            xy += x * y;
            yy += y * y;
            xv += x * v;
            yv += y * v;
            vv += v * v;
        }
        const double det = xx * yy - xy * xy, a = (xv * yy - yv * xy) / det, b = (yv * xx - xv * xy) / det;
        const double side = px[static_cast<std::size_t>(p)];
        squares += std::max(0.0, vv - a * xv - b * yv) * side * side;
    }
    return std::sqrt(squares / static_cast<double>(n));
}

Check bends_what_is_bent(const Trace& trace) {
    const TraceTensor *points = trace.find("control_points"), *still = trace.find("rectified.points"),
                      *image = trace.find("image");
    const Drawn drawn = drawn_as(trace);
    if (points == nullptr || still == nullptr || image == nullptr || !(drawn.straight || drawn.bent)) return std::nullopt;
    const Shape& size = image->values.shape();
    const double found =
        bending(points->values.whole(), still->values.whole(), {static_cast<double>(size[1]), static_cast<double>(size[0])});
    return claim_whether("control_points", points->values.shape()[0], drawn.bent ? found > bends : found < bends,
                         fmt::format("the points are {:.1f} px from a plane's", found));
}

Check needs_the_rectifier(const Trace& trace) {
    const TraceTensor* exact = trace.find("exact");
    if (exact == nullptr || !drawn_as(trace).bent) return std::nullopt;
    const auto said = [&](const char* name) { return trace.texts().at(name); };
    return claim_whether("exact", 2, exact->values.data()[0] == 1 && exact->values.data()[1] == 0,
                         fmt::format("with it “{}”, without it “{}”", said("with rectifier"), said("without rectifier")));
}

}  // namespace

Lesson reading_lesson() {
    Lesson lesson;
    lesson.title_english = "Straighten, then read";
    lesson.title_chinese = "先拉直，再阅读";
    lesson.points = {
        {"A line of text becomes 26 steps, from left to right. Before each character the decoder asks every step how well it "
         "fits, and softmax makes weights of the answers: each row sums to 1.",
         "一行文字变成从左到右的 26 步。每写一个字符之前，解码器都会问每一步有多合适，softmax 把回答变成权重：每一行之和为 1。",
         sum_check("weights")},
        {"Nobody told the model where the characters are: of a line it learned the edges and the word. Yet the step with the "
         "largest weight, taken back into the picture, lies in the character's own box, which is outlined.",
         "没有人告诉模型每个字符在哪里：它只学过整行的上下边缘和单词。但权重最大的那一步换算回原图，就落在那个字符自己的框里（"
         "图中画出了"
         "框）。",
         characters_point},
        {"It goes through the word as a reader does: from one character to the next the largest weight moves to the right.",
         "它像人一样从左往右读：从一个字符到下一个字符，最大的权重向右移动。", reads_onwards},
        {"What the decoder reads is the weighted mean of the annotations of these steps, and nothing else of the picture.",
         "解码器读到的是这些步的标注向量的加权平均，此外对图片一无所知。", rule_check("context")},
        {"A thin-plate spline bends the picture: the place where each pixel of the rectified picture is read is a weighted sum "
         "of "
         "20 control points. Drag one, and everything near it follows.",
         "薄板样条把图片弯回来：校正图中每个像素在原图的位置，是 20 个控制点的加权和。拖动一个点，它附近的一切都会跟着走。",
         rule_check("grid")},
        {"The sampler reads each of these places between the four pixels around it. So the gradient of the reading goes on to "
         "the control points, which Shi 2018 learned from words alone. These were also shown, in training, the edges of the "
         "line: a thousand steps of words alone had not moved them.",
         "采样器在每个位置周围的四个像素之间读数，所以阅读的梯度能一直传到控制点；Shi 2018 "
         "的控制点只从单词学来。这里训练时还给出了整行的边缘：只靠单词训练一千步，它们还没有动。",
         rule_check("rectified.picture")},
        {"A straight word needs a frame, but no bending: its control points stay where a plane could bring them. Those of a "
         "curved "
         "word follow the curve.",
         "直的单词只需要一个框，不需要弯曲：它的控制点留在平面能带到的地方；弯曲单词的控制点则跟着弧线走。",
         bends_what_is_bent},
        {"This is what the rectifier is for: this curved word is read right with it, and wrong by the same reader trained "
         "without.",
         "校正器的用处就在这里：有了它，这个弯曲的单词读得对；同样的模型，没有校正器训练出来的就读错。", needs_the_rectifier},
        {"The map of a character is its weights, taken back: each step lights the places that it was read from.",
         "一个字符的注意力图就是它的权重换算回原图：每一步点亮它所读过的地方。", rule_check("map")},
    };
    return lesson;
}

}  // namespace saccade
