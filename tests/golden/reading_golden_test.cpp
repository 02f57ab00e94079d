#include <gtest/gtest.h>

#include <cmath>

#include "attention/thin_plate_spline.hpp"
#include "golden/golden_testing.hpp"
#include "model/text_reader.hpp"

// The reader of words in pictures against float64 PyTorch; the file is made by make_reading_golden.py, whose formulas these
// are.

namespace saccade::reading_golden_test {
namespace {

bool ends(const std::string& name, const char* with) {
    return name.ends_with(with);
}

WeightMap weights() {
    Rng rng(1);
    WeightMap map = initial_reader_weights({}, rng);
    for (const std::string& norm : reader_norms({})) {
        const Shape channels = map[norm + ".gain"].shape();
        map[norm + ".mean"] = Tensor<float>(channels);
        map[norm + ".variance"] = Tensor<float>(channels);
    }
    const auto still = rectified_points(reader_points);
    int n = 0;
    for (auto& [name, values] : map) {  // by name
        const Shape& shape = values.shape();
        const double fan_in = shape.rank() > 1 ? static_cast<double>(shape.size() / shape[0]) : 16;
        for (Index i = 0; i < values.size(); ++i) {
            const auto at = static_cast<double>(i % 4099);
            const double wave = std::sin(at * at / 7 + at + n);
            const PlaceInPicture& point = still[static_cast<std::size_t>(i / 2) % still.size()];
            values.data()[i] =
                static_cast<float>(ends(name, ".gain") || ends(name, ".variance") ? 1 + 0.3 * wave
                                   : name == "rectifier.points.bias"   ? (i % 2 == 0 ? point.x : point.y) + 0.02 * wave
                                   : name == "rectifier.points.weight" ? 0.004 * wave
                                                                       : wave * 1.6 / std::sqrt(fan_in));
        }
        ++n;
    }
    return map;
}

template <class T>
Tensor<T> picture() {
    Tensor<T> grey({1, 32, 100});
    for (Index i = 0; i < grey.size(); ++i) {
        const auto x = static_cast<double>(i % 100), y = static_cast<double>(i / 100);
        grey.data()[i] = static_cast<T>(static_cast<float>(0.5 + 0.25 * std::sin(0.31 * x + 0.2 * std::sin(0.1 * y)) +
                                                           0.2 * std::cos(0.43 * y + 0.05 * x)));
    }
    return grey;
}

template <class T>
Tensor<float> shaped(const Var<T>& found, const Shape& shape) {
    return found.value().reshape(shape).template cast<float>();
}

template <class T>
void expect_read() {
    const auto golden = read_golden("reading");
    ASSERT_EQ(golden.size(), 6u);
    const TextReader<T> reader{Weights<T>(weights())};
    const auto read = reader.read(Var<T>(picture<T>()));
    const Ids targets = {40, 3, 77, 12, reader_end};
    const auto forced = reader.decoder().forced(read.encoded, targets, 5);
    const auto expect = [&](const char* name, const Tensor<float>& values) { expect_close(name, values, golden.at(name)); };
    expect("control_points", shaped(read.points, {reader_points, 2}));
    expect("grid", shaped(read.grid, {32, 100, 2}));
    Tensor<float> rectified = shaped(read.rectified, {32, 100}).clone();
    for (float& v : rectified.values()) v = (v + 1) / 2;
    expect("rectified", rectified);
    expect("annotations", shaped(read.encoded.annotations, {reader_steps, 256}));
    Tensor<float> looked({5, reader_steps});
    for (Index i = 0; i < 5; ++i)
        std::ranges::copy(shaped(forced.weights[static_cast<std::size_t>(i)], {reader_steps}).values(),
                          looked.data() + i * reader_steps);
    expect("weights", looked);
    expect("logits", shaped(forced.logits, {5, 95}));
}

TEST(ReadingGolden, a_picture_is_straightened_and_read_as_pytorch_does) {
    expect_read<double>();
}
TEST(ReadingGolden, in_float_too) {
    expect_read<float>();
}

}  // namespace
}  // namespace saccade::reading_golden_test
