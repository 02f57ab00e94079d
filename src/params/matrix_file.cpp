#include "params/matrix_file.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/path_text.hpp"
#include "base/utf8.hpp"
#include "io/npz.hpp"
#include "io/text_file.hpp"
#include "params/matrix_text.hpp"

namespace saccade {

namespace {

// As many numbers as a text may hold (params/matrix_text.hpp), written with all their digits.
constexpr std::size_t longest_text = std::size_t{16} << 20;
constexpr Index most_cells = 1'000'000;

bool is_array_file(const std::string& source) {
    const std::string path = split_array_name(source).file;
    return path.ends_with(".npy") || path.ends_with(".npz");
}

/// What stands behind the '@', if the text begins with one.
std::optional<std::string> source_in(const std::string& text) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string::npos || text[begin] != '@') return std::nullopt;
    return text.substr(begin + 1);
}

Tensor<float> two_axes(const Tensor<float>& array, const std::string& where) {
    const Shape& shape = array.shape();
    if (shape.rank() > 2)
        throw Error(ErrorCode::bad_format, fmt::format("{}: the array has shape {}, not that of a matrix", where, shape.str()),
                    "save an array of one or two axes");
    return shape.rank() == 2 ? array : array.reshape(Shape{1, array.size()});
}

}  // namespace

Tensor<float> read_matrix(const std::string& written) {
    const std::string source = path_from_text(written);
    if (source.empty()) throw Error(ErrorCode::invalid_input, "there is no file's name behind '@'", "write @FILE");
    const std::string where = sanitize_utf8(source);
    if (!is_array_file(source)) {
        try {
            return matrix_from_text(read_text(source, longest_text));
        } catch (const Error& error) {
            if (error.code() != ErrorCode::invalid_input) throw;
            throw Error(ErrorCode::bad_format, where + ": " + error.message(), error.hint());
        }
    }
    const Tensor<float> matrix = two_axes(read_array<float>(source, {.elements = most_cells}), where);
    const auto cells = matrix.values();
    const auto wrong = std::ranges::find_if(cells, [](float v) { return !std::isfinite(v); });
    if (wrong == cells.end()) return matrix;
    const Index at = wrong - cells.begin(), columns = matrix.shape()[1];
    throw Error(ErrorCode::bad_format,
                fmt::format("{}: row {}, column {} is {}", where, at / columns + 1, at % columns + 1, *wrong),
                "replace it by a finite number");
}

Tensor<float> matrix_from_words(const std::string& text) {
    const std::optional<std::string> source = source_in(text);
    return source ? read_matrix(*source) : matrix_from_text(text);
}

std::string matrix_file_in(const std::string& words) {
    const std::optional<std::string> source = source_in(words);
    return source ? split_array_name(path_from_text(*source)).file : "";
}

}  // namespace saccade
