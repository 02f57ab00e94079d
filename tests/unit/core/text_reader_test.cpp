#include "model/text_reader.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "gradcheck/gradcheck.hpp"
#include "testing.hpp"

namespace saccade::text_reader_test {
namespace {

using test::contains;
using test::error_of;

/// Smooth, so that the sampler has no corners to speak of between pixels.
Tensor<double> pictures(Index count) {
    Tensor<double> x(Shape{count, 32, 100});
    for (Index i = 0; i < x.size(); ++i) {
        const double across = static_cast<double>(i % 100), down = static_cast<double>(i / 100);
        x.data()[i] = 0.5 + 0.3 * std::sin(0.17 * across) + 0.2 * std::cos(0.23 * down + 0.05 * across);
    }
    return x;
}

TEST(TextReader, has_the_96_classes_of_the_paper) {
    EXPECT_EQ(reader_tokens().size(), 96u);
    EXPECT_EQ(reader_tokens()[reader_end], "[s]");
    EXPECT_EQ(reader_tokens()[reader_start], "[GO]");
    std::vector<std::string> left_out;
    const Ids ids = reader_ids("A中~ b", &left_out);
    EXPECT_EQ(ids, (Ids{'A' - '!', '~' - '!', 'b' - '!'}));
    EXPECT_EQ(left_out, (std::vector<std::string>{"中", " "}));
    EXPECT_EQ(reader_text(Ids{'H' - '!', 'i' - '!', reader_end, 0}), "Hi");
}

TEST(TextReader, begins_with_a_rectifier_that_leaves_the_picture_alone) {
    Rng rng(3);
    const TextReader<double> reader(Weights<double>(initial_reader_weights({}, rng)));
    const Tensor<double> x = pictures(2);
    const auto read = reader.read(Var<double>(x));
    ASSERT_EQ(read.rectified.shape(), (Shape{2, 32, 100, 1}));
    for (Index i = 0; i < x.size(); ++i) EXPECT_NEAR(read.rectified.value().data()[i], 2 * x.data()[i] - 1, 1e-4);
    EXPECT_EQ(read.encoded.annotations.shape()[1], reader_steps);
    EXPECT_EQ(reader.decoder().start_id(), reader_start);
    EXPECT_EQ(reader.decoder().end_id(), reader_end);
}

TEST(TextReader, reads_where_somebody_points) {
    Rng rng(3);
    const TextReader<double> reader(Weights<double>(initial_reader_weights({}, rng)));
    // All control points mirrored: the picture is read from right to left.
    Tensor<double> points(Shape{1, reader_points, 2});
    const auto still = rectified_points(reader_points);
    for (std::size_t k = 0; k < still.size(); ++k) {
        points.data()[2 * k] = 1 - still[k].x;
        points.data()[2 * k + 1] = still[k].y;
    }
    const Tensor<double> x = pictures(1);
    const auto read = reader.read_at(Var<double>(x), Var<double>(points));
    for (Index i = 0; i < 100; ++i) EXPECT_NEAR(read.rectified.value().data()[i], 2 * x.data()[99 - i] - 1, 1e-9);
}

TEST(TextReader, gradients_reach_every_weight) {
    for (const bool rectifier : {true, false}) {
        ReaderDesign design;
        design.rectifier = rectifier;
        Rng rng(4);
        WeightMap map = initial_reader_weights(design, rng);
        if (rectifier)  // away from where the sampler has corners
            for (float& v : map["rectifier.points.weight"].values()) v = static_cast<float>(0.02 * rng.normal());
        const Tensor<double> x = pictures(2);
        const Ids targets = {3, 7, 4, reader_end, reader_end, reader_end};
        const auto loss = [&](const Weights<double>& weights) {
            const TextReader<double> reader(weights, design);
            const auto read = reader.read(Var<double>(x));
            return cross_entropy<double>(reader.decoder().forced(read.encoded, targets, 3).logits, targets);
        };
        Tape<double> tape;
        const Weights<double> weights(map, &tape);
        tape.backward(loss(weights));
        constexpr double h = 1e-5;
        for (const auto& [name, leaf] : weights.leaves()) {
            const Tensor<double> gradient = tape.grad(leaf);
            // The element that matters most: of a thousand relus some turn within any step.
            Index most = 0;
            for (Index i = 0; i < gradient.size(); ++i)
                if (std::abs(gradient.data()[i]) > std::abs(gradient.data()[most])) most = i;
            WeightMap above = map, below = map;
            above[name] = map[name].clone();
            below[name] = map[name].clone();
            above[name].data()[most] += static_cast<float>(h);
            below[name].data()[most] -= static_cast<float>(h);
            const double step = static_cast<double>(above[name].data()[most]) - static_cast<double>(below[name].data()[most]);
            const double slope =
                (loss(Weights<double>(above)).value().item() - loss(Weights<double>(below)).value().item()) / step;
            EXPECT_NEAR(gradient.data()[most], slope, 0.05 * std::abs(slope) + 1e-7) << name;
        }
    }
}

/// What a batch is encoded into where each norm goes by the batch.
Tensor<double> annotations_of(const ReaderDesign& design, const WeightMap& weights) {
    const TextReader<double> reader(Weights<double>(weights), design);
    return reader.read(Var<double>(pictures(4))).encoded.annotations.value();
}

TEST(TextReader, further_convolutions_begin_by_giving_on_what_they_get) {
    ReaderDesign shallow, deep;
    shallow.encoder_layers = 4;
    Rng rng(5), again(5);
    const WeightMap few = initial_reader_weights(shallow, rng);
    WeightMap many = initial_reader_weights(deep, again);
    for (const auto& [name, tensor] : few) many[name] = tensor;
    const Tensor<double> before = annotations_of(shallow, few), after = annotations_of(deep, many);
    double spread = 0, moved = 0;
    for (Index i = 0; i < before.size(); ++i) {
        spread = std::max(spread, std::abs(before.data()[i]));
        moved = std::max(moved, std::abs(after.data()[i] - before.data()[i]));
    }
    EXPECT_LT(moved, 0.25 * spread) << "but for what real values differ from normal ones";
    many["encoder.norm5.gain"] = Tensor<float>(many["encoder.norm5.gain"].shape(), 1.0f);
    many["encoder.norm5.bias"] = Tensor<float>(many["encoder.norm5.bias"].shape());
    double otherwise = 0;
    const Tensor<double> usual = annotations_of(deep, many);
    for (Index i = 0; i < before.size(); ++i) otherwise = std::max(otherwise, std::abs(usual.data()[i] - before.data()[i]));
    EXPECT_GT(otherwise, 2 * moved) << "and a norm that begins as usual would not";
}

TEST(TextReader, a_card_that_does_not_tell_means_four_convolutions) {
    nlohmann::json design = to_json(ReaderDesign{});
    design.erase("encoder_layers");
    EXPECT_EQ(reader_design_from_json({{"design", design}}, "here").encoder_layers, 4);
    for (const Index impossible : {3, 13}) {
        design["encoder_layers"] = impossible;
        EXPECT_TRUE(contains(error_of(ErrorCode::bad_format,
                                      [&] {
                                          reader_design_from_json({{"design", design}}, "here");
                                      }),
                             "encoder_layers"));
    }
}

TEST(TextReader, designs_survive_their_card_and_other_pictures_are_refused) {
    ReaderDesign design;
    design.rectifier = false;
    EXPECT_EQ(reader_design_from_json({{"design", to_json(design)}}, "here"), design);
    Rng rng(3);
    const TextReader<float> reader(Weights<float>(initial_reader_weights(design, rng)), design);
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input,
                                  [&] {
                                      reader.read(Var<float>(Tensor<float>(Shape{1, 32, 99})));
                                  }),
                         "[1, 32, 99]"));
}

}  // namespace
}  // namespace saccade::text_reader_test
