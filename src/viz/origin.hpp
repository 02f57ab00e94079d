#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "viz/export.hpp"

namespace saccade {

/// {"format": "saccade-figure", "version": 1, "request": {...}, "view": {...}} in ASCII.
std::string origin_text(const FigureOrigin& origin);
/// Error{bad_format} with what is wrong, without the file's name.
FigureOrigin origin_from_text(const std::string& text);

/// PDF keeps the origin in its keywords: "saccade:" and base64, which no PDF string has to escape.
std::string pdf_keywords(const FigureOrigin& origin);
std::optional<std::string> origin_in_pdf(std::string_view file);

}  // namespace saccade
