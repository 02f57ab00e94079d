#include "ui/matrix_edit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

#include "base/utf8.hpp"
#include "io/atomic_file.hpp"
#include "io/npz.hpp"

namespace saccade {

namespace {

constexpr std::size_t largest_text = std::size_t{256} << 20;

[[noreturn]] void refuse(const std::string& what, const std::string& hint) {
    throw Error(ErrorCode::invalid_input, what, hint);
}

bool ends_row(char c) {
    return c == '\n' || c == '\r' || c == ';' || c == ']';
}

bool parts_cells(char c) {
    return c == ' ' || c == '\t' || c == ',' || c == '[' || c == '(' || c == ')';
}

float number(std::string_view word, Index row, Index col) {
    std::string plain(word);
    if (plain.rfind("−", 0) == 0) plain = "-" + plain.substr(std::string("−").size());
    if (plain.rfind('+', 0) == 0) plain.erase(0, 1);
    double value = 0;
    const auto [end, error] = std::from_chars(plain.data(), plain.data() + plain.size(), value);
    const std::string where = fmt::format("in row {}, column {}", row + 1, col + 1);
    if (end != plain.data() + plain.size() || error == std::errc::invalid_argument)
        refuse(fmt::format("'{}' {} is no number", shorten(sanitize_utf8(plain), 24), where), "write numbers as 0.5 or -1e-3");
    if (error != std::errc() || !std::isfinite(value) || std::abs(value) > 3e38)
        refuse(fmt::format("'{}' {} is no finite number", plain, where), "write a finite number");
    return static_cast<float>(value);
}

/// As two axes; a vector is one row.
Tensor<float> as_matrix(const Tensor<float>& array, const std::string& path) {
    if (array.shape().rank() == 1) return array.reshape(Shape{1, array.size()});
    if (array.shape().rank() != 2 || array.empty())
        throw Error(ErrorCode::bad_format, fmt::format("{}: {} is no matrix", path, array.shape().str()),
                    "give an array with two axes");
    const auto cells = array.values();
    if (!std::all_of(cells.begin(), cells.end(), [](float v) { return std::isfinite(v); }))
        refuse(path + " holds a value that is not a finite number", "give finite numbers");
    return array;
}

void check_size(Index rows, Index cols) {
    if (rows * cols > largest_matrix)
        refuse(fmt::format("{} x {} cells are too many", rows, cols), fmt::format("use at most {} cells", largest_matrix));
}

}  // namespace

Tensor<float> cells_from_text(const std::string& text) {
    std::vector<float> cells;
    Index rows = 0, cols = -1, in_row = 0;
    const auto end_row = [&] {
        if (in_row == 0) return;
        if (cols >= 0 && in_row != cols)
            refuse(fmt::format("row {} has {} numbers, row 1 has {}", rows + 1, in_row, cols), "give each row as many");
        cols = in_row;
        in_row = 0;
        ++rows;
        check_size(rows, cols);
    };
    for (std::size_t at = 0; at < text.size();) {
        if (ends_row(text[at])) {
            end_row();
            ++at;
        } else if (parts_cells(text[at])) {
            ++at;
        } else {
            std::size_t end = at;
            while (end < text.size() && !ends_row(text[end]) && !parts_cells(text[end])) ++end;
            cells.push_back(number(std::string_view(text).substr(at, end - at), rows, in_row++));
            at = end;
        }
    }
    end_row();
    if (rows == 0) refuse("there are no numbers in it", "write rows as 1 0; 0 1, or paste cells");
    return Tensor<float>::from(Shape{rows, cols}, cells);
}

std::string text_from_cells(const Tensor<float>& matrix) {
    std::string text;
    const Index rows = matrix.shape()[0], cols = matrix.shape()[1];
    for (Index r = 0; r < rows; ++r)
        for (Index c = 0; c < cols; ++c) text += fmt::format("{}{}", matrix.data()[r * cols + c], c + 1 < cols ? "\t" : "\n");
    return text;
}

Tensor<float> load_cells(const std::string& path) {
    const std::size_t named = path.find(".npz:");
    const std::string file = named == std::string::npos ? path : path.substr(0, named + 4);
    std::string ending = std::filesystem::path(file).extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    Tensor<float> array;
    if (ending == ".npy" || (ending == ".npz" && named != std::string::npos)) {
        array = read_array(path).cast<float>();
    } else if (ending == ".npz") {
        for (const auto& [name, entry] : read_npz(path))
            if (array.empty() && entry.shape().rank() == 2) array = entry.cast<float>();
        if (array.empty()) throw Error(ErrorCode::bad_format, path + ": no matrix is in it", "name one: FILE.npz:NAME");
    } else {
        try {
            array = cells_from_text(read_file(path, largest_text));
        } catch (const Error& error) {
            if (error.code() != ErrorCode::invalid_input) throw;
            throw Error(error.code(), sanitize_utf8(path) + ": " + error.message(), error.hint());
        }
    }
    array = as_matrix(array, path);
    check_size(array.shape()[0], array.shape()[1]);
    return array;
}

Tensor<float> with_block(const Tensor<float>& matrix, Index row, Index col, const Tensor<float>& block) {
    const Index old_rows = matrix.shape()[0], old_cols = matrix.shape()[1];
    const Index block_cols = block.shape()[1];
    const Index rows = std::max(old_rows, row + block.shape()[0]), cols = std::max(old_cols, col + block_cols);
    check_size(rows, cols);
    Tensor<float> result(Shape{rows, cols});
    for (Index r = 0; r < old_rows; ++r) std::copy_n(matrix.data() + r * old_cols, old_cols, result.data() + r * cols);
    for (Index r = 0; r < block.shape()[0]; ++r)
        std::copy_n(block.data() + r * block_cols, block_cols, result.data() + (row + r) * cols + col);
    return result;
}

Tensor<float> with_line(const Tensor<float>& matrix, int axis, Index at) {
    const Index rows = matrix.shape()[0], cols = matrix.shape()[1];
    at = std::clamp<Index>(at, 0, axis == 0 ? rows : cols);
    Tensor<float> result(Shape{rows + (axis == 0 ? 1 : 0), cols + (axis == 1 ? 1 : 0)});
    check_size(result.shape()[0], result.shape()[1]);
    for (Index r = 0; r < rows; ++r)
        for (Index c = 0; c < cols; ++c) {
            const Index to_row = axis == 0 && r >= at ? r + 1 : r, to_col = axis == 1 && c >= at ? c + 1 : c;
            result.data()[to_row * result.shape()[1] + to_col] = matrix.data()[r * cols + c];
        }
    return result;
}

Tensor<float> without_line(const Tensor<float>& matrix, int axis, Index at) {
    const Index rows = matrix.shape()[0], cols = matrix.shape()[1];
    if ((axis == 0 ? rows : cols) < 2 || at < 0 || at >= (axis == 0 ? rows : cols)) return matrix;
    Tensor<float> result(Shape{rows - (axis == 0 ? 1 : 0), cols - (axis == 1 ? 1 : 0)});
    float* to = result.data();
    for (Index r = 0; r < rows; ++r)
        for (Index c = 0; c < cols; ++c)
            if ((axis == 0 ? r : c) != at) *to++ = matrix.data()[r * cols + c];
    return result;
}

}  // namespace saccade
