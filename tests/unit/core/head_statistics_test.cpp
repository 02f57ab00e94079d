#include <gtest/gtest.h>

#include <cmath>

#include "exhibit/exhibits.hpp"
#include "unit/core/copied_checkpoint.hpp"

// What heads do over many texts: the same numbers, made here in double from the weights of one run a text.

namespace saccade::test::head_statistics_test {
namespace {

using Values = std::vector<std::pair<std::string, ParamValue>>;

TracePtr run_of(const std::string& exhibit, const Values& values) {
    RunRequest request;
    request.exhibit = exhibit;
    for (const auto& [name, value] : values) request.params.set(name, value);
    return run(request);
}

TracePtr statistics(const Values& values) {
    return run_of("head-statistics", values);
}

std::string refusal(const Values& values) {
    try {
        statistics(values);
    } catch (const Error& e) {
        EXPECT_EQ(e.line().find('\n'), std::string::npos) << e.line();
        return e.line();
    }
    return "it ran";
}

std::string file_of(const TemporaryFolder& folder, const std::string& text) {
    const std::string path = folder / "texts.txt";
    write_file(path, text);
    return path;
}

TEST(HeadStatistics, are_means_and_spreads_over_the_texts_of_what_each_text_shows) {
    const std::vector<std::string> texts = {"Tom likes Mary.", "I do not know what you want to say.", "Go home."};
    const TemporaryFolder folder;
    const TracePtr found = statistics({{"texts", file_of(folder, texts[0] + "\n\n  " + texts[1] + "\r\n" + texts[2])}});
    const Index layers = found->tensor("entropy").values.shape()[0], heads = found->tensor("entropy").values.shape()[1];
    const std::vector<std::string> names = {"entropy", "distance", "first", "previous", "diagonal"};
    std::vector<std::vector<std::vector<double>>> all(names.size());  // [measure][text][layer * head]
    std::vector<Tensor<float>> weights;
    for (const std::string& text : texts) {
        weights.push_back(run_of("checkpoint", {{"text", text}})->tensor("self.weights").values.whole());
        const Tensor<float>& w = weights.back();
        const Index n = w.shape()[2];
        for (auto& measure : all) measure.emplace_back(static_cast<std::size_t>(layers * heads));
        for (Index head = 0; head < layers * heads; ++head)
            for (Index i = 0; i < n; ++i)
                for (Index j = 0; j < n; ++j) {
                    const double a = static_cast<double>(w.data()[(head * n + i) * n + j]), rows = static_cast<double>(n);
                    const auto at = static_cast<std::size_t>(head);
                    if (a > 0) all[0].back()[at] -= a * std::log(a) / rows;
                    all[1].back()[at] += a * static_cast<double>(std::abs(i - j)) / rows;
                    if (i > 0 && j == 0) all[2].back()[at] += a / (rows - 1);
                    if (i > 0 && j == i - 1) all[3].back()[at] += a / (rows - 1);
                    if (i > 0 && j == i) all[4].back()[at] += a / (rows - 1);
                }
    }
    for (std::size_t m = 0; m < names.size(); ++m)
        for (Index head = 0; head < layers * heads; ++head) {
            SCOPED_TRACE(names[m]);
            double mean = 0, squares = 0;
            for (std::size_t s = 0; s < texts.size(); ++s) {
                const double x = all[m][s][static_cast<std::size_t>(head)];
                EXPECT_NEAR(found->tensor(names[m] + ".texts").values.row(static_cast<Index>(s)).data()[head], x, 1e-5);
                mean += x / 3;
            }
            for (const auto& text : all[m]) squares += std::pow(text[static_cast<std::size_t>(head)] - mean, 2) / 3;
            EXPECT_NEAR(found->tensor(names[m]).values.data()[head], mean, 1e-5);
            EXPECT_NEAR(found->tensor(names[m] + ".spread").values.data()[head], std::sqrt(squares), 1e-5);
        }
    // The mean pattern is over the texts that reach so far; nothing looks ahead.
    const Tensor<float> pattern = found->tensor("pattern").values.whole(),
                        reach = found->tensor("pattern.texts").values.whole();
    const Index side = pattern.shape()[2];
    EXPECT_EQ(reach.at({0, 0}), 3);
    EXPECT_EQ(reach.at({side - 1, 0}), 1);
    for (Index i = 0; i < side; ++i)
        for (Index j = 0; j < side; ++j) {
            double sum = 0, count = 0;
            for (const Tensor<float>& w : weights)
                if (std::max(i, j) < w.shape()[2]) {
                    sum += static_cast<double>(w.at({2, 1, i, j}));
                    ++count;
                }
            EXPECT_EQ(reach.at({i, j}), count);
            if (j > i)
                EXPECT_TRUE(std::isnan(pattern.at({2, 1, i, j})));
            else
                EXPECT_NEAR(pattern.at({2, 1, i, j}), sum / count, 1e-5);
        }
}

TEST(HeadStatistics, read_models_that_look_both_ways_and_folders_without_a_tokenizer) {
    const TemporaryFolder folder;
    const std::string ids = file_of(folder, "1 2 3 4\n5 6 7\n");
    for (const char* family : {"bert", "gpt2", "llama"}) {
        SCOPED_TRACE(family);
        const TracePtr trace = statistics({{"path", golden_checkpoint(family)}, {"texts", ids}});
        EXPECT_EQ(trace->tensor("tokens").values.at({0}), 4);
        EXPECT_EQ(trace->tensor("tokens").values.at({1}), 3);
        EXPECT_EQ(std::isnan(trace->tensor("pattern").values.whole().at({0, 0, 0, 1})), std::string(family) != "bert");
        EXPECT_EQ(statistics({{"path", golden_checkpoint(family)}})->tensor("tokens").values.shape()[0], 1);
    }
}

TEST(HeadStatistics, say_what_they_cannot_read) {
    const TemporaryFolder folder;
    EXPECT_TRUE(contains(refusal({{"texts", folder / "none.txt"}}), "none.txt"));
    EXPECT_TRUE(contains(refusal({{"texts", file_of(folder, " \n\r\n")}}), "there is no text in it: write one text a line"));
    EXPECT_TRUE(contains(refusal({{"texts", file_of(folder, "a\xff")}}), "texts.txt"));
    EXPECT_TRUE(contains(refusal({{"texts", file_of(folder, "!\n?\n")}}), "none has two tokens"));
    EXPECT_TRUE(contains(refusal({{"path", golden_checkpoint("t5")}}), "an encoder-decoder reads pairs of texts"));
    EXPECT_TRUE(contains(refusal({{"path", golden_checkpoint("gpt2")}, {"texts", file_of(folder, "1 2\n3 999")}}), "999"));
    const TracePtr trace = statistics(
        {{"texts", file_of(folder, "I know what you are talking about\n!\nGo home now.")}, {"longest", std::int64_t{3}}});
    std::string said;
    for (const Note& note : trace->notes()) said += note.text + "\n";
    EXPECT_TRUE(contains(said, "2 of 3 texts are longer than 3 tokens")) << said;
    EXPECT_TRUE(contains(said, "1 texts have fewer than two tokens")) << said;
    EXPECT_EQ(trace->tensor("tokens").values.shape()[0], 2);
}

}  // namespace
}  // namespace saccade::test::head_statistics_test
