#include "exhibit/reading_input.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/kept_with.hpp"
#include "base/translate.hpp"
#include "base/typed_text.hpp"
#include "base/utf8.hpp"
#include "exhibit/characters.hpp"
#include "image/load_image.hpp"
#include "params/matrix_text.hpp"
#include "trace/observer.hpp"
#include "train/reading_data.hpp"

namespace saccade {

namespace {

constexpr Index shown_side = 1024;  // longer side of a photograph as it is shown and cut
constexpr double one_degree = std::numbers::pi / 180;
constexpr int most_tries = 24;
constexpr double a_little_less = 0.85;

/// Where a handle stands while its parameters are 0, and how far it goes at their ends; as shares of the picture.
struct Handle {
    const char* name;
    PicturePlace rest, reach;
};
constexpr std::array handles{Handle{msg("curve"), {0.5, 0.5}, {0, -0.45}}, Handle{msg("turn"), {0.9, 0.5}, {0, 0.45}},
                             Handle{msg("perspective"), {0.15, 0.5}, {0.12, 0.4}}};
constexpr Index curve_handle = 0, turn_handle = 1;

/// A font of which few machines that draw text have none.
std::string usual_family() {
    const std::vector<std::string>& all = word_families();
    if (all.empty())
        throw Error(ErrorCode::unsupported, "there are no fonts on this machine that words could be drawn with",
                    "install some (Debian: fonts-dejavu), or open a photograph");
    for (const char* usual : {"DejaVu Sans", "Liberation Sans", "Noto Sans"})
        if (std::ranges::binary_search(all, std::string(usual))) return usual;
    return all.front();
}

/// The characters that the reader can tell apart; the others are named.
std::string readable_word(RunContext& context) {
    const TypedText typed = read_typed(context.params.text("word"));
    note_dropped(typed.dropped, "word", context.probe);
    std::string read;
    for (const std::string& c : typed.read()) read += c;
    std::vector<std::string> others, left_out;
    const Ids ids = reader_ids(read, &others);
    for (const std::string& c : others)
        if (const std::string seen = visible_character(c); std::ranges::find(left_out, seen) == left_out.end())
            left_out.push_back(seen);
    constexpr std::size_t most_listed = 8;
    if (left_out.size() > most_listed) {
        left_out.resize(most_listed);
        left_out.emplace_back("…");
    }
    if (ids.empty())
        throw Error(ErrorCode::invalid_input,
                    fmt::format("Word: none of the 96 classes that are told apart is in it, only {}", fmt::join(left_out, " ")),
                    "type Latin letters, figures or marks");
    if (!left_out.empty())
        context.probe.note({"word", fmt::format("not among the 96 classes, so left out: {}", fmt::join(left_out, " ")),
                            "the reader knows Latin letters, figures and the marks of ASCII"});
    if (ids.size() > longest_read_word)
        context.probe.note(
            {"word",
             fmt::format("the reader learned words of up to {} characters; this one has {}", longest_read_word, ids.size()),
             "it may lose its place"});
    return reader_text(ids);
}

WordLook look_of(const RunContext& context) {
    const Params& params = context.params;
    WordLook look;
    look.family = params.text("font").empty() ? usual_family() : params.text("font");
    look.bend = params.number("bend") * one_degree;
    look.turn = params.number("turn") * one_degree;
    look.far_x = params.number("far_x");
    look.far_y = params.number("far_y");
    look.blur = params.number("blur");
    look.grain = params.number("noise");
    look.strokes = static_cast<int>(params.integer("clutter"));
    look.mottle = params.integer("clutter") > 0 ? 0.2 : 0;
    look.seed = context.seed;
    return look;
}

/// Bent, and seen from the side, as far as it goes without folding over itself.
WordPicture drawn(RunContext& context, const std::string& word, WordLook look, const ReaderDesign& design) {
    for (int i = 0;; ++i) {
        try {
            WordPicture picture = draw_word(word, look, design.height, design.width);
            if (i > 0)
                context.probe.note(
                    {"bend",
                     fmt::format("as it is set, '{}' would fold over itself: it is bent by {:.0f}°, its perspective is "
                                 "{:.2f} across and {:.2f} down",
                                 word, look.bend / one_degree, look.far_x, look.far_y),
                     "a longer word can be bent farther"});
            return picture;
        } catch (const Error& error) {
            if (error.code() != ErrorCode::invalid_input || i > most_tries) throw;
            const double left = i < most_tries ? a_little_less : 0;
            look.bend *= left;
            look.far_x *= left;
            look.far_y *= left;
        }
    }
}

void show_handles(RunContext& context) {
    const Params& params = context.params;
    const PicturePlace turned[] = {{0, params.number("bend") / most_bend},
                                   {0, params.number("turn") / most_turn},
                                   {params.number("far_x") / farthest, params.number("far_y") / farthest}};
    Tensor<float> places({static_cast<Index>(handles.size()), 2});
    std::vector<std::string> names;
    for (std::size_t i = 0; i < handles.size(); ++i) {
        const Handle& h = handles[i];
        places.data()[2 * i] = static_cast<float>(h.rest.x + h.reach.x * turned[i].x);
        places.data()[2 * i + 1] = static_cast<float>(h.rest.y + h.reach.y * turned[i].y);
        names.emplace_back(h.name);
    }
    const Observer observe(context.probe);
    observe.axis({"handle", AxisKind::feature, static_cast<Index>(handles.size()), names, "h"});
    const Tensor<float> shown = observe("word.handles", places, [] {
        return Shown{.role = Role::state, .symbol = "h", .title = "Drawn word", .axes = {"handle", "coordinate"}};
    });
    if (shown.data() != places.data())
        observe.note({"", "'word.handles' stand where the settings put them: changing them changes nothing else",
                      "set bend, turn, far_x, far_y"});
}

ReadingInput drawn_word(RunContext& context, const ReaderDesign& design) {
    ReadingInput input;
    std::vector<std::string> offered;
    for (const std::string& family : word_families())
        if (family.find(", ") == std::string::npos) offered.push_back(family);
    context.probe.text("fonts", fmt::format("{}", fmt::join(offered, ", ")));
    input.word = readable_word(context);
    WordPicture picture = drawn(context, input.word, look_of(context), design);
    input.grey = std::move(picture.grey);
    input.boxes = std::move(picture.boxes);
    show_handles(context);
    return input;
}

/// The corners of a part as somebody put them, brought in order, with a note where they had to be.
Corners marked_corners(RunContext& context, const Observer& observe) {
    const Corners asked = corners_from(context.params.text("corners"));
    Tensor<float> places({4, 2});
    for (std::size_t i = 0; i < 4; ++i) {
        places.data()[2 * i] = static_cast<float>(asked[i].x);
        places.data()[2 * i + 1] = static_cast<float>(asked[i].y);
    }
    observe.axis({"corner", AxisKind::feature, 4, {"upper left", "upper right", "lower right", "lower left"}, "c"});
    const Tensor<float> shown = observe("photo.corners", places, [] {
        return Shown{.role = Role::state,
                     .symbol = "q",
                     .title = "Photograph",
                     .unit = "share of the picture",
                     .axes = {"corner", "coordinate"}};
    });
    Corners corners;
    for (std::size_t i = 0; i < 4; ++i)
        corners[i] = {static_cast<double>(shown.data()[2 * i]), static_cast<double>(shown.data()[2 * i + 1])};
    const UsedCorners used = used_corners(corners);
    if (used.how == UsedCorners::How::in_order)
        context.probe.note({"corners",
                            "the corners cross, or run the other way round: they are taken clockwise, from the upper left",
                            "put them around the text"});
    if (used.how == UsedCorners::How::box)
        context.probe.note({"corners", "these corners lie around no area: what is around all of them is read, upright",
                            "put them around the text"});
    return used.corners;
}

ReadingInput photograph(RunContext& context, const ReaderDesign& design) {
    const std::string& value = context.params.text("image");
    PicturePtr picture = load_picture(value, shown_side);
    if (const Index longest = std::max(picture->full_width, picture->full_height); longest < shown_side)
        picture = load_picture(value, longest);
    static KeptWith<Picture, Tensor<float>> kept(4);
    const Tensor<float> pixels = *kept.get(
        picture, [&] { return std::make_shared<const Tensor<float>>(to_tensor(picture->image)); }, context.stop);
    const Observer observe(context.probe);
    observe.axis({"photo.y", AxisKind::y, pixels.shape()[0], {}, "y"});
    observe.axis({"photo.x", AxisKind::x, pixels.shape()[1], {}, "x"});
    observe.axis({"photo.color", AxisKind::channel, 3, {"R", "G", "B"}, "k"});
    const Tensor<float> shown = observe("photo.picture", pixels, [] {
        return Shown{.role = Role::state, .symbol = "", .title = "Photograph", .axes = {"photo.y", "photo.x", "photo.color"}};
    });
    if (shown.data() != pixels.data())
        observe.note({"image", "'photo.picture' is the photograph as it is shown: changing it changes nothing else",
                      "change 'image', which is read, or the photograph itself"});
    const Corners corners = marked_corners(context, observe);
    const ImageSize size = size_within(corners, picture->full_width, picture->full_height);
    if (size.height > size.width)
        context.probe.note(
            {"corners",
             fmt::format("the marked part is higher than wide ({} × {} px): the reader reads one line, from left to "
                         "right",
                         size.width, size.height),
             "of text that runs downwards, put the first corner where its upper left is as it is read"});
    ReadingInput input;
    input.grey = straightened(picture->image, corners, design.height, design.width);
    return input;
}

using Settings = std::vector<std::pair<std::string, ParamValue>>;

/// The parameter at this share of its way, rounded so that a field can show it.
double along(double share, double most, double step) {
    return std::clamp(std::round(share * most / step) * step, -most, most);
}

Settings put_handle(Index i, double x, double y) {
    const Handle& h = handles.at(static_cast<std::size_t>(i));
    const double down = (y - h.rest.y) / h.reach.y;
    if (i == curve_handle) return {{"bend", along(down, most_bend, 1)}};
    if (i == turn_handle) return {{"turn", along(down, most_turn, 0.5)}};
    return {{"far_x", along((x - h.rest.x) / h.reach.x, farthest, 0.01)}, {"far_y", along(down, farthest, 0.01)}};
}

Settings put_corner(const Params& now, Index i, double x, double y) {
    Corners corners = whole_picture;
    try {
        corners = corners_from(now.text("corners"));
    } catch (const Error&) {
        // What stood there could not be read: the hand begins anew.
    }
    corners.at(static_cast<std::size_t>(i)) = {std::clamp(x, 0.0, 1.0), std::clamp(y, 0.0, 1.0)};
    return {{"corners", corners_text(corners)}};
}

}  // namespace

ReadingInput read_word_or_photograph(RunContext& context, const ReaderDesign& design) {
    return context.params.text("image").empty() ? drawn_word(context, design) : photograph(context, design);
}

Corners corners_from(const std::string& text) {
    if (text.empty()) return whole_picture;
    const Tensor<float> read = matrix_from_text(text);
    const auto inside = [](float v) { return v >= 0 && v <= 1; };
    if (read.shape() != Shape{4, 2} || !std::ranges::all_of(read.values(), inside))
        throw Error(ErrorCode::invalid_input, fmt::format("Corners: '{}' is not four places in the picture", text),
                    "write x y; x y; x y; x y, from the upper left clockwise, each from 0 to 1");
    Corners corners;
    for (std::size_t i = 0; i < 4; ++i)
        corners[i] = {static_cast<double>(read.data()[2 * i]), static_cast<double>(read.data()[2 * i + 1])};
    return corners;
}

std::string corners_text(const Corners& corners) {
    std::string text;
    for (const PicturePlace& c : corners)
        text += fmt::format("{}{} {}", text.empty() ? "" : "; ", std::round(c.x * 1e3) / 1e3, std::round(c.y * 1e3) / 1e3);
    return text;
}

std::vector<PlacedByParams> reading_places() {
    return {{"word.handles", [](const Params&, Index i, double x, double y) { return put_handle(i, x, y); }},
            {"photo.corners", put_corner}};
}

}  // namespace saccade
