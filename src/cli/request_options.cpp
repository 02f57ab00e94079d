#include <fmt/core.h>

#include <algorithm>

#include "analysis/analysis.hpp"
#include "base/base64.hpp"
#include "base/log.hpp"
#include "cli/commands.hpp"
#include "cli/view_flags.hpp"
#include "exhibit/param_use.hpp"
#include "io/input_file.hpp"
#include "params/matrix_file.hpp"
#include "run/named_files.hpp"

namespace saccade {

namespace {

/// The word after the command that names an exhibit, wherever it stands.
const Exhibit* exhibit_in(const Words& words) {
    for (std::size_t i = 1; i < words.size(); ++i)
        for (const Exhibit& e : exhibits())
            if (e.id == words[i]) return &e;
    return nullptr;
}

std::string describe_param(const ParamSpec& spec) {
    std::string text = spec.help;
    if (!spec.choices.empty()) {
        text += " One of:";
        for (const std::string& choice : spec.choices) text += " " + choice;
    }
    if (spec.type == ParamType::matrix) text += " Rows as '1 0; 0 1', or @FILE (.npy, .npz:NAME, .csv), @- for a pipe.";
    if (spec.type == ParamType::image)
        text += " A PNG, JPEG or WebP file, sample:NAME, scene:{JSON}, data:image/png;base64,... or - for a pipe";
    const std::string fallback = format_param(spec.fallback);
    return text + (fallback.empty() ? "" : " [" + fallback + "]");
}

/// "-" and "@-" are what comes in by a pipe. It is read here, once: what is read later, by name, is a file.
class StandardInput {
 public:
    std::string put_into(const ParamSpec& spec, const std::string& text) {
        constexpr std::size_t longest_picture = std::size_t{128} << 20, longest_matrix = std::size_t{16} << 20;
        const bool picture = spec.type == ParamType::image && text == "-";
        if (!picture && !(spec.type == ParamType::matrix && text == "@-")) return text;
        if (!taken_by_.empty())
            throw Error(ErrorCode::usage, fmt::format("--{}: standard input was read already, for --{}", spec.name, taken_by_),
                        "name a file for one of them");
        taken_by_ = spec.name;
        const std::string content = read_standard_input(picture ? longest_picture : longest_matrix);
        return picture ? "data:image/png;base64," + base64_encode(content) : content;  // told by its content
    }

 private:
    std::string taken_by_;
};

}  // namespace

void RequestOptions::declare(CliCommand& command, const Words& words) {
    command.option("EXHIBIT", exhibit, "An exhibit of `saccade list`").required();
    command.option("--seed", seed, "Seed of every random draw").shows_default();
    command.option("--weights", weights, "Your own weights instead of the bundled model (.safetensors)").path();
    command
        .option("--intervene", interventions,
                "Change a tensor before what follows sees it; indices count from 0 here (from 1 in views and texts), ':' is "
                "all: 'weights[5,9]=0.2' (row "
                "renormalised), 'encoder.weights[2,1]*=0' (ablates a head), 'encoder.mask[:,3,5]=-inf' (hides a key), "
                "'weights=@file.npz:name[1]' (an array, or a block of it), 'weights~=@file.npz:name' (the same, frozen "
                "while the text changes). `saccade describe EXHIBIT` lists the tensors; may be given several times")
        .repeated();
    std::string known_analyses;
    for (const Analysis& a : analyses()) known_analyses += a.id + ", ";
    command.option("--analyse", analyse,
                   "What is computed from the run and recorded beside it, a list: " + known_analyses +
                       "or all. `saccade describe EXHIBIT` says which tensors each applies to");
    add_threads(command);
    const Exhibit* known = exhibit_in(words);
    if (known == nullptr) {
        command.footer("\nAn exhibit's parameters are flags too: `saccade run EXHIBIT --help` lists them.");
        // Parsing goes on, so that the complaint is about the exhibit, not about its flags.
        command.allow_extras();
        return;
    }
    for (const ParamSpec& spec : known->params) {
        Typed& typed = params[spec.name];
        typed.option = command.option("--" + spec.name, typed.text, describe_param(spec))
                           .group("Parameters of " + known->id)
                           .type_name(to_string(spec.type));
        if (spec.type == ParamType::text) typed.option.may_be_empty();
    }
}

RunRequest RequestOptions::request() const {
    const Exhibit& chosen = saccade::exhibit(exhibit);
    RunRequest request;
    request.exhibit = exhibit;
    request.seed = seed;
    request.weights_path = weights;
    StandardInput standard_input;
    for (const ParamSpec& spec : chosen.params)
        if (const auto found = params.find(spec.name); found != params.end() && found->second.option.given())
            request.params.set(spec.name, typed_value(spec, standard_input.put_into(spec, found->second.text)));
    for (const std::string& spec : interventions) request.interventions.push_back(parse_intervention(spec));
    request.capture.names = capture;
    if (!analyse.empty()) request.analyses = analyses_from(analyse);
    return request;
}

void RequestOptions::refuse_overwriting(const std::string& flag, const std::string& output, const RunRequest& request) const {
    std::vector<std::string> read = named_files(request);
    for (const ParamSpec& spec : saccade::exhibit(exhibit).params)
        if (const auto found = params.find(spec.name); spec.type == ParamType::matrix && found != params.end())
            if (const std::string file = matrix_file_in(found->second.text); !file.empty()) read.push_back(file);
    named_in_errors(flag, [&] { saccade::refuse_overwriting(output, read); });
}

ParamValue typed_value(const ParamSpec& spec, const std::string& text) {
    ParamValue value = parse_param(spec, text);
    // What a file holds was not typed: the run refuses it.
    if (spec.type == ParamType::matrix && !matrix_file_in(text).empty()) return value;
    Params one;
    one.set(spec.name, value);
    named_in_errors("--" + spec.name, [&] { resolve({spec}, one); });
    return value;
}

void tell_unread(const RunRequest& request, const RunRequest& other) {
    const Exhibit& e = exhibit(request.exhibit);
    for (const ParamSpec& spec : e.params) {
        const auto given = other.params.values().find(spec.name);
        if (given == other.params.values().end()) continue;
        Params one, fallback;
        one.set(spec.name, given->second);
        fallback.set(spec.name, spec.fallback);
        const std::string why = why_unread(e, spec.name, other.params);
        if (one == fallback || why.empty() || why_unread(e, spec.name, request.params).empty()) continue;
        const Waking waking = wakes(e, spec.name, other.params);
        const std::string add = waking.other == nullptr ? "" : fmt::format(": add --{} {}", waking.other->name, waking.value);
        print_stderr(fmt::format("saccade: note: --{} changes nothing here, it is {}{}\n", spec.name, why, add));
    }
}

}  // namespace saccade
