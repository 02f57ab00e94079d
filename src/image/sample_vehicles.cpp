#include "image/sample_scenes.hpp"
#include "image/thing.hpp"

namespace saccade {

namespace {

void shadow(Thing& thing, double x, double y, double width, double height) {
    SceneShape& s = thing.oval("#101418", x, y, width, height);
    s.soft = 0.12;
    s.opacity = 0.5;
}

void wheel(Thing& thing, double x, double y, double size) {
    thing.oval("#1b1c1f", x, y, size, size).shade = 0.4;
    SceneShape& rim = thing.oval("#b9bec5", x, y, size * 0.58, size * 0.58);
    rim.color_to = "#6f757d";
    thing.oval("#3d4147", x, y, size * 0.40, size * 0.40).shade = 0.5;
    for (int i = 0; i < 3; ++i) thing.box("#c3c8ce", x, y, size * 0.46, size * 0.06, 60.0 * i + 15);
    thing.oval("#8b9199", x, y, size * 0.14, size * 0.14);
}

void ship_decks(Thing& ship) {
    // From the back to the front.
    SceneShape& mast = ship.box("#d9dde2", 0.655, 0.31, 0.012, 0.17);
    mast.color_to = "#8f979f";
    ship.box("#c9ced4", 0.655, 0.285, 0.075, 0.009);
    SceneShape& funnel = ship.polygon("#c23a32", {{0.43, 0.295}, {0.515, 0.295}, {0.525, 0.43}, {0.42, 0.43}});
    funnel.shade = 0.7;
    ship.polygon("#f3f0ea", {{0.4285, 0.325}, {0.517, 0.325}, {0.5195, 0.352}, {0.4265, 0.352}}).shade = 0.6;
    ship.polygon("#23262b", {{0.43, 0.287}, {0.515, 0.287}, {0.516, 0.304}, {0.4292, 0.304}}).shade = 0.6;
    const auto deck = [&](double x, double y, double width, double height) {
        SceneShape& d = ship.box("#fbfaf6", x, y, width, height);
        d.color_to = "#c9d0d8";
        d.round = 0.03;
    };
    deck(0.635, 0.405, 0.17, 0.075);
    deck(0.555, 0.465, 0.44, 0.070);
    deck(0.525, 0.530, 0.62, 0.075);
    SceneShape& bridge = ship.polygon("#2b3f54", {{0.565, 0.388}, {0.712, 0.388}, {0.716, 0.408}, {0.562, 0.408}});
    bridge.color_to = "#5b7690";
    for (int i = 0; i < 9; ++i) ship.box("#31465c", 0.375 + 0.0445 * i, 0.466, 0.024, 0.022).round = 0.2;
    for (int i = 0; i < 13; ++i) ship.box("#31465c", 0.262 + 0.0437 * i, 0.531, 0.022, 0.022).round = 0.2;
}

void ship_hull(Thing& ship) {
    SceneShape& hull = ship.curve("#27496f", {{0.10, 0.560},
                                              {0.30, 0.569},
                                              {0.60, 0.569},
                                              {0.80, 0.560},
                                              {0.935, 0.535},
                                              {0.90, 0.610},
                                              {0.845, 0.700},
                                              {0.800, 0.742},
                                              {0.60, 0.752},
                                              {0.35, 0.752},
                                              {0.185, 0.742},
                                              {0.135, 0.680}});
    hull.color_to = "#122a44";
    hull.shade = 0.35;
    SceneShape& stripe = ship.polygon("#f4f4f0", {{0.106, 0.578},
                                                  {0.40, 0.588},
                                                  {0.65, 0.588},
                                                  {0.80, 0.580},
                                                  {0.916, 0.562},
                                                  {0.910, 0.576},
                                                  {0.80, 0.595},
                                                  {0.65, 0.602},
                                                  {0.40, 0.602},
                                                  {0.110, 0.592}});
    stripe.opacity = 0.95;
    SceneShape& keel =
        ship.polygon("#9c322c", {{0.152, 0.708}, {0.50, 0.716}, {0.842, 0.704}, {0.800, 0.744}, {0.50, 0.752}, {0.185, 0.744}});
    keel.color_to = "#6c1f1e";
    for (int i = 0; i < 8; ++i) ship.oval("#0c1b2c", 0.235 + 0.07 * i, 0.645, 0.016, 0.016);
    // The water at the hull.
    for (int i = 0; i < 9; ++i) {
        SceneShape& foam = ship.oval("#e4eef3", 0.155 + 0.085 * i, 0.752 + 0.004 * (i % 2), 0.12, 0.016);
        foam.soft = 0.12;
        foam.opacity = 0.75;
    }
    SceneShape& bow = ship.oval("#f2f7f9", 0.845, 0.738, 0.09, 0.035, -18);
    bow.soft = 0.2;
    bow.opacity = 0.85;
}

}  // namespace

Scene ship_scene() {
    Scene scene;
    scene.background.kind = BackgroundKind::sea;
    scene.background.seed = 4;
    Thing ship(scene, "ship");
    SceneShape& reflection = ship.oval("#0d2b45", 0.50, 0.755, 0.86, 0.09);
    reflection.soft = 0.06;
    reflection.opacity = 0.55;
    ship_decks(ship);
    ship_hull(ship);
    return scene;
}

Scene boat_scene() {
    Scene scene;
    scene.background.kind = BackgroundKind::sea;
    scene.background.color = "#5d7f98";
    scene.background.color_to = "#1f4c66";
    scene.background.horizon = 0.66;
    scene.background.seed = 11;
    Thing(scene, "sun").oval("#f0c75e", 0.79, 0.25, 0.19, 0.19);
    Thing(scene, "island").polygon("#5c8f4d", {{0.68, 0.665}, {0.79, 0.50}, {0.91, 0.665}});
    Thing boat(scene, "boat");
    boat.box("#d9443a", 0.385, 0.435, 0.05, 0.13);
    boat.box("#f3ead6", 0.385, 0.585, 0.17, 0.18);
    for (const double x : {0.345, 0.425}) boat.oval("#41617c", x, 0.56, 0.045, 0.045);
    boat.polygon("#e9e6ef", {{0.13, 0.67}, {0.62, 0.67}, {0.54, 0.80}, {0.22, 0.80}}).color_to = "#b9b4c6";
    return scene;
}

Scene airplane_scene() {
    Scene scene;
    scene.background.kind = BackgroundKind::sky;
    scene.background.seed = 3;
    Thing plane(scene, "airplane");
    // The far wing and stabiliser, the body, the near ones.
    plane.polygon("#9aa5b1", {{0.50, 0.455}, {0.60, 0.455}, {0.525, 0.335}, {0.475, 0.330}}).color_to = "#c3ccd5";
    plane.polygon("#98a3af", {{0.115, 0.455}, {0.175, 0.460}, {0.125, 0.405}, {0.085, 0.402}}).color_to = "#c0c9d2";
    SceneShape& fin = plane.polygon("#1f5fae", {{0.085, 0.270}, {0.145, 0.270}, {0.250, 0.440}, {0.105, 0.450}});
    fin.color_to = "#2f7fd0";
    fin.shade = 0.4;
    SceneShape& body = plane.curve("#ffffff", {{0.070, 0.452},
                                               {0.20, 0.428},
                                               {0.40, 0.418},
                                               {0.62, 0.418},
                                               {0.80, 0.425},
                                               {0.895, 0.450},
                                               {0.938, 0.488},
                                               {0.905, 0.515},
                                               {0.80, 0.535},
                                               {0.60, 0.542},
                                               {0.36, 0.538},
                                               {0.20, 0.505}});
    body.color_to = "#a9b4c0";
    body.shade = 0.35;
    SceneShape& stripe = plane.polygon("#2f74c4", {{0.095, 0.468},
                                                   {0.40, 0.492},
                                                   {0.80, 0.494},
                                                   {0.932, 0.494},
                                                   {0.925, 0.502},
                                                   {0.80, 0.506},
                                                   {0.40, 0.505},
                                                   {0.105, 0.474}});
    stripe.opacity = 0.9;
    for (int i = 0; i < 21; ++i) plane.box("#33475c", 0.275 + 0.0265 * i, 0.464, 0.011, 0.017).round = 0.4;
    plane.polygon("#26384b", {{0.868, 0.446}, {0.893, 0.452}, {0.912, 0.470}, {0.876, 0.468}}).round = 0.08;
    SceneShape& engine = plane.curve("#d5dbe2", {{0.505, 0.560},
                                                 {0.52, 0.545},
                                                 {0.60, 0.545},
                                                 {0.625, 0.565},
                                                 {0.625, 0.600},
                                                 {0.60, 0.615},
                                                 {0.53, 0.610},
                                                 {0.505, 0.590}});
    engine.color_to = "#7d8893";
    engine.shade = 0.6;
    plane.oval("#2a3340", 0.622, 0.582, 0.018, 0.055);
    SceneShape& wing = plane.polygon("#e3e8ee", {{0.445, 0.505}, {0.615, 0.510}, {0.395, 0.745}, {0.330, 0.750}});
    wing.color_to = "#8b98a6";
    wing.round = 0.01;
    plane.polygon("#2f74c4", {{0.365, 0.712}, {0.428, 0.709}, {0.395, 0.745}, {0.330, 0.750}});
    SceneShape& tail = plane.polygon("#dfe5eb", {{0.095, 0.462}, {0.185, 0.468}, {0.105, 0.545}, {0.062, 0.546}});
    tail.color_to = "#93a0ad";
    return scene;
}

Scene automobile_scene() {
    Scene scene;
    scene.background.kind = BackgroundKind::road;
    scene.background.horizon = 0.52;
    scene.background.seed = 2;
    Thing car(scene, "automobile");
    shadow(car, 0.50, 0.765, 0.88, 0.075);
    SceneShape& cabin = car.curve("#c8262b", {{0.235, 0.535},
                                              {0.300, 0.432},
                                              {0.360, 0.392},
                                              {0.48, 0.378},
                                              {0.60, 0.388},
                                              {0.665, 0.430},
                                              {0.755, 0.530},
                                              {0.74, 0.56},
                                              {0.50, 0.57},
                                              {0.25, 0.56}});
    cabin.color_to = "#a81a20";
    cabin.shade = 0.45;
    SceneShape& body = car.curve("#d3282d", {{0.075, 0.610},
                                             {0.085, 0.555},
                                             {0.140, 0.530},
                                             {0.240, 0.522},
                                             {0.50, 0.518},
                                             {0.74, 0.522},
                                             {0.865, 0.545},
                                             {0.925, 0.585},
                                             {0.938, 0.650},
                                             {0.925, 0.715},
                                             {0.80, 0.735},
                                             {0.50, 0.740},
                                             {0.20, 0.735},
                                             {0.085, 0.715},
                                             {0.068, 0.66}});
    body.color_to = "#8c1217";
    body.shade = 0.4;
    SceneShape& front =
        car.polygon("#a9c3d8", {{0.497, 0.412}, {0.590, 0.416}, {0.638, 0.448}, {0.700, 0.525}, {0.497, 0.525}});
    front.color_to = "#3f566b";
    front.round = 0.02;
    SceneShape& rear = car.polygon("#a9c3d8", {{0.290, 0.525}, {0.338, 0.445}, {0.385, 0.416}, {0.474, 0.412}, {0.474, 0.525}});
    rear.color_to = "#3f566b";
    rear.round = 0.02;
    car.line("#8a1418", {0.486, 0.53}, {0.486, 0.70}, 0.005);
    car.line("#8a1418", {0.285, 0.535}, {0.300, 0.64}, 0.005);
    car.line("#e8595c", {0.11, 0.572}, {0.86, 0.572}, 0.005).opacity = 0.7;
    car.box("#e6e8ea", 0.535, 0.580, 0.042, 0.011).round = 0.4;
    car.box("#e6e8ea", 0.335, 0.580, 0.042, 0.011).round = 0.4;
    SceneShape& sill = car.box("#26282c", 0.50, 0.722, 0.80, 0.030);
    sill.round = 0.3;
    car.oval("#fff4cf", 0.897, 0.598, 0.050, 0.036, 20).shade = 0.5;
    car.oval("#ff6a4a", 0.090, 0.585, 0.028, 0.044).shade = 0.3;
    car.box("#2b2d31", 0.917, 0.672, 0.035, 0.020).round = 0.3;
    for (const double x : {0.245, 0.755}) {
        car.oval("#151618", x, 0.700, 0.205, 0.205);
        wheel(car, x, 0.708, 0.172);
    }
    return scene;
}

Scene truck_scene() {
    Scene scene;
    scene.background.kind = BackgroundKind::road;
    scene.background.horizon = 0.55;
    scene.background.seed = 8;
    Thing truck(scene, "truck");
    shadow(truck, 0.50, 0.810, 0.92, 0.070);
    SceneShape& frame = truck.box("#2a2c30", 0.49, 0.712, 0.84, 0.040);
    frame.round = 0.1;
    SceneShape& load = truck.box("#f2f1ec", 0.375, 0.468, 0.60, 0.45);
    load.color_to = "#c3c7cc";
    load.round = 0.015;
    for (int i = 1; i < 8; ++i)
        truck.line("#b3b8be", {0.075 + 0.075 * i, 0.262}, {0.075 + 0.075 * i, 0.676}, 0.004).opacity = 0.7;
    SceneShape& band = truck.box("#d96a1d", 0.375, 0.520, 0.60, 0.085);
    band.color_to = "#b8500f";
    truck.box("#9ba1a8", 0.375, 0.252, 0.60, 0.014);
    truck.box("#8d939a", 0.375, 0.686, 0.60, 0.016);
    SceneShape& cab = truck.polygon(
        "#2f6fbe", {{0.690, 0.360}, {0.845, 0.360}, {0.905, 0.515}, {0.935, 0.545}, {0.935, 0.715}, {0.690, 0.715}});
    cab.color_to = "#174884";
    cab.shade = 0.35;
    cab.round = 0.03;
    SceneShape& window = truck.polygon("#bcd3e4", {{0.740, 0.400}, {0.828, 0.400}, {0.878, 0.525}, {0.740, 0.525}});
    window.color_to = "#4b6378";
    window.round = 0.03;
    truck.line("#143c70", {0.724, 0.385}, {0.724, 0.70}, 0.005);
    truck.box("#dfe3e8", 0.752, 0.562, 0.036, 0.010).round = 0.4;
    truck.oval("#fff2c8", 0.918, 0.612, 0.034, 0.044).shade = 0.4;
    SceneShape& bumper = truck.box("#3a3d42", 0.895, 0.712, 0.105, 0.036);
    bumper.round = 0.2;
    truck.box("#1d1f22", 0.706, 0.452, 0.018, 0.11).round = 0.3;
    for (const double x : {0.175, 0.325, 0.800}) {
        truck.oval("#131416", x, 0.740, 0.165, 0.165);
        wheel(truck, x, 0.752, 0.140);
    }
    return scene;
}

}  // namespace saccade
