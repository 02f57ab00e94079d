#include <algorithm>

#include "analysis/analysis.hpp"
#include "base/base64.hpp"
#include "cli/commands.hpp"
#include "io/input_file.hpp"

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
std::string without_standard_input(const ParamSpec& spec, const std::string& text) {
    constexpr std::size_t longest_picture = std::size_t{128} << 20, longest_matrix = std::size_t{16} << 20;
    if (spec.type == ParamType::image && text == "-")
        return "data:image/png;base64," + base64_encode(read_standard_input(longest_picture));  // told by its content
    if (spec.type == ParamType::matrix && text == "@-") return read_standard_input(longest_matrix);
    return text;
}

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
    }
}

RunRequest RequestOptions::request() const {
    const Exhibit& chosen = saccade::exhibit(exhibit);
    RunRequest request;
    request.exhibit = exhibit;
    request.seed = seed;
    request.weights_path = weights;
    for (const ParamSpec& spec : chosen.params)
        if (const auto found = params.find(spec.name); found != params.end() && found->second.option.given())
            request.params.set(spec.name, parse_param(spec, without_standard_input(spec, found->second.text)));
    for (const std::string& spec : interventions) request.interventions.push_back(parse_intervention(spec));
    request.capture.names = capture;
    if (!analyse.empty()) request.analyses = analyses_from(analyse);
    return request;
}

}  // namespace saccade
