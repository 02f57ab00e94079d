#include "cli/cli_command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/path_text.hpp"
#include "base/utf8.hpp"
#include "tensor/tensor.hpp"

namespace saccade {

CliOption& CliOption::required() {
    option_->required();
    return *this;
}

CliOption& CliOption::shows_default() {
    option_->capture_default_str();
    return *this;
}

CliOption& CliOption::between(int least, int most) {
    CLI::Validator range = CLI::Range(least, most);  // whose description is the help's
    range.operation([least, most](const std::string& text) -> std::string {
        int value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error == std::errc() && end == text.data() + text.size() && least <= value && value <= most) return {};
        return fmt::format("'{}' is not a whole number from {} to {}", shorten(text, 40), least, most);
    });
    option_->check(range);
    return *this;
}

CliOption& CliOption::one_of(std::initializer_list<const char*> words) {
    const std::vector<std::string> all(words.begin(), words.end());
    CLI::Validator member = CLI::IsMember(all);
    member.operation([all](const std::string& text) -> std::string {
        if (std::ranges::find(all, text) != all.end()) return {};
        return fmt::format("'{}' is none of: {}", shorten(text, 40), fmt::join(all, ", "));
    });
    option_->check(member);
    return *this;
}

CliOption& CliOption::not_with(const CliOption& other) {
    option_->excludes(other.option_);
    return *this;
}

CliOption& CliOption::repeated() {
    option_->allow_extra_args(false);
    return *this;
}

CliOption& CliOption::group(const std::string& title) {
    option_->group(title);
    return *this;
}

CliOption& CliOption::type_name(const std::string& name) {
    option_->type_name(name);
    return *this;
}

CliOption& CliOption::path() {
    option_->transform([](const std::string& text) { return path_from_text(text); });
    return *this;
}

namespace {

constexpr const char* not_empty = "not empty";  // the check of that name

std::string wrong_if_empty(const std::string& text) {
    return text.empty() ? "its value is empty: give one, or leave it out" : "";
}

}  // namespace

CliOption& CliOption::may_be_empty() {
    option_->get_validator(not_empty)->active(false);
    return *this;
}

bool CliOption::given() const {
    return option_ != nullptr && option_->count() > 0;
}

CliCommand CliCommand::add(const std::string& name, const std::string& help) {
    return CliCommand(*app_->add_subcommand(name, help));
}

namespace {

/// The parser wraps -1 and what is too large into an unsigned number, and reads nothing as 0.
template <class T>
std::string wrong_number(const std::string& text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size()) return {};
    const std::string typed = shorten(text, 40);
    if (std::is_integral_v<T> && error == std::errc::result_out_of_range) return fmt::format("'{}' is too large", typed);
    if (std::is_unsigned_v<T>) return fmt::format("'{}' is not a whole number from 0 on", typed);
    if (std::is_integral_v<T>) return fmt::format("'{}' is not a whole number", typed);
    return fmt::format("'{}' is not a number", typed);
}

}  // namespace

template <class T>
CliOption CliCommand::option(const std::string& names, T& target, const std::string& help) {
    CLI::Option* option = app_->add_option(names, target, help);
    if constexpr (std::is_arithmetic_v<T>) option->check(wrong_number<T>, "", "");
    if constexpr (!std::is_arithmetic_v<T>) option->check(wrong_if_empty, "", not_empty);
    return CliOption(option);
}

template CliOption CliCommand::option(const std::string&, std::string&, const std::string&);
template CliOption CliCommand::option(const std::string&, std::vector<std::string>&, const std::string&);
template CliOption CliCommand::option(const std::string&, int&, const std::string&);
template CliOption CliCommand::option(const std::string&, Index&, const std::string&);
template CliOption CliCommand::option(const std::string&, std::uint64_t&, const std::string&);
template CliOption CliCommand::option(const std::string&, double&, const std::string&);

CliOption CliCommand::option_runs(const std::string& names, std::function<void(int)> action, const std::string& help) {
    return CliOption(app_->add_option_function<int>(
        names, [action = std::move(action)](int value) { action(value); }, help));
}

CliOption CliCommand::flag(const std::string& names, bool& target, const std::string& help) {
    return CliOption(app_->add_flag(names, target, help));
}

bool CliCommand::has(const std::string& name) const {
    return app_->get_option_no_throw("--" + name) != nullptr;
}

namespace {

CliDescription::Option described(const CLI::Option& option) {
    CliDescription::Option d;
    d.positional = option.get_positional();
    if (d.positional) d.names.push_back(option.get_name(true));
    for (const std::string& name : option.get_snames()) d.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) d.names.push_back("--" + name);
    d.help = option.get_description();
    d.value = option.get_items_expected_max() == 0 ? "" : option.get_type_name();
    d.required = option.get_required();
    return d;
}

}  // namespace

std::vector<CliDescription> CliCommand::commands() const {
    std::vector<CliDescription> all;
    for (const CLI::App* command : std::as_const(*app_).get_subcommands([](const CLI::App*) { return true; })) {
        CliDescription d{command->get_name(), command->get_description(), {}};
        for (const CLI::Option* option : command->get_options()) d.options.push_back(described(*option));
        all.push_back(std::move(d));
    }
    return all;
}

void CliCommand::footer(const std::string& text) {
    app_->footer(text);
}

void CliCommand::allow_extras() {
    app_->allow_extras();
}

void CliCommand::runs(std::function<void()> action) {
    app_->callback(std::move(action));
}

}  // namespace saccade
