#include "viz/page_figure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "base/translate.hpp"
#include "viz/attention_plane.hpp"
#include "viz/derived.hpp"
#include "viz/layout.hpp"
#include "viz/slice.hpp"
#include "viz/theme.hpp"

namespace saccade {

namespace {

using Json = nlohmann::json;
constexpr Index most_variants = 256;

/// An axis on which a figure stands at one position, and could stand at another.
struct Choice {
    AxisPtr axis;
    Index at = 0;
};

/// The axis of a region's tensor.
AxisPtr axis_of(const Trace& trace, const HitRegion& region, std::size_t a, Reuse* memo) {
    const auto held = trace_with(trace, region.ref.tensor, memo);
    return held->tensor(region.ref.tensor).info.axes.at(a);
}

/// Where all regions stand alike, and none runs. Outer axes first.
std::vector<Choice> choices_of(const Trace& trace, const Figure& figure, Reuse* memo) {
    std::vector<Choice> found;
    std::set<std::string> moving;
    for (const HitRegion& region : figure.regions)
        for (std::size_t a = 0; a < region.ref.index.size(); ++a) try {
                const AxisPtr axis = axis_of(trace, region, a, memo);
                const Index at = region.ref.index[a];
                const auto known = std::ranges::find(found, axis->name, [](const Choice& c) { return c.axis->name; });
                if (at < 0 || axis->extent < 2 || (known != found.end() && known->at != at))
                    moving.insert(axis->name);
                else if (known == found.end())
                    found.push_back({axis, at});
            } catch (const Error&) {
                continue;  // a region of what this trace cannot make
            }
    std::erase_if(found, [&](const Choice& c) { return moving.contains(c.axis->name); });
    return found;
}

ViewState state_at(ViewState state, const std::vector<Choice>& choices, const std::vector<Index>& at) {
    for (std::size_t i = 0; i < choices.size(); ++i) {
        const std::string& name = choices[i].axis->name;
        state.selected.marks[name] = at[i];
        if (name == state.step_axis) state.step = at[i];
    }
    return state;
}

std::string rgba_text(Color c) {
    return fmt::format("#{:02x}{:02x}{:02x}{:02x}", c.r, c.g, c.b, c.a);
}

Json box_json(const Box& b) {
    const auto rounded = [](double v) { return std::round(v * 100) / 100; };
    return {rounded(b.x), rounded(b.y), rounded(b.w), rounded(b.h)};
}

bool same_place(const Box& a, const Box& b) {
    constexpr double px = 0.01;
    return std::abs(a.x - b.x) < px && std::abs(a.y - b.y) < px && std::abs(a.w - b.w) < px && std::abs(a.h - b.h) < px;
}

std::size_t colormap_of(PageParts& parts, const Colormap& map) {
    std::string colors;
    for (const Color& c : map.colors) colors += rgba_text(c).substr(1, 6);
    const Json json{{"colors", colors}, {"diverging", map.diverging}};
    const auto known = std::ranges::find(parts.colormaps, json);
    if (known != parts.colormaps.end()) return static_cast<std::size_t>(known - parts.colormaps.begin());
    parts.colormaps.push_back(json);
    return parts.colormaps.size() - 1;
}

/// What the script needs to paint it as heatmap_color does.
Json map_json(const HeatmapItem& item, int plane, bool over_picture, PageParts& parts) {
    const Normalization& n = item.normalization;
    return {{"box", box_json(item.box)},
            {"plane", plane},
            {"gap", item.gap},
            {"gapColor", rgba_text(item.gap_color)},
            {"hatch", rgba_text(item.hatch)},
            {"ground", rgba_text(item.masked_ground)},
            {"over", item.over.a > 0 ? Json(rgba_text(item.over)) : Json()},
            {"under", item.under.a > 0 ? Json(rgba_text(item.under)) : Json()},
            {"opacity", item.opacity},
            {"smooth", item.smooth},
            {"threshold", item.threshold},
            {"fades", item.fades},
            {"low", n.low},
            {"high", n.high},
            {"scale", to_string(n.scale)},
            {"colormap", colormap_of(parts, *item.map)},
            {"overPicture", over_picture}};
}

/// Is what can be pointed at there a heatmap, or some of many? Then its colours are to be seen while it is lit.
bool is_over_map(const Figure& figure, const Box& box) {
    constexpr double px = 0.5;
    return std::ranges::any_of(figure.items, [&](const FigureItem& item) {
        if (const auto* map = std::get_if<HeatmapItem>(&item)) return same_place(map->box, box);
        const auto* grid = std::get_if<HeatmapGridItem>(&item);
        return grid != nullptr && box.x >= grid->box.x - px && box.y >= grid->box.y - px &&
               box.right() <= grid->box.right() + px && box.bottom() <= grid->box.bottom() + px;
    });
}

/// The position on a region's one running axis at a point that the region touches.
std::optional<Index> position_at(const HitRegion& region, Point p) {
    constexpr double touch = 1.5;  // px
    const bool across = region.row_axis < 0 && region.col_axis >= 0, down = region.row_axis >= 0 && region.col_axis < 0;
    const Box near{region.box.x - touch, region.box.y - touch, region.box.w + 2 * touch, region.box.h + 2 * touch};
    if (across == down || !near.contains(p)) return std::nullopt;
    const Index n = across ? region.cols : region.rows;
    const double share = across ? (p.x - region.box.x) / region.box.w : (p.y - region.box.y) / region.box.h;
    const Index i = std::clamp<Index>(static_cast<Index>(std::floor(share * static_cast<double>(n))), 0, n - 1);
    const std::vector<Index>& map = across ? region.col_map : region.row_map;
    return map.empty() ? i : map[static_cast<std::size_t>(i)];
}

class FigureWriter {
 public:
    FigureWriter(const Trace& trace, const ViewState& state, const TextMeasure& measure, PageParts& parts)
        : trace_(trace), state_(state), measure_(measure), parts_(parts) {}

