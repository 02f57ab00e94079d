#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "params/param_spec.hpp"

namespace saccade {

// The usual kinds of parameters, so that an exhibit states what is its own.

inline constexpr double widest_beam = 10;  // hypotheses that a beam search may be asked to keep

inline ParamSpec make_param(ParamType type, const std::string& name, const std::string& title, const std::string& help,
                            ParamValue fallback) {
    ParamSpec p;
    p.type = type;
    p.name = name;
    p.title = title;
    p.help = help;
    p.fallback = std::move(fallback);
    return p;
}

/// Text of at most `max` code points.
inline ParamSpec text_param(const std::string& name, const std::string& title, const std::string& help,
                            const std::string& fallback, double max) {
    ParamSpec p = make_param(ParamType::text, name, title, help, fallback);
    p.max = max;
    return p;
}

/// Text that may be empty, which means what `placeholder` says.
inline ParamSpec optional_text_param(const std::string& name, const std::string& title, const std::string& help,
                                     const std::string& placeholder, double max) {
    ParamSpec p = text_param(name, title, help, "", max);
    p.optional_text = true;
    p.placeholder = placeholder;
    return p;
}

/// A picture: a path, sample:NAME, scene:{JSON} or data:image/...;base64 (image/load_image.hpp). `examples`: samples that menus
/// offer.
inline ParamSpec image_param(const std::string& name, const std::string& title, const std::string& help,
                             const std::string& fallback, const std::vector<std::string>& examples = {}) {
    ParamSpec p = make_param(ParamType::image, name, title, help, fallback);
    p.examples = examples;
    return p;
}

struct Choice {
    std::string id, title;
};

/// The first choice is the default.
inline ParamSpec choice_param(const std::string& name, const std::string& title, const std::string& help,
                              const std::vector<Choice>& choices) {
    ParamSpec p = make_param(ParamType::choice, name, title, help, choices.front().id);
    for (const Choice& c : choices) {
        p.choices.push_back(c.id);
        p.choice_titles.push_back(c.title);
    }
    return p;
}

inline ParamSpec number_param(const std::string& name, const std::string& title, const std::string& help, double fallback,
                              double min, double max) {
    ParamSpec p = make_param(ParamType::number, name, title, help, fallback);
    p.min = min;
    p.max = max;
    return p;
}

inline ParamSpec integer_param(const std::string& name, const std::string& title, const std::string& help,
                               std::int64_t fallback, double min, double max) {
    ParamSpec p = make_param(ParamType::integer, name, title, help, fallback);
    p.min = min;
    p.max = max;
    return p;
}

inline ParamSpec toggle_param(const std::string& name, const std::string& title, const std::string& help, bool fallback) {
    return make_param(ParamType::toggle, name, title, help, fallback);
}

}  // namespace saccade
