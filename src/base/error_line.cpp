#include "base/error_line.hpp"

#include <filesystem>
#include <new>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/translate.hpp"
#include "base/utf8.hpp"

namespace saccade {

namespace {

constexpr std::size_t longest_line = 300, longest_message = 200;  // characters

/// The middle left out: what a message is about stands at its beginning, what is wrong with it at its end.
std::string without_middle(const std::string& text, std::size_t n) {
    const std::vector<std::string> characters = code_points(text);
    if (characters.size() <= n) return text;
    const std::size_t head = n / 2, tail = n - head - 1;
    std::string result;
    for (std::size_t i = 0; i < head; ++i) result += characters[i];
    result += "…";
    for (std::size_t i = characters.size() - tail; i < characters.size(); ++i) result += characters[i];
    return result;
}

}  // namespace

std::string shown_line(const std::string& message, const std::string& hint) {
    std::string text = printable(tr_composed(message));
    std::string advice = printable(tr_composed(hint));
    if (advice.empty()) return without_middle(text, longest_line);
    const auto length = [](const std::string& s) { return code_points(s).size(); };
    if (length(text) + 2 + length(advice) > longest_line) {
        text = without_middle(text, longest_message);
        advice = shorten(advice, longest_line - 2 - length(text));
    }
    return tr("{}: {}", text, advice);
}

std::string shown_line(const Error& error) {
    return shown_line(error.message(), error.hint());
}

Error as_error(const std::exception& error) {
    if (const auto* known = dynamic_cast<const Error*>(&error)) return *known;
    if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr || dynamic_cast<const std::length_error*>(&error) != nullptr)
        return Error(ErrorCode::out_of_range, "there is not enough memory for this", "use a smaller input");
    if (const auto* file = dynamic_cast<const std::filesystem::filesystem_error*>(&error))
        return Error(ErrorCode::io, file->path1().string() + ": " + file->code().message(), "check the path");
    if (const auto* system = dynamic_cast<const std::system_error*>(&error))
        return Error(ErrorCode::io, "the system refused: " + system->code().message(), "try again");
    if (dynamic_cast<const nlohmann::json::exception*>(&error) != nullptr)
        return Error(ErrorCode::bad_format, "a file or card holds something of another form than it must have",
                     "use one that Saccade wrote");
    return Error(ErrorCode::unsupported, "a fault in the program", "please report what you did");
}

Error current_error() {
    try {
        throw;
    } catch (const std::exception& error) {
        return as_error(error);
    } catch (...) {
        return Error(ErrorCode::unsupported, "a fault in the program", "please report what you did");
    }
}

}  // namespace saccade
