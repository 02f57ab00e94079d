#include "ui/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/translate.hpp"
#include "base/utf8.hpp"
#include "trace/hand.hpp"
#include "ui/param_widgets.hpp"
#include "ui/text_wrap.hpp"

namespace saccade {

namespace {

using Names = std::vector<std::string>;
using Interventions = std::vector<Intervention>;

constexpr std::size_t longest_value = 40;  // of a text, in characters

std::string titled(const std::string& title, const std::string& value) {
    return tr(title) + (value.empty() ? "" : ": " + value);
}

/// "2,3: 1 → 0.5", of the one number that differs; empty: several, or the size.
std::string changed_cell(const Tensor<float>& before, const Tensor<float>& after) {
    if (!(before.shape() == after.shape()) || before.shape().rank() != 2) return {};
    Index differing = -1;
    for (Index i = 0; i < before.size(); ++i) {
        if (before.data()[i] == after.data()[i]) continue;
        if (differing >= 0) return {};
        differing = i;
    }
    if (differing < 0) return {};
    const Index columns = before.shape()[1];
    return fmt::format("{},{}: {:.4g} → {:.4g}", differing / columns + 1, differing % columns + 1, before.data()[differing],
                       after.data()[differing]);
}

std::string value_text(const ParamSpec& spec, const ParamValue& before, const ParamValue& after) {
    switch (spec.type) {
        case ParamType::text: {
            const auto& text = std::get<std::string>(after);
            return "“" +
                   shorten(in_one_line(spec.is_path ? std::filesystem::path(text).filename().string() : text), longest_value) +
                   "”";
        }
        case ParamType::choice: {
            const auto& id = std::get<std::string>(after);
            const auto at = static_cast<std::size_t>(std::ranges::find(spec.choices, id) - spec.choices.begin());
            return at < spec.choice_titles.size() ? tr(spec.choice_titles[at]) : id;
        }
        case ParamType::toggle:
            return std::get<bool>(after) ? tr("on") : tr("off");
        case ParamType::integer:
        case ParamType::number:
            return number_field_text(spec, after);
        case ParamType::matrix:
            return changed_cell(std::get<Tensor<float>>(before), std::get<Tensor<float>>(after));
        case ParamType::image:
            return {};
    }
    return {};
}

bool same_value(const std::string& name, const ParamValue& a, const ParamValue& b) {
    Params one, other;
    one.set(name, a);
    other.set(name, b);
    return one == other;
}

/// In the order in which the exhibit declares them.
void add_params(const Exhibit& e, const Params& before, const Params& after, Names& names) {
    for (const ParamSpec& spec : e.params) {
        const ParamValue was = before.has(spec.name) ? before.values().at(spec.name) : spec.fallback,
                         is = after.has(spec.name) ? after.values().at(spec.name) : spec.fallback;
        if (!same_value(spec.name, was, is)) names.push_back(titled(spec.title, value_text(spec, was, is)));
    }
}

std::string words_of(const std::vector<ExplainedPart>& parts) {
    std::vector<ExplainedPart> said = parts;
    for (ExplainedPart& part : said)
        if (part.kind == ExplainedPart::Kind::text) part.text = tr_composed(part.text);
    return plain_text(said);
}

void add_groups(const Interventions& list, const Trace* trace, const std::string& lead, Names& names) {
    for (const InterventionGroup& group : groups_of(list, trace)) names.push_back(lead + words_of(name_of(list, group, trace)));
}

/// Of a value that was set before: from that, not from what the run would have.
std::string changed_again(const Intervention& was, const Intervention& is, const Trace* trace) {
    std::vector<ExplainedPart> parts = name_of(is, trace);
    const std::vector<ExplainedPart> parts_was = name_of(was, trace);
    const auto number = [](auto& all) { return std::ranges::find(all, ExplainedPart::Kind::number, &ExplainedPart::kind); };
    const auto now = number(parts);
    const auto then = number(parts_was);
    if (now != parts.end() && now != parts.begin() && then != parts_was.end()) std::prev(now)->text = " " + then->text + " → ";
    return words_of(parts);
}

void add_interventions(const Interventions& before, const Interventions& after, const Trace* trace, Names& names) {
    const auto like = [](const Interventions& list, const Intervention& one) {
        return std::ranges::find_if(
            list, [&](const Intervention& i) { return i.kind == one.kind && i.tensor == one.tensor && i.index == one.index; });
    };
    Interventions set, on, off, gone;
    for (const Intervention& one : after) {
        const auto was = like(before, one);
        if (was != before.end() && *was == one) continue;
        if (was != before.end() && was->enabled == one.enabled && one.kind == Intervention::Kind::set) {
            names.push_back(changed_again(*was, one, trace));
            continue;
        }
        (was == before.end() || was->enabled == one.enabled ? set : one.enabled ? on : off).push_back(one);
    }
    for (const Intervention& one : before)
        if (like(after, one) == after.end()) gone.push_back(one);
    add_groups(set, trace, "", names);
    add_groups(on, trace, tr("on again: "), names);
    add_groups(off, trace, tr("switched off: "), names);
    add_groups(gone, trace, tr("removed: "), names);
}

void add_side(const Exhibit& e, const Edit::One& before, const Edit::One& after, const Trace* trace, Names& names) {
    add_params(e, before.params, after.params, names);
    add_interventions(before.interventions, after.interventions, trace, names);
    if (before.weights_path != after.weights_path)
        names.push_back(titled(msg("Weights"), after.weights_path.empty()
                                                   ? tr("as they come")
                                                   : std::filesystem::path(after.weights_path).filename().string()));
    if (before.seed != after.seed) names.push_back(titled(msg("Seed"), std::to_string(after.seed)));
}

std::string scale_title(Normalization::Scale scale) {
    const std::array titles = {msg("linear"), "√", msg("log"), msg("per row"), msg("to largest"), msg("percentile")};
    return tr(titles[static_cast<std::size_t>(scale)]);
}

void add_view(const Edit& before, const Edit& after, Names& names) {
    for (const ViewOption& option : view_options()) {
        const ParamValue was = option.get(before.options), is = option.get(after.options);
        if (!same_value(option.spec.name, was, is))
            names.push_back(titled(option.spec.title, value_text(option.spec, was, is)));
    }
    if (before.scale != after.scale) names.push_back(titled(msg("Scale"), scale_title(after.scale)));
    if (before.options.positions != after.options.positions)
        names.push_back(after.options.positions.empty() ? tr("all of the map") : tr("another part of the map"));
}

}  // namespace

const ViewOption* changed_option(const ViewOptions& before, const ViewOptions& after) {
    const auto found = std::ranges::find_if(view_options(), [&](const ViewOption& option) {
        return !same_value(option.spec.name, option.get(before), option.get(after));
    });
    return found == view_options().end() ? nullptr : &*found;
}

std::string change_name(const std::string& exhibit, const Edit& before, const Edit& after, const Trace* trace) {
    const Exhibit& e = saccade::exhibit(exhibit);
    Names names;
    if (before.comparing && after.comparing && before.sides[0] == after.sides[1] && before.sides[1] == after.sides[0] &&
        !(before.sides[0] == before.sides[1]))
        return tr("A and B swapped");
    if (before.comparing != after.comparing) names.push_back(after.comparing ? tr("A beside B") : tr("A alone"));
    add_side(e, before.sides[0], after.sides[0], trace, names);
    if (before.comparing && after.comparing) {
        Names other;
        add_side(e, before.sides[1], after.sides[1], trace, other);
        for (std::string& name : names)
            if (std::ranges::find(other, name) == other.end()) name = "A · " + name;
        for (const std::string& name : other)
            if (std::ranges::find(names, name) == names.end()) names.push_back("B · " + name);
    }
    if (before.linked != after.linked)
        names.push_back(after.linked ? tr("same inputs for A and B") : tr("inputs of A and B apart"));
    add_view(before, after, names);
    if (names.empty()) return {};
    return names.size() == 1 ? names.front() : tr("{} and {} more", names.front(), names.size() - 1);
}

}  // namespace saccade
