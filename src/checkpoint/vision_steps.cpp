#include "checkpoint/vision_steps.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "autograd/ops.hpp"
#include "base/error.hpp"
#include "nn/rules.hpp"
#include "tensor/finite.hpp"
#include "tensor/largest.hpp"

namespace saccade {

namespace {

constexpr Index classes_shown = 6;

}  // namespace

Tensor<float> shown_pixels(const Tensor<float>& given, const VisionReading& reading, const Observer& observe) {
    const Preprocessing& how = reading.how;
    const Tensor<float> plain = observe("input", given, [&] {
        return Shown{.role = Role::input,
                     .symbol = "I",
                     .title = "What the model reads",
                     .axes = {"input.y", "input.x", "input.color"},
                     .step = {"resize", fmt::format("the picture at {} × {} px, {}", reading.width, reading.height,
                                                    to_string(how.resampling))}};
    });
    return observe("pixels", normalised_pixels(plain, how), [&] {
        const auto n = static_cast<std::size_t>(reading.channels);
        const auto numbers = [n](const std::array<float, 3>& all) {
            return Tensor<float>::from({static_cast<Index>(n)},
                                       std::vector<float>(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n)));
        };
        const double scale = 255 * how.factor;
        const bool usual = std::abs(scale - 1) < 1e-6;
        return Shown{.role = Role::embedding,
                     .symbol = "I",
                     .title = "Normalised pixels",
                     .axes = {"input.y", "input.x", "input.color"},
                     .step = {"normalise", usual ? "(v − μ) / σ" : "(f v − μ) / σ",
                              fmt::format("pixels[y,x,c] = (input[y,x,c]{} - pixels.mean[c]) / pixels.deviation[c]",
                                          usual ? "" : fmt::format(" * {}", scale)),
                              reading.said_in.empty() ? "" : "the model's " + reading.said_in},
                     .parameters = {{"pixels.mean", "μ", {"input.color"}, numbers(how.mean)},
                                    {"pixels.deviation", "σ", {"input.color"}, numbers(how.deviation)}}};
    });
}

void declare_pixel_axes(const VisionReading& reading, const Observer& observe) {
    observe.axis({"input.y", AxisKind::y, reading.height, {}, "y"});
    observe.axis({"input.x", AxisKind::x, reading.width, {}, "x"});
    observe.axis({"input.color", AxisKind::channel, reading.channels, {"R", "G", "B"}, "k"});
}

ClassesRead read_out_classes(const std::vector<std::string>& names_of, const std::string& path, const Tensor<float>& logits,
                             const Observer& observe) {
    ClassesRead output;
    const auto classes = static_cast<Index>(names_of.size());
    observe.axis({"class", AxisKind::class_, classes, names_of, "c"});
    const Tensor<float> p =
        observe("probabilities", softmax(Var<float>(logits)), [] {
            return Shown{.role = Role::probabilities,
                         .symbol = "p",
                         .title = "Class probabilities",
                         .axes = {"class"},
                         .step = {"normalise", "p = softmax(o)", "probabilities[c] = " + rules::softmax('c', "logits[c]")}};
        }).value();
    if (!all_finite(p) && !observe.probe()->intervening())
        throw Error(ErrorCode::numeric, path + ": its states grow beyond all numbers on this picture",
                    "the weights are damaged, or need more than 32 bits");
    output.likeliest = places_of_largest(p.values(), classes_shown);
    Axis axis{"top", AxisKind::class_, static_cast<Index>(output.likeliest.size()), {}, "q"};
    // "tabby, tabby cat": the first of a class's names does.
    for (const Index c : output.likeliest) {
        const std::string& names = names_of[static_cast<std::size_t>(c)];
        axis.labels.push_back(names.substr(0, names.find(", ")));
    }
    observe.axis(std::move(axis));
    output.likeliest = observe.ids("top.class", output.likeliest, classes, [] {
        return Shown{Role::output, "c", "Likeliest classes (numbers)", "", {"top"}};
    });
    Tensor<float> chances(Shape{static_cast<Index>(output.likeliest.size())});
    for (std::size_t q = 0; q < output.likeliest.size(); ++q) chances.data()[q] = p.data()[output.likeliest[q]];
    chances = observe("top.probabilities", chances, [] {
        return Shown{.role = Role::probabilities,
                     .symbol = "p",
                     .title = "Likeliest classes",
                     .axes = {"top"},
                     .step = {"sort", "the largest first", "top.probabilities[q] = probabilities[top.class[q]]"}};
    });
    output.probabilities.assign(chances.values().begin(), chances.values().end());
    output.all = p;
    return output;
}

}  // namespace saccade
