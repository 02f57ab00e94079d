#include "ui/panel_view_options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "exhibit/exhibit.hpp"
#include "ui/imgui_compat.hpp"
#include "viz/attention_combine.hpp"
#include "viz/map_picture.hpp"

namespace saccade {

namespace {

constexpr Index most_chips = 16;  // heads that are offered one by one

/// What there is to choose about in a run.
struct Offered {
    Index heads = 1, layers = 1;
    bool weights = false, through = false, gradient = false, special = false, flow = false;
    bool maps = false, over_picture = false, channels = false;
};

Offered offered_by(const AppState& state) {
    Offered offered;
    const Trace* trace = state.trace();
    if (trace == nullptr) return offered;
    for (const TraceTensor* tensor : trace->with_role(Role::weights)) {
        const auto axes = attention_axes(*tensor);
        if (!axes) continue;
        const auto extent = [&](int axis) { return axis < 0 ? Index{1} : tensor->values.shape()[axis]; };
        offered.weights = true;
        offered.heads = std::max(offered.heads, extent(axes->head));
        offered.layers = std::max(offered.layers, extent(axes->layer));
        offered.through = offered.through || (axes->square && extent(axes->layer) > 1);
        offered.gradient = offered.gradient || trace->find(tensor->info.name + ".gradient") != nullptr;
        for (const int axis : {axes->query, axes->key})
            for (const std::string& label : tensor->info.axes[static_cast<std::size_t>(axis)]->labels)
                offered.special = offered.special || is_special(label);
    }
    const Exhibit& e = exhibit(state.side().request.exhibit);
    const std::vector<ViewPlacement> views = placements(e, state.side().request.params);
    const auto shown = [&views](const char* id) {
        return std::any_of(views.begin(), views.end(), [id](const ViewPlacement& v) { return v.view == id; });
    };
    offered.flow = shown("flow");
    const bool laid_over = shown("overlay") || shown("word-strip");
    offered.maps = laid_over || shown("map-stages");
    offered.over_picture = laid_over && picture_of(*trace) != nullptr;
    offered.channels = shown("channel-bars") || shown("map-gallery");
    return offered;
}

struct Choice {
    const char* title;
    const char* tooltip;
};

/// Segments over an enumeration, the values in `values`.
template <class Value>
void choose(const Ui& ui, AppState& state, const char* name, const std::vector<Value>& values,
            const std::vector<Choice>& choices, Value& chosen) {
    heading(ui, name);
    std::vector<std::string> titles, tooltips;
    for (const Choice& choice : choices) {
        titles.emplace_back(choice.title);
        tooltips.emplace_back(choice.tooltip);
    }
    const int at = static_cast<int>(std::find(values.begin(), values.end(), chosen) - values.begin());
    const int clicked = segments(ui, name, titles, at, tooltips, [&](int i) {
        const ImVec2 low = ImGui::GetItemRectMin(), size = ImGui::GetItemRectSize();
        state.places[fmt::format("view {} {}", name, titles[static_cast<std::size_t>(i)])] = {low.x, low.y, size.x, size.y};
    });
    if (clicked >= 0) chosen = values[static_cast<std::size_t>(clicked)];
}

void combine_heads(const Ui& ui, AppState& state, const Offered& offered) {
    using Heads = ViewOptions::Heads;
    std::vector<Heads> values{Heads::each, Heads::mean, Heads::max};
    std::vector<Choice> choices{{"each", "One head: the selected one"},
                                {"mean", "A = 1/h Σ_h A_h: its rows still sum to 1"},
                                {"max", "A_ij = max_h A_h,ij: the strongest head at each cell"}};
    if (offered.gradient) {
        values.push_back(Heads::gradient);
        choices.push_back({"gradient", "A = mean_h (∂y/∂A_h ⊙ A_h)⁺: what raised the output (Chefer 2021, eq. 5)"});
    }
    choose(ui, state, "Combine heads", values, choices, state.stage.options.heads);
}

void combine_layers(const Ui& ui, AppState& state, const Offered& offered) {
    using Layers = ViewOptions::Layers;
    std::vector<Layers> values{Layers::one, Layers::mean, Layers::max};
    std::vector<Choice> choices{{"one", "The selected layer"}, {"mean", "A = 1/L Σ_l A_l"}, {"max", "A_ij = max_l A_l,ij"}};
    if (offered.through) {
        values.insert(values.end(), {Layers::rollout, Layers::flow});
        choices.push_back(
            {"rollout", "R = A'_L ⋯ A'_1 with A' = ½A + ½I: what passed through all layers (Abnar and Zuidema 2020)"});
        choices.push_back(
            {"flow",
             "Largest flow from output to input through all layers, capacities A' (Abnar and Zuidema 2020); short texts"});
    }
    choose(ui, state, "Combine layers", values, choices, state.stage.options.layers);
}

/// Which heads take part: all, or those that are lit.
void heads(const Ui& ui, AppState& state, Index count) {
    heading(ui, "Heads");
    std::vector<Index>& chosen = state.stage.options.chosen;
    const float s = ui.s, right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
    const auto chip = [&](const std::string& text, bool on, const char* tip, float width) {
        if (ImGui::GetCursorScreenPos().x + width > right) ImGui::NewLine();
        const bool clicked =
            button(ui, ("head " + text).c_str(), text, on ? ButtonKind::primary : ButtonKind::plain, width, tip, 24 * s);
        const ImVec2 low = ImGui::GetItemRectMin(), size = ImGui::GetItemRectSize();
        state.places["view head " + text] = {low.x, low.y, size.x, size.y};
        ImGui::SameLine(0, 5 * s);
        return clicked;
    };
    if (chip("all", chosen.empty(), "Every head takes part; the selected one is shown alone", 40 * s)) chosen.clear();
    for (Index head = 0; head < count; ++head) {
        const auto at = std::find(chosen.begin(), chosen.end(), head);
        const bool on = at != chosen.end();
        if (!chip(std::to_string(head + 1), on, "Only the chosen heads take part; several lie over each other in Flow", 28 * s))
            continue;
        if (on)
            chosen.erase(at);
        else
            chosen.insert(std::lower_bound(chosen.begin(), chosen.end(), head), head);
    }
    ImGui::NewLine();
}

/// A share from 0 to 1, its value in the heading.
void share(const Ui& ui, AppState& state, const char* id, const std::string& title, const char* tip, double& value) {
    heading(ui, title);
    slider(ui, id, value, 0, 1, ImGui::GetContentRegionAvail().x);
    if (ImGui::IsItemHovered()) tooltip(ui, tip);
    const ImVec2 low = ImGui::GetItemRectMin(), size = ImGui::GetItemRectSize();
    state.places[fmt::format("view {}", id)] = {low.x, low.y, size.x, size.y};
}

void overlay(const Ui& ui, AppState& state) {
    using Overlay = ViewOptions::Overlay;
    ViewOptions& options = state.stage.options;
    choose<Overlay>(ui, state, "Overlay", {Overlay::map, Overlay::contours, Overlay::side_by_side, Overlay::off},
                    {{"map", "The map lies on the picture"},
                     {"contours", "Lines of equal value on the picture"},
                     {"side by side", "The picture, and the map beside it"},
                     {"off", "The picture alone"}},
                    options.overlay);
    if (options.overlay == Overlay::map)
        share(ui, state, "opacity", fmt::format("Opacity {:.2f}", options.opacity), "Of the map over its picture",
              options.opacity);
}

void cells_of_maps(const Ui& ui, AppState& state) {
    ViewOptions& options = state.stage.options;
    choose<bool>(ui, state, "Cells of maps", {false, true},
                 {{"as computed", "Each cell of the map is one colour"}, {"smooth", "Bilinear between the cells' centres"}},
                 options.smooth);
    share(ui, state, "map threshold",
          options.map_threshold > 0 ? fmt::format("Maps from {:.2f} of their scale on", options.map_threshold)
                                    : std::string("Maps from 0 on"),
          "Cells below this share of the colour scale are not painted", options.map_threshold);
    if (options.map_threshold < 0.005) options.map_threshold = 0;
}

void order_of_channels(const Ui& ui, AppState& state) {
    using Sort = ViewOptions::Sort;
    choose<Sort>(ui, state, "Order of channels", {Sort::gate, Sort::number},
                 {{"gate", "The largest first, as the model computed it"}, {"number", "As they come"}},
                 state.stage.options.sort);
}

void threshold(const Ui& ui, AppState& state) {
    double& value = state.stage.options.threshold;
    heading(ui, value > 0 ? fmt::format("Lines from weight {:.2f} on", value) : std::string("Lines above the haze"));
    slider(ui, "threshold", value, 0, 1, ImGui::GetContentRegionAvail().x);
    if (ImGui::IsItemHovered()) tooltip(ui, "Flow draws lines with α ≥ this; at 0, those above an even share of their row");
    if (value < 0.005) value = 0;
}

}  // namespace

void draw_view_options(const Ui& ui, AppState& state) {
    const Offered offered = offered_by(state);
    ViewOptions& options = state.stage.options;
    using Scale = Normalization::Scale;
    choose<Scale>(ui, state, "Scale", {Scale::linear, Scale::sqrt, Scale::log, Scale::per_row},
                  {{"linear", "t = w"},
                   {"√", "t = √w: small weights become visible"},
                   {"log", "t = 1 + log10(w) / 4, four decades"},
                   {"per row", "t = w / max of its row"}},
                  state.stage.scale);
    if (offered.over_picture) overlay(ui, state);
    if (!offered.weights && !offered.maps && !offered.channels) return;
    if (offered.heads > 1) combine_heads(ui, state, offered);
    if (offered.layers > 1) combine_layers(ui, state, offered);
    const bool more = state.view_more || options.sink != ViewOptions::Sink::keep ||
                      options.special != ViewOptions::Special::show || options.order != ViewOptions::Order::as_is ||
                      !options.chosen.empty() || options.threshold > 0 || options.smooth || options.map_threshold > 0 ||
                      options.sort != ViewOptions::Sort::gate;
    if (more && offered.maps) cells_of_maps(ui, state);
    if (more && offered.channels) order_of_channels(ui, state);
    if (more && offered.weights) {
        using Sink = ViewOptions::Sink;
        choose<Sink>(ui, state, "Sink", {Sink::keep, Sink::most, Sink::first},
                     {{"keep", "Every key is shown"},
                      {"without most attended", "α_ij / (1 − α_is): the key s that gets most is left out, rows renormalised"},
                      {"without first", "α_ij / (1 − α_i1): the first key is left out, rows renormalised"}},
                     options.sink);
        using Special = ViewOptions::Special;
        if (offered.special)
            choose<Special>(ui, state, "Special tokens", {Special::show, Special::dim, Special::hide},
                            {{"show", "<s>, <end>, [CLS] as all others"},
                             {"dim", "They step back"},
                             {"hide", "They are left out of the picture; weights stay as they are"}},
                            options.special);
        using Order = ViewOptions::Order;
        if (offered.heads > 2)
            choose<Order>(ui, state, "Order of heads", {Order::as_is, Order::entropy, Order::distance, Order::similarity},
                          {{"as is", "By number"},
                           {"entropy", "H = −Σ_j α_ij ln α_ij, mean over i: the sharpest first"},
                           {"distance", "Σ_j α_ij |i − j|, mean over i: the nearest first"},
                           {"similarity", "Average-linkage clustering by total variation: like beside like"}},
                          options.order);
        if (offered.heads > 1 && offered.heads <= most_chips) heads(ui, state, offered.heads);
        if (offered.flow) threshold(ui, state);
    }
    ImGui::Dummy({0, 2 * ui.s});
    const bool usual = options == ViewOptions();
    if (!usual && button(ui, "view usual", "Usual view", ButtonKind::plain, 0,
                         offered.weights ? "Each head as it was computed, nothing left out"
                                         : "Maps as they were computed, over the picture")) {
        options = {};
        state.view_more = false;
    }
    if (usual && button(ui, "view more", state.view_more ? "Less ▴" : "More view options ▾", ButtonKind::quiet, 0,
                        offered.weights ? "Sink, special tokens, order and choice of heads, threshold"
                                        : "Cells of maps, threshold, order of channels"))
        state.view_more = !state.view_more;
    const ImVec2 low = ImGui::GetItemRectMin(), size = ImGui::GetItemRectSize();
    state.places["view more"] = {low.x, low.y, size.x, size.y};
}

}  // namespace saccade
