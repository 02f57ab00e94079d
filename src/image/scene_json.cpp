#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "image/color.hpp"
#include "image/scene.hpp"
#include "io/json_text.hpp"

namespace saccade {

using nlohmann::json;

namespace {

constexpr std::size_t most_shapes = 256, most_corners = 64, most_text = std::size_t{1} << 20;
constexpr std::array shape_names{"circle", "ellipse", "square",  "rectangle", "triangle", "star",
                                 "cross",  "ring",    "diamond", "polygon",   "stroke"};
constexpr std::array background_names{"plain", "gradient", "sky", "sea", "meadow", "road", "room", "foliage", "noise"};

/// Reads the keys of one object; what is wrong is said with the object's name ("shape 2").
class SceneReader {
 public:
    SceneReader(const json& object, const std::string& where) : object_(object, "a scene's " + where), where_(where) {}

    void number(const char* key, double& value, double least, double most) {
        known_.emplace_back(key);
        object_.number(key, value, least, most);
    }
    template <class Whole>
    void whole(const char* key, Whole& value, Whole least, Whole most) {
        known_.emplace_back(key);
        object_.whole(key, value, least, most);
    }
    void color(const char* key, std::string& value) {
        const json* found = find(key);
        if (found == nullptr) return;
        if (!found->is_string()) refuse(key, *found, "give a colour's name or #rrggbb");
        try {
            color_rgb(found->get_ref<const std::string&>());
        } catch (const Error& error) {
            refuse(key, *found, error.hint());
        }
        value = found->get<std::string>();
    }
    void text(const char* key, std::string& value) {
        known_.emplace_back(key);
        object_.text(key, value, 60);
    }
    /// The index of the name among `names`.
    template <std::size_t n>
    std::size_t name(const char* key, const std::array<const char*, n>& names) {
        const json* found = find(key);
        if (found == nullptr) return 0;
        const auto known =
            found->is_string() ? std::find(names.begin(), names.end(), found->get_ref<const std::string&>()) : names.end();
        if (known == names.end()) refuse(key, *found, fmt::format("choose one of: {}", fmt::join(names, ", ")));
        return static_cast<std::size_t>(known - names.begin());
    }
    const json* find(const char* key) {
        known_.emplace_back(key);
        return object_.find(key);
    }
    /// Error for an unknown key.
    void finish() const {
        for (const auto& [key, value] : object_.value().items())
            if (std::find(known_.begin(), known_.end(), key) == known_.end())
                throw Error(ErrorCode::bad_format,
                            fmt::format("a scene's {} has no '{}'", where_, shorten(sanitize_utf8(key), 30)),
                            fmt::format("it can have: {}", fmt::join(known_, ", ")));
    }
    [[noreturn]] void refuse(const char* key, const json& value, const std::string& hint) const {
        object_.refuse(key, value, hint);
    }