    PageFigure write() {
        const Figure asked = view(state_.view).layout(trace_, state_, measure_);
        PageFigure page;
        page.title = asked.title;
        page.width = asked.width;
        page.height = asked.height;
        for (const FigureItem& item : asked.items) {
            page.drawn += with_ends(asked, item, parts_.pieces(item));
            page.grid = page.grid || std::holds_alternative<HeatmapGridItem>(item);
        }
        if (!asked.regions.empty()) page.tensor = asked.regions.front().ref.tensor;
        choices_ = choices_of(trace_, asked, state_.memo);
        add_heads(asked);
        std::vector<Index> standing;
        for (const Choice& c : choices_) standing.push_back(c.at);
        const Index before = parts_.values.room();
        add_variant(standing);  // first: what was asked for has its numbers, whatever becomes of the others
        if (leave_out(before - parts_.values.room())) {
            variants_ = region_sets_ = Json::array();
            standing.erase(standing.begin(), standing.end() - static_cast<std::ptrdiff_t>(choices_.size()));
            add_variant(standing);
        }
        std::vector<Index> at(choices_.size(), 0);
        do {
            add_variant(at);
        } while (next(at));
        page.json = {{"choices", Json::array()},
                     {"strings", strings_},
                     {"regions", region_sets_},
                     {"variants", variants_},
                     {"stays", stays_}};
        for (const Choice& c : choices_) page.json["choices"].push_back(parts_.values.axis(c.axis));
        return page;
    }

 private:
    /// Counts up; false after the last.
    bool next(std::vector<Index>& at) const {
        for (std::size_t i = at.size(); i-- > 0;) {
            if (++at[i] < choices_[i].axis->extent) return true;
            at[i] = 0;
        }
        return false;
    }

