#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/cli.hpp"
#include "cli/cli_command.hpp"
#include "exhibit/exhibit.hpp"
#include "run/run_request.hpp"

namespace saccade {

/// The words of the command line as they came, for what must be known before parsing: the exhibit decides the flags.
using Words = std::vector<std::string>;

// Each adds its subcommand to the program; what it does runs from the callback and throws Error.
void add_list(CliCommand& app);
void add_describe(CliCommand& app);
void add_lesson(CliCommand& app);
void add_run(CliCommand& app, const Words& words);
void add_render(CliCommand& app, const Words& words);
void add_train(CliCommand& app);
void add_eval(CliCommand& app);
void add_export(CliCommand& app);
void add_bench(CliCommand& app, const WindowHooks& window);
/// Last: it tells of all that were added before.
void add_manual(CliCommand& app);

/// What `run` and `render` have in common: the exhibit, its parameters as flags, and what to change.
struct RequestOptions {
    std::string exhibit;
    struct Typed {
        std::string text;
        CliOption option;
    };
    std::map<std::string, Typed> params;
    std::uint64_t seed = 7;
    std::string weights;
    std::vector<std::string> interventions;
    std::vector<std::string> capture;
    std::string analyse;

    /// Declares the flags of the exhibit that stands in `words`; help lists them.
    void declare(CliCommand& command, const Words& words);
    /// Error{usage} or {invalid_input}.
    RunRequest request() const;
    /// Error{usage} if the file `output` is one that a run of the request reads, or that a matrix here was read from.
    void refuse_overwriting(const std::string& flag, const std::string& output, const RunRequest& request) const;
};

/// What a parameter's flag says. Error{usage}, also for a number out of the parameter's range.
ParamValue typed_value(const ParamSpec& spec, const std::string& text);

/// Says on stderr which of the parameters that were given neither of the runs reads. The second is what the first is compared
/// with, or the same.
void tell_unread(const RunRequest& request, const RunRequest& other);

/// --threads N for the commands that compute.
void add_threads(CliCommand& command);

/// "; did you mean 'x'?" for the nearest of the candidates, or nothing if none is near.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace saccade
