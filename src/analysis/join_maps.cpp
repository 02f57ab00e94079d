#include "analysis/join_maps.hpp"

#include <fmt/format.h>

#include <limits>
#include <numeric>

#include "base/parallel.hpp"
#include "tensor/eigen.hpp"

namespace saccade {

namespace {

constexpr float masked = -std::numeric_limits<float>::infinity();

using Line = Eigen::Array<float, 1, Eigen::Dynamic>;

/// One value from those of all maps at each cell, masked where all are; `join` puts the finite ones of a row of a map (others
/// are `start`) to those before.
template <class Join>
void over_maps(const std::vector<const float*>& maps, Index rows, Index cols, float* out, float start, bool divide,
               const Join& join) {
    parallel_for(rows, [&](Index r) {
        Line joined = Line::Constant(cols, start), count = Line::Zero(cols);
        for (const float* map : maps) {
            const Eigen::Map<const Line> row(map + r * cols, cols);
            join(joined, (row.abs() <= std::numeric_limits<float>::max()).select(row, start));
            count += (row.abs() <= std::numeric_limits<float>::max()).select(Line::Ones(cols), 0.0f);
        }
        if (divide) joined /= count.max(1.0f);
        Eigen::Map<Line>(out + r * cols, cols) = (count > 0.0f).select(joined, masked);
    });
}

bool all_take_part(const std::vector<Index>& which, Index extent) {
    return static_cast<Index>(which.size()) == extent;
}

}  // namespace

void mean_of(const std::vector<const float*>& maps, Index rows, Index cols, float* out) {
    over_maps(maps, rows, cols, out, 0, true, [](Line& sum, const auto& row) { sum += row; });
}

void max_of(const std::vector<const float*>& maps, Index rows, Index cols, float* out) {
    over_maps(maps, rows, cols, out, std::numeric_limits<float>::lowest(), false,
              [](Line& most, const auto& row) { most = most.max(row); });
}

std::vector<Index> heads_of(const std::vector<Index>& numbers, Index heads) {
    std::vector<Index> which;
    for (const Index head : numbers)
        if (head < heads) which.push_back(head);
    if (which.empty()) {
        which.resize(static_cast<std::size_t>(heads));
        std::iota(which.begin(), which.end(), Index{0});
    }
    return which;
}

std::string one_of(char letter, const std::vector<Index>& positions) {
    std::string test;
    for (const Index at : positions) test += fmt::format("{}({} == {})", test.empty() ? "" : " + ", letter, at);
    return test;
}

std::string mean_rule(char letter, const std::string& cell, const std::vector<Index>& which, Index extent, bool finite) {
    const bool all = all_take_part(which, extent);
    if (all && finite) return fmt::format("mean_{}({})", letter, cell);
    const auto sum = [&](const std::string& of) {
        return fmt::format("sum_{}({})", letter, all ? of : fmt::format("where({}, {}, 0)", one_of(letter, which), of));
    };
    if (finite) return fmt::format("{} / {}", sum(cell), which.size());
    const std::string seen = sum(cell + " > -inf");
    return fmt::format("where({} > 0, {} / {}, -inf)", seen, sum(zero_if_masked(cell)), seen);
}

std::string max_rule(char letter, const std::string& cell, const std::vector<Index>& which, Index extent) {
    if (all_take_part(which, extent)) return fmt::format("max_{}({})", letter, cell);
    return fmt::format("max_{}(where({}, {}, -inf))", letter, one_of(letter, which), cell);
}

}  // namespace saccade