    /// What was made of one head of one layer, such as its weights without a key, no longer has these axes, and yet another
    /// head gives another figure.
    void add_heads(const Figure& asked) {
        std::set<std::string> met;
        for (const HitRegion& region : asked.regions)
            for (std::size_t a = 0; a < region.ref.index.size(); ++a) try {
                    met.insert(axis_of(trace_, region, a, state_.memo)->name);
                } catch (const Error&) {
                    continue;
                }
        std::vector<Choice> found;
        for (const AxisPtr& axis : tensor_for(view(state_.view), trace_, state_).info.axes) {
            if (!is_stacked(axis->kind) || axis->extent < 2 || met.contains(axis->name)) continue;
            const Index at = axis->kind == AxisKind::head ? head_shown(state_, axis) : position_on(state_, axis).value_or(0);
            const std::vector<Index> which = heads_asked_for(state_.options, axis->extent);
            const Choice other{axis, axis->kind != AxisKind::head ? (at == 0 ? 1 : 0)
                                     : which.front() == at        ? which.back()
                                                                  : which.front()};
            const Figure there = view(state_.view).layout(trace_, state_at(state_, {other}, {other.at}), measure_);
            if (!drawn_alike(asked, there)) found.push_back({axis, at});
        }
        choices_.insert(choices_.begin(), found.begin(), found.end());
    }

    bool drawn_alike(const Figure& a, const Figure& b) {
        const auto drawn = [&](const Figure& figure) {
            std::string all;
            for (const FigureItem& item : figure.items) all += parts_.pieces(item);
            return all;
        };
        return drawn(a) == drawn(b);
    }

    /// Leaves choices out, the outer ones first, until there is room for all that is left. `cells`: that one variant takes.
    bool leave_out(Index cells) {
        const auto too_many = [&] {
            Index n = 1;
            for (const Choice& c : choices_) n = std::min(n, most_variants) * c.axis->extent;
            return n > most_variants || cells * (n - 1) > parts_.values.room();
        };
        std::string without;
        while (!choices_.empty() && too_many()) {
            stays_.push_back({parts_.values.axis(choices_.front().axis), choices_.front().at});
            without += (without.empty() ? "" : ", ") + position_text(*choices_.front().axis, choices_.front().at);
            choices_.erase(choices_.begin());
        }
        if (without.empty()) return false;
        parts_.left_out.push_back(view(state_.view).title() + " stays at " + without +
                                  ": with all others the page would be too large");
        return true;
    }

    void add_variant(const std::vector<Index>& at) {
        for (const Json& done : variants_)
            if (done["at"] == Json(at)) return;
        ViewState state = state_at(state_, choices_, at);
        Json variant{{"at", at}};
        for (const bool dark : {false, true}) {
            state.theme = dark ? parts_.dark : parts_.light;
            const Figure figure = view(state.view).layout(trace_, state, measure_);
            if (!dark && !stands_at(figure, at)) return;
            std::vector<int> planes(figure.regions.size(), -1);
            Json maps = Json::array(), items = Json::array();
            for (const FigureItem& item : figure.items) items.push_back(string(write_item(figure, item, planes, maps)));
            variant[dark ? "dark" : "light"] = {{"items", items}, {"maps", maps}};
            if (dark) continue;
            variant["title"] = tr_composed(figure.title);
            variant["regions"] = regions(figure);
            for (std::size_t i = 0; i < planes.size(); ++i)
                if (planes[i] < 0) planes[i] = parts_.values.plane(figure.regions[i]);
            variant["planes"] = planes;
        }
        // Where a head that was not chosen leads to another, that one is there already.
        for (const Json& done : variants_)
            if (done["light"] == variant["light"] && done["planes"] == variant["planes"]) return;
        variants_.push_back(std::move(variant));
    }

    /// A view need not go where it is sent: a head that was not chosen is not drawn.
    bool stands_at(const Figure& figure, const std::vector<Index>& at) const {
        const std::vector<Choice> stands = choices_of(trace_, figure, state_.memo);
        for (std::size_t i = 0; i < choices_.size(); ++i) {
            const auto found = std::ranges::find(stands, choices_[i].axis->name, [](const Choice& c) { return c.axis->name; });
            if (found != stands.end() && found->at != at[i]) return false;
        }
        return true;
    }

    /// Its elements; of a heatmap, of which the page has the numbers, a place for the script to paint it in.
    std::string write_item(const Figure& figure, const FigureItem& item, std::vector<int>& planes, Json& maps) {
        if (const auto* map = std::get_if<HeatmapItem>(&item); map != nullptr && !map->values.empty()) {
            const int plane = plane_under(figure, *map, planes);
            if (plane >= 0) {
                const bool over = std::ranges::any_of(figure.items, [&](const FigureItem& other) {
                    const auto* image = std::get_if<ImageItem>(&other);
                    return image != nullptr && same_place(image->box, map->box);
                });
                maps.push_back(map_json(*map, plane, over, parts_));
                return fmt::format("<g data-map=\"{}\"></g>", maps.size() - 1);
            }
        }
        return with_ends(figure, item, parts_.pieces(item));
    }

