#include "params/matrix_text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <vector>

#include "base/utf8.hpp"
#include "params/matrix_plain.hpp"

namespace saccade {

namespace {

constexpr std::size_t most_numbers = 1'000'000;

/// "-1,234,567.8" with a mark of ',' and a point of '.': three digits behind every mark, one to three before the first and not
/// a zero, none behind the point. Or no mark at all.
bool well_grouped(std::string_view number, char mark, char point) {
    const std::size_t first = number[0] == '-' || number[0] == '+' ? 1 : 0;
    const std::size_t end = std::min(number.find(point), number.size());
    if (number.find(mark, end) != std::string_view::npos) return false;
    const std::string_view whole = number.substr(first, end - first);
    std::size_t at = whole.find(mark);
    if (at == std::string_view::npos) return true;
    if (at < 1 || at > 3 || whole[0] == '0') return false;
    while (at != std::string_view::npos) {
        const std::size_t next = whole.find(mark, at + 1);
        if (std::min(next, whole.size()) - at != 4) return false;
        at = next;
    }
    return std::ranges::all_of(whole, [mark](char c) { return c == mark || is_ascii_digit(c); });
}

/// What the marks of a text mean.
enum class Comma { separates, decimal, groups };  // "1,5" as 1 and 5, as 1.5; "1,234.5" as 1234.5
struct Reading {
    Comma comma = Comma::separates;
    bool semicolon_separates = false;  // numbers; else it ends a row
    bool tab_separates = false;        // two of them have an empty cell between them
    bool blank_separates = false;      // a comma with a blank behind it is between numbers, whatever the others are
    bool point_groups = false;         // "1.234,5" as 1234.5; else points are decimal

    std::string says() const {
        const char* commas = comma == Comma::separates ? "commas between numbers"
                             : comma == Comma::decimal ? "decimal commas"
                                                       : "commas between thousands";
        return std::string(commas) + (semicolon_separates ? ", semicolons between numbers" : "") +
               (point_groups ? ", points between thousands" : "") + (blank_separates ? ", “, ” between numbers" : "");
    }
};

class MatrixReader {
 public:
    explicit MatrixReader(Reading reading) : reading_(reading) {}

