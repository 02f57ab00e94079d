#include "trace/row_edit.hpp"

#include <algorithm>
#include <cmath>

namespace saccade {

RowEdit::RowEdit(std::vector<char> masked, Index row_size) : cells_(masked.size()), row_size_(row_size) {
    std::transform(masked.begin(), masked.end(), cells_.begin(), [](char m) { return m != 0 ? Cell::masked : Cell::free; });
}

void RowEdit::touch(Index cell) {
    cells_[static_cast<std::size_t>(cell)] = Cell::touched;
}

Index RowEdit::apply(std::span<float> weights, float value) {
    constexpr float same = 1e-5f;
    const std::vector<float> before(weights.begin(), weights.end());
    for (std::size_t start = 0; start < cells_.size(); start += static_cast<std::size_t>(row_size_)) {
        Cell* row = cells_.data() + start;
        if (std::find(row, row + row_size_, Cell::touched) != row + row_size_) apply_row(weights.data() + start, row, value);
    }
    Index given_way = 0;
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        const float wanted = cells_[i] == Cell::touched ? value : before[i];
        if (cells_[i] != Cell::free && cells_[i] != Cell::masked && std::abs(weights[i] - wanted) > same) ++given_way;
    }
    std::replace(cells_.begin(), cells_.end(), Cell::touched, Cell::set_before);
    return given_way;
}

void RowEdit::apply_row(float* weights, Cell* cells, float value) const {
    for (Index j = 0; j < row_size_; ++j) {
        if (cells[j] == Cell::touched) weights[j] = value;
    }
    const auto count = [&](Cell kind) { return std::count(cells, cells + row_size_, kind); };
    const auto sum = [&](Cell kind) {
        double total = 0;
        for (Index j = 0; j < row_size_; ++j) total += cells[j] == kind ? static_cast<double>(weights[j]) : 0.0;
        return total;
    };
    // Brings the cells of one kind to a total: in proportion, or evenly if they are all 0.
    const auto bring = [&](Cell kind, double total) {
        const double now = sum(kind);
        const double even = total / static_cast<double>(std::max<std::ptrdiff_t>(count(kind), 1));
        for (Index j = 0; j < row_size_; ++j) {
            if (cells[j] == kind)
                weights[j] = static_cast<float>(now > 0 ? static_cast<double>(weights[j]) * (total / now) : even);
        }
    };
    const double touched = sum(Cell::touched);
    const double earlier = sum(Cell::set_before);
    const double rest = 1 - touched;
    if (rest >= 0 && rest >= earlier && count(Cell::free) > 0) {
        bring(Cell::free, rest - earlier);
    } else if (rest >= 0 && count(Cell::set_before) > 0) {
        bring(Cell::free, 0);
        bring(Cell::set_before, rest);
    } else {
        // Nothing else can take the rest, or the edit itself asks for more than 1.
        bring(Cell::free, 0);
        bring(Cell::set_before, 0);
        if (touched > 0) bring(Cell::touched, 1);
    }
}

}  // namespace saccade
