#include "image/sample_parts.hpp"
#include "image/sample_scenes.hpp"

namespace saccade {

namespace {

void cat_body(Thing& cat) {
    fur(cat.limb("#c98443", {{0.66, 0.88}, {0.80, 0.88}, {0.865, 0.79}, {0.835, 0.68}, {0.87, 0.61}},
                 {0.07, 0.075, 0.07, 0.06, 0.04}),
        "#a9662c");
    fur(cat.curve("#d99a58", {{0.375, 0.50},
                              {0.50, 0.47},
                              {0.625, 0.50},
                              {0.675, 0.66},
                              {0.715, 0.82},
                              {0.680, 0.925},
                              {0.50, 0.945},
                              {0.320, 0.925},
                              {0.285, 0.82},
                              {0.325, 0.66}}),
        "#b87434");
    for (int i = 0; i < 3; ++i)
        for (const double side : {-1.0, 1.0})
            cat.limb("#9a5a24",
                     {{0.5 + side * 0.165, 0.62 + 0.075 * i},
                      {0.5 + side * 0.125, 0.635 + 0.075 * i},
                      {0.5 + side * 0.085, 0.632 + 0.075 * i}},
                     {0.024, 0.018, 0.006})
                .opacity = 0.8;
    SceneShape& chest = cat.oval("#eec793", 0.50, 0.64, 0.17, 0.27);
    chest.soft = 0.2;
    chest.texture = 0.25;
    for (const double x : {0.425, 0.575}) {
        fur(cat.limb("#dfa262", {{x, 0.68}, {x, 0.80}, {x, 0.90}}, {0.10, 0.088, 0.10}), "#eecb9f", 0.25);
        cat.oval("#f0cfa2", x, 0.918, 0.125, 0.062).shade = 0.3;
        for (const double toe : {-0.025, 0.0, 0.025}) cat.line("#b98d5e", {x + toe, 0.915}, {x + toe, 0.938}, 0.005);
    }
}

void cat_head(Thing& cat) {
    for (const double side : {-1.0, 1.0}) {
        const auto at = [&](double x, double y) { return Thing::Place{0.5 + side * x, y}; };
        SceneShape& ear = cat.polygon("#cf8d4a", {at(0.175, 0.300), at(0.165, 0.085), at(0.030, 0.200)});
        ear.round = 0.03;
        ear.shade = 0.3;
        cat.polygon("#e9b3a0", {at(0.150, 0.255), at(0.148, 0.130), at(0.068, 0.205)}).round = 0.03;
    }
    fur(cat.curve("#dc9c59", {{0.50, 0.175},
                              {0.605, 0.195},
                              {0.685, 0.275},
                              {0.700, 0.375},
                              {0.635, 0.465},
                              {0.50, 0.505},
                              {0.365, 0.465},
                              {0.300, 0.375},
                              {0.315, 0.275},
                              {0.395, 0.195}}),
        "#c6813e");
    cat.limb("#9a5a24", {{0.50, 0.182}, {0.50, 0.225}, {0.50, 0.265}}, {0.022, 0.020, 0.006});
    for (const double side : {-1.0, 1.0}) {
        const auto at = [&](double x, double y) { return Thing::Place{0.5 + side * x, y}; };
        cat.limb("#9a5a24", {at(0.050, 0.190), at(0.046, 0.230), at(0.036, 0.262)}, {0.020, 0.018, 0.006});
        cat.limb("#9a5a24", {at(0.190, 0.370), at(0.150, 0.378), at(0.118, 0.372)}, {0.020, 0.016, 0.006});
        cat.limb("#9a5a24", {at(0.178, 0.415), at(0.142, 0.415), at(0.112, 0.405)}, {0.018, 0.014, 0.006});
    }
}

void cat_face(Thing& cat) {
    for (const double side : {-1.0, 1.0}) {
        SceneShape& muzzle = cat.oval("#f9eede", 0.5 + side * 0.042, 0.425, 0.115, 0.090);
        muzzle.soft = 0.12;
    }
    cat.oval("#f9eede", 0.50, 0.465, 0.10, 0.055).soft = 0.2;
    for (const double side : {-1.0, 1.0}) {
        const double x = 0.5 + side * 0.090;
        cat.oval("#2b1c10", x, 0.325, 0.094, 0.078);
        SceneShape& iris = cat.oval("#b7cf4e", x, 0.325, 0.082, 0.068);
        iris.color_to = "#7da33a";
        cat.oval("#0d0c0b", x, 0.325, 0.026, 0.062);
        cat.oval("white", x - 0.016, 0.308, 0.016, 0.016);
        for (const double rise : {-0.022, 0.0, 0.022})
            cat.line("#fdf8ef", {0.5 + side * 0.075, 0.430 + rise * 0.4}, {0.5 + side * 0.245, 0.425 + rise * 1.8}, 0.004)
                .opacity = 0.85;
    }
    SceneShape& nose = cat.polygon("#d9796f", {{0.474, 0.383}, {0.526, 0.383}, {0.50, 0.410}});
    nose.round = 0.12;
    cat.line("#7a4a30", {0.50, 0.408}, {0.50, 0.428}, 0.005);
    for (const double side : {-1.0, 1.0})
        cat.limb("#7a4a30", {{0.5, 0.428}, {0.5 + side * 0.020, 0.440}, {0.5 + side * 0.040, 0.434}}, {0.006, 0.006, 0.003});
}

void dog_body(Thing& dog) {
    fur(dog.limb("#8a5a34", {{0.655, 0.875}, {0.755, 0.850}, {0.825, 0.770}}, {0.07, 0.06, 0.03}), "#6f4526");
    fur(dog.curve("#9a6739", {{0.385, 0.52},
                              {0.50, 0.49},
                              {0.615, 0.52},
                              {0.665, 0.68},
                              {0.705, 0.84},
                              {0.665, 0.930},
                              {0.50, 0.945},
                              {0.335, 0.930},
                              {0.295, 0.84},
                              {0.335, 0.68}}),
        "#7a4c27");
    SceneShape& chest = dog.curve(
        "#f6efe4",
        {{0.42, 0.52}, {0.50, 0.51}, {0.58, 0.52}, {0.600, 0.65}, {0.565, 0.80}, {0.50, 0.85}, {0.435, 0.80}, {0.400, 0.65}});
    fur(chest, "#e4d7c4", 0.25);
    for (const double x : {0.415, 0.585}) {
        fur(dog.limb("#a06c3d", {{x, 0.70}, {x, 0.82}, {x, 0.905}}, {0.105, 0.090, 0.105}), "#f0e4d2", 0.25);
        dog.oval("#f6efe4", x, 0.922, 0.130, 0.064).shade = 0.3;
        for (const double toe : {-0.026, 0.0, 0.026}) dog.line("#a08a70", {x + toe, 0.920}, {x + toe, 0.942}, 0.005);
    }
}

void dog_head(Thing& dog) {
    fur(dog.curve("#a8723f", {{0.50, 0.130},
                              {0.595, 0.150},
                              {0.660, 0.225},
                              {0.665, 0.330},
                              {0.620, 0.420},
                              {0.585, 0.500},
                              {0.50, 0.535},
                              {0.415, 0.500},
                              {0.380, 0.420},
                              {0.335, 0.330},
                              {0.340, 0.225},
                              {0.405, 0.150}}),
        "#8f5c30", 0.4);
    SceneShape& blaze = dog.curve("#f8f2e8", {{0.50, 0.145},
                                              {0.525, 0.240},
                                              {0.545, 0.330},
                                              {0.605, 0.410},
                                              {0.580, 0.490},
                                              {0.50, 0.525},
                                              {0.420, 0.490},
                                              {0.395, 0.410},
                                              {0.455, 0.330},
                                              {0.475, 0.240}});
    fur(blaze, "#ece0d0", 0.25);
    for (const double side : {-1.0, 1.0}) {
        const auto at = [&](double x, double y) { return Thing::Place{0.5 + side * x, y}; };
        fur(dog.curve("#6e4322", {at(0.105, 0.150), at(0.180, 0.165), at(0.250, 0.270), at(0.265, 0.400), at(0.215, 0.455),
                                  at(0.165, 0.380), at(0.145, 0.260)}),
            "#4c2c14", 0.35);
        eye(dog, 0.5 + side * 0.085, 0.290, 0.052, "#4a2d15");
        dog.limb("#7d4f29", {at(0.055, 0.238), at(0.085, 0.225), at(0.115, 0.238)}, {0.006, 0.012, 0.006});
    }
}

void dog_muzzle(Thing& dog) {
    SceneShape& tongue = dog.curve("#e0747c", {{0.468, 0.470}, {0.532, 0.470}, {0.530, 0.545}, {0.50, 0.575}, {0.470, 0.545}});
    tongue.color_to = "#c8545f";
    dog.line("#b24a55", {0.50, 0.480}, {0.50, 0.545}, 0.005);
    for (const double side : {-1.0, 1.0}) {
        SceneShape& lip = dog.oval("#f4ece0", 0.5 + side * 0.043, 0.445, 0.105, 0.078);
        lip.shade = 0.25;
        dog.limb("#3b2a1e", {{0.5, 0.462}, {0.5 + side * 0.040, 0.486}, {0.5 + side * 0.085, 0.470}}, {0.006, 0.008, 0.003});
        for (int i = 0; i < 3; ++i)
            dog.oval("#8a7a68", 0.5 + side * (0.035 + 0.018 * i), 0.446 + 0.009 * (i % 2), 0.007, 0.007);
    }
    SceneShape& nose =
        dog.curve("#1c1715", {{0.455, 0.378}, {0.50, 0.370}, {0.545, 0.378}, {0.535, 0.412}, {0.50, 0.430}, {0.465, 0.412}});
    nose.shade = 0.8;
    dog.line("#3b2a1e", {0.50, 0.425}, {0.50, 0.462}, 0.006);
}

}  // namespace

Scene cat_scene() {
    Scene scene;
    scene.background.kind = BackgroundKind::room;
    scene.background.horizon = 0.68;
    scene.background.color = "#7c4038";
    scene.background.color_to = "#a08a70";
    scene.background.seed = 5;
    Thing cat(scene, "cat");
    ground_shadow(cat, 0.50, 0.925, 0.70, 0.08);
    cat_body(cat);
    cat_head(cat);
    cat_face(cat);
    return scene;
}

Scene dog_scene() {
    Scene scene;
    scene.background.kind = BackgroundKind::foliage;
    scene.background.color = "#8fae62";
    scene.background.color_to = "#3f5a30";
    scene.background.seed = 4;
    Thing dog(scene, "dog");
    ground_shadow(dog, 0.50, 0.930, 0.62, 0.07);
    dog_body(dog);
    dog_head(dog);
    dog_muzzle(dog);
    return scene;
}

}  // namespace saccade