    Tensor<float> read(const std::string& text) {
        for (std::size_t at = 0; at < text.size(); ++at) {
            const char c = text[at];
            switch (c) {
                case '[':
                    open_bracket();
                    break;
                case ']':
                    close_bracket();
                    break;
                case ';':
                    reading_.semicolon_separates ? separator() : end_row();
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
                    if (reading_.comma == Comma::separates || (reading_.blank_separates && blank_at(text, at + 1)))
                        separator();
                    else
                        cell_ += c;
                    break;
                case '\t':
                    reading_.tab_separates ? separator() : end_cell();
                    break;
                case ' ':
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

    static bool blank_at(const std::string& text, std::size_t at) {
        return at < text.size() && (text[at] == ' ' || text[at] == '\t');
    }

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

    void separator() {
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
        const std::string shown = "'" + shorten(sanitize_utf8(cell_), 24) + "'";
        take_out_commas(shown);
        const char* begin = cell_.data();
        const char* const end = begin + cell_.size();
        if (*begin == '+') ++begin;
        double value = 0;
        const auto [stop, error] = std::from_chars(begin, end, value);
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

    /// In a reading whose commas belong to numbers: "1,5" becomes "1.5", "1,234.5" becomes "1234.5".
    void take_out_commas(const std::string& shown) {
        if (reading_.comma == Comma::separates) return;
        const std::size_t comma = cell_.find(',');
        if (reading_.comma == Comma::groups) {
            if (!well_grouped(cell_, ',', '.')) refuse_cell(shown + " is not a number");
            std::erase(cell_, ',');
            return;
        }
        if (reading_.point_groups) {
            if (!well_grouped(cell_, '.', ',')) refuse_cell(shown + " has a decimal point, other numbers a decimal comma");
            if (std::erase(cell_, '.') > 0) return take_out_commas(shown);
        }
        const bool digits = comma != std::string::npos && comma > 0 && is_ascii_digit(cell_[comma - 1]) &&
                            comma + 1 < cell_.size() && is_ascii_digit(cell_[comma + 1]);
        if (cell_.find('.') != std::string::npos) refuse_cell(shown + " has a decimal point, other numbers a decimal comma");
        if (comma != std::string::npos && !digits) refuse_cell(shown + " is not a number");
        if (digits) cell_[comma] = '.';
    }

    Reading reading_;
    std::vector<float> cells_;
    std::string cell_;
    Index row_ = 0, in_row_ = 0, columns_ = 0;
    int depth_ = 0;
    bool nested_ = false, closed_ = false, after_comma_ = false, between_rows_ = false;
};

/// What stands where in a text without brackets.
struct Marks {
    int lines = 0;                        // that hold something
    bool commas = false, points = false;  // at all
    bool tight = false, loose = false;    // a comma between two digits; any other comma
    bool gaps = false;                    // blanks between two numbers, without a comma
    bool tabs = false;
    bool semicolons_inside = false;  // with something before and after it in its line
    int pairs = 0;                   // digits, a comma, digits
    bool fraction = false;           // one of them as nobody writes two numbers: 0,5 or 1,05
    bool point_groups = false;       // a number with points between thousands and a decimal comma: 1.234,5

    explicit Marks(const std::string& text) {
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = std::min(text.find_first_of("\r\n", at), text.size());
            line(std::string_view(text).substr(at, end - at));
            at = end + 1;
        }
    }

 private:
    void line(std::string_view row) {
        const auto blank = [](char c) { return c == ' ' || c == '\t'; };
        const std::size_t begin = row.find_first_not_of(" \t;"), end = row.find_last_not_of(" \t;");
        if (begin == std::string_view::npos) return;
        ++lines;
        row = row.substr(begin, end + 1 - begin);
        for (std::size_t i = 0; i < row.size(); ++i) {
            const char c = row[i], before = i > 0 ? row[i - 1] : ' ', after = i + 1 < row.size() ? row[i + 1] : ' ';
            tabs = tabs || c == '\t';
            points = points || c == '.';
            semicolons_inside = semicolons_inside || c == ';';
            if (c == ',') {
                commas = true;
                (is_ascii_digit(before) && is_ascii_digit(after) ? tight : loose) = true;
                pairs += is_ascii_digit(before) && is_ascii_digit(after) ? 1 : 0;
                const bool lone_zero = before == '0' && (i < 2 || !is_ascii_digit(row[i - 2]));
                const bool zero_first = after == '0' && i + 2 < row.size() && is_ascii_digit(row[i + 2]);
                fraction = fraction || (is_ascii_digit(after) && (lone_zero || zero_first));
            }
            if (c == '.') point_groups = point_groups || grouped_by_points(row, i);
            if (!blank(c) || blank(before)) continue;
            const std::size_t next = row.find_first_not_of(" \t", i);
            gaps = gaps || (std::string_view(",;").find(before) == std::string_view::npos &&
                            std::string_view(",;").find(row[next]) == std::string_view::npos);
        }
    }

    /// Does the number around this point have one comma, behind points that group its digits?
    static bool grouped_by_points(std::string_view row, std::size_t point) {
        constexpr std::string_view of_number = "0123456789.,+-";
        constexpr std::size_t around = 96;  // as far as any number goes: not the whole of a long row for each of its points
        const std::size_t from = point - std::min(point, around);
        row = row.substr(from, 2 * around);
        point -= from;
        const std::size_t before = row.find_last_not_of(of_number, point), begin = before + 1;  // npos + 1 is 0
        const std::string_view number = row.substr(begin, row.find_first_not_of(of_number, point) - begin);
        const std::size_t comma = number.find(',');
        return comma != std::string_view::npos && comma + 1 < number.size() &&
               number.find(',', comma + 1) == std::string_view::npos && well_grouped(number, '.', ',');
    }
};

/// A table of lines, its numbers between semicolons, as spreadsheets write it where commas are decimal.
bool semicolon_table(const Marks& marks) {
    return marks.lines > 1 && marks.semicolons_inside;
}

/// The ways in which a text may have been meant, the likeliest first.
std::vector<Reading> readings_of(const Marks& marks) {
    if (semicolon_table(marks) && !marks.loose) {
        // A row a line: semicolons stand between numbers, and what is left open is what commas are.
        std::vector<Reading> readings{
            {marks.commas ? Comma::decimal : Comma::separates, true, false, false, marks.point_groups}};
        if (marks.commas) readings.push_back({Comma::groups, true});
        if (marks.gaps) readings.push_back({readings.front().comma, false, false, false, marks.point_groups});
        return readings;
    }
    const bool table = marks.tabs && !marks.loose;  // else commas and tabs stand together
    std::vector<Reading> readings;
    if (!(marks.tight && marks.gaps)) readings.push_back({Comma::separates, false, marks.tabs && !marks.commas});
    // Rows of whole numbers with commas, a row a line, are a table as every program writes it: "1,2" and "3,4".
    const bool belongs = marks.gaps || marks.fraction || marks.pairs == 1 || marks.semicolons_inside || marks.loose;
    if (marks.tight && (belongs || marks.point_groups)) {
        const Reading decimal{Comma::decimal, false, table, marks.loose, marks.point_groups};
        readings.push_back(decimal);
        readings.push_back(decimal);
        readings.back().semicolon_separates = marks.semicolons_inside && marks.lines == 1;
    }
    if (marks.tight && (belongs || marks.points)) readings.push_back({Comma::groups, false, table, marks.loose});
    if (readings.empty()) readings.push_back({});
    return readings;
}

std::optional<Tensor<float>> read_as(const Reading& reading, const std::string& text) {
    try {
        return MatrixReader(reading).read(text);
    } catch (const Error&) {
        return std::nullopt;
    }
}

bool same(const Tensor<float>& a, const Tensor<float>& b) {
    return a.shape() == b.shape() && std::ranges::equal(a.values(), b.values());
}

std::string described(const Tensor<float>& matrix, const Reading& reading) {
    return fmt::format("{} × {} with {} ({})", matrix.shape()[0], matrix.shape()[1], reading.says(),
                       shorten(matrix_to_text(matrix.rows(0, std::min<Index>(matrix.shape()[0], 4))), 28));
}

}  // namespace

Tensor<float> matrix_from_text(const std::string& written) {
    const std::string text = plain_matrix_text(written);
    if (text.find_first_of("[]") != std::string::npos) return MatrixReader({}).read(text);
    const Marks marks(text);
    std::vector<Reading> readings = readings_of(marks);
    std::vector<Tensor<float>> found;
    std::string all;
    const auto try_all = [&] {
        for (const Reading& reading : readings) {
            auto matrix = read_as(reading, text);
            if (!matrix || std::ranges::any_of(found, [&](const Tensor<float>& other) { return same(other, *matrix); }))
                continue;
            all += (found.empty() ? "" : ", or as ") + described(*matrix, reading);
            found.push_back(std::move(*matrix));
        }
    };
    try_all();
    if (found.empty() && readings.front().semicolon_separates && (marks.gaps || marks.commas)) {
        // No table with as many numbers in every line: semicolons end rows, as lines do.
        Marks rows = marks;
        rows.lines = 1;
        readings = readings_of(rows);
        try_all();
    }
    if (found.size() > 1)
        throw Error(ErrorCode::invalid_input, "can be read as " + all,
                    "put spaces between numbers, and points in them: 1.5 2; 3 4");
    return found.empty() ? MatrixReader(readings.front()).read(text) : found.front();  // the reader says what is wrong
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
