#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "golden/golden_testing.hpp"
#include "model/glimpse_model.hpp"
#include "train/reinforce.hpp"

// Recurrent visual attention against float64 PyTorch; files by make_glimpses_golden.py, whose settings these are.

namespace saccade::glimpses_golden_test {
namespace {

struct Step {
    std::map<std::string, NpyArray> golden;
    GlimpseDesign design{.retina = {2, 4}, .glimpses = 3, .sensed = 5, .units = 6, .height = 11, .width = 11, .deviation = 0.3};
    WeightMap weights;

    Step() : golden(read_golden("glimpses_training")) {
        for (const auto& [name, values] : golden)
            if (name.starts_with("weight.")) weights[name.substr(7)] = values.cast<float>();
    }
    /// The loss of the golden's paths; what the retina saw and what was said on the way go into `seen` and `said`.
    Var<double> loss(const Weights<double>& leaves, Tensor<double>& seen, Tensor<double>& said) const {
        const GlimpseModel<double> model(leaves, design);
        const Tensor<double>& pictures = golden.at("pictures");
        const Tensor<double>& noise = golden.at("noise");
        const Index rows = pictures.shape()[0], side = pictures.shape()[1];
        GlimpseEpisode<double> episode;
        Tensor<double> place = golden.at("first").clone();
        Var<double> state = model.blank(rows);
        for (Index t = 0; t < design.glimpses; ++t) {
            for (double& v : place.values()) v = std::clamp(v, -1.0, 1.0);
            Ids centres;
            for (const double v : place.values()) centres.push_back(edge_at(v, side));
            const Tensor<double> glimpse = look<double>(design.retina, pictures, centres);
            std::ranges::copy(glimpse.values(), seen.data() + t * glimpse.size());
            state = model.read(state, glimpse, place, {});
            episode.logits.push_back(model.logits(state, {}));
            const Tensor<double>& logits = episode.logits.back().value();
            std::ranges::copy(logits.values(), said.data() + t * logits.size());
            if (t + 1 == design.glimpses) break;
            const Var<double> apart(state.value());
            episode.means.push_back(model.aim(apart, {}));
            episode.baselines.push_back(model.baseline(apart, {}));
            place = episode.means.back().value().clone();
            for (Index i = 0; i < place.size(); ++i) place.data()[i] += 0.3 * noise.row(t).data()[i];
            episode.places.push_back(place.clone());
        }
        return hybrid_loss<double>(episode, Ids{0, 0, 2, 2}, 0.3, 0.5);
    }
};

TEST(GlimpsesGolden, a_step_of_training_and_its_gradients_agree_within_1e_5) {
    const Step step;
    ASSERT_EQ(step.weights.size(), 16u);
    Tape<double> tape;
    const Weights<double> leaves(step.weights, &tape);
    Tensor<double> seen(step.golden.at("retina").shape()), said(step.golden.at("logits").shape());
    const Var<double> loss = step.loss(leaves, seen, said);
    expect_close("retina", seen.cast<float>(), step.golden.at("retina"));
    expect_close("logits", said.cast<float>(), step.golden.at("logits"));
    EXPECT_NEAR(loss.value().item(), step.golden.at("loss").data()[0], 1e-5);
    tape.backward(loss);
    for (const auto& [name, leaf] : leaves.leaves())
        expect_close(name, tape.grad(leaf).cast<float>(), step.golden.at("gradient." + name));
}

struct GlimpsesCase {
    const char* name;
    std::map<std::string, ParamValue> params;
    std::uint64_t seed;
};

class GlimpsesRunGolden : public testing::TestWithParam<GlimpsesCase> {};

TEST_P(GlimpsesRunGolden, agrees_within_1e_5) {
    const GlimpsesCase& c = GetParam();
    RunRequest request;
    request.exhibit = "glimpses";
    request.seed = c.seed;
    for (const auto& [name, value] : c.params) request.params.set(name, value);
    expect_golden(*run(request), std::string("glimpses_") + c.name, 20u);
}

INSTANTIATE_TEST_SUITE_P(Settings, GlimpsesRunGolden,
                         testing::Values(GlimpsesCase{"mean", {{"paths", std::int64_t{3}}}, RunRequest{}.seed},
                                         GlimpsesCase{"sampled",
                                                      {{"policy", std::string("sampled")},
                                                       {"image", std::string("sample:digit-7")},
                                                       {"glimpses", std::int64_t{4}},
                                                       {"paths", std::int64_t{2}}},
                                                      5},
                                         GlimpsesCase{"scales",
                                                      {{"model", std::string("translated")},
                                                       {"image", std::string("sample:digit-5")},
                                                       {"paths", std::int64_t{2}}},
                                                      RunRequest{}.seed},
                                         GlimpsesCase{"canvas",
                                                      {{"canvas", std::int64_t{60}},
                                                       {"clutter", std::int64_t{4}},
                                                       {"image", std::string("sample:digit-2")},
                                                       {"paths", std::int64_t{2}}},
                                                      RunRequest{}.seed}),
                         [](const auto& c) { return std::string(c.param.name); });

}  // namespace
}  // namespace saccade::glimpses_golden_test
