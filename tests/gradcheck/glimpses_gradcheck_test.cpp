#include <gtest/gtest.h>

#include "attention/glimpse.hpp"
#include "gradcheck/gradcheck.hpp"
#include "gradcheck/weight_gradcheck.hpp"
#include "model/glimpse_model.hpp"

namespace saccade::glimpses_gradcheck_test {
namespace {

TEST(GradCheck, GaussianLogDensity) {
    const Tensor<double> place = random_tensor({3, 2}, 1);
    check_gradients([&](const std::vector<Var<double>>& v) { return gaussian_log_density(place, v[0], 0.4); },
                    {random_tensor({3, 2}, 2)});
}

TEST(GradCheck, GlimpseNetworkCoreAndLocation) {
    // seen, place, state; W_ρ b_ρ W_l b_l W_g W_h b_g; W_h W_g b; W b
    check_gradients(
        [](const std::vector<Var<double>>& v) {
            const GlimpseNetwork<double> network{.what = {v[3], v[4]},
                                                 .where = {v[5], v[6]},
                                                 .what_weight = v[7],
                                                 .where_weight = v[8],
                                                 .bias = v[9],
                                                 .scales = 1,
                                                 .cells = 2};
            const GlimpseCore<double> core{.state_weight = v[10], .input = {v[11], v[12]}};
            const LocationNetwork<double> location{.mean = {v[13], v[14]}};
            return location(core(v[2], network(v[0], v[1], {}), {}), {});
        },
        {random_tensor({2, 4}, 1), random_tensor({2, 2}, 2), random_tensor({2, 3}, 3), random_tensor({5, 4}, 4),
         random_tensor({5}, 5, 0.2, 1), random_tensor({5, 2}, 6), random_tensor({5}, 7, 0.2, 1), random_tensor({3, 5}, 8),
         random_tensor({3, 5}, 9), random_tensor({3}, 10, 0.2, 1), random_tensor({3, 3}, 11), random_tensor({3, 3}, 12),
         random_tensor({3}, 13, 0.2, 1), random_tensor({2, 3}, 14), random_tensor({2}, 15)});
}

/// What supervised learning follows back: the cross-entropy of every glimpse along fixed places.
TEST(GradCheck, GlimpsePathsOfFixedPlaces) {
    const GlimpseDesign design{.retina = {2, 2}, .glimpses = 3, .sensed = 3, .units = 4, .height = 6, .width = 6};
    const Tensor<double> pictures = random_tensor({2, 6, 6}, 5, 0, 1);
    Rng rng(4);
    // What chooses places and what expects a reward takes no part in it.
    WeightMap map = initial_glimpse_weights(design, 3, rng), apart;
    for (const char* name : {"policy.weight", "policy.bias", "baseline.weight", "baseline.bias"})
        apart.insert(map.extract(name));
    ASSERT_EQ(apart.size(), 4u);
    const auto loss = [&](const Weights<double>& weights) {
        const GlimpseModel<double> model(weights.with(apart), design);
        std::vector<Var<double>> logits;
        Var<double> state = model.blank(2);
        for (Index t = 0; t < design.glimpses; ++t) {
            const Tensor<double> place = random_tensor({2, 2}, 30 + static_cast<std::uint64_t>(t));
            Ids centres;
            for (const double v : place.values()) centres.push_back(edge_at(v, Index{6}));
            state = model.read(state, look<double>(design.retina, pictures, centres), place, {});
            logits.push_back(model.logits(state, {}));
        }
        Var<double> total = cross_entropy<double>(logits.back(), Ids{1, 0});
        for (std::size_t t = 0; t < 2; ++t) total = add(total, scale(cross_entropy<double>(logits[t], Ids{1, 0}), 0.25));
        return total;
    };
    const Index compared = check_weight_gradients(std::move(map), loss, 1.0f / (1 << 14), 1e-6);
    EXPECT_GT(compared, 100);
}

}  // namespace
}  // namespace saccade::glimpses_gradcheck_test
