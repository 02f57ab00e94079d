#include "run/scene_claim.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "base/utf8.hpp"
#include "exhibit/lesson_checks.hpp"
#include "io/json_text.hpp"
#include "run/known_keys.hpp"
#include "trace/formula.hpp"

namespace saccade {

using nlohmann::json;
using Kind = SceneClaim::Kind;
using Check = std::optional<Claim>;

namespace {

struct KindName {
    const char* name;
    Kind kind;
};
constexpr KindName kind_names[] = {{"point", Kind::point}, {"sums_to_1", Kind::sums_to_1}, {"largest", Kind::largest},
                                   {"share", Kind::share}, {"text", Kind::text},           {"rule", Kind::rule}};

std::string quoted(const Axis& axis, Index at) {
    return "“" + axis.label(at) + "”";
}

}  // namespace

void refuse_unknown_axes(const TraceTensor& tensor, const std::vector<NamedPlaces>& at) {
    for (const NamedPlaces& places : at) {
        const bool known = std::ranges::any_of(tensor.info.axes, [&](const AxisPtr& a) { return a->name == places.axis; });
        if (known) continue;
        std::vector<std::string> names;
        for (const AxisPtr& axis : tensor.info.axes) names.push_back(axis->name);
        throw Error(ErrorCode::not_found, fmt::format("{} has no axis '{}'", tensor.info.name, places.axis),
                    fmt::format("there are {}", fmt::join(names, ", ")));
    }
}

namespace {

/// Of every axis of the tensor the positions that are named, or all. Error{not_found} for an axis that it does not have.
std::vector<std::vector<Index>> chosen(const TraceTensor& tensor, const std::vector<NamedPlaces>& at) {
    refuse_unknown_axes(tensor, at);
    std::vector<std::vector<Index>> all;
    for (const AxisPtr& axis : tensor.info.axes) {
        const auto named = std::ranges::find(at, axis->name, &NamedPlaces::axis);
        std::vector<Index> here;
        if (named != at.end())
            here = positions_of(*axis, *named);
        else
            for (Index i = 0; i < axis->extent; ++i) here.push_back(i);
        all.push_back(std::move(here));
    }
    return all;
}

/// Every cell of these positions, in order.
void each_cell(const std::vector<std::vector<Index>>& of, const std::function<void(const std::vector<Index>&)>& visit) {
    std::vector<Index> cell(of.size(), 0);
    const std::function<void(std::size_t)> walk = [&](std::size_t axis) {
        if (axis == of.size()) return visit(cell);
        for (const Index i : of[axis]) {
            cell[axis] = i;
            walk(axis + 1);
        }
    };
    walk(0);
}

/// The rows that a claim is about, each as the cells of it: `looked` of each axis that `on` names, all positions; of `on`
/// itself, whether a cell is one of these.
class ClaimedRows {
 public:
    ClaimedRows(const Trace& trace, const NamedPart& rows, const std::vector<NamedPlaces>& on)
        : tensor_(trace.tensor(rows.tensor)), rows_(chosen(tensor_, rows.at)), on_(chosen(tensor_, on)) {
        for (std::size_t a = 0; a < rows_.size(); ++a) {
            const std::string& name = tensor_.info.axes[a]->name;
            along_.push_back(std::ranges::any_of(on, [&](const NamedPlaces& p) { return p.axis == name; }));
            if (along_[a]) rows_[a] = {0};
        }
    }
    /// Of each row: its cells along the axes of `on`, and whether each is one of `on`.
    void each(const std::function<void(const std::vector<Index>& row, const std::vector<std::pair<float, bool>>& cells,
                                       const std::vector<std::vector<Index>>& where)>& visit) const {
        each_cell(rows_, [&](const std::vector<Index>& row) {
            std::vector<std::vector<Index>> all;
            for (std::size_t a = 0; a < row.size(); ++a) {
                all.push_back({row[a]});
                if (!along_[a]) continue;
                all[a].clear();
                for (Index i = 0; i < tensor_.info.axes[a]->extent; ++i) all[a].push_back(i);
            }
            std::vector<std::pair<float, bool>> cells;
            std::vector<std::vector<Index>> where;
            each_cell(all, [&](const std::vector<Index>& cell) {
                bool is_on = true;
                for (std::size_t a = 0; a < cell.size(); ++a)
                    is_on = is_on && (!along_[a] || std::ranges::binary_search(on_[a], cell[a]));
                cells.emplace_back(tensor_.values.at(cell), is_on);
                where.push_back(cell);
            });
            visit(row, cells, where);
        });
    }
    /// "“beijing”: “北”", of a cell: the row and where along it.
    std::string words(const std::vector<Index>& cell, bool along) const {
        std::string text;
        for (std::size_t a = 0; a < cell.size(); ++a)
            if (along_[a] == along) text += (text.empty() ? "" : ", ") + quoted(*tensor_.info.axes[a], cell[a]);
        return text;
    }

