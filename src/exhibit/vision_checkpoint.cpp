#include <fmt/core.h>

#include <algorithm>

#include "analysis/catalogue.hpp"
#include "base/number_text.hpp"
#include "base/path_text.hpp"
#include "checkpoint/vision_checkpoint.hpp"
#include "exhibit/exhibits.hpp"
#include "exhibit/vision_checkpoint_lesson.hpp"
#include "exhibit/vision_network.hpp"
#include "exhibit/vision_picture.hpp"
#include "image/samples.hpp"
#include "params/param_make.hpp"
#include "trace/observer.hpp"
#include "trace/unchangeable.hpp"

namespace saccade {

namespace {

constexpr const char* own_model = "mnist-vit";
/// A four, as people write it; its strokes can be moved.
constexpr const char* digit =
    R"(scene:{"background":{"color":"#000000","kind":"plain"},"shapes":[)"
    R"({"angle":100,"aspect":0.33,"color":"white","kind":"rectangle","round":0.5,"size":0.36,"soft":0.1,"x":0.33,"y":0.34},)"
    R"({"angle":0,"aspect":0.3,"color":"white","kind":"rectangle","round":0.5,"size":0.44,"soft":0.1,"x":0.49,"y":0.52},)"
    R"({"angle":95,"aspect":0.22,"color":"white","kind":"rectangle","round":0.5,"size":0.62,"soft":0.1,"x":0.64,"y":0.53}]})";
constexpr double longest_path = 4096, most_tokens = 4096, most_classes = 1 << 20, most_gates = 64, most_side = 4096;

/// One token's attention as the views lay it over the picture.
struct Query {
    Index token = 0, special = 1, rows = 0, columns = 0;
    std::string name{};

