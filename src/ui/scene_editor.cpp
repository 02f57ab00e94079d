#include "ui/scene_editor.hpp"

#include <algorithm>
#include <cmath>

#include "base/rng.hpp"
#include "base/translate.hpp"
#include "image/color.hpp"
#include "image/digits.hpp"
#include "io/atomic_file.hpp"

namespace saccade {

namespace {

constexpr double least_move = 0.006;  // of the picture: below it a press is a click
constexpr double shape_slack = 0.012;
constexpr std::size_t most_shapes = 256;
constexpr double least_step = 0.004;  // of the picture: between places that a stroke goes through

}  // namespace

int SceneEditor::selected_shape() {
    const Scene* now = scene(document_.focus);
    if (now == nullptr || document_.scene.shape >= static_cast<int>(now->shapes.size())) document_.scene.shape = -1;
    return document_.scene.shape;
}

void SceneEditor::deselect() {
    document_.scene.shape = -1;
}

void SceneEditor::show_bar(bool open) {
    document_.scene.open = open;
}

const Scene* SceneEditor::scene(std::size_t side) {
    const std::string* value = picture_value(document_, side);
    if (value == nullptr) return nullptr;
    SceneMaker::Known& known = document_.scene.known[side];
    if (known.value != *value) {
        known.value = *value;
        try {
            known.scene = scene_of(*value);
        } catch (const Error&) {
            known.scene.reset();  // a damaged one: the run says what is wrong with it
        }
    }
    return known.scene ? &*known.scene : nullptr;
}

void SceneEditor::press(std::size_t side, double x, double y, const std::array<float, 4>& box) {
    comparison_.focus_on(side);
    SceneMaker& maker = document_.scene;
    maker.held = maker.moved = false;
    const Scene* now = scene(side);
    if (maker.pen && now != nullptr) {
        maker.box = box;
        maker.held = begin_stroke(*now, x, y);
        return;
    }
    maker.shape = now != nullptr ? shape_at(*now, x, y, shape_slack) : -1;
    if (maker.shape < 0) return;
    maker.held = true;
    maker.box = box;
    maker.grab_x = x;
    maker.grab_y = y;
    maker.before = *now;
}

void SceneEditor::drag(double x, double y) {
    SceneMaker& maker = document_.scene;
    if (!maker.held) return;
    if (maker.drawing) {
        const auto& last = maker.stroke.back();
        if (std::hypot(x - last[0], y - last[1]) < least_step) return;
        maker.stroke.push_back({x, y});
        return draw_stroke();
    }
    const double dx = x - maker.grab_x, dy = y - maker.grab_y;
    if (!maker.moved && std::hypot(dx, dy) < least_move) return;
    if (!maker.moved) {
        maker.moved = true;
        history_.remember("");
    }
    Scene moved = maker.before;
    move_shape(moved, maker.shape, dx, dy);
    set_scene(std::move(moved));
}

void SceneEditor::release() {
    document_.scene.held = document_.scene.moved = document_.scene.drawing = false;
    document_.scene.stroke.clear();
}

void SceneEditor::take_pen(bool taken) {
    document_.scene.pen = taken;
    if (taken) document_.scene.shape = -1;
}

void SceneEditor::set_pen_width(double width) {
    document_.scene.pen_width = std::clamp(width, 0.002, 0.3);
}

void SceneEditor::clear_shapes() {
    edit("", [](Scene& scene) { scene.shapes.clear(); });
    document_.scene.shape = -1;
}

namespace {

/// As the stroke before it; else what is seen on the background.
std::string pen_color(const Scene& scene) {
    for (auto shape = scene.shapes.rbegin(); shape != scene.shapes.rend(); ++shape)
        if (shape->kind == ShapeKind::stroke) return shape->color;
    Scene empty;
    empty.background = scene.background;
    const Image ground = draw(empty, 8, 8);
    int light = 0;
    for (const std::uint8_t v : ground.rgb) light += v;
    return light > 128 * static_cast<int>(ground.rgb.size()) ? "#111111" : "white";
}

}  // namespace

/// False, and a banner, where there is no room for another shape.
bool SceneEditor::begin_stroke(const Scene& now, double x, double y) {
    SceneMaker& maker = document_.scene;
    if (now.shapes.size() >= most_shapes) {
        messages_.complain(Error(ErrorCode::out_of_range, "a scene has at most 256 shapes", "clear it, or delete one of them"));
        return false;
    }
    maker.drawing = true;
    maker.before = now;
    maker.stroke = {{x, y}};
    history_.remember("");
    draw_stroke();
    return true;
}

void SceneEditor::draw_stroke() {
    const SceneMaker& maker = document_.scene;
    Scene drawn = maker.before;
    drawn.shapes.push_back(pen_stroke(maker.stroke, maker.pen_width, pen_color(maker.before), drawn.width, drawn.height));
    drawn.shapes.back().group = "drawing";
    set_scene(std::move(drawn));
}

/// Without an undo entry of its own.
void SceneEditor::set_scene(Scene now) {
    const ParamSpec* spec = image_param_of(document_.exhibit());
    const std::string value = scene_value(now);
    if (spec == nullptr || document_.side().request.params.text(spec->name) == value) return;
    // What stands in the request need not be parsed again.
    for (std::size_t side = 0; side < 2; ++side)
        if (side == document_.focus || (document_.comparing && document_.linked)) document_.scene.known[side] = {value, now};
    inputs_.set_everywhere(spec->name, value, true);
}

void SceneEditor::edit(const std::string& field, const std::function<void(Scene&)>& change) {
    const Scene* now = scene(document_.focus);
    Scene changed = now != nullptr ? *now : Scene{};
    change(changed);
    if (now != nullptr && changed == *now) return;
    history_.remember(field.empty() ? field : "scene " + field);
    set_scene(std::move(changed));
}

void SceneEditor::add_shape(ShapeKind kind) {
    const Scene* now = scene(document_.focus);
    if (now != nullptr && now->shapes.size() >= most_shapes)
        return messages_.complain(Error(ErrorCode::out_of_range, "a scene has at most 256 shapes", "delete one of them"));
    edit("", [&](Scene& scene) {
        SceneShape shape;
        shape.kind = kind;
        // Another colour and another place each time: none hides the one before.
        const auto n = scene.shapes.size();
        const auto& colors = color_names();
        shape.color = colors[n % colors.size()];
        shape.x = 0.3 + 0.4 * static_cast<double>(n * 5 % 8) / 7;
        shape.y = 0.3 + 0.4 * static_cast<double>(n * 3 % 8) / 7;
        if (kind == ShapeKind::rectangle || kind == ShapeKind::ellipse) shape.aspect = 0.6;
        if (kind == ShapeKind::polygon) shape.points = {{{-0.5, 0.3}, {-0.2, -0.5}, {0.4, -0.4}, {0.5, 0.4}}};
        scene.shapes.push_back(shape);
    });
    if (const Scene* made = scene(document_.focus)) document_.scene.shape = static_cast<int>(made->shapes.size()) - 1;
}

void SceneEditor::duplicate_shape() {
    const Scene* now = scene(document_.focus);
    const int shape = selected_shape();
    if (shape < 0) return;
    const std::vector<int> group = group_of(*now, shape);
    if (now->shapes.size() + group.size() > most_shapes)
        return messages_.complain(Error(ErrorCode::out_of_range, "a scene has at most 256 shapes", "delete one of them"));
    const std::size_t first = now->shapes.size();
    edit("", [&](Scene& scene) {
        const std::string& old = scene.shapes[static_cast<std::size_t>(shape)].group;
        std::string name = old;
        for (int k = 2; !old.empty(); ++k) {
            name = old + " " + std::to_string(k);
            if (std::none_of(scene.shapes.begin(), scene.shapes.end(), [&](const SceneShape& s) { return s.group == name; }))
                break;
        }
        for (const int i : group) {
            SceneShape copy = scene.shapes[static_cast<std::size_t>(i)];
            copy.group = name;
            scene.shapes.push_back(std::move(copy));
        }
        move_shape(scene, static_cast<int>(first), 0.08, 0.08);
    });
    document_.scene.shape = static_cast<int>(first);
}

void SceneEditor::bring_shape_forward() {
    const Scene* now = scene(document_.focus);
    const int shape = selected_shape();
    if (shape < 0) return;
    const std::vector<int> group = group_of(*now, shape);
    const auto in_group = [&](int i) { return std::find(group.begin(), group.end(), i) != group.end(); };
    // Past the next shape that is not of the group; from the front to the back.
    std::vector<int> order;
    int next = -1;
    for (int i = group.back() + 1; i < static_cast<int>(now->shapes.size()) && next < 0; ++i)
        if (!in_group(i)) next = i;
    if (next < 0) order = group;
    for (int i = 0; i < static_cast<int>(now->shapes.size()); ++i) {
        if (!in_group(i)) order.push_back(i);
        if (i == next) order.insert(order.end(), group.begin(), group.end());
    }
    edit("", [&](Scene& scene) {
        std::vector<SceneShape> shapes;
        for (const int i : order) shapes.push_back(scene.shapes[static_cast<std::size_t>(i)]);
        scene.shapes = std::move(shapes);
    });
    document_.scene.shape = static_cast<int>(std::find(order.begin(), order.end(), shape) - order.begin());
}

void SceneEditor::delete_shape() {
    const Scene* now = scene(document_.focus);
    const int shape = selected_shape();
    if (shape < 0) return;
    const std::vector<int> group = group_of(*now, shape);
    edit("", [&](Scene& scene) {
        for (auto i = group.rbegin(); i != group.rend(); ++i) scene.shapes.erase(scene.shapes.begin() + *i);
    });
    document_.scene.shape = -1;
}

/// The next object from the back to the front: a group counts once. After the last one none is selected.
void SceneEditor::select_next_shape() {
    const int now = selected_shape();
    const Scene* all = scene(document_.focus);
    if (all == nullptr) return;
    std::vector<int> objects;
    for (int i = 0; i < static_cast<int>(all->shapes.size()); ++i)
        if (group_of(*all, i).front() == i) objects.push_back(i);
    const int first = now < 0 ? -1 : group_of(*all, now).front();
    const auto next = std::upper_bound(objects.begin(), objects.end(), first);
    document_.scene.shape = next == objects.end() ? -1 : *next;
}

void SceneEditor::nudge_shape(double dx, double dy) {
    const int shape = selected_shape();
    if (shape < 0) return;
    edit("move", [&](Scene& scene) { move_shape(scene, shape, dx, dy); });
}

void SceneEditor::resize_shape(double factor) {
    const int shape = selected_shape();
    if (shape < 0) return;
    edit("size", [&](Scene& scene) { scale_shape(scene, shape, factor); });
}

void SceneEditor::turn_shape(double degrees) {
    const int shape = selected_shape();
    if (shape < 0) return;
    edit("angle", [&](Scene& scene) { saccade::turn_shape(scene, shape, degrees); });
}

void SceneEditor::random() {
    Rng rng(++document_.scene.seed);
    const auto between = [&](double low, double high) { return low + (high - low) * rng.uniform(); };
    const auto& colors = color_names();
    const std::vector<BackgroundKind> grounds = {BackgroundKind::plain, BackgroundKind::gradient, BackgroundKind::sky,
                                                 BackgroundKind::sea,   BackgroundKind::meadow,   BackgroundKind::room};
    edit("", [&](Scene& scene) {
        scene.background = {};
        scene.background.kind = grounds[rng.below(grounds.size())];
        if (scene.background.kind == BackgroundKind::plain) scene.background.color = "#dfe3e8";
        if (scene.background.kind == BackgroundKind::gradient) {
            scene.background.color = "#cfd8e3";
            scene.background.color_to = "#8fa3b8";
        }
        scene.background.seed = document_.scene.seed;
        scene.clutter = {rng.uniform() < 0.5 ? 0.0 : between(0.1, 0.4), document_.scene.seed};
        scene.shapes.clear();
        for (std::size_t n = 2 + rng.below(3); scene.shapes.size() < n;) {
            SceneShape shape;
            const auto& kinds = shape_kinds();
            do shape.kind = kinds[rng.below(kinds.size())];
            while (shape.kind == ShapeKind::polygon);
            shape.color = colors[rng.below(colors.size())];
            shape.x = between(0.18, 0.82);
            shape.y = between(0.18, 0.82);
            shape.size = between(0.16, 0.34);
            if (shape.kind == ShapeKind::rectangle || shape.kind == ShapeKind::ellipse) shape.aspect = 0.6;
            scene.shapes.push_back(shape);
        }
    });
    document_.scene.shape = -1;
}

void SceneEditor::save_to(const std::string& path) {
    const Scene* now = scene(document_.focus);
    if (now == nullptr)
        throw Error(ErrorCode::invalid_input, "the picture is a photograph, not a scene", "it is a file already");
    write_file(path, write_png(draw(*now)));
    messages_.tell(tr("Saved {}", path));
}

}  // namespace saccade
