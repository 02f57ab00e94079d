#include "run/command_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "exhibit/exhibit.hpp"

namespace saccade {

namespace {

constexpr std::size_t longest_word = 100'000;  // Linux takes 128 KiB a word

/// For a POSIX shell.
std::string quoted(const std::string& word) {
    if (word.size() > longest_word)
        throw Error(ErrorCode::unsupported, "this run is too long for a command line", "save the session instead");
    const auto plain = [](unsigned char c) {
        return std::isalnum(c) != 0 || std::string_view("-_./=:,+").find(static_cast<char>(c)) != std::string_view::npos;
    };
    if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return word;
    std::string result = "'";
    for (const char c : word) {
        if (c == '\'')
            result += "'\\''";
        else
            result += c;
    }
    return result + "'";
}

}  // namespace

std::string command_line(const RunRequest& request) {
    if (request.model)
        throw Error(ErrorCode::unsupported, "this run's model is in memory only", "save the model, and open it with --weights");
    std::string line = "saccade run " + request.exhibit;
    for (const ParamSpec& spec : exhibit(request.exhibit).params) {
        const auto found = request.params.values().find(spec.name);
        if (found == request.params.values().end()) continue;
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
    return line + " --save run.npz";
}

}  // namespace saccade
