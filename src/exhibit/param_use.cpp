#include "exhibit/param_use.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "exhibit/checkpoint_kind.hpp"
#include "exhibit/vision_network.hpp"

namespace saccade {

namespace {

/// `param` of `exhibit` is read while `other` is `value`; "!value": while it is another ("!": while it is not empty); ">1":
/// while it is above; "": while it is empty.
struct ReadWhile {
    std::string_view exhibit, param, other, value;
};

constexpr std::array reading_rules{ReadWhile{"alignment", "training", "model", "!dates"},
                                   ReadWhile{"alignment", "length_penalty", "beam", ">1"},
                                   ReadWhile{"alignment", "hypothesis", "beam", ">1"},
                                   ReadWhile{"rnn-shapes", "direction", "shape", "!1-to-n"},
                                   ReadWhile{"rnn-shapes", "text", "shape", "!1-to-n"},
                                   ReadWhile{"rnn-shapes", "month", "shape", "1-to-n"},
                                   ReadWhile{"bottleneck", "data", "task", "translation"},
                                   ReadWhile{"memory", "v", "tie", "false"},
                                   ReadWhile{"memory", "strength", "score", "cosine"},
                                   ReadWhile{"self-attention", "radius", "mask", "restricted"},
                                   ReadWhile{"permutation", "in_proj", "projections", "own"},
                                   ReadWhile{"permutation", "out_proj", "projections", "own"},
                                   ReadWhile{"positions", "samples", "show", "extrapolation"},
                                   ReadWhile{"positions", "longest", "show", "extrapolation"},
                                   ReadWhile{"transformer", "length_penalty", "beam", ">1"},
                                   ReadWhile{"transformer", "hypothesis", "beam", ">1"},
                                   ReadWhile{"transformer", "gradient_of", "gradients", "true"},
                                   ReadWhile{"captioning", "order", "model", "sca"},
                                   ReadWhile{"captioning", "length_penalty", "beam", ">1"},
                                   ReadWhile{"captioning", "hypothesis", "beam", ">1"},
                                   ReadWhile{"temporal", "story", "clip", "0"},
                                   ReadWhile{"temporal", "length_penalty", "beam", ">1"},
                                   ReadWhile{"temporal", "hypothesis", "beam", ">1"},
                                   ReadWhile{"reading", "word", "image", ""},
                                   ReadWhile{"reading", "font", "image", ""},
                                   ReadWhile{"reading", "bend", "image", ""},
                                   ReadWhile{"reading", "turn", "image", ""},
                                   ReadWhile{"reading", "far_x", "image", ""},
                                   ReadWhile{"reading", "far_y", "image", ""},
                                   ReadWhile{"reading", "blur", "image", ""},
                                   ReadWhile{"reading", "noise", "image", ""},
                                   ReadWhile{"reading", "clutter", "image", ""},
                                   ReadWhile{"reading", "corners", "image", "!"},
                                   ReadWhile{"reading", "length_penalty", "beam", ">1"},
                                   ReadWhile{"reading", "hypothesis", "beam", ">1"},
                                   ReadWhile{"induction", "text", "random", "false"},
                                   ReadWhile{"induction", "period", "random", "true"}};

struct Found {
    const ReadWhile* rule = nullptr;
    const ParamSpec* other = nullptr;
};

Found rule_of(const Exhibit& exhibit, const std::string& param) {
    const auto* rule =
        std::ranges::find_if(reading_rules, [&](const ReadWhile& r) { return r.exhibit == exhibit.id && r.param == param; });
    if (rule == reading_rules.end()) return {};
    const auto other = std::ranges::find(exhibit.params, std::string(rule->other), &ParamSpec::name);
    return other == exhibit.params.end() ? Found{} : Found{&*rule, &*other};
}

bool is_read(const Found& found, const Params& params) {
    const std::string_view wanted = found.rule->value;
    const std::string& other = found.other->name;
    const ParamValue value = params.has(other) ? params.values().at(other) : found.other->fallback;
    if (wanted.empty()) return format_param(value).empty();
    if (wanted.front() == '>') {
        const auto* number = std::get_if<std::int64_t>(&value);
        return number == nullptr || *number > std::atoll(wanted.data() + 1);
    }
    const bool is_not = wanted.front() == '!';
    return (format_param(value) == wanted.substr(is_not ? 1 : 0)) != is_not;
}

/// Of exhibits whose model is the user's own.
std::string unread_by_model(const Exhibit& exhibit, const std::string& param, const Params& params) {
    if (exhibit.id == "checkpoint") return unread_by_checkpoint(param, params);
    return exhibit.id == "vision-checkpoint" ? unread_by_vision_model(param, params) : std::string();
}

/// As the window calls the value.
std::string value_title(const ParamSpec& spec, std::string_view value) {
    if (value.empty()) return spec.placeholder;
    if (spec.type == ParamType::toggle) return value == "true" ? "on" : "off";
    for (std::size_t i = 0; i < spec.choices.size() && i < spec.choice_titles.size(); ++i)
        if (spec.choices[i] == value) return spec.choice_titles[i];
    return std::string(value);
}

}  // namespace

bool is_of_other_models(const Exhibit& exhibit, const std::string& param, const Params& params) {
    return !unread_by_model(exhibit, param, params).empty();
}

std::string why_unread(const Exhibit& exhibit, const std::string& param, const Params& params) {
    if (const std::string unread = unread_by_model(exhibit, param, params); !unread.empty()) return unread;
    const Found found = rule_of(exhibit, param);
    if (found.rule == nullptr || is_read(found, params)) return {};
    const std::string_view value = found.rule->value;
    if (value.empty()) return fmt::format("not read while {} is set", found.other->title);
    if (value.front() == '>') return fmt::format("read while {} is above {}", found.other->title, value.substr(1));
    if (value.front() == '!')
        return fmt::format("not read while {} is {}", found.other->title, value_title(*found.other, value.substr(1)));
    return fmt::format("read while {} is {}", found.other->title, value_title(*found.other, value));
}

Waking wakes(const Exhibit& exhibit, const std::string& param, const Params& params) {
    const Found found = rule_of(exhibit, param);
    if (found.rule == nullptr || is_read(found, params)) return {};
    const std::string_view value = found.rule->value;
    if (value.empty() || value.front() == '>' || value.front() == '!') return {};
    return {found.other, std::string(value)};
}

}  // namespace saccade
