#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/kept_with.hpp"
#include "base/number_text.hpp"
#include "base/translate.hpp"
#include "exhibit/exhibits.hpp"
#include "exhibit/glimpses_lesson.hpp"
#include "image/digits.hpp"
#include "image/handwriting.hpp"
#include "image/load_image.hpp"
#include "model/glimpse_run.hpp"
#include "params/param_make.hpp"
#include "trace/observer.hpp"

namespace saccade {

namespace {

constexpr Index shown_side = 512, largest_canvas = 400, most_glimpses = 16, most_paths = 200, most_pieces = 32;
constexpr std::array<Index, 6> cost_sides = {28, 60, 100, 200, 300, 400};

/// What the model reads, and what is to be said about it.
struct Canvas {
    Tensor<float> picture;  // [side, side]
    std::vector<Note> notes;
};
struct CanvasKey {
    Index side = 0, pieces = 0;
    std::uint64_t seed = 0;
    bool centred = true;
    bool operator==(const CanvasKey&) const = default;
};

Canvas canvas_of(const Image& image, const CanvasKey& key) {
    Canvas canvas{Tensor<float>({key.side, key.side}), {}};
    if (key.centred) {
        const CentredInk ink = centred_ink(image);
        if (ink.empty)
            canvas.notes.push_back(
                {"image", "nothing is drawn: the model looks at a black canvas", "draw a digit, or choose a sample"});
        if (ink.at_border)
            canvas.notes.push_back({"image", "ink reaches the edge of the picture: what lies beyond it is not read",
                                    "move the drawing towards the middle"});
        if (ink.inverted && !ink.empty)
            canvas.notes.push_back(
                {"image", "the picture is light at its edge: dark ink is read on it", "the model sees it inverted"});
        put_ink(ink, key.side, canvas.picture.data());
    } else {
        const WholeInk whole = whole_ink(image, key.side);
        canvas.picture = whole.ink;
        if (whole.inverted)
            canvas.notes.push_back(
                {"image", "the picture is light at its edge: dark ink is read on it", "the model sees it inverted"});
    }
    if (key.pieces > 0) {
        Rng rng = Rng(key.seed).fork("clutter");
        strew_pieces(key.pieces, key.side, rng, canvas.picture.data());
    }
    return canvas;
}

Tensor<float> read_canvas(RunContext& context, const GlimpseDesign& design) {
    const std::string& value = context.params.text("image");
    const bool drawn = !names_picture_file(value) && !value.starts_with("data:");
    const PicturePtr picture = load_picture(value, drawn ? shown_side : 0);
    const PicturePtr shown =
        std::max(picture->image.width, picture->image.height) > 2 * shown_side ? load_picture(value, shown_side) : picture;
    static KeptWith<Picture, Tensor<float>> kept_shown(8);
    const Tensor<float> display = *kept_shown.get(
        shown, [&] { return std::make_shared<const Tensor<float>>(to_tensor(shown->image)); }, context.stop);
    const Observer observe(context.probe);
    observe.axis({"image.y", AxisKind::y, display.shape()[0], {}, "y"});
    observe.axis({"image.x", AxisKind::x, display.shape()[1], {}, "x"});
    observe.axis({"image.color", AxisKind::channel, 3, {"R", "G", "B"}, "k"});
    const Tensor<float> out = observe("image", display, [] {
        return Shown{.role = Role::input, .symbol = "I", .title = "Drawing", .axes = {"image.y", "image.x", "image.color"}};
    });
    if (out.data() != display.data())
        observe.note({"image", "'image' is the picture as it is shown: changing it changes nothing else",
                      "change 'glimpse.picture', which the model reads, or the picture itself"});
    const Index asked = context.params.integer("canvas");
    const Index side = asked == 0 ? design.height : std::max(asked, CentredInk::side);
    if (asked != 0 && asked < CentredInk::side)
        context.probe.note(
            {"canvas", fmt::format("a digit takes {0} × {0} px", CentredInk::side), fmt::format("the canvas has {} px", side)});
    if (side != design.height)
        context.probe.note({"canvas",
                            fmt::format("the model learned from canvases of {} px; this one has {}", design.height, side),
                            "it costs the same, but its answer may be wrong"});
    const CanvasKey key{side, context.params.integer("clutter"), context.params.integer("clutter") > 0 ? context.seed : 0,
                        context.params.toggle("centred")};
    static KeptWith<Picture, Canvas, CanvasKey> kept(8);
    const auto canvas = kept.get(
        picture, key, [&] { return std::make_shared<const Canvas>(canvas_of(picture->image, key)); }, context.stop);
    for (const Note& note : canvas->notes) context.probe.note(note);
    return canvas->picture;
}

/// Multiply-adds by the side of the canvas: of the glimpses, as many as weights are used; and of the convolutional network of
/// the paper's tables, 8 filters of 10 x 10 at every fifth pixel and 256 rectifier units (Mnih 2014, section 4.1).
void show_costs(const Observer& observe, const GlimpseModel<float>& model, Index glimpses) {
    constexpr Index filters = 8, filter_side = 10, stride = 5, hidden = 256;
    const auto n = static_cast<Index>(cost_sides.size());
    std::vector<std::string> labels;
    Tensor<float> sides({n}), cost({2, n});
    for (Index i = 0; i < n; ++i) {
        sides.data()[i] = static_cast<float>(cost_sides[static_cast<std::size_t>(i)]);
        labels.push_back(std::to_string(cost_sides[static_cast<std::size_t>(i)]));
    }
    observe.axis({"side", AxisKind::step, n, labels, "i"});
    observe.axis({"network", AxisKind::feature, 2, {fmt::format("{} glimpses", glimpses), msg("convolution")}, "n"});
    sides = observe("cost.side", sides, [] {
        return Shown{.role = Role::input, .symbol = "s", .title = "Side of the canvas", .unit = "px", .axes = {"side"}};
    });
    for (Index i = 0; i < n; ++i) {
        const double places = std::floor((static_cast<double>(sides.data()[i]) - filter_side) / stride) + 1;
        cost.data()[i] = static_cast<float>(glimpses * model.multiply_adds());
        cost.data()[n + i] = static_cast<float>(places * places * filters * (filter_side * filter_side + hidden) +
                                                static_cast<double>(hidden * model.classes()));
    }
    observe("cost", cost, [&] {
        const std::string places = fmt::format("((cost.side[i] - {}) // {} + 1)", filter_side, stride);
        return Shown{.role = Role::metric,
                     .symbol = "C",
                     .title = "Multiply-adds by the side of the canvas",
                     .unit = "multiply-adds",
                     .axes = {"network", "side"},
                     .step = {"count", "T · weights; places · filters · (size² + units) + units · classes",
                              fmt::format("cost[n,i] = where(n == 0, {} * {}, {}^2 * {} + {})", glimpses, model.multiply_adds(),
                                          places, filters * (filter_side * filter_side + hidden), hidden * model.classes()),
                              "Mnih 2014, section 4.1"}};
    });
}

std::string said(const std::vector<std::string>& classes, const GlimpseOutput& output) {
    const auto best = [](const Tensor<float>& row) {
        return static_cast<std::size_t>(std::ranges::max_element(row.values()) - row.values().begin());
    };
    const Tensor<float> last = output.beliefs.row(output.beliefs.shape()[0] - 1);
    const std::size_t found = best(last);
    std::string text = fmt::format("{}  {}", classes[found], share_text(last.data()[found]));
    if (output.fan_beliefs.empty()) return text;
    const Index paths = output.fan_beliefs.shape()[0];
    Index same = 0;
    for (Index i = 0; i < paths; ++i) same += best(output.fan_beliefs.row(i)) == found;
    return text + fmt::format(";  {} of {} sampled paths agree", same, paths);
}

std::vector<std::string> classes_of(const Model& model, Index count) {
    const nlohmann::json& card = model.card.json();
    std::vector<std::string> classes;
    if (const auto found = card.find("classes"); found != card.end() && found->is_array())
        for (const auto& name : *found)
            if (name.is_string()) classes.push_back(name.get<std::string>());
    if (static_cast<Index>(classes.size()) != count)
        throw Error(ErrorCode::bad_format,
                    fmt::format("{}: its card names {} classes, its weights tell {} apart", model.id, classes.size(), count),
                    "use the card that was written with these weights");
    return classes;
}

void run_glimpses_exhibit(RunContext& context) {
    const auto model = glimpse_model_of(context.model);
    const Params& params = context.params;
    GlimpseRequest request{.picture = read_canvas(context, model->design()),
                           .glimpses = params.integer("glimpses") == 0 ? model->design().glimpses : params.integer("glimpses"),
                           .sampled = params.text("policy") == "sampled",
                           .seed = context.seed,
                           .fan = params.integer("paths"),
                           .classes = classes_of(*context.model, model->classes())};
    if (request.glimpses > model->design().glimpses)
        context.probe.note({"glimpses", fmt::format("the model learned to answer after {} glimpses", model->design().glimpses),
                            "after more its belief may get worse again"});
    const GlimpseOutput output = run_glimpses(*model, request, context.probe, context.stop);
    show_costs(Observer(context.probe), *model, request.glimpses);
    context.probe.text("output", said(request.classes, output));
}

std::vector<ParamSpec> glimpses_params() {
    std::vector<std::string> samples;
    for (const SceneSample& sample : digit_samples()) samples.push_back("sample:" + sample.name);
    ParamSpec canvas =
        integer_param("canvas", "Canvas",
                      "Side of the square that the digit lies on; it lies where it is drawn. 0: as the model was trained.", 0,
                      0, static_cast<double>(largest_canvas));
    canvas.unit = "px";
    return {
        image_param("image", "Image",
                    "A digit: draw one in the scene maker, choose a sample, or drop a picture. Read as MNIST's were made: "
                    "its ink fitted to "
                    "20 × 20 px, in the middle of 28 × 28.",
                    "sample:digit-4", samples),
        choice_param(
            "model", "Trained on",
            "28 × 28: MNIST as it is, looks of 8 × 8 px. 60 × 60: digits anywhere on a larger canvas, looks of 12 × 12 cells "
            "at three scales, each twice as coarse (Mnih 2014, table 1).",
            {{"mnist", "28 × 28"}, {"translated", "60 × 60"}}),
        choice_param(
            "policy", "Next place",
            "Mean: l_t = μ_{t-1}. Sampled: l_t ~ N(μ_{t-1}, σ² I), by the seed, as it was trained (Mnih 2014, section 4).",
            {{"mean", "Mean"}, {"sampled", "Sampled"}}),
        integer_param("glimpses", "Glimpses", "How often it looks. 0: as often as it was trained to.", 0, 0,
                      static_cast<double>(most_glimpses)),
        integer_param("paths", "Paths", "Sampled paths from the same first place, drawn thin: the fan of the policy.", 50, 0,
                      static_cast<double>(most_paths)),
        canvas,
        integer_param("clutter", "Clutter", "Pieces of 8 × 8 px of other digits, strewn over the canvas by the seed.", 0, 0,
                      static_cast<double>(most_pieces)),
        toggle_param("centred", "Fit as MNIST",
                     "The ink is fitted to 20 × 20 px and put where its middle is, as MNIST was made. Off: the picture is "
                     "read as it is, the "
                     "canvas holds all of it.",
                     true)};
}

}  // namespace

Exhibit glimpses_exhibit() {
    Exhibit exhibit;
    exhibit.id = "glimpses";
    exhibit.title = "Glimpses";
    exhibit.group = "Vision";
    exhibit.summary =
        "A digit read by a few small looks: where the model looks next, what it sees there, and what it believes after each; "
        "drag a look "
        "and all later ones follow.";
    exhibit.source = "Mnih et al. 2014";
    exhibit.params = glimpses_params();
    exhibit.models = {"glimpses-mnist", "glimpses-translated"};
    exhibit.choose_model = [](const Params& params) { return "glimpses-" + params.text("model"); };
    exhibit.views = {{"overlay", "image", 0, 0.28f, 0.56f},
                     {"path", "glimpse.fixation", 0, 0.36f, 0.56f},
                     {"heatmap", "glimpse.belief", 0, 0.36f, 0.56f},
                     {"patches", "glimpse.retina", 1, 0.62f, 0.44f},
                     {"curves", "cost", 1, 0.38f, 0.44f}};
    exhibit.step_axis = "glimpse";
    exhibit.output_text = "output";
    exhibit.output_said = true;
    exhibit.run = run_glimpses_exhibit;
    exhibit.lesson = glimpses_lesson();
    return exhibit;
}

}  // namespace saccade
