#include "base/path_text.hpp"

#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <filesystem>

namespace saccade {

namespace fs = std::filesystem;

namespace {

bool there(const std::string& path) {
    std::error_code ignored;
    return !path.empty() && path.size() < 4096 && path.find('\0') == std::string::npos && fs::exists(path, ignored);
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const int lower = std::tolower(static_cast<unsigned char>(c));
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decoded(const std::string& text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool coded = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
        plain += coded ? static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])) : text[i];
        if (coded) i += 2;
    }
    return plain;
}

std::string without_backslashes(const std::string& text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escapes = text[i] == '\\' && i + 1 < text.size() &&
                             (std::isalnum(static_cast<unsigned char>(text[i + 1])) == 0 && text[i + 1] != '_');
        if (!escapes)
            plain += text[i];
        else
            plain += text[++i];
    }
    return plain;
}

/// A file of another machine is not the one of that name here.
bool is_this_machine(const std::string& host) {
    if (host.empty() || host == "localhost" || host == "127.0.0.1") return true;
#if __has_include(<unistd.h>)
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) == 0) return host == name.data();
#endif
    return false;
}

}  // namespace

bool is_hidden(std::string_view name) {
    return name.starts_with('.') || name == "__MACOSX";
}

std::string text_of_path(const std::string& path) {
    for (const std::string& text : {path, "'" + path + "'", '"' + path + '"'})
        if (path_from_text(text) == path) return text;
    return path;
}

std::string path_from_text(std::string_view written) {
    std::string text(written);
    if (there(text)) return text;
    const auto blank = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
    while (!text.empty() && blank(text.back())) text.pop_back();
    text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), blank));
    if (text.size() > 1 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front())
        text = text.substr(1, text.size() - 2);
    if (text.starts_with("file://")) {
        const std::size_t path = text.find('/', 7);  // after the host name, which is mostly empty
        if (!is_this_machine(text.substr(7, std::min(path, text.size()) - 7))) return text;
        text = path == std::string::npos ? "" : percent_decoded(text.substr(path));
        if (text.size() > 2 && std::isalpha(static_cast<unsigned char>(text[1])) != 0 && text[2] == ':')
            text.erase(0, 1);  // file:///C:/...
        return text;
    }
    if (text == "~" || text.starts_with("~/"))
        if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') text = home + text.substr(1);
    if (text.find('\\') != std::string::npos && !there(text))
        if (const std::string plain = without_backslashes(text); there(plain)) return plain;
    return text;
}

}  // namespace saccade
