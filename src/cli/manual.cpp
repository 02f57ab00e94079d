#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/commands.hpp"
#include "exhibit/exhibit.hpp"
#include "model/model_store.hpp"
#include "viz/view.hpp"

// What a package installs beside the program: its manual page, and what lets a shell complete its command line. Made from the
// same declarations as --help, so that neither can say anything else.

namespace saccade {

namespace {

/// Text as roff sets it: nothing in it is a request or an escape.
std::string roff(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n'))
            out += std::string("\\&") + c;
        else
            out += c;
    }
    return out;
}

std::string joined(const std::vector<std::string>& words, const char* between) {
    return fmt::format("{}", fmt::join(words, between));
}

std::string option_entry(const CliDescription::Option& option) {
    std::string head = fmt::format("\\fB{}\\fR", roff(joined(option.names, ", ")));
    if (!option.positional && !option.value.empty()) head += fmt::format(" \\fI{}\\fR", roff(option.value));
    return fmt::format(".TP\n{}\n{}{}\n", head, roff(option.help), option.required ? " (needed)" : "");
}

/// man-pages(7).
std::string manual_page(const std::vector<CliDescription>& commands) {
    std::string page = fmt::format(
        ".TH SACCADE 1 \"\" \"saccade {}\" \"User Commands\"\n"
        ".SH NAME\nsaccade \\- see and touch attention\n"
        ".SH SYNOPSIS\n.B saccade\n[\\fIFILE\\fR]\n.br\n.B saccade\n\\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n"
        ".SH DESCRIPTION\n"
        "A person types a text or opens a picture; a full attention engine computes on the CPU, and weights, scores, codes, "
        "maps and gates "
        "are drawn, explained down to their numbers, changed by hand, compared, and exported as figures.\n.PP\n"
        "Without a command the window opens; \\fIFILE\\fR is a session, an exported picture, a picture, a capture, weights, or "
        "the folder of a "
        "model. Commands need no display.\n.SH COMMANDS\n",
        SACCADE_VERSION);
    for (const CliDescription& command : commands) {
        page += fmt::format(".SS {}\n{}\n", roff(command.name), roff(command.help));
        for (const CliDescription::Option& option : command.options) page += option_entry(option);
    }
    page += ".SH EXHIBITS\n";
    for (const Exhibit& e : exhibits()) page += fmt::format(".TP\n.B {}\n{}\n", roff(e.id), roff(e.summary));
    page +=
        ".PP\n\\fBsaccade run\\fR \\fIEXHIBIT\\fR \\fB\\-\\-help\\fR lists the parameters of one.\n"
        ".SH EXIT STATUS\n0 done, and written whole; 1 failed; 2 a mistake in the command line. An error is one line on "
        "standard error: "
        "what, where, what to do.\n"
        ".SH ENVIRONMENT\n.TP\n.B SACCADE_ASSETS\nThe folder of the bundled models, if it is not beside the program.\n"
        ".TP\n.B HF_HOME\nWhere models of Hugging Face are kept that the open dialog offers. Nothing is ever fetched.\n"
        ".TP\n.B XDG_CONFIG_HOME, XDG_STATE_HOME\nWhere preferences and the work that is open are kept: "
        "\\fI~/.config/saccade\\fR, "
        "\\fI~/.local/state/saccade\\fR.\n"
        ".SH EXAMPLES\n.EX\nsaccade run alignment \\-\\-source '30 Sep 2019' \\-\\-save run.npz\n"
        "saccade render alignment \\-\\-source '30 Sep 2019' \\-\\-view heatmap \\-o weights.pdf\n"
        "saccade run alignment \\-\\-intervene 'weights[5,9]=0.2' \\-\\-save edited.npz\n.EE\n";
    return page;
}

/// In single quotes for a shell.
std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::vector<std::string> flags_of(const CliDescription& command) {
    std::vector<std::string> flags;
    for (const CliDescription::Option& option : command.options)
        if (!option.positional) flags.insert(flags.end(), option.names.begin(), option.names.end());
    return flags;
}

std::string bash_case(const std::string& pattern, const std::vector<std::string>& words) {
    return fmt::format("        {}) words={} ;;\n", pattern, quoted(joined(words, " ")));
}

/// What an exhibit's parameters are called, and what those that are chosen may be.
std::string bash_params() {
    std::string flags, values;
    for (const Exhibit& e : exhibits()) {
        std::vector<std::string> names;
        for (const ParamSpec& spec : e.params) {
            names.push_back("--" + spec.name);
            std::vector<std::string> choices = spec.choices;
            if (spec.type == ParamType::toggle) choices = {"true", "false"};
            if (!choices.empty()) values += bash_case(fmt::format("{}:--{}", e.id, spec.name), choices);
        }
        flags += bash_case(e.id, names);
    }
    return fmt::format(
        "_saccade_params() {{\n    local words=\n    case $1 in\n{}    esac\n    echo \"$words\"\n}}\n"
        "_saccade_values() {{\n    local words=\n    case $1 in\n{}    esac\n    echo \"$words\"\n}}\n",
        flags, values);
}

std::string bash_completion(const std::vector<CliDescription>& commands) {
    std::vector<std::string> names, exhibit_ids, view_ids;
    for (const CliDescription& command : commands) names.push_back(command.name);
    for (const Exhibit& e : exhibits()) exhibit_ids.push_back(e.id);
    for (const View* view : views()) view_ids.push_back(view->id());
    std::string flags;
    for (const CliDescription& command : commands) flags += bash_case(command.name, flags_of(command));
    return fmt::format(
        R"bash(# Completes saccade's command line: made by `saccade manual bash`.
_saccade_flags() {{
    local words=
    case $1 in
{flags}    esac
    echo "$words"
}}
{params}_saccade() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command=${{COMP_WORDS[1]}} first=${{COMP_WORDS[2]}} words=
    if [ "$COMP_CWORD" = 1 ]; then
        words={commands}
    elif [ "$COMP_CWORD" = 2 ]; then
        case $command in
            run | render | describe) words={exhibits} ;;
            train | eval | export) words={models} ;;
            manual) words='man bash zsh fish' ;;
        esac
    else
        case $command:$before in
            render:--view) words={views} ;;
            render:--theme) words='light dark' ;;
            run:* | render:*) words=$(_saccade_values "$first:$before") ;;
        esac
        case $before in --*) [ -n "$words" ] || compopt -o default 2>/dev/null ;; esac
    fi
    case $word in -*) words="$(_saccade_flags "$command") $(_saccade_params "$first")" ;; esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [ ${{#COMPREPLY[@]}} -gt 0 ] || compopt -o default 2>/dev/null
}}
complete -F _saccade saccade
)bash",
        fmt::arg("flags", flags), fmt::arg("params", bash_params()), fmt::arg("commands", quoted(joined(names, " "))),
        fmt::arg("exhibits", quoted(joined(exhibit_ids, " "))), fmt::arg("models", quoted(joined(bundled_models(), " "))),
        fmt::arg("views", quoted(joined(view_ids, " "))));
}

