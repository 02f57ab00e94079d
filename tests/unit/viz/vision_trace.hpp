#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "viz/view.hpp"
#include "viz_testing.hpp"

namespace saccade::test {

/// Pixels of a sky, a sun and a sea: [rows, cols, 3].
inline Tensor<float> sea(Index rows, Index cols) {
    Tensor<float> pixels(Shape{rows, cols, 3});
    for (Index r = 0; r < rows; ++r)
        for (Index c = 0; c < cols; ++c) {
            const double y = static_cast<double>(r) / static_cast<double>(rows),
                         x = static_cast<double>(c) / static_cast<double>(cols);
            float* p = pixels.data() + (r * cols + c) * 3;
            const bool sun = std::hypot(x - 0.75, y - 0.25)<0.13, water = y> 0.6;
            p[0] = sun ? 0.95f : water ? 0.1f : 0.55f;
            p[1] = sun ? 0.8f : water ? 0.35f : 0.7f;
            p[2] = sun ? 0.3f : water ? 0.6f : 0.85f;
        }
    return pixels;
}

/// One block of a network with channel and spatial attention over a picture, as a run records it, and a caption's maps.
/// A bump wanders over the map from channel to channel and from word to word.
inline Trace vision_trace(Index channels, Index rows, Index cols,
                          const std::vector<std::string>& words = {"a", "ship", "at", "sea"}, Index image_rows = 48,
                          Index image_cols = 48) {
    Trace trace;
    const auto axis = [&](const char* name, AxisKind kind, Index n, std::vector<std::string> labels = {},
                          const char* symbol = "") {
        return trace.add_axis({name, kind, n, std::move(labels), symbol});
    };
    const AxisPtr iy = axis("image.y", AxisKind::y, image_rows), ix = axis("image.x", AxisKind::x, image_cols);
    const AxisPtr color = axis("color", AxisKind::channel, 3, {"R", "G", "B"});
    const AxisPtr c = axis("channel", AxisKind::channel, channels, {}, "c"), y = axis("y", AxisKind::y, rows, {}, "y"),
                  x = axis("x", AxisKind::x, cols, {}, "x");
    const AxisPtr word = axis("output", AxisKind::query, static_cast<Index>(words.size()), words, "t");
    const AxisPtr location = axis("location", AxisKind::key, rows * cols, {}, "l");
    const AxisPtr network = axis("network", AxisKind::layer, 3, {"none", "SE", "CBAM"});
    const AxisPtr label = axis("class", AxisKind::class_, 3, {"airplane", "ship", "truck"});
    const auto bump = [&](Index r, Index q, double at) {
        const double v = (static_cast<double>(r) + 0.5) / static_cast<double>(rows) - 0.5 - 0.3 * std::sin(at),
                     u = (static_cast<double>(q) + 0.5) / static_cast<double>(cols) - 0.5 - 0.3 * std::cos(at);
        return static_cast<float>(std::exp(-12 * (u * u + v * v)));
    };
    const auto maps = [&](Index n, double speed, float scale) {
        Tensor<float> values(Shape{n, rows, cols});
        for (Index i = 0; i < n; ++i)
            for (Index r = 0; r < rows; ++r)
                for (Index q = 0; q < cols; ++q)
                    values.data()[(i * rows + r) * cols + q] = scale * bump(r, q, speed * static_cast<double>(i));
        return values;
    };
    Tensor<float> gate(Shape{channels}), scores(Shape{rows, cols}), flat(Shape{static_cast<Index>(words.size()), rows * cols});
    for (Index i = 0; i < channels; ++i)
        gate.data()[i] = static_cast<float>(0.5 + 0.45 * std::sin(2.4 * static_cast<double>(i) + 1));
    const Tensor<float> words_maps = maps(flat.shape()[0], 1.1, 0.12f), spatial = maps(1, 0, 0.93f).row(0);
    for (Index i = 0; i < scores.size(); ++i) scores.data()[i] = 6 * spatial.data()[i] - 3;
    const Tensor<float> features = maps(channels, 0.7, 2.5f),
                        chances = Tensor<float>::from(Shape{3, 3}, {0.2f, 0.5f, 0.3f, 0.1f, 0.81f, 0.09f, 0.04f, 0.88f, 0.08f});
    trace.add({"image", Role::input, "x", "Image", "", {iy, ix, color}}, sea(image_rows, image_cols));
    trace.add({"block.features", Role::state, "F", "Features", "", {c, y, x}}, features);
    trace.add({"block.gate", Role::gate, "M_c", "Channel gate", "", {c}}, gate);
    trace.add({"block.mean_map", Role::state, "", "Mean over channels", "", {y, x}}, features.row(0));
    trace.add({"block.spatial_scores", Role::scores, "e", "Spatial scores", "", {y, x}}, scores);
    trace.add({"block.spatial", Role::map, "M_s", "Spatial map", "", {y, x}}, spatial);
    trace.add({"map", Role::map, "α", "Attention maps", "weight", {word, y, x}}, words_maps);
    trace.add({"weights", Role::weights, "α", "Attention weights", "weight", {word, location}},
              words_maps.reshape(flat.shape()));
    trace.add({"compare.grad_cam", Role::map, "L", "Grad-CAM", "", {network, y, x}}, maps(3, 0.5, 40));
    trace.add({"compare.probabilities", Role::probabilities, "p", "Class probabilities", "", {network, label}}, chances);
    trace.add_step({"sigmoid", "block.spatial", "M_s = σ(e)", "block.spatial[y,x] = sigmoid(block.spatial_scores[y,x])",
                    "Woo 2018, eq. 5"});
    return trace;
}

/// What the tests of its views begin with: the dark theme.
inline ViewState state_for(const std::string& view, const std::string& tensor = "", double width = 600, double height = 420) {
    ViewState state;
    state.view = view;
    state.tensor = tensor;
    state.theme = "dark";
    state.width = width;
    state.height = height;
    return state;
}

inline Figure figure_of(const Trace& trace, const ViewState& state) {
    return view(state.view).layout(trace, state, PlainMeasure());
}

}  // namespace saccade::test
