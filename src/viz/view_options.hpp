#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "params/param_spec.hpp"
#include "trace/trace.hpp"

namespace saccade {

/// What a user may ask of views that draw attention [layer, head, query, key] (which part, and how it is combined), and of
/// those that lay maps over a picture. The defaults show the matrix of one head, or the map, as it was computed. A view
/// says in its caption whatever is not the default.
struct ViewOptions {
    enum class Heads { each, mean, max, gradient };       // gradient: positive part of gradient x attention, mean over heads
    enum class Layers { one, mean, max, rollout, flow };  // rollout, flow: Abnar and Zuidema 2020
    enum class Sink { keep, most, first };                // which key is left out, the rows renormalised
    enum class Special { show, dim, hide };               // tokens such as <s>, [CLS]
    enum class Order { as_is, entropy, distance, similarity };  // of the heads of a layer, in a grid

    Heads heads = Heads::each;
    Layers layers = Layers::one;
    std::vector<Index> chosen;  // heads, from 0, ascending; empty: all
    /// Of axes, by their names, the positions that are shown, from 0, ascending; axes that are not named are shown whole.
    std::map<std::string, std::vector<Index>> positions;
    Sink sink = Sink::keep;
    Special special = Special::show;
    Order order = Order::as_is;
    bool merge_subwords = false;  // tokens of a word are one position
    double threshold = 0;         // of weights: thinner lines of a flow are not drawn
    double percentile = 99;       // up to which the scale of that name goes

    enum class Overlay { map, contours, side_by_side, off };  // how a map stands with its picture
    enum class Sort { gate, number };                         // channels: the largest first, or by number

    Overlay overlay = Overlay::map;
    double opacity = 0.65;     // of a map over its picture
    bool smooth = false;       // maps bilinear between their cells
    double map_threshold = 0;  // of the colour scale: cells of a map below it let the picture through
    Sort sort = Sort::gate;

    enum class Part { on, off };  // of a figure; cards on the stage have their own

    Part title = Part::on;
    Part axis_names = Part::on;
    Part colour_bar = Part::on;
    Part numbers = Part::on;  // in cells that have room for them

    enum class Labels { automatic, horizontal, slanted, upright, thinned };  // of the columns of a figure

    Labels labels = Labels::automatic;

    bool operator==(const ViewOptions&) const = default;
};

/// Do both join the same heads and layers, and leave out the same key?
bool joins_alike(const ViewOptions& a, const ViewOptions& b);

/// What there is to choose in a run.
struct OptionFacts {
    Index heads = 1, layers = 1;  // of the attention that has most
    bool weights = false;         // is there attention at all?
    bool through = false;         // self-attention over several layers: rollout and flow go through it
    bool gradient = false;        // gradients by the weights were recorded
    bool special = false;         // tokens such as <s>
    bool subwords = false;        // several tokens to a word
    bool picture = false;         // a picture for maps to lie on
};
OptionFacts option_facts(const Trace& trace);

/// One option that views have: a parameter like those of exhibits, and where it stands in ViewOptions. Flags, JSON and the
/// panel are made from it. spec.name is its JSON key.
struct ViewOption {
    ParamSpec spec;
    std::string flag{};               // on the command line; empty: the name
    std::vector<std::string> tips{};  // of the choices (or of off and on), with their equation
    bool rare = false;                // hidden under "More view options" until it is used
    ParamValue (*get)(const ViewOptions&) = nullptr;
    void (*set)(ViewOptions&, const ParamValue&) = nullptr;
    /// Does it mean something here, and which of its choices? Null: yes, all.
    bool (*offered)(const OptionFacts&, const ViewOptions&) = nullptr;
    bool (*offers)(const OptionFacts&, const std::string& choice) = nullptr;
    /// Of a number: the heading that says its value. Null: the title.
    std::string (*heading)(double) = nullptr;

    std::string flag_name() const;
    /// Does it have another value than it has by default?
    bool used(const ViewOptions& options) const;
};

/// All of them, in the order of the panel.
const std::vector<ViewOption>& view_options();
/// Values by name, as parameters have them, checked (Error{usage}, {invalid_input}); what is missing is the default.
ViewOptions view_options_from(const Params& values);

// What views name in View::options().
using OptionNames = std::vector<std::string>;
/// Of every figure, whatever it shows.
inline const OptionNames figure_options = {"title", "axis_names", "colour_bar", "numbers", "labels"};
/// Those of these names, in the order of the panel.
std::vector<const ViewOption*> options_named(const OptionNames& names);
/// Of views that draw attention_plane.
inline const OptionNames plane_options = {"combine", "layers", "sink", "special", "heads", "merge_subwords", "percentile"};

std::string to_string(ViewOptions::Heads v);
std::string to_string(ViewOptions::Layers v);
std::string to_string(ViewOptions::Order v);
std::string to_string(ViewOptions::Overlay v);
/// "1,3-5" -> 0, 2, 3, 4: numbers as they stand on screen, from 1. "all" or "": none chosen. Error{usage}.
std::vector<Index> heads_from(const std::string& text);
std::string heads_text(const std::vector<Index>& chosen);  // "1, 3, 4, 5"
/// The same of positions of an axis; back: "1,3-5".
std::vector<Index> positions_from(const std::string& text);
std::string positions_text(const std::vector<Index>& positions);

/// Only what is not the default; missing keys are defaults, unknown ones are left alone. Error{bad_format}, {usage}.
nlohmann::json to_json(const ViewOptions& options);
ViewOptions view_options_from_json(const nlohmann::json& json);

/// Tokens that mark a place rather than say something: "<s>", "[CLS]".
bool is_special(const std::string& label);

}  // namespace saccade
