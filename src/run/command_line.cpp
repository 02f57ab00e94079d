#include "run/command_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/shell_quoted.hpp"
#include "exhibit/exhibit.hpp"
#include "exhibit/param_use.hpp"

namespace saccade {

namespace {

constexpr std::size_t longest_word = 100'000;  // Linux takes 128 KiB a word

std::string quoted(const std::string& word) {
    if (word.size() > longest_word)
        throw Error(ErrorCode::unsupported, "this run is too long for a command line", "save the session instead");
    return shell_quoted(word);
}

}  // namespace

std::string request_words(const RunRequest& request) {
    if (request.model)
        throw Error(ErrorCode::unsupported, "this run's model is in memory only", "save the model, and open it with --weights");
    std::string line = request.exhibit;
    for (const ParamSpec& spec : exhibit(request.exhibit).params) {
        const auto found = request.params.values().find(spec.name);
        if (found == request.params.values().end() || !why_unread(exhibit(request.exhibit), spec.name, request.params).empty())
            continue;
        Params given, fallback;
        given.set(spec.name, found->second);
        fallback.set(spec.name, spec.fallback);
        if (given == fallback) continue;
        line += fmt::format(" {}", quoted(fmt::format("--{}={}", spec.name, format_param(found->second))));
    }
    if (request.seed != RunRequest{}.seed) line += fmt::format(" --seed {}", request.seed);
    if (!request.analyses.empty()) line += fmt::format(" --analyse {}", fmt::join(request.analyses, ","));
    if (!request.weights_path.empty()) line += " --weights " + quoted(request.weights_path);
    for (const Intervention& intervention : request.interventions)
        if (intervention.enabled) line += " --intervene " + quoted(to_string(intervention));
    return line;
}

std::string command_line(const RunRequest& request) {
    return "saccade run " + request_words(request) + " --save run.npz";
}

}  // namespace saccade