/// Zsh reads what Bash does.
std::string zsh_completion(const std::vector<CliDescription>& commands) {
    return "#compdef saccade\nautoload -U +X bashcompinit && bashcompinit\n" + bash_completion(commands);
}

std::string fish_line(const std::string& when, const std::string& words, const std::string& help) {
    return fmt::format("complete -c saccade -f -n {} -a {} -d {}\n", quoted(when), quoted(words), quoted(help));
}

std::string fish_completion(const std::vector<CliDescription>& commands) {
    std::string out = "# Completes saccade's command line: made by `saccade manual fish`.\n";
    for (const CliDescription& command : commands) out += fish_line("__fish_use_subcommand", command.name, command.help);
    const std::string no_exhibit = "__fish_seen_subcommand_from run render describe; and test (count (commandline -opc)) -eq 2";
    for (const Exhibit& e : exhibits()) {
        out += fish_line(no_exhibit, e.id, e.title);
        for (const ParamSpec& spec : e.params)
            out += fmt::format(
                "complete -c saccade -n {} -l {} -x -a {} -d {}\n",
                quoted("__fish_seen_subcommand_from run render; and contains -- " + e.id + " (commandline -opc)"), spec.name,
                quoted(spec.type == ParamType::toggle ? "true false" : joined(spec.choices, " ")), quoted(spec.title));
    }
    out += fish_line("__fish_seen_subcommand_from train eval export; and test (count (commandline -opc)) -eq 2",
                     joined(bundled_models(), " "), "model");
    for (const CliDescription& command : commands)
        for (const CliDescription::Option& option : command.options)
            for (const std::string& name : option.names)
                if (name.starts_with("--"))
                    out += fmt::format("complete -c saccade -n {} -l {} {} -d {}\n",
                                       quoted("__fish_seen_subcommand_from " + command.name), name.substr(2),
                                       option.value.empty() ? "-f" : "-r", quoted(option.help));
    return out;
}

}  // namespace

void add_manual(CliCommand& app) {
    struct Asked {
        std::string form;
        std::vector<CliDescription> commands;
    };
    CliCommand command =
        app.add("manual", "The manual page, or what completes this command line in a shell; packages install them");
    const auto asked = std::make_shared<Asked>();
    asked->commands = app.commands();
    command.option("FORM", asked->form, "man, bash, zsh or fish").required().one_of({"man", "bash", "zsh", "fish"});
    command.runs([asked] {
        const auto& form = asked->form;
        fmt::print("{}", form == "man"    ? manual_page(asked->commands)
                         : form == "bash" ? bash_completion(asked->commands)
                         : form == "zsh"  ? zsh_completion(asked->commands)
                                          : fish_completion(asked->commands));
    });
}

}  // namespace saccade
