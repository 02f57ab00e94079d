#include "base/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace saccade {

std::size_t edit_distance(const std::string& a, const std::string& b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j < row.size(); ++j) {
            const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
        }
    }
    return row.back();
}

std::vector<std::string> nearest_first(const std::string& word, std::vector<std::string> names) {
    const std::string compared = word.substr(0, 64);  // beyond it nothing is a slip of the hand
    std::vector<std::pair<std::size_t, std::string>> all;
    for (std::string& name : names) {
        const std::size_t distance = edit_distance(compared, name);
        all.emplace_back(distance, std::move(name));
    }
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t i = 0; i < all.size(); ++i) names[i] = std::move(all[i].second);
    return names;
}

}  // namespace saccade