    int plane_under(const Figure& figure, const HeatmapItem& map, std::vector<int>& planes) {
        for (std::size_t i = 0; i < figure.regions.size(); ++i) {
            const HitRegion& region = figure.regions[i];
            if (!same_place(region.box, map.box) || region.rows * region.cols != map.values.size()) continue;
            planes[i] = parts_.values.plane(region, &map.values);
            if (parts_.values.holds(planes[i], map.values)) return planes[i];
            break;
        }
        return parts_.values.plane_of(map.values);
    }

    /// A line from one token to another says which: data-ends="AXIS:POSITION AXIS:POSITION".
    std::string with_ends(const Figure& figure, const FigureItem& item, const std::string& elements) {
        const auto* curve = std::get_if<CurveItem>(&item);
        if (curve == nullptr) return elements;
        std::string ends;
        for (const Point p : {curve->from, curve->to})
            for (const HitRegion& region : figure.regions) {
                const std::optional<Index> at = position_at(region, p);
                if (!at) continue;
                const auto a = static_cast<std::size_t>(std::max(region.row_axis, region.col_axis));
                const std::size_t axis = parts_.values.axis(axis_of(trace_, region, a, state_.memo));
                ends += fmt::format("{}{}:{}", ends.empty() ? "" : " ", axis, *at);
                break;
            }
        return ends.empty() ? elements : fmt::format("<g data-ends=\"{}\">{}</g>", ends, elements);
    }

    /// What can be pointed at, and where in which tensor that is. Variants that are laid out alike share them.
    std::size_t regions(const Figure& figure) {
        Json all = Json::array();
        for (const HitRegion& region : figure.regions) {
            Json fixed = Json::array();
            Json one{{"box", box_json(region.box)}, {"rows", region.rows}, {"cols", region.cols}};
            for (std::size_t a = 0; a < region.ref.index.size(); ++a) try {
                    const AxisPtr axis = axis_of(trace_, region, a, state_.memo);
                    if (static_cast<int>(a) == region.row_axis)
                        one["row"] = parts_.values.axis(axis);
                    else if (static_cast<int>(a) == region.col_axis)
                        one["col"] = parts_.values.axis(axis);
                    else if (region.ref.index[a] >= 0 && !is_choice(*axis))
                        fixed.push_back({parts_.values.axis(axis), region.ref.index[a]});
                } catch (const Error&) {
                    continue;
                }
            one["fixed"] = std::move(fixed);
            one["map"] = is_over_map(figure, region.box);
            if (!region.row_map.empty()) one["rowMap"] = region.row_map;
            if (!region.col_map.empty()) one["colMap"] = region.col_map;
            all.push_back(std::move(one));
        }
        const auto known = std::ranges::find(region_sets_, all);
        if (known != region_sets_.end()) return static_cast<std::size_t>(known - region_sets_.begin());
        region_sets_.push_back(std::move(all));
        return region_sets_.size() - 1;
    }

    bool is_choice(const Axis& axis) const {
        return std::ranges::any_of(choices_, [&](const Choice& c) { return c.axis->name == axis.name; });
    }

    std::size_t string(std::string text) {
        const auto [known, first] = string_ids_.try_emplace(std::move(text), strings_.size());
        if (first) strings_.push_back(known->first);
        return known->second;
    }

    const Trace& trace_;
    const ViewState& state_;
    const TextMeasure& measure_;
    PageParts& parts_;
    std::vector<Choice> choices_;
    Json variants_ = Json::array(), strings_ = Json::array(), region_sets_ = Json::array(), stays_ = Json::array();
    std::map<std::string, std::size_t> string_ids_;
};

}  // namespace

PageFigure page_figure(const Trace& trace, const ViewState& state, const TextMeasure& measure, PageParts& parts) {
    return FigureWriter(trace, state, measure, parts).write();
}

}  // namespace saccade
