#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace saccade {

/// An option as declared, to say more about it. Its implementation (cli_command.cpp) hides the parsing library, whose header
/// takes seconds to compile.
class CliOption {
 public:
    explicit CliOption(CLI::Option* option = nullptr) : option_(option) {}

    CliOption& required();
    /// Help shows the value that stands in the target.
    CliOption& shows_default();
    CliOption& between(int least, int most);
    CliOption& one_of(std::initializer_list<const char*> words);
    CliOption& not_with(const CliOption& other);
    /// May be given several times, one value each time.
    CliOption& repeated();
    CliOption& group(const std::string& title);
    CliOption& type_name(const std::string& name);
    /// A file or folder, read as everywhere (base/path_text.hpp).
    CliOption& path();

    /// Whether it was given at all.
    bool given() const;
    /// An empty text may be its value. Else it is refused: it is what an unset variable of a script gives.
    CliOption& may_be_empty();

 private:
    CLI::Option* option_;
};

/// What a command takes, as its help says it.
struct CliDescription {
    struct Option {
        std::vector<std::string> names;  // "-o", "--output"; of a word at its place its name alone
        std::string help, value;         // "TEXT"; empty: a flag that takes none
        bool required = false, positional = false;
    };
    std::string name, help;
    std::vector<Option> options;
};

/// A command of the program, or the program itself: what it takes and what it does.
class CliCommand {
 public:
    explicit CliCommand(CLI::App& app) : app_(&app) {}

    CliCommand add(const std::string& name, const std::string& help);
    /// "--name", "-o,--output", or "NAME" for a word at its place. T: std::string, std::vector<std::string>, int, Index,
    /// std::uint64_t, double. The target must outlive the parsing.
    template <class T>
    CliOption option(const std::string& names, T& target, const std::string& help);
    /// An option that acts as soon as it is read.
    CliOption option_runs(const std::string& names, std::function<void(int)> action, const std::string& help);
    CliOption flag(const std::string& names, bool& target, const std::string& help);
    /// "--name" is taken.
    bool has(const std::string& name) const;
    void footer(const std::string& text);
    /// The commands that were added so far.
    std::vector<CliDescription> commands() const;
    /// Undeclared words are allowed.
    void allow_extras();
    /// Runs after parsing, if this command was named; throws Error.
    void runs(std::function<void()> action);

 private:
    CLI::App* app_;
};

}  // namespace saccade
