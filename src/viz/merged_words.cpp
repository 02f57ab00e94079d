#include "viz/merged_words.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/utf8.hpp"
#include "viz/view_options.hpp"

namespace saccade {

namespace {

constexpr std::string_view space = "·",
                           goes_on = "##";  // how tokenizers' labels say where words begin (checkpoint/tokenizer.hpp)
constexpr char32_t first_ideograph = 0x2e80;

bool is_sign(char32_t c) {
    return c < 0x80 && std::isalnum(static_cast<int>(c)) == 0;
}

/// Does a token go on with the word of the one before?
bool joins(const std::string& before, const std::string& token, bool spaced) {
    if (is_special(before) || is_special(token)) return false;
    if (token.starts_with(goes_on) && token.size() > goes_on.size()) return true;
    if (!spaced || token.starts_with(space)) return false;
    const std::u32string end = decode_utf8(before), start = decode_utf8(token);
    if (end.empty() || start.empty() || std::ranges::all_of(start, is_sign) || std::ranges::all_of(end, is_sign)) return false;
    return end.back() < first_ideograph && start.front() < first_ideograph;
}

/// Are its tokens of a tokenizer that says where words begin?
bool is_spaced(const Axis& axis) {
    return std::ranges::any_of(axis.labels, [](const std::string& label) { return label.starts_with(space); });
}

std::string without_marks(std::string token) {
    if (token.starts_with(goes_on) && token.size() > goes_on.size()) token.erase(0, goes_on.size());
    if (token.starts_with(space) && token.size() > space.size()) token.erase(0, space.size());
    return token;
}

/// Every position a word, where nothing is joined.
std::vector<Index> starts_or_all(const MergedWords& words, Index n) {
    if (!words.starts.empty()) return words.starts;
    std::vector<Index> all(static_cast<std::size_t>(n));
    std::iota(all.begin(), all.end(), Index{0});
    return all;
}

/// Mean over rows of the sum over columns; NaN where every cell is.
Tensor<float> joined(const Tensor<float>& values, const std::vector<Index>& rows, const std::vector<Index>& cols) {
    const Index n = values.shape()[0], m = values.shape()[1];
    const auto end = [](const std::vector<Index>& starts, std::size_t i, Index last) {
        return i + 1 < starts.size() ? starts[i + 1] : last;
    };
    auto all = Tensor<float>::uninitialized(Shape{static_cast<Index>(rows.size()), static_cast<Index>(cols.size())});
    float* to = all.data();
    for (std::size_t r = 0; r < rows.size(); ++r)
        for (std::size_t c = 0; c < cols.size(); ++c) {
            double sum = 0;
            bool any = false;
            for (Index i = rows[r]; i < end(rows, r, n); ++i)
                for (Index j = cols[c]; j < end(cols, c, m); ++j) {
                    const float v = values.data()[i * m + j];
                    if (std::isnan(v)) continue;
                    any = true;
                    sum += static_cast<double>(v);
                }
            const double count = static_cast<double>(end(rows, r, n) - rows[r]);
            *to++ = any ? static_cast<float>(sum / count) : std::numeric_limits<float>::quiet_NaN();
        }
    return all;
}

AxisPtr axis_of_words(const Axis& axis, const MergedWords& words) {
    if (words.starts.empty()) return nullptr;
    Axis shown = axis;
    shown.extent = static_cast<Index>(words.starts.size());
    shown.labels = words.labels;
    return std::make_shared<const Axis>(std::move(shown));
}

/// From a token to its word.
void move_focus_to_word(Focus& focus, const std::string& axis, const MergedWords& words) {
    const auto mark = focus.marks.find(axis);
    if (words.starts.empty() || mark == focus.marks.end()) return;
    mark->second = std::ranges::upper_bound(words.starts, mark->second) - words.starts.begin() - 1;
}

}  // namespace

bool has_merged_words(const Axis& axis) {
    const bool spaced = is_spaced(axis);
    for (std::size_t i = 1; i < axis.labels.size(); ++i)
        if (joins(axis.labels[i - 1], axis.labels[i], spaced)) return true;
    return false;
}

MergedWords merged_words(const Axis& axis) {
    MergedWords words;
    const bool spaced = is_spaced(axis);
    for (std::size_t i = 0; i < axis.labels.size(); ++i) {
        if (i > 0 && joins(axis.labels[i - 1], axis.labels[i], spaced)) {
            words.labels.back() += without_marks(axis.labels[i]);
            continue;
        }
        words.starts.push_back(static_cast<Index>(i));
        words.labels.push_back(without_marks(axis.labels[i]));
    }
    return words.starts.size() < axis.labels.size() ? words : MergedWords{};
}

bool merge_words(AttentionPlane& plane) {
    Slice& slice = plane.slice;
    if (!slice.row() || !slice.col()) return false;
    const AxisPtr row = slice.row(), col = slice.col();
    const MergedWords rows = merged_words(*row), cols = merged_words(*col);
    if (rows.starts.empty() && cols.starts.empty()) return false;
    const std::vector<Index> row_starts = starts_or_all(rows, row->extent), col_starts = starts_or_all(cols, col->extent);
    slice.values = joined(slice.values, row_starts, col_starts);
    if (!slice.computed.empty()) slice.computed = joined(slice.computed, row_starts, col_starts);
    for (Focus* focus : {&plane.state.selected, &plane.state.hovered}) {
        move_focus_to_word(*focus, row->name, rows);
        if (col->name != row->name) move_focus_to_word(*focus, col->name, cols);
    }
    slice.shown_row = axis_of_words(*row, rows);
    slice.shown_col = axis_of_words(*col, cols);
    slice.row_map = rows.starts;
    slice.col_map = cols.starts;
    return true;
}

}  // namespace saccade