 private:
    const TraceTensor& tensor_;
    std::vector<std::vector<Index>> rows_, on_;
    std::vector<bool> along_;
};

Check largest_lies_on(const Trace& trace, const SceneClaim& claim) {
    const ClaimedRows rows(trace, claim.rows, claim.on);
    Index checked = 0, elsewhere = 0;
    std::string found;
    rows.each([&](const auto& row, const auto& cells, const auto& where) {
        const auto largest = std::ranges::max_element(
            cells, {}, [](const auto& cell) { return std::isfinite(cell.first) ? cell.first : -INFINITY; });
        if (largest == cells.end()) return;
        ++checked;
        if (largest->second) return;
        if (elsewhere++ == 0)
            found = fmt::format("of {} the largest is on {}", rows.words(row, false),
                                rows.words(where[static_cast<std::size_t>(largest - cells.begin())], true));
    });
    Claim result = claim_of(claim.rows.tensor, checked, static_cast<double>(elsewhere));
    result.found = found;
    return result;
}

Check share_is_within(const Trace& trace, const SceneClaim& claim) {
    const ClaimedRows rows(trace, claim.rows, claim.on);
    Index checked = 0;
    double worst = 0;
    std::string found;
    rows.each([&](const auto& row, const auto& cells, const auto&) {
        double sum = 0;
        for (const auto& [value, is_on] : cells) sum += is_on && std::isfinite(value) ? static_cast<double>(value) : 0;
        ++checked;
        const double off = std::max(claim.at_least - sum, sum - claim.at_most);
        if (off <= worst) return;
        worst = off;
        const std::string of = rows.words(row, false),
                          against = sum < claim.at_least ? fmt::format("{:.3f}, claimed at least {}", sum, claim.at_least)
                                                         : fmt::format("{:.3f}, claimed at most {}", sum, claim.at_most);
        found = of.empty() ? against : of + ": " + against;
    });
    Claim result = claim_of(claim.rows.tensor, checked, worst);
    result.found = found;
    return result;
}

Check text_is(const Trace& trace, const SceneClaim& claim) {
    const auto text = trace.texts().find(claim.name);
    if (text == trace.texts().end()) {
        std::vector<std::string> names;
        for (const auto& [name, of] : trace.texts()) names.push_back(name);
        throw Error(ErrorCode::not_found, fmt::format("this run has no text '{}'", claim.name),
                    fmt::format("there are {}", fmt::join(names, ", ")));
    }
    const bool holds = claim.is.empty() ? text->second.find(claim.contains) != std::string::npos : text->second == claim.is;
    const std::string id = claim.name + ".id";  // what a hand changed before it
    return claim_whether(trace.find(id) != nullptr ? id : std::string(), 1, holds, "it is “" + text->second + "”");
}

/// What the claim says of a run.
std::function<Check(const Trace&)> check_of(const SceneClaim& claim) {
    switch (claim.kind) {
        case Kind::point:
            return claim.point.check;
        case Kind::sums_to_1:
            return [claim](const Trace& trace) -> Check { return rows_sum_to_one(trace.tensor(claim.rows.tensor)); };
        case Kind::largest:
            return [claim](const Trace& trace) { return largest_lies_on(trace, claim); };
        case Kind::share:
            return [claim](const Trace& trace) { return share_is_within(trace, claim); };
        case Kind::text:
            return [claim](const Trace& trace) { return text_is(trace, claim); };
        case Kind::rule:
            if (claim.rule.empty())
                return [claim](const Trace& trace) {
                    static_cast<void>(trace.tensor(claim.rows.tensor));
                    return rule_check(claim.rows.tensor)(trace);
                };
            return [claim](const Trace& trace) -> Check { return consequence_holds(trace, claim.rule); };
    }
    return {};
}

void read_point(const JsonObject& object, const Exhibit& exhibit, SceneClaim& claim, const std::string& where) {
    const auto& points = exhibit.lesson.points;
    int number = 0;
    object.needs({"point"}).whole("point", number, 1, static_cast<int>(std::max<std::size_t>(points.size(), 1)));
    if (points.empty()) throw Error(ErrorCode::not_found, where + ": " + exhibit.id + " has no lesson", "choose another claim");
    const LessonPoint& own = points[static_cast<std::size_t>(number) - 1];
    if (!own.check)
        throw Error(ErrorCode::bad_format, fmt::format("{}: point {} of {} claims nothing", where, number, exhibit.id),
                    fmt::format("see 'saccade describe {}': a * marks the points that do", exhibit.id));
    if (claim.point.english.empty() && claim.point.chinese.empty()) claim.point = own;
    claim.point.check = own.check;
}

void read_part(const JsonObject& object, SceneClaim& claim, const std::string& where) {
    object.needs({"tensor"}).text("tensor", claim.rows.tensor);
    if (const json* row = object.find("row")) claim.rows.at = named_places_from(*row, where + "'s row");
    if (claim.kind != Kind::largest && claim.kind != Kind::share) return;
    object.needs({"on"});
    claim.on = named_places_from(*object.find("on"), where + "'s on");
    object.number("at_least", claim.at_least);
    object.number("at_most", claim.at_most);
    if (claim.kind == Kind::share && object.find("at_least") == nullptr && object.find("at_most") == nullptr)
        throw Error(ErrorCode::bad_format, where + " says of no share how large it is", "give at_least or at_most");
}

}  // namespace

const std::string& InLanguages::in(bool chinese_first) const {
    const std::string& first = chinese_first ? chinese : english;
    return first.empty() ? (chinese_first ? english : chinese) : first;
}

InLanguages in_languages_from(const json& value, const std::string& where) {
    const JsonObject object(value, where, "write {\"en\": \"...\", \"zh\": \"...\"}");
    refuse_unknown_keys(value, {"en", "zh"}, where, "language");
    InLanguages text;
    object.text("en", text.english);
    object.text("zh", text.chinese);
    if (text.english.empty() && text.chinese.empty())
        throw Error(ErrorCode::bad_format, where + " is empty", "write it in \"en\", \"zh\" or both");
    const std::size_t longest = std::max(decode_utf8(text.english).size(), decode_utf8(text.chinese).size());
    if (longest > longest_lesson_text)
        throw Error(ErrorCode::bad_format, fmt::format("{} has {} characters", where, longest),
                    fmt::format("write at most {}, and the rest in another scene", longest_lesson_text));
    return text;
}

std::vector<NamedPlaces> named_places_from(const json& value, const std::string& where) {
    const char* const hint = "write {\"source\": [\"中\", \"国\"]}, or numbers, from 1";
    const JsonObject object(value, where, hint);
    std::vector<NamedPlaces> all;
    for (const auto& [axis, of] : value.items()) {
        NamedPlaces places;
        places.axis = axis;
        for (const json& one : of.is_array() ? of : json::array({of})) {
            if (one.is_string())
                places.labels.push_back(one.get<std::string>());
            else if (const auto number = whole_in<Index>(one, 1, Index{1} << 40))
                places.numbers.push_back(*number);
            else
                object.refuse(axis.c_str(), one, hint);
        }
        all.push_back(std::move(places));
    }
    return all;
}

std::vector<Index> positions_of(const Axis& axis, const NamedPlaces& places) {
    std::set<Index> found;
    for (const std::string& label : places.labels) {
        const std::size_t before = found.size();
        for (Index i = 0; i < axis.extent; ++i)
            if (axis.label(i) == label) found.insert(i);
        if (found.size() > before) continue;
        std::vector<std::string> known;
        for (Index i = 0; i < std::min<Index>(axis.extent, 24); ++i) known.push_back(axis.label(i));
        throw Error(ErrorCode::not_found, fmt::format("there is no “{}” on {}", label, axis.name),
                    fmt::format("there are {}{}", fmt::join(known, " "), axis.extent > 24 ? " …" : ""));
    }
    for (const Index number : places.numbers) {
        if (number > axis.extent)
            throw Error(ErrorCode::not_found, fmt::format("there is no position {} on {}", number, axis.name),
                        fmt::format("it has {}", axis.extent));
        found.insert(number - 1);
    }
    return {found.begin(), found.end()};
}

CellRef cell_of(const Trace& trace, const NamedPart& part) {
    const TraceTensor& tensor = trace.tensor(part.tensor);
    CellRef best;
    float most = -INFINITY;
    each_cell(chosen(tensor, part.at), [&](const std::vector<Index>& cell) {
        const float value = tensor.values.at(cell);
        if (!best.empty() && !(value > most)) return;
        best = {part.tensor, cell};
        if (std::isfinite(value)) most = value;
    });
    return best;
}

std::string name_of(SceneClaim::Kind kind) {
    return std::ranges::find(kind_names, kind, &KindName::kind)->name;
}

SceneClaim scene_claim_from(const json& value, const Exhibit& exhibit, const std::string& where) {
    const JsonObject object(value, where);
    refuse_unknown_keys(value,
                        {"claim", "text", "point", "tensor", "row", "on", "at_least", "at_most", "name", "is", "contains",
                         "rule", "side", "after_guess"},
                        where, "key");
    SceneClaim claim;
    std::string kind;
    object.needs({"claim"}).text("claim", kind);
    const auto* known = std::ranges::find(kind_names, kind, [](const KindName& k) { return std::string(k.name); });
    if (known == std::end(kind_names)) {
        std::vector<std::string> names;
        for (const KindName& k : kind_names) names.emplace_back(k.name);
        throw Error(ErrorCode::bad_format, fmt::format("{}: there is no claim '{}'", where, kind),
                    fmt::format("choose one of: {}", fmt::join(names, ", ")));
    }
    claim.kind = known->kind;
    if (const json* text = object.find("text")) {
        const InLanguages said = in_languages_from(*text, where + "'s text");
        claim.point.english = said.in(false);
        claim.point.chinese = said.in(true);
    } else if (claim.kind != Kind::point) {
        object.needs({"text"});
    }
    switch (claim.kind) {
        case Kind::point:
            read_point(object, exhibit, claim, where);
            break;
        case Kind::text:
            claim.name = exhibit.output_text;
            object.text("name", claim.name);
            object.text("is", claim.is);
            object.text("contains", claim.contains);
            if (claim.is.empty() == claim.contains.empty())
                throw Error(ErrorCode::bad_format, where + " says nothing of the text, or too much",
                            "give one of \"is\" and \"contains\"");
            break;
        case Kind::rule:
            object.text("rule", claim.rule);
            if (!claim.rule.empty())
                claim.rows.tensor = parse_rule(claim.rule).result;
            else
                read_part(object, claim, where);
            break;
        default:
            read_part(object, claim, where);
    }
    std::string side = "a";
    object.text("side", side);
    if (side != "a" && side != "b") object.refuse("side", json(side), "give \"a\" or \"b\"");
    claim.of_b = side == "b";
    object.toggle("after_guess", claim.after_guess);
    claim.point.check = check_of(claim);
    return claim;
}

CellRef cell_about(const SceneClaim& claim, const Finding& finding, const Trace& trace) {
    try {
        NamedPart part = claim.rows;
        part.at.insert(part.at.end(), claim.on.begin(), claim.on.end());
        if (part.tensor.empty() && finding.claim)
            part.tensor = finding.claim->tensor.substr(0, finding.claim->tensor.find(", "));
        return part.tensor.empty() ? CellRef{} : cell_of(trace, part);
    } catch (const Error&) {
        return {};
    }
}

}  // namespace saccade
