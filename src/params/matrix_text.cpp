#include "params/matrix_text.hpp"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <vector>

#include "base/utf8.hpp"

namespace saccade {

namespace {

constexpr std::size_t most_numbers = 1'000'000;

/// What Chinese keyboards and typeset tables have instead of ASCII.
std::string plain(const std::string& text) {
    constexpr std::array<std::pair<std::string_view, char>, 8> same = {
        {{"，", ','}, {"；", ';'}, {"　", ' '}, {"\u00a0", ' '}, {"−", '-'}, {"［", '['}, {"］", ']'}, {"\ufeff", ' '}}};
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t length = 1;
        char c = text[at];
        for (const auto& [from, to] : same) {
            if (static_cast<unsigned char>(c) < 0x80 || text.compare(at, from.size(), from) != 0) continue;
            c = to;
            length = from.size();
            break;
        }
        result += c;
        at += length;
    }
    return result;
}

class MatrixReader {
 public:
    Tensor<float> read(const std::string& text) {
        for (const char c : text) {
            switch (c) {
                case '[':
                    open_bracket();
                    break;
                case ']':
                    close_bracket();
                    break;
                case ';':
                    end_row();
                    break;
                case '\n':
                case '\r':
                    // Within the inner brackets a line break only wraps the line, as NumPy does with long rows.
                    if (depth_ == 2)
                        end_cell();
                    else
                        end_row();
                    break;
                case ',':
                    comma();
                    break;
                case ' ':
                case '\t':
                    end_cell();
                    break;
                default:
                    if (closed_) refuse("there is text after the last bracket");
                    cell_ += c;
            }
        }
        end_row();
        if (depth_ != 0) refuse("a bracket is not closed");
        if (cells_.empty()) throw Error(ErrorCode::invalid_input, "the matrix is empty", hint);
        const auto rows = static_cast<Index>(cells_.size()) / columns_;
        return Tensor<float>::from(Shape{rows, columns_}, cells_);
    }

 private:
    static constexpr const char* hint = "write rows as 1 0; 0 1 or as [[1, 0], [0, 1]]";

    [[noreturn]] void refuse(const std::string& what) const {
        throw Error(ErrorCode::invalid_input, fmt::format("row {}: {}", row_ + 1, what), hint);
    }
    [[noreturn]] void refuse_cell(const std::string& what) const {
        throw Error(ErrorCode::invalid_input, fmt::format("row {}, column {}: {}", row_ + 1, in_row_ + 1, what), hint);
    }

    void open_bracket() {
        end_cell();
        if (closed_) refuse("there is more after the last bracket");
        if (in_row_ > 0) refuse("a bracket opens after a number");
        if (++depth_ > 2) refuse("brackets are nested more than two deep");
        nested_ = nested_ || depth_ == 2;
        after_comma_ = false;
    }

    void close_bracket() {
        end_cell();
        after_comma_ = false;  // a trailing comma before the bracket is ignored
        if (depth_ == 0) refuse("a bracket closes that was not opened");
        finish_row();
        if (--depth_ == 0) closed_ = true;
        between_rows_ = true;
    }

    void comma() {
        if (!cell_.empty()) {
            end_cell();
            after_comma_ = true;
        } else if (in_row_ == 0 && between_rows_) {
            between_rows_ = false;  // [1, 2], [3, 4]
        } else if (in_row_ == 0 || after_comma_) {
            refuse_cell("there is no number");
        } else {
            after_comma_ = true;
        }
    }

    void end_row() {
        end_cell();
        if (after_comma_ && in_row_ > 0) refuse_cell("there is no number");
        finish_row();
    }

    void finish_row() {
        if (in_row_ == 0) return;
        if (columns_ == 0) columns_ = in_row_;
        if (in_row_ != columns_)
            throw Error(ErrorCode::invalid_input,
                        fmt::format("row {} has {} number{}, the rows before have {}", row_ + 1, in_row_,
                                    in_row_ == 1 ? "" : "s", columns_),
                        hint);
        ++row_;
        in_row_ = 0;
        after_comma_ = false;
    }

    void end_cell() {
        if (cell_.empty()) return;
        if (nested_ && depth_ == 1) refuse("a number stands between rows");
        const char* begin = cell_.data();
        const char* const end = begin + cell_.size();
        if (*begin == '+') ++begin;
        double value = 0;
        const auto [stop, error] = std::from_chars(begin, end, value);
        const std::string shown = "'" + shorten(sanitize_utf8(cell_), 24) + "'";
        if (error == std::errc::result_out_of_range && stop == end) refuse_cell(shown + " is beyond the range of numbers");
        if (error != std::errc() || stop != end) refuse_cell(shown + " is not a number");
        if (!std::isfinite(value)) refuse_cell(shown + " is not a finite number");
        if (!std::isfinite(static_cast<float>(value))) refuse_cell(shown + " is beyond the range of numbers");
        if (cells_.size() == most_numbers) refuse(fmt::format("there are more than {} numbers", most_numbers));
        cells_.push_back(static_cast<float>(value));
        ++in_row_;
        cell_.clear();
        after_comma_ = false;
    }

    std::vector<float> cells_;
    std::string cell_;
    Index row_ = 0, in_row_ = 0, columns_ = 0;
    int depth_ = 0;
    bool nested_ = false, closed_ = false, after_comma_ = false, between_rows_ = false;
};

}  // namespace

Tensor<float> matrix_from_text(const std::string& text) {
    return MatrixReader().read(plain(text));
}

double shortest_double(float value) {
    std::array<char, 64> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    double result = static_cast<double>(value);
    if (error == std::errc()) std::from_chars(digits.data(), end, result);
    return result;
}

std::string matrix_to_text(const Tensor<float>& matrix) {
    const Index columns = matrix.shape().rank() == 0 ? 1 : matrix.shape()[-1];
    std::string text;
    for (Index i = 0; i < matrix.size(); ++i) {
        if (i > 0) text += i % columns == 0 ? "; " : " ";
        text += fmt::format("{}", matrix.data()[i]);
    }
    return text;
}

}  // namespace saccade
