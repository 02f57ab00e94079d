#include "cli/cli.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "base/error_line.hpp"
#include "base/log.hpp"
#include "base/nearest.hpp"
#include "base/parallel.hpp"
#include "base/path_text.hpp"
#include "base/translate.hpp"
#include "base/utf8.hpp"
#include "checkpoint/checkpoint_folder.hpp"
#include "cli/commands.hpp"
#include "io/input_file.hpp"
#include "run/language.hpp"

namespace saccade {

namespace {

constexpr const char* about =
    "Saccade: see and touch attention.\n\n"
    "Without a command it opens the window; `saccade FILE` opens a session, a lesson, an exported picture, a capture, a "
    "model's\n"
    "folder or weights in it.\n"
    "Commands need no display.";

constexpr const char* examples =
    "\nExamples:\n"
    "  saccade list\n"
    "  saccade describe alignment\n"
    "  saccade run alignment --source '30 Sep 2019' --save run.npz\n"
    "  saccade render alignment --source 2019年9月30日 --view heatmap -o weights.pdf\n"
    "  saccade run alignment --intervene 'weights[5,9]=0.2' --save edited.npz\n"
    "  saccade train dates -o my-dates.safetensors\n"
    "  saccade eval dates --json\n"
    "  saccade lesson\n"
    "\n`saccade COMMAND --help` tells more, `saccade run EXHIBIT --help` the parameters of an exhibit.\n";

int complain(const Error& error) {
    // Standard error may be closed or full, too: then the status alone says it.
    const std::string flag = error.limit() ? "--" + error.limit()->param + ": " : "";
    print_stderr("saccade: " + flag + shown_line(error) + "\n");
    return error.code() == ErrorCode::usage || error.limit() ? 2 : 1;
}

/// Without a word, as a signal ends a program that does not know it.
void end_by(int signal) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

Error unwritten_output(int error_number) {
    return Error(ErrorCode::io, std::string("standard output cannot be written: ") + std::strerror(error_number),
                 "free space, or write to another place");
}

/// What was printed has arrived, or it was not done: a full disk and a closed pipe say so only now.
void finish_output() {
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) throw unwritten_output(errno);
}

/// Whoever read what is printed has left, as in `saccade list | head -1`.
bool reader_left() {
    pollfd out{STDOUT_FILENO, 0, 0};
    return std::ferror(stdout) != 0 && poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

/// "--flag=" with nothing behind it is the flag with an empty value. The parser would take the next word for it.
Words with_empty_values(const Words& words) {
    Words all;
    for (const std::string& word : words) {
        const bool empty = word.starts_with("--") && word.size() > 3 && word.find('=') + 1 == word.size();
        all.push_back(empty ? word.substr(0, word.size() - 1) : word);
        if (empty) all.emplace_back();
    }
    return all;
}

/// What stands before any command can only be a flag of the program itself.
void check_first_word(const CLI::App& app, const std::string& word) {
    const std::string name = word.substr(0, word.find('='));
    if (!word.starts_with('-') || app.get_option_no_throw(name) != nullptr) return;
    throw Error(ErrorCode::usage,
                fmt::format("there is no flag {}{}", shorten(word, 40), did_you_mean(name, {"--help", "--version"})),
                "a command comes first, then its flags; see 'saccade --help'");
}

/// A flag whose value was forgotten does not take the next flag for it, which the parser would; and one that takes none is not
/// given any.
void check_values(const CLI::App& app, const Words& words) {
    const auto named = app.get_subcommands([&](const CLI::App* sub) { return !words.empty() && sub->get_name() == words[0]; });
    if (named.empty() && !words.empty()) check_first_word(app, words[0]);
    if (named.empty()) return;
    const auto option = [&](const std::string& word) -> const CLI::Option* {
        if (word.size() < 2 || word[0] != '-') return nullptr;
        return named.front()->get_option_no_throw(word.substr(0, word.find('=')));
    };
    for (std::size_t i = 1; i < words.size(); ++i) {
        const CLI::Option* flag = option(words[i]);
        const bool valued = words[i].find('=') != std::string::npos;
        if (flag == nullptr) continue;
        if (flag->get_items_expected_min() == 0 && valued)
            throw Error(ErrorCode::usage, shorten(words[i], 40) + ": the flag takes no value",
                        "leave out what follows its name");
        if (flag->get_items_expected_min() == 0 || valued || i + 1 == words.size()) continue;
        if (option(words[i + 1]) != nullptr)
            throw Error(ErrorCode::usage, fmt::format("{} has no value: {} is a flag", words[i], shorten(words[i + 1], 40)),
                        fmt::format("a text that looks like one is written {}={}", words[i], shorten(words[i + 1], 40)));
        ++i;  // the value, whatever it looks like
    }
}

/// The words of usage mistakes come from the parser, and repeat what was typed.
constexpr std::size_t longest_complaint = 160;

/// The first word that nothing takes, as it was typed: the parser names them from the back.
std::string not_taken(const CLI::App& app, const Words& words) {
    const std::vector<std::string> left = app.remaining(true);
    for (const std::string& word : words)
        if (std::ranges::find(left, word) != left.end()) return shorten(printable(word), longest_complaint);
    return {};
}

/// Complaints of the parser's own, for the catalogue.
[[maybe_unused]] constexpr const char* complaints[] = {msg("{} is required"), msg("{} required {} missing")};

/// A mistake in what was typed, in the parser's words where there are none of our own, and what to do about it.
Error usage_error(const CLI::App& app, const CLI::ParseError& error, const Words& words) {
    const CLI::App* command = &app;
    for (const CLI::App* sub : app.get_subcommands()) command = sub;
    std::vector<std::string> known;
    for (const CLI::Option* option : command->get_options())
        for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    std::string hint;
    for (const std::string& word : words)
        if (word.starts_with("--") && std::find(known.begin(), known.end(), word.substr(0, word.find('='))) == known.end())
            hint += did_you_mean(word.substr(0, word.find('=')), known);
    const std::string name = command == &app ? "saccade" : "saccade " + command->get_name();
    std::string what = shorten(printable(error.what()), longest_complaint);
    if (const std::string word = not_taken(app, words);
        !word.empty() && dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr)
        what = word.starts_with("-") ? fmt::format("{} has no option '{}'", name, word.substr(0, word.find('=')))
                                     : fmt::format("{} does not take '{}'", name, word);
    if (!hint.empty()) return Error(ErrorCode::usage, what + hint);
    return Error(ErrorCode::usage, what, tr("see '{} --help'", name));
}

/// A first word that is neither a command nor a flag is a file for the window.
bool opens_window(const CLI::App& app, const Words& words) {
    if (words.empty()) return true;
    if (words.size() > 1 || words[0].starts_with("-")) return false;
    const auto subs = app.get_subcommands([](const CLI::App*) { return true; });
    return std::none_of(subs.begin(), subs.end(), [&](const CLI::App* sub) { return sub->get_name() == words[0]; });
}

int open_window(const WindowHooks& window, const Words& words, const CLI::App& app) {
    const std::string path = words.empty() ? "" : path_from_text(words[0]);
    if (!words.empty()) {
        std::error_code ignored;
        if (!std::filesystem::exists(path, ignored)) {
            std::vector<std::string> commands;
            for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
                commands.push_back(sub->get_name());
            throw Error(ErrorCode::usage,
                        "'" + words[0] + "' is neither a command nor a file" + did_you_mean(words[0], commands),
                        "see 'saccade --help'");
        }
        if (std::filesystem::is_directory(path, ignored))
            read_checkpoint_config(path);  // a model's, or it says what is missing
        else
            const InputFile file(path);  // says what it is, if it is no file
    }
    if (!window.open)
        throw Error(ErrorCode::unsupported, "this program was built without the window (SACCADE_GUI=OFF)",
                    "use a command; see 'saccade --help'");
    return window.open(path);
}

void check_words(const Words& words) {
    for (std::size_t i = 0; i < words.size(); ++i)
        if (const std::size_t at = find_invalid_utf8(words[i]); at != std::string::npos)
            throw Error(ErrorCode::usage, fmt::format("argument {} is not valid UTF-8 (byte {})", i + 1, at + 1),
                        "pass text in UTF-8");
}

/// Texts in the language that the first words ask for, "--language zh", or else the environment. Takes these words away.
void choose_language(Words& words) {
    const std::string flag = "--language";
    const bool alone = !words.empty() && words[0] == flag, joined = !words.empty() && words[0].starts_with(flag + "=");
    if (alone && words.size() < 2) throw Error(ErrorCode::usage, "--language has no value", "name a language: en or zh");
    if (alone || joined) {
        const std::string id = alone ? words[1] : words[0].substr(flag.size() + 1);
        if (std::ranges::find(languages(), id, &Language::id) == languages().end()) use_language(id);  // says which there are
        setenv("SACCADE_LANGUAGE", id.c_str(), 1);  // the window reads it, too
        words.erase(words.begin(), words.begin() + (alone ? 2 : 1));
    }
    try {
        use_language(usual_language());
    } catch (const Error& error) {
        complain(error);  // and goes on in English
    }
}

/// Help in the language that is shown. What is declared stays English: manual pages and completions are made of it.
void translate(CLI::App& app) {
    if (catalogue_in_use() == nullptr) return;
    app.description(tr_composed(app.get_description()));
    app.footer(tr_composed(app.get_footer()));
    for (const char* label : {msg("Usage"), msg("OPTIONS"), msg("SUBCOMMAND"), msg("Positionals"), msg("Subcommands"),
                              msg("REQUIRED"), msg("Options")})
        app.get_formatter()->label(label, tr(label));
    // These are the parser's own words.
    for (const auto& [name, help] : {std::pair{"--help", msg("Print this help message and exit")},
                                     std::pair{"--version", msg("Display program version information and exit")}})
        if (CLI::Option* own = app.get_option_no_throw(name)) own->description(tr(help));
    for (CLI::Option* option : app.get_options()) {
        option->description(tr_composed(option->get_description()));
        option->group(tr_composed(option->get_group()));
    }
    for (CLI::App* sub : app.get_subcommands([](CLI::App*) { return true; })) translate(*sub);
}

/// Runs what the words ask for: a command, help or the version.
void parse(CLI::App& app, const Words& words) {
    check_values(app, words);
    Words left = with_empty_values(words);
    std::reverse(left.begin(), left.end());  // the parser takes them from the back
    try {
        app.parse(left);
    } catch (const CLI::CallForHelp& call) {
        translate(app);
        app.exit(call);
    } catch (const CLI::CallForVersion& call) {
        app.exit(call);
    }
}

}  // namespace

void add_threads(CliCommand& command) {
    command.option_runs("--threads", set_thread_count, "Threads of the engine; results do not depend on it").between(1, 256);
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates) {
    std::string best;
    std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t distance = edit_distance(word, candidate);
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best.empty() ? "" : "; did you mean '" + best + "'?";
}

int run_cli(int argc, char** argv, const WindowHooks& window) {
    Words words(argv + 1, argv + argc);
    CLI::App app(about, "saccade");
    try {
        check_words(words);
        choose_language(words);
        app.footer(examples);
        app.require_subcommand(1);
        app.set_version_flag("--version", std::string("saccade ") + SACCADE_VERSION);
        CliCommand program(app);
        add_list(program);
        add_describe(program);
        add_lesson(program);
        add_run(program, words);
        add_render(program, words);
        add_train(program);
        add_eval(program);
        add_export(program);
        add_bench(program, window);
        add_manual(program);
        if (opens_window(app, words)) return open_window(window, words, app);
        parse(app, words);
        finish_output();
        return 0;
    } catch (const CLI::ParseError& error) {
        return complain(usage_error(app, error, words));
    } catch (const std::system_error& error) {
        // A long text does not wait for finish_output(): printing throws as soon as the buffer cannot be written.
        if (reader_left()) end_by(SIGPIPE);
        return complain(std::ferror(stdout) != 0 ? unwritten_output(error.code().value()) : as_error(error));
    } catch (...) {
        if (reader_left()) end_by(SIGPIPE);
        return complain(current_error());
    }
}

}  // namespace saccade
