#include <array>
#include <cmath>

#include "base/rng.hpp"
#include "image/sample_parts.hpp"
#include "image/sample_scenes.hpp"

namespace saccade {

namespace {

void frog_body(Thing& frog) {
    for (const double side : {-1.0, 1.0}) {
        const auto at = [&](double x, double y) { return Thing::Place{0.5 + side * x, y}; };
        fur(frog.curve("#65be39", {at(0.150, 0.600), at(0.270, 0.520), at(0.360, 0.585), at(0.375, 0.720), at(0.330, 0.820),
                                   at(0.200, 0.830), at(0.140, 0.740)}),
            "#3f8c25");
        for (int i = 0; i < 3; ++i) {
            const double x = 0.300 + 0.052 * i;
            frog.limb("#59b134", {at(0.275, 0.820), at(x, 0.845 - 0.012 * i), at(x + 0.045, 0.862 - 0.020 * i)},
                      {0.034, 0.022, 0.026})
                .color_to = "#469325";
        }
    }
    fur(frog.curve("#75d042", {{0.50, 0.390},
                               {0.640, 0.420},
                               {0.730, 0.530},
                               {0.745, 0.680},
                               {0.690, 0.800},
                               {0.50, 0.845},
                               {0.310, 0.800},
                               {0.255, 0.680},
                               {0.270, 0.530},
                               {0.360, 0.420}}),
        "#51a72f");
    SceneShape& belly = frog.curve("#e9eec0", {{0.50, 0.600},
                                               {0.620, 0.620},
                                               {0.665, 0.710},
                                               {0.610, 0.805},
                                               {0.50, 0.832},
                                               {0.390, 0.805},
                                               {0.335, 0.710},
                                               {0.380, 0.620}});
    belly.color_to = "#c4d08a";
    belly.shade = 0.3;
    for (const double side : {-1.0, 1.0}) {
        const auto at = [&](double x, double y) { return Thing::Place{0.5 + side * x, y}; };
        fur(frog.limb("#6ec83f", {at(0.185, 0.655), at(0.205, 0.755), at(0.165, 0.850)}, {0.095, 0.070, 0.055}), "#50a62f",
            0.3);
        for (const double toe : {-0.055, -0.015, 0.030})
            frog.limb("#60bb37", {at(0.165, 0.850), at(0.165 - toe * 0.7, 0.872), at(0.165 - toe * 1.5, 0.888)},
                      {0.026, 0.018, 0.024});
    }
}

void frog_spots(Thing& frog) {
    Rng rng(3);
    for (int i = 0; i < 34; ++i) {
        const double x = 0.27 + 0.46 * rng.uniform(), y = 0.42 + 0.38 * rng.uniform(), size = 0.015 + 0.022 * rng.uniform();
        const bool belly = std::abs(x - 0.5) < 0.17 && y > 0.59, mouth = std::abs(y - 0.53) < 0.05;
        if (belly || mouth) continue;
        SceneShape& spot = frog.oval("#2c5a1e", x, y, size, size * 0.85);
        spot.opacity = 0.7;
        spot.soft = 0.2;
    }
}

void frog_head(Thing& frog) {
    for (const double side : {-1.0, 1.0}) {
        fur(frog.oval("#77d445", 0.5 + side * 0.150, 0.345, 0.165, 0.160), "#5cb836", 0.5);
    }
    SceneShape& head = frog.curve("#7dd948", {{0.50, 0.350},
                                              {0.620, 0.365},
                                              {0.735, 0.430},
                                              {0.770, 0.510},
                                              {0.700, 0.590},
                                              {0.50, 0.625},
                                              {0.300, 0.590},
                                              {0.230, 0.510},
                                              {0.265, 0.430},
                                              {0.380, 0.365}});
    fur(head, "#65be3a", 0.35);
    for (const double side : {-1.0, 1.0}) {
        const double x = 0.5 + side * 0.150;
        frog.oval("#20301a", x, 0.338, 0.126, 0.122);
        SceneShape& iris = frog.oval("#e9c046", x, 0.338, 0.110, 0.106);
        iris.color_to = "#b98a22";
        frog.oval("#100f0c", x, 0.340, 0.082, 0.046);
        frog.oval("white", x - 0.022, 0.318, 0.022, 0.022);
        frog.oval("#3a6b26", 0.5 + side * 0.030, 0.452, 0.014, 0.010);
    }
    frog.limb("#2f5a20", {{0.262, 0.498}, {0.360, 0.548}, {0.50, 0.565}, {0.640, 0.548}, {0.738, 0.498}},
              {0.006, 0.011, 0.012, 0.011, 0.006});
    for (const auto& [x, y, size] : {std::array{0.40, 0.405, 0.030},
                                     {0.62, 0.420, 0.024},
                                     {0.50, 0.385, 0.022},
                                     {0.30, 0.640, 0.034},
                                     {0.705, 0.625, 0.038},
                                     {0.29, 0.720, 0.026},
                                     {0.715, 0.720, 0.024}}) {
        SceneShape& spot = frog.oval("#3f7d2a", x, y, size, size * 0.8);
        spot.opacity = 0.7;
        spot.soft = 0.2;
    }
}

}  // namespace

Scene bird_scene() {
    Scene scene;
    scene.background.kind = BackgroundKind::foliage;
    scene.background.seed = 6;
    Thing perch(scene, "branch");
    SceneShape& branch = perch.limb("#6d4f36", {{-0.05, 0.800}, {0.25, 0.770}, {0.55, 0.775}, {0.82, 0.745}, {1.05, 0.70}},
                                    {0.06, 0.055, 0.05, 0.042, 0.03});
    branch.color_to = "#4a3424";
    branch.texture = 0.6;
    Thing bird(scene, "bird");
    // Tail, legs, body with the breast, wing, head.
    SceneShape& tail = bird.polygon("#4a5a6c", {{0.335, 0.560}, {0.115, 0.790}, {0.165, 0.825}, {0.410, 0.650}});
    tail.color_to = "#2c3846";
    bird.line("#5b4433", {0.475, 0.715}, {0.470, 0.775}, 0.014);
    bird.line("#5b4433", {0.545, 0.715}, {0.548, 0.775}, 0.014);
    SceneShape& body = bird.curve("#d9843f", {{0.300, 0.585},
                                              {0.375, 0.455},
                                              {0.500, 0.365},
                                              {0.640, 0.345},
                                              {0.715, 0.420},
                                              {0.730, 0.530},
                                              {0.680, 0.640},
                                              {0.580, 0.715},
                                              {0.450, 0.730},
                                              {0.350, 0.675}});
    fur(body, "#e8c9a4", 0.4);
    SceneShape& back = bird.curve("#5d7186", {{0.285, 0.595},
                                              {0.365, 0.445},
                                              {0.500, 0.345},
                                              {0.625, 0.330},
                                              {0.600, 0.405},
                                              {0.520, 0.470},
                                              {0.430, 0.560},
                                              {0.350, 0.625}});
    fur(back, "#485a6d", 0.3);
    SceneShape& wing = bird.curve("#52667b", {{0.570, 0.455},
                                              {0.590, 0.540},
                                              {0.530, 0.620},
                                              {0.420, 0.650},
                                              {0.230, 0.705},
                                              {0.315, 0.610},
                                              {0.400, 0.500},
                                              {0.490, 0.435}});
    fur(wing, "#2f3c4b", 0.35);
    for (int i = 0; i < 4; ++i) {
        const double d = 0.030 * i;
        bird.line("#8797a8", {0.520 - d, 0.520 + d * 0.9}, {0.315 + d * 0.2, 0.640 + d * 0.55}, 0.007).opacity = 0.75;
    }
    SceneShape& head = bird.oval("#5d7186", 0.672, 0.305, 0.225, 0.210);
    fur(head, "#6d8298", 0.45);
    SceneShape& cheek = bird.oval("#f2e6d2", 0.715, 0.352, 0.125, 0.085, 15);
    cheek.soft = 0.25;
    bird.polygon("#3a3229", {{0.765, 0.285}, {0.868, 0.322}, {0.762, 0.342}}).color_to = "#5d5040";
    bird.line("#221d18", {0.765, 0.315}, {0.850, 0.321}, 0.005);
    eye(bird, 0.712, 0.282, 0.040, "#3b2a1a");
    return scene;
}

Scene deer_scene() {
    Scene scene;
    scene.background.kind = BackgroundKind::meadow;
    scene.background.horizon = 0.50;
    scene.background.color_to = "#6f8a3c";
    scene.background.seed = 7;
    Thing deer(scene, "deer");
    ground_shadow(deer, 0.54, 0.850, 0.62, 0.05);
    const auto leg = [&](const std::string& color, const std::string& color_to, double x, bool hind) {
        const double bend = hind ? 0.028 : 0.0;
        SceneShape& l =
            deer.limb(color, {{x, 0.500}, {x - bend, 0.610}, {x + bend * 0.9 + 0.004, 0.700}, {x - 0.002, 0.790}, {x, 0.845}},
                      {hind ? 0.135 : 0.085, hind ? 0.070 : 0.046, 0.028, 0.024, 0.026});
        l.color_to = color_to;
        deer.box("#2a2018", x, 0.848, 0.032, 0.020).round = 0.3;
    };
    leg("#8a5e37", "#5f4026", 0.455, false);
    leg("#8a5e37", "#5f4026", 0.655, true);
    for (const double side : {0.0, 1.0}) {
        const auto at = [&](double x, double y) { return Thing::Place{x + 0.055 * side, y}; };
        const std::string bone = side == 0 ? "#8d7656" : "#b49a72";
        deer.limb(bone, {at(0.265, 0.215), at(0.285, 0.150), at(0.350, 0.115), at(0.372, 0.040)}, {0.022, 0.020, 0.017, 0.007});
        deer.limb(bone, {at(0.280, 0.160), at(0.245, 0.115), at(0.250, 0.060)}, {0.014, 0.013, 0.005});
        deer.limb(bone, {at(0.330, 0.125), at(0.315, 0.075), at(0.325, 0.030)}, {0.013, 0.012, 0.005});
    }
    deer.oval("#f3ead9", 0.752, 0.470, 0.050, 0.095, -12).soft = 0.1;
    leg("#b07743", "#74502f", 0.405, false);
    leg("#b07743", "#74502f", 0.700, true);
    fur(deer.curve("#b57c48", {{0.155, 0.322},
                               {0.180, 0.280},
                               {0.250, 0.215},
                               {0.300, 0.215},
                               {0.340, 0.300},
                               {0.425, 0.400},
                               {0.560, 0.415},
                               {0.685, 0.400},
                               {0.750, 0.450},
                               {0.745, 0.530},
                               {0.660, 0.565},
                               {0.530, 0.590},
                               {0.420, 0.590},
                               {0.345, 0.530},
                               {0.300, 0.420},
                               {0.265, 0.330},
                               {0.210, 0.345},
                               {0.165, 0.350}}),
        "#9a6538", 0.4);
    SceneShape& belly = deer.oval("#dfc39b", 0.535, 0.578, 0.24, 0.036, 1);
    belly.soft = 0.15;
    SceneShape& throat = deer.oval("#ead7b8", 0.292, 0.375, 0.040, 0.110, -20);
    throat.soft = 0.4;
    deer.limb("#a9733f", {{0.310, 0.235}, {0.350, 0.215}, {0.385, 0.190}}, {0.030, 0.045, 0.008}).shade = 0.3;
    deer.limb("#ecd6c0", {{0.325, 0.232}, {0.350, 0.218}, {0.370, 0.203}}, {0.012, 0.020, 0.006});
    deer.oval("#e9d8bd", 0.190, 0.336, 0.065, 0.030, -18).soft = 0.3;
    deer.oval("#1d1612", 0.160, 0.323, 0.028, 0.026);
    eye(deer, 0.246, 0.262, 0.024, "#2b1c10");
    return scene;
}

Scene frog_scene() {
    Scene scene;
    scene.background.kind = BackgroundKind::foliage;
    scene.background.color = "#4a5a36";
    scene.background.color_to = "#1d2618";
    scene.background.seed = 15;
    Thing leaf(scene, "leaf");
    SceneShape& pad = leaf.curve(
        "#5d8f3a",
        {{0.02, 0.84}, {0.18, 0.745}, {0.50, 0.715}, {0.82, 0.745}, {0.98, 0.84}, {0.82, 0.945}, {0.50, 0.985}, {0.18, 0.945}});
    pad.color_to = "#39662a";
    pad.texture = 0.4;
    for (const double x : {0.12, 0.33, 0.67, 0.88})
        leaf.line("#7fab57", {0.50, 0.86}, {x, x < 0.2 || x > 0.8 ? 0.84 : 0.955}, 0.006).opacity = 0.6;
    Thing frog(scene, "frog");
    ground_shadow(frog, 0.50, 0.865, 0.78, 0.075);
    frog_body(frog);
    frog_head(frog);
    frog_spots(frog);
    return scene;
}

Scene horse_scene() {
    Scene scene;
    scene.background.kind = BackgroundKind::meadow;
    scene.background.horizon = 0.56;
    scene.background.seed = 9;
    Thing horse(scene, "horse");
    ground_shadow(horse, 0.47, 0.845, 0.66, 0.055);
    const auto leg = [&](const std::string& color, const std::string& color_to, double x, bool hind) {
        const double bend = hind ? 0.032 : 0.0;
        SceneShape& l =
            horse.limb(color, {{x, 0.480}, {x + bend, 0.590}, {x - bend * 0.7, 0.680}, {x + 0.002, 0.775}, {x + 0.004, 0.832}},
                       {hind ? 0.165 : 0.115, hind ? 0.095 : 0.066, 0.042, 0.034, 0.042});
        l.color_to = color_to;
        horse.polygon("#211a16", {{x - 0.018, 0.822}, {x + 0.024, 0.822}, {x + 0.034, 0.850}, {x - 0.022, 0.850}});
    };
    fur(horse.limb("#241710", {{0.245, 0.385}, {0.185, 0.450}, {0.160, 0.560}, {0.180, 0.680}}, {0.03, 0.060, 0.062, 0.012}),
        "#17100b", 0.2);
    leg("#6a3b1d", "#3a2213", 0.580, false);
    leg("#6a3b1d", "#3a2213", 0.340, true);
    leg("#8a4d26", "#4a2a16", 0.640, false);
    leg("#8a4d26", "#4a2a16", 0.285, true);
    fur(horse.curve("#95562b", {{0.858, 0.325},
                                {0.838, 0.285},
                                {0.755, 0.180},
                                {0.700, 0.155},
                                {0.630, 0.245},
                                {0.555, 0.355},
                                {0.430, 0.385},
                                {0.295, 0.365},
                                {0.228, 0.430},
                                {0.250, 0.530},
                                {0.370, 0.570},
                                {0.490, 0.595},
                                {0.620, 0.575},
                                {0.680, 0.510},
                                {0.705, 0.420},
                                {0.735, 0.300},
                                {0.805, 0.352},
                                {0.840, 0.356}}),
        "#7c431f", 0.4);
    fur(horse.curve("#26180f", {{0.705, 0.145},
                                {0.672, 0.150},
                                {0.600, 0.235},
                                {0.530, 0.345},
                                {0.560, 0.385},
                                {0.600, 0.375},
                                {0.640, 0.300},
                                {0.690, 0.215},
                                {0.722, 0.175}}),
        "#17100b", 0.2);
    horse.polygon("#8a4d26", {{0.695, 0.165}, {0.712, 0.095}, {0.735, 0.165}}).shade = 0.3;
    horse.limb("#26180f", {{0.715, 0.140}, {0.750, 0.175}, {0.768, 0.215}}, {0.03, 0.026, 0.008});
    horse.limb("#f4eee4", {{0.785, 0.225}, {0.812, 0.262}, {0.835, 0.295}}, {0.010, 0.020, 0.014});
    SceneShape& muzzle = horse.oval("#4f2d18", 0.836, 0.332, 0.062, 0.052, 45);
    muzzle.soft = 0.3;
    horse.oval("#1b110b", 0.846, 0.314, 0.013, 0.010, 40);
    eye(horse, 0.752, 0.222, 0.024, "#2a180d");
    return scene;
}

}  // namespace saccade
