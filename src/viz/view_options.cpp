#include "viz/view_options.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace saccade {

namespace {

using Json = nlohmann::json;

constexpr std::size_t most_results = 96;
constexpr std::uint64_t longest_unused = 256;  // look-ups
constexpr Index most_heads = 4096;

template <class Value>
using Names = std::vector<std::pair<Value, const char*>>;

const Names<ViewOptions::Heads>& names_of(ViewOptions::Heads) {
    using V = ViewOptions::Heads;
    static const Names<V> names{{V::each, "each"}, {V::mean, "mean"}, {V::max, "max"}, {V::gradient, "gradient"}};
    return names;
}

const Names<ViewOptions::Layers>& names_of(ViewOptions::Layers) {
    using V = ViewOptions::Layers;
    static const Names<V> names{
        {V::one, "one"}, {V::mean, "mean"}, {V::max, "max"}, {V::rollout, "rollout"}, {V::flow, "flow"}};
    return names;
}

const Names<ViewOptions::Sink>& names_of(ViewOptions::Sink) {
    using V = ViewOptions::Sink;
    static const Names<V> names{{V::keep, "keep"}, {V::first, "first"}, {V::most, "most"}};
    return names;
}

const Names<ViewOptions::Special>& names_of(ViewOptions::Special) {
    using V = ViewOptions::Special;
    static const Names<V> names{{V::show, "show"}, {V::dim, "dim"}, {V::hide, "hide"}};
    return names;
}

const Names<ViewOptions::Order>& names_of(ViewOptions::Order) {
    using V = ViewOptions::Order;
    static const Names<V> names{
        {V::as_is, "as-is"}, {V::entropy, "entropy"}, {V::distance, "distance"}, {V::similarity, "similarity"}};
    return names;
}

const Names<ViewOptions::Overlay>& names_of(ViewOptions::Overlay) {
    using V = ViewOptions::Overlay;
    static const Names<V> names{{V::map, "map"}, {V::contours, "contours"}, {V::side_by_side, "side-by-side"}, {V::off, "off"}};
    return names;
}

const Names<ViewOptions::Sort>& names_of(ViewOptions::Sort) {
    using V = ViewOptions::Sort;
    static const Names<V> names{{V::gate, "gate"}, {V::number, "number"}};
    return names;
}

template <class Value>
std::string name_of(Value value) {
    for (const auto& [v, name] : names_of(value))
        if (v == value) return name;
    return {};
}

template <class Value>
Value value_from(const std::string& text, const std::string& what) {
    std::string known;
    for (const auto& [v, name] : names_of(Value())) {
        if (text == name) return v;
        known += (known.empty() ? "" : ", ") + std::string(name);
    }
    throw Error(ErrorCode::usage, "there is no " + what + " \"" + text + "\"", "choose one of " + known);
}

}  // namespace

std::string to_string(ViewOptions::Heads v) {
    return name_of(v);
}
std::string to_string(ViewOptions::Layers v) {
    return name_of(v);
}
std::string to_string(ViewOptions::Sink v) {
    return name_of(v);
}
std::string to_string(ViewOptions::Special v) {
    return name_of(v);
}
std::string to_string(ViewOptions::Order v) {
    return name_of(v);
}
std::string to_string(ViewOptions::Overlay v) {
    return name_of(v);
}
std::string to_string(ViewOptions::Sort v) {
    return name_of(v);
}

ViewOptions::Heads heads_option_from(const std::string& text) {
    return value_from<ViewOptions::Heads>(text, "combination of heads");
}
ViewOptions::Layers layers_option_from(const std::string& text) {
    return value_from<ViewOptions::Layers>(text, "combination of layers");
}
ViewOptions::Sink sink_option_from(const std::string& text) {
    return value_from<ViewOptions::Sink>(text, "way with the sink");
}
ViewOptions::Special special_option_from(const std::string& text) {
    return value_from<ViewOptions::Special>(text, "way with special tokens");
}
ViewOptions::Order order_option_from(const std::string& text) {
    return value_from<ViewOptions::Order>(text, "order of heads");
}
ViewOptions::Overlay overlay_option_from(const std::string& text) {
    return value_from<ViewOptions::Overlay>(text, "overlay");
}
ViewOptions::Sort sort_option_from(const std::string& text) {
    return value_from<ViewOptions::Sort>(text, "order of channels");
}

