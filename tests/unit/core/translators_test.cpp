#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "model/beam.hpp"
#include "model/transformer.hpp"
#include "run/runner.hpp"
#include "train/place_questions.hpp"
#include "unit/core/hand_aligned.hpp"
#include "unit/core/testing.hpp"

// What the bundled translators know and where they look, held against what each was found to do. Floors are a little below what
// was measured: a model that is trained again may not fall below them.

namespace saccade::translators_test {
namespace {

using test::on_gold;
using test::Share;

struct Floors {
    const char* id;
    double places, gold;
    bool china;  // does it write "i love china", whatever the end of 我爱中国, and look at 我, 爱 and 中 or 国?
};
// clang-format off
const Floors floors[] = {
    {"zh-en-gru", 0.95, 0.69, true},
    {"zh-en-gru-guided", 0.90, 0.77, true},
    {"zh-en-luong", 0.82, 0.68, true},
    {"zh-en-luong-guided", 0.96, 0.87, true},
    {"zh-en-fixed", 0.60, 0.0, true},
    {"zh-en-transformer", 0.98, 0.86, true},
};
// clang-format on

Tensor<float> recurrent_weights(const Seq2Seq<float>& model, const Ids& source, const Ids& target) {
    const Ids sources[] = {source};
    const auto forced = model.forced(model.encode(PaddedSources::from(sources)), target, static_cast<Index>(target.size()));
    Tensor<float> all(Shape{static_cast<Index>(target.size()), static_cast<Index>(source.size())});
    for (std::size_t i = 0; i < target.size(); ++i)
        std::ranges::copy(forced.weights[i].value().values(), all.data() + i * source.size());
    return all;
}

/// Weights of the decoder's cross-attention: a layer's, [heads, T, S].
std::vector<Tensor<float>> cross_weights(const Transformer<float>& model, const Ids& source, const Ids& target) {
    const Ids sources[] = {source};
    std::vector<Var<float>> seen;
    StackCall<float> call;
    call.cross_weights = &seen;
    model.forced(model.encode(PaddedSources::from(sources)), target, static_cast<Index>(target.size()), call);
    std::vector<Tensor<float>> layers;
    for (const Var<float>& w : seen) layers.push_back(w.value().row(0));
    return layers;
}

/// The mean over the heads of each layer, and each head alone: the best of either.
std::pair<double, double> best_layer_and_head(const Transformer<float>& model, const SequenceText& text) {
    std::map<Ids, std::vector<Tensor<float>>> kept;  // by source and target: a pair is decoded once
    const auto weights = [&](const Ids& source, const Ids& target) -> const std::vector<Tensor<float>>& {
        Ids both = source;
        both.push_back(-1);
        both.insert(both.end(), target.begin(), target.end());
        const auto found = kept.find(both);
        return found != kept.end() ? found->second : kept[both] = cross_weights(model, source, target);
    };
    double best_layer = 0, best_head = 0;
    for (Index l = 0; l < model.decoder().design().layers; ++l) {
        const Index heads = model.decoder().design().heads;
        for (Index h = -1; h < heads; ++h) {
            const Share share = on_gold(text, [&](const Ids& source, const Ids& target) {
                const Tensor<float>& layer = weights(source, target)[static_cast<std::size_t>(l)];
                Tensor<float> rows(Shape{layer.shape()[1], layer.shape()[2]});
                for (Index k = 0; k < heads; ++k)
                    if (h < 0 || k == h)
                        for (Index i = 0; i < rows.size(); ++i) rows.data()[i] += layer.row(k).data()[i];
                return rows;
            });
            (h < 0 ? best_layer : best_head) = std::max(h < 0 ? best_layer : best_head, share.value());
        }
    }
    return {best_layer, best_head};
}

template <class Model>
double places(const Model& model, const SequenceText& text) {
    int right = 0;
    const auto questions = place_questions();
    for (const PlaceQuestion& question : questions) {
        const Ids sources[] = {text.read(question.chinese).ids};
        const auto found =
            beam_search(model, model.encode(PaddedSources::from(sources)), {.width = 1, .length_penalty = 1, .max_steps = 64});
        right += names_place(question, text.write(found.hypotheses.front().ids)) ? 1 : 0;
    }
    return right / static_cast<double>(questions.size());
}

TEST(Translators, name_places_and_look_at_the_words_that_they_write) {
    for (const Floors& floor : floors) {
        const ModelPtr model = bundled_model(floor.id);
        const SequenceText text(model->card.json(), floor.id);
        double named = 0, gold = 0;
        std::string heads;
        if (std::string(floor.id) == "zh-en-transformer") {
            const Transformer<float> transformer(Weights<float>(model->weights),
                                                 transformer_design_from_json(model->card.json(), floor.id));
            named = places(transformer, text);
            const auto [layer, head] = best_layer_and_head(transformer, text);
            gold = layer;
            heads = fmt::format(", best head {:.3f}", head);
        } else {
            const Seq2Seq<float> recurrent(Weights<float>(model->weights), design_from_json(model->card.json(), floor.id));
            named = places(recurrent, text);
            if (recurrent.design().attention)
                gold = on_gold(text, [&](const Ids& s, const Ids& t) { return recurrent_weights(recurrent, s, t); }).value();
        }
        fmt::print("{}: places {:.3f}, largest weight on gold {:.3f}{}\n", floor.id, named, gold, heads);
        EXPECT_GE(named, floor.places) << floor.id;
        EXPECT_GE(gold, floor.gold) << floor.id;
    }
}

/// What is written of 我爱中国 with that end, and where the largest weight of each of the first three words lies (recurrent
/// translators with attention alone).
template <class Model>
bool writes_china(const Model& model, const SequenceText& text, const std::string& end) {
    const Ids sources[] = {text.read("我爱中国" + end).ids};
    const auto found =
        beam_search(model, model.encode(PaddedSources::from(sources)), {.width = 1, .length_penalty = 1, .max_steps = 64});
    return text.write(found.hypotheses.front().ids).starts_with("i love china");
}

bool looks_at_china(const Seq2Seq<float>& model, const SequenceText& text, const std::string& end) {
    const SequenceText::Source source = text.read("我爱中国" + end);
    const Ids target = text.target("i love china");
    const Tensor<float> weights = recurrent_weights(model, source.ids, target);
    const auto most = [&](Index i) {
        const auto row = weights.row(i).values();
        return source.tokens[static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin())];
    };
    return most(0) == "我" && most(1) == "爱" && (most(2) == "中" || most(2) == "国");
}

TEST(Translators, love_china_whatever_the_end_of_the_sentence_as_the_table_says) {
    for (const Floors& floor : floors) {
        const ModelPtr model = bundled_model(floor.id);
        const SequenceText text(model->card.json(), floor.id);
        const Weights<float> weights(model->weights);
        bool right = true;
        for (const char* end : {"。", "", "！", "!", "."}) {
            if (std::string(floor.id) == "zh-en-transformer") {
                const Transformer<float> made(weights, transformer_design_from_json(model->card.json(), floor.id));
                right = right && writes_china(made, text, end);
                continue;
            }
            const Seq2Seq<float> made(weights, design_from_json(model->card.json(), floor.id));
            right = right && writes_china(made, text, end) && (!made.design().attention || looks_at_china(made, text, end));
        }
        EXPECT_EQ(right, floor.china) << floor.id << ": a model that learned it has its row changed";
    }
}

TEST(PlaceQuestions, thirty_places_in_five_frames) {
    const auto questions = place_questions();
    EXPECT_EQ(questions.size(), 150u);
    EXPECT_EQ(questions[0].chinese, "我们明天去中国。");
    EXPECT_TRUE(names_place(questions[0], "We're going to China tomorrow."));
    EXPECT_FALSE(names_place(questions[0], "we are going to chinatown."));
    EXPECT_TRUE(names_place({"", {"new york"}}, "he lives in New York"));
    EXPECT_FALSE(names_place({"", {"new york"}}, "he lives in york, a new town"));
}

}  // namespace
}  // namespace saccade::translators_test
