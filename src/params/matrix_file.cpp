#include "params/matrix_file.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

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
    const std::string path =
        source.substr(0, source.find(".npz:") == std::string::npos ? source.size() : source.find(".npz:") + 4);
    return path.ends_with(".npy") || path.ends_with(".npz");
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
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin != std::string::npos && text[begin] == '@') return read_matrix(text.substr(begin + 1));
    return matrix_from_text(text);
}

}  // namespace saccade
