#include "viz/view_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "io/json_text.hpp"
#include "params/param_make.hpp"

namespace saccade {

namespace {

using Json = nlohmann::json;

constexpr Index most_heads = 4096;

using V = ViewOptions;

/// The choice at an enumeration's value: choices stand in the order of its values.
template <auto Field>
ParamValue get_choice(const V& options);
template <auto Field>
void set_choice(V& options, const ParamValue& value);

template <auto Field>
ParamValue get_plain(const V& options) {
    return options.*Field;
}
template <auto Field>
void set_plain(V& options, const ParamValue& value) {
    options.*Field = std::get<std::remove_cvref_t<decltype(options.*Field)>>(value);
}

/// Names of enumerations, in the order of their values.
const std::vector<std::string>& names_of(V::Heads) {
    static const std::vector<std::string> names{"each", "mean", "max", "gradient"};
    return names;
}
const std::vector<std::string>& names_of(V::Layers) {
    static const std::vector<std::string> names{"one", "mean", "max", "rollout", "flow"};
    return names;
}
const std::vector<std::string>& names_of(V::Sink) {
    static const std::vector<std::string> names{"keep", "most", "first"};
    return names;
}
const std::vector<std::string>& names_of(V::Special) {
    static const std::vector<std::string> names{"show", "dim", "hide"};
    return names;
}
const std::vector<std::string>& names_of(V::Order) {
    static const std::vector<std::string> names{"as-is", "entropy", "distance", "similarity"};
    return names;
}
const std::vector<std::string>& names_of(V::Overlay) {
    static const std::vector<std::string> names{"map", "contours", "side-by-side", "off"};
    return names;
}
const std::vector<std::string>& names_of(V::Sort) {
    static const std::vector<std::string> names{"gate", "number"};
    return names;
}

const std::vector<std::string>& names_of(V::Part) {
    static const std::vector<std::string> names{"on", "off"};
    return names;
}

const std::vector<std::string>& names_of(V::Labels) {
    static const std::vector<std::string> names{"automatic", "horizontal", "slanted", "upright", "thinned"};
    return names;
}

template <class E>
std::string name_of(E value) {
    return names_of(value).at(static_cast<std::size_t>(value));
}

template <auto Field>
ParamValue get_choice(const V& options) {
    return name_of(options.*Field);
}
template <auto Field>
void set_choice(V& options, const ParamValue& value) {
    using E = std::remove_cvref_t<decltype(options.*Field)>;
    const std::vector<std::string>& names = names_of(E());
    options.*Field = static_cast<E>(std::ranges::find(names, std::get<std::string>(value)) - names.begin());
}

struct Named {
    const char *title, *tip;
};

/// A choice whose ids are the names of the enumeration behind the field; the default is the field's own.
template <auto Field>
ViewOption choice_option(const std::string& name, const std::string& title, const std::string& help,
                         const std::vector<Named>& choices) {
    const V usual;
    ViewOption option;
    option.spec = make_param(ParamType::choice, name, title, help, name_of(usual.*Field));
    option.spec.choices = names_of(usual.*Field);
    for (const Named& choice : choices) {
        option.spec.choice_titles.emplace_back(choice.title);
        option.tips.emplace_back(choice.tip);
    }
    option.get = get_choice<Field>;
    option.set = set_choice<Field>;
    return option;
}

template <auto Field>
ViewOption share_option(const std::string& name, const std::string& title, const std::string& help) {
    ViewOption option;
    option.spec = number_param(name, title, help, V().*Field, 0, 1);
    option.get = get_plain<Field>;
    option.set = set_plain<Field>;
    return option;
}

template <auto Field>
ViewOption part_option(const std::string& name, const std::string& title, const std::string& help) {
    return choice_option<Field>(name, title, help + ": on, off", {{"on", "Drawn"}, {"off", "Left out"}});
}

ViewOption labels_option() {
    return choice_option<&V::labels>(
        "labels", "Column labels",
        "How a figure writes the labels of columns: automatic, horizontal, slanted, upright, thinned",
        {{"auto", "They lie where there is room, else they are turned"},
         {"lying", "Each over its column, cut where it has no room"},
         {"45°", "Each at 45 degrees"},
         {"upright", "Each written upwards"},
         {"thinned", "They lie, as many as have room whole"}});
}

ViewOption overlay_option() {
    auto o = choice_option<&V::overlay>("overlay", "Overlay", "A map and its picture: map, contours, side-by-side, off",
                                        {{"map", "The map lies on the picture"},
                                         {"contours", "Lines of equal value on the picture"},
                                         {"side by side", "The picture, and the map beside it"},
                                         {"off", "The picture alone"}});
    o.offered = [](const OptionFacts& facts, const V&) { return facts.picture; };
    return o;
}

ViewOption opacity_option() {
    auto o = share_option<&V::opacity>("opacity", "Opacity", "Of a map over its picture, 0 to 1");
    o.tips = {"Of the map over its picture"};
    o.offered = [](const OptionFacts& facts, const V& options) { return facts.picture && options.overlay == V::Overlay::map; };
    o.heading = [](double value) { return fmt::format("Opacity {:.2f}", value); };
    return o;
}

ViewOption combine_option() {
    auto o = choice_option<&V::heads>(
        "combine", "Combine heads", "Heads: each, mean, max, gradient (gradient x attention, where the run records it)",
        {{"each", "One head: the selected one"},
         {"mean", "A = 1/h Σ_h A_h: its rows still sum to 1"},
         {"max", "A_ij = max_h A_h,ij: the strongest head at each cell"},
         {"gradients", "A = mean_h (∂y/∂A_h ⊙ A_h)⁺: what raised the output (Chefer 2021, eq. 5)"}});
    o.offered = [](const OptionFacts& facts, const V&) { return facts.heads > 1; };
    o.offers = [](const OptionFacts& facts, const std::string& choice) { return choice != "gradient" || facts.gradient; };
    return o;
}

ViewOption layers_option() {
    auto o = choice_option<&V::layers>(
        "layers", "Combine layers", "Layers: one, mean, max, rollout, flow (Abnar and Zuidema 2020)",
        {{"one", "The selected layer"},
         {"mean", "A = 1/L Σ_l A_l"},
         {"max", "A_ij = max_l A_l,ij"},
         {"rollout", "R = A'_L ⋯ A'_1 with A' = ½A + ½I: what passed through all layers (Abnar and Zuidema 2020)"},
         {"flow",
          "Largest flow from output to input through all layers, capacities A' (Abnar and Zuidema 2020); short texts"}});
    o.offered = [](const OptionFacts& facts, const V&) { return facts.layers > 1; };
    o.offers = [](const OptionFacts& facts, const std::string& choice) {
        return (choice != "rollout" && choice != "flow") || facts.through;
    };
    return o;
}

ViewOption smooth_option() {
    ViewOption o;
    o.spec = toggle_param("smooth", "Cells of maps", "Maps bilinear between their cells", V().smooth);
    o.spec.choice_titles = {"as computed", "smooth"};
    o.tips = {"Each cell of the map is one colour", "Bilinear between the cells' centres"};
    o.rare = true;
    o.get = get_plain<&V::smooth>;
    o.set = set_plain<&V::smooth>;
    return o;
}

ViewOption map_threshold_option() {
    auto o =
        share_option<&V::map_threshold>("map_threshold", "Threshold of maps",
                                        "Cells of a map below this share of the colour scale let the picture through, 0 to 1");
    o.tips = {"Cells below this share of the colour scale are not painted"};
    o.rare = true;
    o.heading = [](double value) {
        return value > 0 ? fmt::format("Maps from {:.2f} of their scale on", value) : std::string("Maps from 0 on");
    };
    return o;
}

ViewOption sort_option() {
    auto o = choice_option<&V::sort>("sort", "Order of channels",
                                     "Channels in galleries and bars: gate (the largest first) or number",
                                     {{"gate", "The largest first, as the model computed it"}, {"number", "By number"}});
    o.flag = "channels";
    o.rare = true;
    return o;
}

ViewOption sink_option() {
    auto o = choice_option<&V::sink>(
        "sink", "Sink", "A key that gets much of all attention: keep it, or leave out the first or the most attended one",
        {{"keep", "Every key is shown"},
         {"without most attended", "α_ij / (1 − α_is): the key s that gets most is left out, rows renormalised"},
         {"without first", "α_ij / (1 − α_i1): the first key is left out, rows renormalised"}});
    o.rare = true;
    o.offered = [](const OptionFacts& facts, const V&) { return facts.weights; };
    return o;
}

ViewOption special_option() {
    auto o = choice_option<&V::special>("special", "Special tokens", "Special tokens such as <s> or [CLS]: show, dim or hide",
                                        {{"show", "<s>, <end>, [CLS] like all others"},
                                         {"dim", "They are dimmed"},
                                         {"hide", "They are left out of the picture; weights stay as they are"}});
    o.rare = true;
    o.offered = [](const OptionFacts& facts, const V&) { return facts.special; };
    return o;
}

ViewOption merge_option() {
    ViewOption o;
    o.spec = toggle_param("merge_subwords", "Tokens of a word", "Tokens that make a word together are one position",
                          V().merge_subwords);
    o.spec.choice_titles = {"each", "joined"};
    o.tips = {"Every token as the model reads it",
              "α_IJ = mean_{i∈I} Σ_{j∈J} α_ij: a word gets what its tokens get, rows still sum to 1"};
    o.rare = true;
    o.get = get_plain<&V::merge_subwords>;
    o.set = set_plain<&V::merge_subwords>;
    o.offered = [](const OptionFacts& facts, const V&) { return facts.subwords; };
    return o;
}

ViewOption order_option() {
    auto o = choice_option<&V::order>(
        "order", "Order of heads", "Heads of a layer in the grid: as-is, entropy, distance, similarity",
        {{"as is", "By number"},
         {"entropy", "H = −Σ_j α_ij ln α_ij, mean over i: the sharpest first"},
         {"distance", "Σ_j α_ij |i − j|, mean over i: the nearest first"},
         {"similarity", "Average-linkage clustering by total variation: similar heads side by side"}});
    o.flag = "sort";
    o.rare = true;
    o.offered = [](const OptionFacts& facts, const V&) { return facts.heads > 2; };
    return o;
}

ViewOption heads_option() {
    ViewOption o;
    o.spec = optional_text_param("heads", "Heads", "Which heads, numbered from 1 as the views do: 1,3-5, or all", "all", 4096);
    o.tips = {"Every head takes part; the selected one is shown alone",
              "Only the chosen heads take part; several lie over each other in Flow"};
    o.rare = true;
    o.get = [](const V& options) { return ParamValue(heads_text(options.chosen)); };
    o.set = [](V& options, const ParamValue& value) { options.chosen = heads_from(std::get<std::string>(value)); };
    o.offered = [](const OptionFacts& facts, const V&) { return facts.heads > 1; };
    return o;
}

ViewOption threshold_option() {
    auto o = share_option<&V::threshold>("threshold", "Threshold of lines", "Lines of a flow below this weight are not drawn");
    o.tips = {"Flow draws lines with α ≥ this; at 0, those above an even share of their row"};
    o.rare = true;
    o.offered = [](const OptionFacts& facts, const V&) { return facts.weights; };
    o.heading = [](double value) {
        return value > 0 ? fmt::format("Lines from weight {:.2f} on", value) : std::string("Lines above an even share");
    };
    return o;
}

/// Stands beside the scale that it belongs to.
ViewOption percentile_option() {
    ViewOption o;
    o.spec = number_param("percentile", "Percentile", "Where --scale percentile ends: values above it saturate, 50 to 100",
                          V().percentile, 50, 100);
    o.spec.unit = "%";
    o.tips = {"So many of 100 values that are not 0 lie below the end of the scale; those above it saturate"};
    o.get = get_plain<&V::percentile>;
    o.set = set_plain<&V::percentile>;
    o.heading = [](double value) { return fmt::format("Up to percentile {:.4g}", value); };
    return o;
}

}  // namespace

const std::vector<ViewOption>& view_options() {
    static const std::vector<ViewOption> all = {
        overlay_option(),
        opacity_option(),
        combine_option(),
        layers_option(),
        smooth_option(),
        map_threshold_option(),
        sort_option(),
        sink_option(),
        special_option(),
        order_option(),
        heads_option(),
        threshold_option(),
        percentile_option(),
        merge_option(),
        part_option<&V::title>("title", "Title", "The title of a figure"),
        part_option<&V::axis_names>("axis_names", "Axis names", "What is on the axes of a figure, beside its title"),
        part_option<&V::colour_bar>("colour_bar", "Colour bar", "The colour bar of a figure"),
        part_option<&V::numbers>("numbers", "Numbers in cells", "Numbers in cells that have room for them"),
        labels_option(),
    };
    return all;
}

std::vector<const ViewOption*> options_named(const OptionNames& names) {
    std::vector<const ViewOption*> found;
    for (const ViewOption& option : view_options())
        if (std::ranges::find(names, option.spec.name) != names.end()) found.push_back(&option);
    return found;
}

bool joins_alike(const ViewOptions& a, const ViewOptions& b) {
    return a.heads == b.heads && a.layers == b.layers && a.chosen == b.chosen && a.sink == b.sink;
}

std::string ViewOption::flag_name() const {
    std::string text = flag.empty() ? spec.name : flag;
    std::ranges::replace(text, '_', '-');
    return text;
}

bool ViewOption::used(const ViewOptions& options) const {
    return format_param(get(options)) != format_param(get(ViewOptions()));
}

ViewOptions view_options_from(const Params& values) {
    std::vector<ParamSpec> specs;
    for (const ViewOption& option : view_options()) specs.push_back(option.spec);
    const Params resolved = resolve(specs, values);
    ViewOptions options;
    for (const ViewOption& option : view_options()) option.set(options, resolved.values().at(option.spec.name));
    return options;
}

std::string to_string(ViewOptions::Heads v) {
    return name_of(v);
}
std::string to_string(ViewOptions::Layers v) {
    return name_of(v);
}
std::string to_string(ViewOptions::Order v) {
    return name_of(v);
}

std::string to_string(ViewOptions::Overlay v) {
    return name_of(v);
}

Json to_json(const ViewOptions& options) {
    Params used;
    for (const ViewOption& option : view_options())
        if (option.used(options)) used.set(option.spec.name, option.get(options));
    Json json = to_json(used);
    if (!options.chosen.empty()) json["heads"] = options.chosen;  // numbers, from 0
    for (const auto& [axis, positions] : options.positions) json["positions"][axis] = positions_text(positions);
    return json;
}

ViewOptions view_options_from_json(const Json& json) {
    const JsonObject object(json, "view options", "use those that Saccade wrote");
    Json plain = json;
    std::vector<Index> chosen;
    std::vector<ParamSpec> specs;
    for (const ViewOption& option : view_options()) {
        specs.push_back(option.spec);
        const auto value = plain.find(option.spec.name);
        if (value == plain.end() || option.spec.type != ParamType::number) continue;
        if (const auto number = number_in(*value)) *value = std::clamp(*number, option.spec.min, option.spec.max);
    }
    object.wholes("heads", chosen);
    plain.erase("heads");
    plain.erase("positions");
    ViewOptions options;
    try {
        options = view_options_from(params_from_json(specs, plain));
        if (object.find("positions") != nullptr) {
            const JsonObject positions = object.object("positions");
            for (const auto& [axis, unused] : positions.value().items()) {
                std::string text;
                positions.text(axis.c_str(), text);
                options.positions[axis] = positions_from(text);
            }
            std::erase_if(options.positions, [](const auto& one) { return one.second.empty(); });
        }
    } catch (const Error& e) {
        throw Error(ErrorCode::bad_format, "view options: " + e.message(), "use those that Saccade wrote");
    }
    std::sort(chosen.begin(), chosen.end());
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    std::erase_if(chosen, [](Index head) { return head < 0 || head >= most_heads; });
    options.chosen = std::move(chosen);
    return options;
}

bool is_special(const std::string& label) {
    if (label.size() < 3) return false;
    return (label.front() == '<' && label.back() == '>') || (label.front() == '[' && label.back() == ']');
}

}  // namespace saccade