std::vector<Index> heads_from(const std::string& text) {
    std::vector<Index> chosen;
    if (text.empty() || text == "all") return chosen;
    const auto fail = [&text] {
        throw Error(ErrorCode::usage, "\"" + text + "\" is no list of heads",
                    "write their numbers, from 1: 1,3 or 2-5, or all");
    };
    const char* at = text.data();
    const char* const end = at + text.size();
    while (true) {
        Index from = 0, to = 0;
        auto read = std::from_chars(at, end, from);
        if (read.ec != std::errc()) fail();
        to = from;
        if (read.ptr != end && *read.ptr == '-') read = std::from_chars(read.ptr + 1, end, to);
        if (read.ec != std::errc() || from < 1 || to < from || to > most_heads) fail();
        for (Index head = from; head <= to; ++head) chosen.push_back(head - 1);
        at = read.ptr;
        if (at == end) break;
        if (*at++ != ',') fail();
    }
    std::sort(chosen.begin(), chosen.end());
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    return chosen;
}

std::string heads_text(const std::vector<Index>& chosen) {
    std::string text;
    for (const Index head : chosen) text += (text.empty() ? "" : ", ") + std::to_string(head + 1);
    return text;
}

Json to_json(const ViewOptions& options) {
    Json json = Json::object();
    const ViewOptions usual;
    if (options.heads != usual.heads) json["combine"] = to_string(options.heads);
    if (options.layers != usual.layers) json["layers"] = to_string(options.layers);
    if (options.chosen != usual.chosen) json["heads"] = options.chosen;
    if (options.sink != usual.sink) json["sink"] = to_string(options.sink);
    if (options.special != usual.special) json["special"] = to_string(options.special);
    if (options.order != usual.order) json["order"] = to_string(options.order);
    if (options.threshold != usual.threshold) json["threshold"] = options.threshold;
    if (options.overlay != usual.overlay) json["overlay"] = to_string(options.overlay);
    if (options.opacity != usual.opacity) json["opacity"] = options.opacity;
    if (options.smooth != usual.smooth) json["smooth"] = options.smooth;
    if (options.map_threshold != usual.map_threshold) json["map_threshold"] = options.map_threshold;
    if (options.sort != usual.sort) json["sort"] = to_string(options.sort);
    return json;
}

ViewOptions view_options_from_json(const Json& json) {
    if (!json.is_object())
        throw Error(ErrorCode::bad_format, "view options must be a JSON object", "use one that Saccade wrote");
    ViewOptions options;
    try {
        if (json.contains("combine")) options.heads = heads_option_from(json["combine"].get<std::string>());
        if (json.contains("layers")) options.layers = layers_option_from(json["layers"].get<std::string>());
        if (json.contains("sink")) options.sink = sink_option_from(json["sink"].get<std::string>());
        if (json.contains("special")) options.special = special_option_from(json["special"].get<std::string>());
        if (json.contains("order")) options.order = order_option_from(json["order"].get<std::string>());
        options.threshold = std::clamp(json.value("threshold", 0.0), 0.0, 1.0);
        if (json.contains("overlay")) options.overlay = overlay_option_from(json["overlay"].get<std::string>());
        options.opacity = std::clamp(json.value("opacity", options.opacity), 0.0, 1.0);
        options.smooth = json.value("smooth", options.smooth);
        options.map_threshold = std::clamp(json.value("map_threshold", 0.0), 0.0, 1.0);
        if (json.contains("sort")) options.sort = sort_option_from(json["sort"].get<std::string>());
        options.chosen = json.value("heads", std::vector<Index>());
    } catch (const Json::exception& e) {
        throw Error(ErrorCode::bad_format, std::string("view options: ") + e.what(), "use those that Saccade wrote");
    }
    std::sort(options.chosen.begin(), options.chosen.end());
    options.chosen.erase(std::unique(options.chosen.begin(), options.chosen.end()), options.chosen.end());
    std::erase_if(options.chosen, [](Index head) { return head < 0 || head >= most_heads; });
    return options;
}

bool is_special(const std::string& label) {
    if (label.size() < 3) return false;
    return (label.front() == '<' && label.back() == '>') || (label.front() == '[' && label.back() == ']');
}

std::shared_ptr<const void> ViewMemo::find(const Tensor<float>& source, const std::string& key) {
    const auto found = entries_.find({source.data(), key});
    if (found == entries_.end() || found->second.source.shape() != source.shape()) return nullptr;
    found->second.used = ++clock_;
    return found->second.result;
}

void ViewMemo::keep(const Tensor<float>& source, const std::string& key, std::shared_ptr<const void> result) {
    entries_[{source.data(), key}] = {source, std::move(result), ++clock_};
    // Tensors of runs that are no longer shown may be large.
    std::erase_if(entries_, [this](const auto& entry) { return entry.second.used + longest_unused < clock_; });
    while (entries_.size() > most_results) {
        const auto oldest = std::min_element(entries_.begin(), entries_.end(),
                                             [](const auto& a, const auto& b) { return a.second.used < b.second.used; });
        entries_.erase(oldest);
    }
}

}  // namespace saccade
