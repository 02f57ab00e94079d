#include <algorithm>

#include "analysis/attention.hpp"
#include "viz/map_picture.hpp"
#include "viz/merged_words.hpp"
#include "viz/view_options.hpp"

namespace saccade {

namespace {

OptionFacts facts_of(const Trace& trace, const std::vector<const TraceTensor*>& all) {
    OptionFacts facts;
    facts.picture = picture_of(trace) != nullptr;
    for (const TraceTensor* tensor : all) {
        const auto axes = attention_axes(*tensor);
        if (!axes) continue;
        const auto extent = [&](int axis) { return axis < 0 ? Index{1} : tensor->values.shape()[axis]; };
        facts.weights = true;
        facts.heads = std::max(facts.heads, extent(axes->head));
        facts.layers = std::max(facts.layers, extent(axes->layer));
        facts.through = facts.through || (axes->square && extent(axes->layer) > 1);
        facts.gradient = facts.gradient || trace.find(tensor->info.name + ".gradient") != nullptr;
        for (const int axis : {axes->query, axes->key}) {
            facts.subwords = facts.subwords || has_merged_words(*tensor->info.axes[static_cast<std::size_t>(axis)]);
            for (const std::string& label : tensor->info.axes[static_cast<std::size_t>(axis)]->labels)
                facts.special = facts.special || is_special(label);
        }
    }
    return facts;
}

}  // namespace

OptionFacts option_facts(const Trace& trace) {
    return facts_of(trace, trace.with_role(Role::weights));
}

OptionFacts option_facts(const Trace& trace, const std::string& tensor) {
    const TraceTensor* one = trace.find(tensor);
    return one != nullptr && attention_axes(*one) ? facts_of(trace, {one}) : option_facts(trace);
}

}  // namespace saccade
