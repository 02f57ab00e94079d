#include "analysis/analysis.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "analysis/catalogue.hpp"
#include "base/error.hpp"

namespace saccade {

namespace {

constexpr std::size_t largest_number = 9;  // digits

std::vector<std::string> ids() {
    std::vector<std::string> all;
    for (const Analysis& a : analyses()) all.push_back(a.id);
    return all;
}

std::vector<std::string> split(const std::string& text, char at) {
    std::vector<std::string> parts;
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t to = std::min(text.find(at, from), text.size());
        parts.push_back(text.substr(from, to - from));
        from = to + 1;
    }
    return parts;
}

bool is_number(const std::string& text) {
    return !text.empty() && text.size() <= largest_number &&
           std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::string in_place(std::string rule, const std::string& source) {
    for (std::size_t at = rule.find('@'); at != std::string::npos; at = rule.find('@', at + source.size()))
        rule.replace(at, 1, source);
    return rule;
}

/// The axis of the source, or one of its own: that of this name in the trace if it has it.
AxisPtr axis_in(Trace& trace, const Axis& axis) {
    const AxisPtr known = trace.axis(axis.name);
    return known && known->extent == axis.extent ? known : trace.add_axis(axis);
}

}  // namespace

const std::vector<Analysis>& analyses() {
    static const std::vector<Analysis> all{mean_over_heads(), max_over_heads(),     mean_over_layers(),   max_over_layers(),
                                           rollout(),         attention_flow(),     gradient_attention(), relevance(),
                                           entropy(),         attention_distance(), likeness(),           without_key()};
    return all;
}

const Analysis& analysis(const std::string& id) {
    for (const Analysis& a : analyses())
        if (a.id == id) return a;
    throw Error(ErrorCode::usage, "there is no analysis '" + id + "'",
                fmt::format("choose one of: {}, all", fmt::join(ids(), ", ")));
}

std::vector<std::string> analyses_from(const std::string& text) {
    std::vector<std::string> chosen;
    for (std::string word : split(text, ',')) {
        std::erase(word, ' ');
        if (word != "all") analysis(word);
        if (std::find(chosen.begin(), chosen.end(), word) == chosen.end()) chosen.push_back(word);
    }
    return chosen;
}

TraceTensor placed(const DerivedTensor& tensor, const Derived& of, const TraceTensor& source) {
    TraceTensor result{
        {source.info.name + "." + tensor.suffix, tensor.role, tensor.symbol, tensor.title, tensor.unit, {}}, tensor.values, {}};
    for (const int axis : tensor.axes)
        result.info.axes.push_back(axis >= 0 ? source.info.axes[static_cast<std::size_t>(axis)]
                                             : std::make_shared<const Axis>(of.axes[static_cast<std::size_t>(-1 - axis)]));
    return result;
}

void add_derived(Trace& trace, const TraceTensor& source, const Derived& derived) {
    const TraceTensor from = source;  // adding to the trace moves its tensors
    for (const DerivedTensor& tensor : derived.tensors) {
        if (trace.find(from.info.name + "." + tensor.suffix) != nullptr) continue;
        TraceTensor result = placed(tensor, derived, from);
        for (std::size_t a = 0; a < tensor.axes.size(); ++a)
            if (tensor.axes[a] < 0) result.info.axes[a] = axis_in(trace, *result.info.axes[a]);
        Step step = tensor.step;
        step.result = result.info.name;
        step.rule = in_place(step.rule, from.info.name);
        trace.add(std::move(result.info), std::move(result.values));
        trace.add_step(std::move(step));
    }
}

Trace Analysis::apply(const Trace& trace, const std::string& tensor) const {
    const TraceTensor& from = trace.tensor(tensor);
    Trace result = trace;
    add_derived(result, from, derive(trace, from, {}));
    return result;
}

Trace with_analyses(const Trace& trace, const std::vector<std::string>& chosen, const std::string& to_record_gradients) {
    Trace result = trace;
    for (const Analysis& a : analyses()) {
        const bool named = std::find(chosen.begin(), chosen.end(), a.id) != chosen.end();
        if (!named && std::find(chosen.begin(), chosen.end(), "all") == chosen.end()) continue;
        bool any = false;
        // Of what the run recorded: what analyses make of each other's results says nothing new.
        for (const TraceTensor& tensor : trace.tensors()) {
            if (!a.accepts(trace, tensor)) continue;
            any = true;
            try {
                add_derived(result, tensor, a.derive(trace, tensor, {}));
            } catch (const Error& error) {
                if (named) throw;
                result.add_note({"", error.message(), error.hint()});  // of all analyses this one cannot be had
            }
        }
        if (named && !any)
            throw Error(ErrorCode::invalid_input, "'" + a.id + "' applies to no tensor that this run recorded: " + a.title,
                        a.reads_gradient && !to_record_gradients.empty()
                            ? to_record_gradients
                            : "`saccade describe EXHIBIT` lists the analyses and what they apply to");
    }
    return result;
}

std::string suffix_of(const Analysis& a, const std::vector<Index>& numbers) {
    if (numbers.empty()) return a.id;
    // The key that is left out stands before the plane that it is left out of.
    const bool key = a.id == without_key().id;
    const std::vector<Index> of(numbers.begin() + (key ? 1 : 0), numbers.end());
    const std::string first = key ? fmt::format("{}_{}", a.id, numbers.front()) : a.id;
    return of.empty() ? first : fmt::format("{}_of_{}", first, fmt::join(of, "_"));
}

std::optional<Derivation> derivation_of(const std::string& suffix) {
    std::string id;
    std::vector<Index> numbers;
    for (const std::string& word : split(suffix, '_')) {
        if (is_number(word))
            numbers.push_back(std::stoll(word));
        else if (word != "of")
            id += (id.empty() ? "" : "_") + word;
    }
    for (const Analysis& a : analyses())
        if (a.id == id || std::find(a.others.begin(), a.others.end(), id) != a.others.end()) return Derivation{&a, numbers};
    return std::nullopt;
}

std::optional<DerivedName> derived_name(const Trace& trace, const std::string& name) {
    for (std::size_t dot = name.rfind('.'); dot != std::string::npos && dot > 0; dot = name.rfind('.', dot - 1)) {
        if (trace.find(name.substr(0, dot)) == nullptr) continue;
        DerivedName found{name.substr(0, dot), split(name.substr(dot + 1), '.')};
        const bool all = std::all_of(found.suffixes.begin(), found.suffixes.end(),
                                     [](const std::string& suffix) { return derivation_of(suffix).has_value(); });
        return all ? std::optional(found) : std::nullopt;
    }
    return std::nullopt;
}

}  // namespace saccade
