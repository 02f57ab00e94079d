#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <memory>

#include "base/printable.hpp"
#include "base/translate.hpp"
#include "cli/commands.hpp"
#include "cli/told_run.hpp"
#include "run/finding.hpp"
#include "run/language.hpp"
#include "run/trace_file.hpp"

namespace saccade {

namespace {

struct RunOptions {
    RequestOptions request;
    std::string save;
    bool claims = false;
};

void print_claim(const std::string& said, const std::string& text, const std::string& found) {
    fmt::print("{:<15} {}{}\n", tr_composed(said), printable(tr_composed(text)),
               found.empty() ? "" : "  (" + printable(tr_composed(found)) + ")");
}

/// Every formula claim and every point of the lesson that claims something, on this run.
void print_claims(const Exhibit& e, const Trace& trace) {
    for (const Claim& claim : check_claims(trace)) print_claim(verdict(claim), claim.text, found_against_claimed(claim));
    for (const Step* step : unchecked_formulas(trace))
        print_claim(msg("no rule"), step->result + ": " + step->formula, msg("nothing checks it"));
    const bool chinese = language_in_use() == "zh";
    const std::vector<Finding> findings = check_lesson(e.lesson, trace);
    for (std::size_t i = 0; i < findings.size(); ++i) {
        const std::string said = verdict(e.lesson.points[i], findings[i]);
        if (said.empty()) continue;
        print_claim(said, chinese ? e.lesson.points[i].chinese : e.lesson.points[i].english,
                    findings[i].claim ? found_against_claimed(*findings[i].claim) : std::string());
    }
}

/// A run is an archive, whatever its name says; what has another name is likely to be something else.
void check_ending(const std::string& path) {
    std::string ending = path.substr(path.size() - std::min<std::size_t>(path.size(), 4));
    std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (ending != ".npz")
        throw Error(ErrorCode::usage, "--save: " + path + ": no run can be written with this ending", "choose .npz");
}

void run_and_save(const RunOptions& options) {
    if (!options.save.empty()) check_ending(options.save);
    const RunRequest request = options.request.request();
    tell_unread(request, request);
    if (!options.save.empty()) options.request.refuse_overwriting("--save", options.save, request);
    const TracePtr trace = run_intervened(request);
    if (!options.save.empty()) save_trace(options.save, *trace, request);
    print_notes(trace->notes());
    if (options.claims) print_claims(exhibit(request.exhibit), *trace);
    if (!options.claims || !options.save.empty())
        for (const auto& [name, text] : trace->texts()) fmt::print("{}: {}\n", printable(name), printable(text));
    const auto recorded = std::count_if(trace->tensors().begin(), trace->tensors().end(),
                                        [](const TraceTensor& t) { return t.info.role != Role::parameter; });
    const std::string counted = fmt::format("{} {}", recorded, recorded == 1 ? "tensor" : "tensors");
    if (!options.save.empty())
        fmt::print("{}: {}\n", printable(options.save), counted);
    else if (!options.claims)
        fmt::print("{} recorded: --save FILE.npz keeps them, --claims checks what they say\n", counted);
}

}  // namespace

void add_run(CliCommand& app, const Words& words) {
    CliCommand command = app.add("run", "Run an exhibit and save every tensor that it records");
    const auto options = std::make_shared<RunOptions>();
    if (!words.empty() && words[0] == "run") options->request.declare(command, words);
    command.option("--save", options->save, "File to write: .npz with one array per tensor, and trace.json").path();
    command.flag("--claims", options->claims,
                 "Print every claim, of the formulas and of the lesson, as held or broken on this run");
    command.option("--capture", options->request.capture, "Keep only these tensors (names, or prefixes ending in *)");
    command.runs([options] { run_and_save(*options); });
}

}  // namespace saccade