    Index key_of(Index patch) const { return special + patch; }
    /// "2+y*14+x", of keys that stand for patches.
    std::string key() const { return fmt::format("{}+y*{}+x", special, columns); }
};

Query query_of(const RunContext& context, const VisionDesign& design) {
    Query query{.special = design.special(), .rows = design.rows(), .columns = design.columns()};
    const Index asked = static_cast<Index>(context.params.integer("query"));
    context.probe.reach("query", design.tokens());
    if (asked > design.tokens())
        context.probe.note(
            {"query", fmt::format("the model reads the picture as {} tokens", design.tokens()), "the last one is looked from"});
    query.token = std::clamp<Index>(asked - 1, 0, design.tokens() - 1);
    const Index patch = query.token - query.special;
    query.name = query.token == 0 ? "[CLS]"
                 : patch < 0      ? "[DIST]"
                                  : fmt::format("patch {},{}", patch / query.columns + 1, patch % query.columns + 1);
    return query;
}

/// The query's weights of every head, over the patches.
void show_query(const Query& query, const Tensor<float>& weights, const Observer& observe) {
    const Index layers = weights.shape()[0], heads = weights.shape()[1], n = weights.shape()[2];
    Tensor<float> maps = Tensor<float>::uninitialized({layers, heads, query.rows, query.columns});
    const Index patches = query.rows * query.columns;
    for (Index m = 0; m < layers * heads; ++m)
        std::copy_n(weights.data() + (m * n + query.token) * n + query.special, patches, maps.data() + m * patches);
    observe("query.weights", maps, [&] {
        return Shown{.role = Role::map,
                     .symbol = "α",
                     .title = fmt::format("Attention of {}", query.name),
                     .unit = "weight",
                     .axes = {"layer", "head", "patch.y", "patch.x"},
                     .step = {"look", fmt::format("the weights of {}, patch by patch", query.name),
                              fmt::format("query.weights[l,h,y,x] = self.weights[l,h,{},{}]", query.token, query.key())}};
    });
}

/// Where the query itself lies, for the views to outline: on the axes of the maps of heads, and on those of one map.
void show_place(const Query& query, const Shape& heads, const Observer& observe) {
    const Index patch = query.token - query.special, patches = query.rows * query.columns;
    if (patch < 0) return;
    const auto show = [&](const char* name, const Shape& shape, const std::vector<std::string>& axes, const char* index) {
        Tensor<float> place(shape);
        for (Index i = patch; i < place.size(); i += patches) place.data()[i] = 1;
        observe(name, place, [&] {
            return Shown{.role = Role::map,
                         .symbol = "q",
                         .title = "Query",
                         .axes = axes,
                         .step = {"look", "1 at the patch that looks",
                                  fmt::format("{}[{}] = ({} == {})", name, index, query.key(), query.token)}};
        });
    };
    show("query.place", heads, {"layer", "head", "patch.y", "patch.x"}, "l,h,y,x");
    show("query.patch", {query.rows, query.columns}, {"patch.y", "patch.x"}, "y,x");
}

/// What an analysis makes of the weights, recorded below them; the last of it.
Tensor<float> show_derived(const Trace& trace, const Analysis& analysis, Probe& probe) {
    const TraceTensor& source = trace.tensor("self.weights");
    const Derived derived = analysis.derive(trace, source, {});
    const Observer observe(probe, source.info.name);
    Tensor<float> last;
    for (const DerivedTensor& made : derived.tensors) {
        last = observe("." + made.suffix, made.values.whole(), [&] {
            Shown shown{.role = made.role, .symbol = made.symbol, .title = made.title, .unit = made.unit};
            for (const int axis : made.axes) shown.axes.push_back(source.info.axes[static_cast<std::size_t>(axis)]->name);
            shown.step = {made.step.operation, made.step.formula, made.step.rule, made.step.source, made.step.normalised};
            return shown;
        });
        require_unchanged("self.weights." + made.suffix, made.values, last, "an analysis made it of all weights at once",
                          "change the weights that it is made of");
    }
    return last;
}

/// The query's row of what passed through all layers, over the patches.
void show_through_layers(const Query& query, const Tensor<float>& through, const std::string& name, const std::string& title,
                         const Observer& observe) {
    const Index last = through.shape()[0] - 1;
    const float* row = through.row(last).row(query.token).data();
    Tensor<float> map = Tensor<float>::uninitialized({query.rows, query.columns});
    std::copy_n(row + query.special, map.size(), map.data());
    observe(name + ".map", map, [&] {
        return Shown{
            .role = Role::map,
            .symbol = "R",
            .title = fmt::format("{} of {}", title, query.name),
            .axes = {"patch.y", "patch.x"},
            .step = {"look", fmt::format("R of the last layer at {}, patch by patch", query.name),
                     fmt::format("{}.map[y,x] = self.weights.{}[{},{},{}]", name, name, last, query.token, query.key())}};
    });
}

/// The weights, and their gradient, as analyses read them.
Trace attention_of_run(const VisionDesign& design, const VisionOutput& output) {
    Trace trace;
    const std::vector<AxisPtr> axes = {trace.add_axis({"layer", AxisKind::layer, design.stack.layers, {}, "l"}),
                                       trace.add_axis({"head", AxisKind::head, design.stack.heads, {}, "h"}),
                                       trace.add_axis({"token", AxisKind::query, design.tokens(), {}, "i"}),
                                       trace.add_axis({"token.key", AxisKind::key, design.tokens(), {}, "j"})};
    trace.add({"self.weights", Role::weights, "α", "Attention weights", "weight", axes}, output.weights);
    if (!output.gradients.empty()) trace.add({"self.weights.gradient", Role::state, "∂", "", "", axes}, output.gradients);
    return trace;
}

/// What a click on a token, a patch or a class asks for: numbers from 1.
void show_numbers(const Query& query, const VisionDesign& design, const Ids& likeliest, const Observer& observe) {
    const auto numbers = [&](const std::string& name, const Shape& shape, Index first, const std::vector<std::string>& axes,
                             const std::string& rule) {
        Tensor<float> all(shape);
        for (Index i = 0; i < all.size(); ++i) all.data()[i] = static_cast<float>(first + i);
        observe(name, all, [&] {
            return Shown{Role::input, "i", "Tokens, counted from 1", "", axes, {"count", "1, 2, …", name + rule}};
        });
    };
    numbers("token.number", {design.tokens()}, 1, {"token"}, "[i] = i + 1");
    numbers("patch.number", {query.rows, query.columns}, query.special + 1, {"patch.y", "patch.x"},
            fmt::format("[y,x] = {} + 1", query.key()));
    if (likeliest.empty()) return;
    Tensor<float> classes(Shape{static_cast<Index>(likeliest.size())});
    std::ranges::transform(likeliest, classes.data(), [](Index c) { return static_cast<float>(c + 1); });
    observe("top.number", classes, [] {
        return Shown{Role::input, "c",     "Classes, counted from 1",
                     "",          {"top"}, {"count", "c + 1", "top.number[q] = top.class[q] + 1"}};
    });
}

std::optional<Index> watched_class(const RunContext& context, const VisionCheckpoint& checkpoint) {
    const Index asked = static_cast<Index>(context.params.integer("class")),
                classes = static_cast<Index>(checkpoint.classes.size());
    context.probe.reach("class", classes);
    if (asked == 0 || classes == 0) return std::nullopt;
    if (asked > classes)
        context.probe.note({"class", fmt::format("the model knows {} classes", classes), "the last one is watched"});
    return std::min(asked, classes) - 1;
}

std::string said(const VisionCheckpoint& checkpoint, const VisionOutput& output) {
    const VisionDesign& design = checkpoint.model.design();
    const std::string model =
        fmt::format("{}: {} layers of {} heads, {} × {} patches of {} px", checkpoint.family->title, design.stack.layers,
                    design.stack.heads, design.columns(), design.rows(), design.patch);
    if (output.likeliest.empty()) return model;
    const auto name = [&](Index c) { return checkpoint.classes[static_cast<std::size_t>(c)]; };
    std::string text = fmt::format("{} {}", name(output.likeliest.front()), share_text(output.probabilities.front()));
    if (output.watched != output.likeliest.front()) text += fmt::format(";  watched: {}", name(output.watched));
    return text + ";  " + model;
}

/// Read at another size than the model's own, if that is asked for.
VisionCheckpointPtr at_resolution(RunContext& context, const VisionCheckpointPtr& checkpoint) {
    const Index px = static_cast<Index>(context.params.integer("resolution"));
    if (px == 0) return checkpoint;
    const VisionCheckpointPtr other = vision_checkpoint_at(checkpoint, px, context.stop);
    const VisionDesign &own = checkpoint->model.design(), &now = other->model.design();
    if (now.rows() != own.rows() || now.columns() != own.columns())
        context.probe.note({"resolution",
                            fmt::format("the positions of its {} × {} patches are interpolated, bicubic, for {} × {}",
                                        own.columns(), own.rows(), now.columns(), now.rows()),
                            fmt::format("it was trained on pictures of {} × {} px", own.width, own.height)});
    return other;
}

void run_vision_checkpoint_exhibit(RunContext& context) {
    if (context.model == nullptr && names_network(context.params)) return run_vision_network(context);
    const std::string path = path_from_text(context.params.text("path"));
    const VisionCheckpointPtr checkpoint = at_resolution(
        context, context.model != nullptr ? vision_checkpoint_of(context.model) : vision_checkpoint_of(path, context.stop));
    const VisionDesign& design = checkpoint->model.design();
    Probe& probe = context.probe;
    if (!checkpoint->unused.empty()) probe.note({"path", checkpoint->unused, "the numbers are of a model without them"});
    VisionRequest request{.plain = read_vision_picture(context, checkpoint->reading),
                          .watched = watched_class(context, *checkpoint),
                          .gradients = context.params.toggle("gradients")};
    const VisionOutput output = run_vision_checkpoint(checkpoint, request, probe, context.reuse, context.stop);
    const Query query = query_of(context, design);
    const Observer observe(probe);
    show_query(query, output.weights, observe);
    show_place(query, {design.stack.layers, design.stack.heads, query.rows, query.columns}, observe);
    const Trace attention = attention_of_run(design, output);
    show_through_layers(query, show_derived(attention, rollout(), probe), "rollout", "Rollout", observe);
    if (!output.gradients.empty())
        show_through_layers(query, show_derived(attention, relevance(), probe), "relevance", "Relevance", observe);
    show_numbers(query, design, output.likeliest, observe);
    if (output.likeliest.empty())
        probe.note({"path", "the folder holds no classifier, so no class is read out", "its attention is shown"});
    probe.text("output", said(*checkpoint, output));
}

/// The model that is run where no folder is named.
std::string bundled(const Params& params) {
    return params.text("path").empty() ? own_model : "";
}

std::vector<ParamSpec> vision_checkpoint_params() {
    ParamSpec path = optional_text_param("path", "Model",
                                         "A ViT or DeiT in Hugging Face's layout: config.json, model.safetensors, "
                                         "preprocessor_config.json; or seresnet50, mobilenetv3_large_100 or efficientnet_b0 in "
                                         "timm's: config.json, model.safetensors. Drop the folder on the "
                                         "window, or type its path. Nothing is fetched from the network.",
                                         "the bundled model of digits", longest_path);
    path.is_path = true;
    std::vector<std::string> samples;
    for (const SceneSample& sample : scene_samples()) samples.push_back("sample:" + sample.name);
    return {
        image_param("image", "Image", "A picture file (PNG, JPEG, WebP), or a scene whose shapes can be moved.", digit,
                    samples),
        path,
        integer_param("resolution", "Resolution",
                      "At how many px (the shorter side) a vision transformer reads the picture; the learned positions of its "
                      "patches are interpolated for them. 0: as many as its config.json says.",
                      0, 0, most_side),
        integer_param("query", "Query",
                      "The token that looks, whose attention lies over the picture: click a patch of a rollout. 0 or 1: the "
                      "class token; then patches row by row, behind the token of distillation if there is one.",
                      0, 0, most_tokens),
        integer_param("block", "Gate",
                      "Of a network that gates its channels: which of its gates is shown with all that it was computed from, "
                      "counted from 1 through the network. 0: the last.",
                      0, 0, most_gates),
        integer_param("class", "Class",
                      "Whose logit the gradients are of, and whose probability is told, by its number in the model's list from "
                      "1: click a class. 0: the likeliest.",
                      0, 0, most_classes),
        toggle_param("gradients", "Gradients",
                     "Records how the logit of one class changes with each weight, ∂ o / ∂α, for relevance; costs twice the "
                     "time of the run.",
                     true)};
}

std::vector<ViewPlacement> views_of(const Params& params) {
    if (names_network(params)) return network_views(params);
    std::vector<ViewPlacement> views = {{"overlay", "query.weights", 0, 0.34f, 0.52f},
                                        {"word-strip", "query.weights", 0, 0.33f, 0.52f},
                                        {"head-grid", "self.weights", 0, 0.33f, 0.52f},
                                        {"overlay", "rollout.map", 1, 0.3f, 0.42f}};
    if (params.toggle("gradients")) views.push_back({"overlay", "relevance.map", 1, 0.3f, 0.42f});
    views.push_back({"bars", "top.probabilities", 1, params.toggle("gradients") ? 0.4f : 0.7f, 0.42f});
    views.push_back({"heatmap", "self.weights", 2, 0.5f, 0.5f});
    views.push_back({"neuron", "self.weights", 2, 0.5f, 0.5f});
    return views;
}

}  // namespace

Exhibit vision_checkpoint_exhibit() {
    Exhibit exhibit;
    exhibit.id = "vision-checkpoint";
    exhibit.title = "Your vision model";
    exhibit.group = "Yours";
    exhibit.summary =
        "A vision model of your own, live: where each head of ViT or DeiT looks in your picture, rollout, and what of it "
        "raised "
        "a class; the channel gates of SE-ResNet, MobileNetV3 or EfficientNet.";
    exhibit.source =
        "Dosovitskiy 2021; Touvron 2021; Abnar and Zuidema 2020; Chefer 2021; Hu 2018; Howard 2019; Tan and Le 2019";
    exhibit.params = vision_checkpoint_params();
    exhibit.models = {own_model};
    exhibit.choose_model = bundled;
    exhibit.views = views_of(resolve(exhibit.params, {}));
    exhibit.place = views_of;
    exhibit.picks = {{"token.number", "query"}, {"patch.number", "query"}, {"top.number", "class"}};
    exhibit.output_text = "output";
    exhibit.output_said = true;
    exhibit.run = run_vision_checkpoint_exhibit;
    exhibit.lesson = vision_checkpoint_lesson();
    return exhibit;
}

}  // namespace saccade
