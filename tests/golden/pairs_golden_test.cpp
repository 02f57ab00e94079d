#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "io/npz.hpp"
#include "model/seq2seq_run.hpp"

// Every score function with every alignment function against float64 PyTorch; files by make_pairs_golden.py.

namespace saccade::pairs_golden_test {
namespace {

struct GoldenDesign {
    const char* file;
    CellKind cell;
    bool look_first, input_feeding;
    std::size_t cases;
};

class PairsGolden : public testing::TestWithParam<GoldenDesign> {};

/// "case SCORE ALIGNMENT TEMPERATURE WINDOW" -> a design.
Seq2SeqDesign design_of(const GoldenDesign& golden, const std::string& name) {
    std::istringstream words(name);
    std::string word, score, align, temperature, window;
    words >> word >> score >> align >> temperature >> window;
    Seq2SeqDesign d;
    d.cell = golden.cell;
    d.look_first = golden.look_first;
    d.input_feeding = golden.input_feeding;
    d.attention = score != "none";
    if (!d.attention) return d;
    d.score = score;
    d.align = {align, std::stod(temperature), std::stod(window)};
    return d;
}

Ids ids_of(const NpyArray& array) {
    Ids ids;
    for (Index i = 0; i < array.size(); ++i) ids.push_back(static_cast<Index>(array.data()[i]));
    return ids;
}

/// The golden values, taken from the front bit by bit.
class Expected {
 public:
    Expected(const NpyArray& array, std::string name) : array_(array), name_(std::move(name)) {}

    void skip(Index count) { at_ += count; }
    void take(const std::string& tensor, const Tensor<float>& values) {
        ASSERT_LE(at_ + values.size(), array_.size()) << name_ << ": " << tensor;
        double largest = 0, worst = 0;
        for (Index i = 0; i < values.size(); ++i) {
            const double expected = array_.data()[at_ + i];
            largest = std::max(largest, std::abs(expected));
            worst = std::max(worst, std::abs(expected - static_cast<double>(values.data()[i])));
        }
        EXPECT_LE(worst, 1e-5 * largest) << name_ << ": " << tensor;
        at_ += values.size();
    }
    void expect_end() const { EXPECT_EQ(at_, array_.size()) << name_; }

 private:
    const NpyArray& array_;
    std::string name_;
    Index at_ = 0;
};

/// What follows from the keys that our own generator drew.
void compare_drawn(const Trace& trace, Expected& expected) {
    const Tensor<float>& weights = trace.tensor("weights").values;
    const Tensor<float>& scores = trace.tensor("scores").values;
    const Tensor<float>& logits = trace.tensor("logits").values;
    const Index n = weights.shape()[1], classes = logits.shape()[1];
    std::vector<Index> drawn;
    for (Index i = 0; i < weights.shape()[0]; ++i) {
        const auto row = weights.row(i);
        EXPECT_EQ(std::ranges::count(row.values(), 1.0f), 1);
        EXPECT_EQ(std::ranges::count(row.values(), 0.0f), n - 1);
        drawn.push_back(std::ranges::max_element(row.values()) - row.values().begin());
        const auto read = trace.tensor("context").values.row(i);
        const auto annotation = trace.tensor("annotations").values.row(drawn.back());
        for (Index k = 0; k < read.size(); ++k) EXPECT_EQ(read.data()[k], annotation.data()[k]);
    }
    expected.take("scores of the first step", scores.row(0));
    expected.skip(drawn[0] * (classes + n));
    expected.take("logits of the first step", logits.row(0));
    expected.take("scores of the second step", scores.row(1));
    expected.skip((n - 1 - drawn[0]) * (classes + n) + (drawn[0] * n + drawn[1]) * classes);
    expected.take("logits of the second step", logits.row(1));
    expected.skip((n * n - 1 - drawn[0] * n - drawn[1]) * classes);
}

Trace recorded(const WeightMap& weights, const Seq2SeqDesign& design, Seq2SeqRequest request, std::uint64_t seed) {
    request.seed = seed;
    Probe probe({}, {});
    run_seq2seq(Seq2Seq<float>(Weights<float>(weights), design), request, probe, {});
    return probe.finish();
}

TEST_P(PairsGolden, agrees_within_1e_5) {
    const GoldenDesign& golden = GetParam();
    const auto arrays = read_npz(std::string(SACCADE_TEST_DATA) + "/golden/pairs_" + golden.file + ".npz");
    WeightMap weights;
    for (const auto& [name, array] : arrays)
        if (name.starts_with("weight ")) {
            std::vector<float> values(array.data(), array.data() + array.size());
            weights.emplace(name.substr(7), Tensor<float>::from(array.shape(), std::move(values)));
        }
    Seq2SeqRequest request{.source = ids_of(arrays.at("source")),
                           .source_labels = std::vector<std::string>(static_cast<std::size_t>(arrays.at("source").size()), "x"),
                           .target_tokens = {"a", "b", "c", "d", "<end>", "<start>"},
                           .forced = ids_of(arrays.at("target"))};
    std::size_t cases = 0;
    for (const auto& [name, array] : arrays) {
        if (!name.starts_with("case ")) continue;
        ++cases;
        const Seq2SeqDesign design = design_of(golden, name);
        const bool sampled = design.attention && align_function(design.align.function).samples;
        for (std::uint64_t seed = 1; seed <= (sampled ? 8u : 1u); ++seed) {
            const Trace trace = recorded(weights, design, request, seed);
            Expected expected(array, name);
            if (sampled) {
                compare_drawn(trace, expected);
            } else {
                for (const char* tensor : {"keys", "centres", "queries", "scores", "weights", "context", "decoder.cell",
                                           "decoder.state", "attentional", "logits"}) {
                    // Local-m's centres are the steps' own numbers: not in the file.
                    const bool counted = std::string(tensor) != "centres" || design.align.function == "local_p";
                    if (counted && trace.find(tensor) != nullptr) expected.take(tensor, trace.tensor(tensor).values);
                }
            }
            expected.expect_end();
        }
    }
    EXPECT_EQ(cases, golden.cases);
}

INSTANTIATE_TEST_SUITE_P(Designs, PairsGolden,
                         testing::Values(GoldenDesign{"bahdanau_gru", CellKind::gru, true, false, 49},
                                         GoldenDesign{"bahdanau_lstm", CellKind::lstm, true, false, 3},
                                         GoldenDesign{"luong_lstm", CellKind::lstm, false, true, 49},
                                         GoldenDesign{"luong_gru", CellKind::gru, false, false, 3},
                                         GoldenDesign{"fixed_gru", CellKind::gru, true, false, 1},
                                         GoldenDesign{"fixed_lstm", CellKind::lstm, false, false, 1}),
                         [](const auto& c) { return std::string(c.param.file); });

}  // namespace
}  // namespace saccade::pairs_golden_test
