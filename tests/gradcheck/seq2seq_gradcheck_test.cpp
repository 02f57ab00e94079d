#include <gtest/gtest.h>

#include "autograd/ops.hpp"
#include "gradcheck/weight_gradcheck.hpp"
#include "model/seq2seq.hpp"

namespace saccade::seq2seq_gradcheck_test {
namespace {

/// Cross-entropy and a loss on the weights of a padded batch of three: everything that training differentiates.
Var<double> whole_loss(const Weights<double>& weights, const Seq2SeqDesign& design) {
    const Seq2Seq<double> model(weights, design);
    const std::vector<Ids> sources = {{2, 3, 4, 1}, {5}, {4, 4, 2}};
    const Ids targets = {0, 1, 2, 3, 0, 1};
    const auto forced = model.forced(model.encode(PaddedSources::from(sources)), targets, 2);
    const Var<double> loss = cross_entropy<double>(forced.logits, targets, {}, 0.1);
    if (!design.attention) return loss;
    const Var<double> all = concat<double>(forced.weights, 0);
    Tensor<double> gold(all.shape());
    for (Index i = 0; i < gold.size(); i += 4) gold.data()[i] = 1;
    const Var<double> mass = sum(mul(all, Var<double>(gold)), 1);
    return sub(loss, scale(sum_all(log(add_scalar(mass, 1e-6))), 0.1));
}

/// Compares the gradient of every weight; at least so many are there.
void check_model(const Seq2SeqDesign& design, Index readout, Index at_least) {
    Rng rng(3);
    WeightMap map = initial_seq2seq_weights({6, 5, 2, 2, 4, 3, readout, 6}, design, rng);
    const Index compared = check_weight_gradients(
        std::move(map), [&](const Weights<double>& weights) { return whole_loss(weights, design); }, 1.0f / 2048, 1e-8);
    EXPECT_GT(compared, at_least);
}

TEST(GradCheck, Seq2SeqLoss) {
    check_model({}, 0, 250);
}

TEST(GradCheck, Seq2SeqLossOfEveryScoreFunction) {
    for (const ScoreFunction& score : score_functions())
        for (const bool look_first : {true, false}) {
            SCOPED_TRACE(score.id + (look_first ? ", look first" : ", step first"));
            Seq2SeqDesign design;
            design.score = score.id;
            design.look_first = look_first;
            check_model(design, look_first ? 0 : 3, 200);
        }
}

TEST(GradCheck, Seq2SeqLossOfLuongWithInputFeeding) {
    for (const CellKind cell : {CellKind::gru, CellKind::lstm}) {
        SCOPED_TRACE(to_string(cell));
        Seq2SeqDesign design;
        design.cell = cell;
        design.score = "general";
        design.look_first = false;
        design.input_feeding = true;
        check_model(design, 3, 250);
    }
}

TEST(GradCheck, Seq2SeqLossWithPredictedCentres) {
    // The window holds every key, so that no difference steps over its edge: the Gaussian alone moves with the centre.
    for (const bool look_first : {true, false}) {
        Seq2SeqDesign design;
        design.align = {"local_p", 0.5, 8};
        design.look_first = look_first;
        check_model(design, 3, 250);
    }
}

TEST(GradCheck, Seq2SeqLossWithoutAttention) {
    for (const CellKind cell : {CellKind::gru, CellKind::lstm})
        for (const bool look_first : {true, false}) {
            SCOPED_TRACE(to_string(cell) + (look_first ? ", look first" : ", step first"));
            Seq2SeqDesign design;
            design.attention = false;
            design.cell = cell;
            design.look_first = look_first;
            check_model(design, 3, 200);
        }
}

}  // namespace
}  // namespace saccade::seq2seq_gradcheck_test