 private:
    JsonObject object_;
    std::string where_;
    std::vector<std::string> known_;
};

void read_corners(SceneReader& reader, SceneShape& shape) {
    const json* found = reader.find("points");
    if (found != nullptr) {
        const std::size_t least = shape.kind == ShapeKind::stroke ? 1 : 3;
        const std::string hint = fmt::format("give {} to {} corners [x, y], each number from -2 to 2", least, most_corners);
        if (!found->is_array() || found->size() < least || found->size() > most_corners) reader.refuse("points", *found, hint);
        for (const json& corner : *found) {
            if (!corner.is_array() || corner.size() != 2) reader.refuse("points", corner, hint);
            const auto x = number_in(corner[0], -2, 2), y = number_in(corner[1], -2, 2);
            if (!x || !y) reader.refuse("points", corner, hint);
            shape.points.push_back({*x, *y});
        }
    }
    if (shape.kind == ShapeKind::polygon && shape.points.empty())
        reader.refuse("points", json(nullptr), "a polygon needs its corners");
    if (shape.kind == ShapeKind::stroke && shape.points.empty())
        reader.refuse("points", json(nullptr), "a stroke needs the places that it goes through");
}

SceneShape read_shape(const json& object, const std::string& where) {
    SceneReader reader(object, where);
    SceneShape shape;
    shape.kind = static_cast<ShapeKind>(reader.name("kind", shape_names));
    reader.color("color", shape.color);
    reader.number("x", shape.x, -2, 3);
    reader.number("y", shape.y, -2, 3);
    reader.number("size", shape.size, 0.0005, 10);
    reader.number("angle", shape.angle, -3600, 3600);
    reader.number("aspect", shape.aspect, 0.01, 100);
    reader.text("group", shape.group);
    reader.color("color_to", shape.color_to);
    reader.number("shade", shape.shade, 0, 1);
    reader.number("soft", shape.soft, 0, 1);
    reader.number("texture", shape.texture, 0, 1);
    reader.number("opacity", shape.opacity, 0, 1);
    reader.number("round", shape.round, 0, 0.5);
    read_corners(reader, shape);
    reader.finish();
    return shape;
}

SceneBackground read_background(const json& object) {
    SceneReader reader(object, "background");
    SceneBackground background;
    background.kind = static_cast<BackgroundKind>(reader.name("kind", background_names));
    reader.color("color", background.color);
    reader.color("color_to", background.color_to);
    reader.number("horizon", background.horizon, 0, 1);
    reader.whole<std::uint64_t>("seed", background.seed, 0, 0xffffffff);
    reader.finish();
    return background;
}

SceneClutter read_clutter(const json& object) {
    SceneReader reader(object, "clutter");
    SceneClutter clutter;
    reader.number("amount", clutter.amount, 0, 1);
    reader.whole<std::uint64_t>("seed", clutter.seed, 0, 0xffffffff);
    reader.finish();
    return clutter;
}

/// Four decimals are a twentieth of a pixel at 512: what dragging adds beyond them only makes sessions long.
double shortened(double value) {
    return std::round(value * 1e4) / 1e4;
}

void write_number(json& object, const char* key, double value, double usual) {
    if (value != usual) object[key] = shortened(value);
}

json write_shape(const SceneShape& shape) {
    const SceneShape usual;
    json object = {{"kind", to_string(shape.kind)},
                   {"color", shape.color},
                   {"x", shortened(shape.x)},
                   {"y", shortened(shape.y)},
                   {"size", shortened(shape.size)}};
    write_number(object, "angle", shape.angle, usual.angle);
    write_number(object, "aspect", shape.aspect, usual.aspect);
    if (!shape.group.empty()) object["group"] = shape.group;
    if (!shape.color_to.empty()) object["color_to"] = shape.color_to;
    write_number(object, "shade", shape.shade, usual.shade);
    write_number(object, "soft", shape.soft, usual.soft);
    write_number(object, "texture", shape.texture, usual.texture);
    write_number(object, "opacity", shape.opacity, usual.opacity);
    write_number(object, "round", shape.round, usual.round);
    for (const auto& [x, y] : shape.points) object["points"].push_back({shortened(x), shortened(y)});
    return object;
}

json write_background(const SceneBackground& background) {
    json object = {{"kind", to_string(background.kind)}};
    if (!background.color.empty()) object["color"] = background.color;
    if (!background.color_to.empty()) object["color_to"] = background.color_to;
    write_number(object, "horizon", background.horizon, SceneBackground{}.horizon);
    if (background.seed != 0) object["seed"] = background.seed;
    return object;
}

}  // namespace

std::string to_string(ShapeKind kind) {
    return shape_names.at(static_cast<std::size_t>(kind));
}

std::string to_string(BackgroundKind kind) {
    return background_names.at(static_cast<std::size_t>(kind));
}

const std::vector<ShapeKind>& shape_kinds() {
    static const std::vector<ShapeKind> kinds = [] {
        std::vector<ShapeKind> all;
        for (std::size_t i = 0; i < shape_names.size(); ++i)
            if (const auto kind = static_cast<ShapeKind>(i); kind != ShapeKind::stroke) all.push_back(kind);
        return all;
    }();
    return kinds;
}

const std::vector<BackgroundKind>& background_kinds() {
    static const std::vector<BackgroundKind> kinds = [] {
        std::vector<BackgroundKind> all;
        for (std::size_t i = 0; i < background_names.size(); ++i) all.push_back(static_cast<BackgroundKind>(i));
        return all;
    }();
    return kinds;
}

json to_json(const Scene& scene) {
    const Scene usual;
    json document = json::object();
    if (scene.width != usual.width) document["width"] = scene.width;
    if (scene.height != usual.height) document["height"] = scene.height;
    if (scene.background != usual.background) document["background"] = write_background(scene.background);
    if (scene.clutter != usual.clutter)
        document["clutter"] = {{"amount", shortened(scene.clutter.amount)}, {"seed", scene.clutter.seed}};
    document["shapes"] = json::array();
    for (const SceneShape& shape : scene.shapes) document["shapes"].push_back(write_shape(shape));
    return document;
}

Scene scene_from_json(const json& document) {
    SceneReader reader(document, "JSON");
    Scene scene;
    constexpr Index least_side = 16, most_side = 4096;
    reader.whole<Index>("width", scene.width, least_side, most_side);
    reader.whole<Index>("height", scene.height, least_side, most_side);
    if (const json* found = reader.find("background")) scene.background = read_background(*found);
    if (const json* found = reader.find("clutter")) scene.clutter = read_clutter(*found);
    if (const json* found = reader.find("shapes")) {
        if (!found->is_array() || found->size() > most_shapes)
            reader.refuse("shapes", *found, fmt::format("give a list of at most {} shapes", most_shapes));
        for (const json& shape : *found)
            scene.shapes.push_back(read_shape(shape, fmt::format("shape {}", scene.shapes.size() + 1)));
    }
    reader.finish();
    return scene;
}

std::string scene_value(const Scene& scene) {
    return "scene:" + to_json(scene).dump(-1, ' ', false, json::error_handler_t::replace);
}

Scene scene_from_text(std::string_view text) {
    if (text.size() > most_text)
        throw Error(ErrorCode::bad_format, fmt::format("a scene of {} bytes", text.size()), "a scene has at most 1 MB");
    return scene_from_json(parse_json(text, "the scene", "write scene:{\"shapes\": [...]}"));
}

}  // namespace saccade
