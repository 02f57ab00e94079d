#include "checkpoint/token_trie.hpp"

#include <algorithm>
#include <cstring>

namespace saccade {

TokenTrie::TokenTrie(std::vector<std::pair<std::string, std::uint32_t>> strings) {
    std::stable_sort(strings.begin(), strings.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    if (strings.empty()) return;
    // Each node stands for a range of the sorted strings, which begin alike; ranges are divided level by level.
    struct Range {
        std::size_t begin, end;
    };
    std::vector<Range> level{{0, strings.size()}};
    nodes_.emplace_back();
    bytes_.push_back(0);
    std::uint32_t first_of_level = 0;
    for (std::size_t depth = 0; !level.empty(); ++depth) {
        std::vector<Range> next;
        const auto first_of_next = static_cast<std::uint32_t>(nodes_.size());
        for (std::size_t n = 0; n < level.size(); ++n) {
            const std::uint32_t node = first_of_level + static_cast<std::uint32_t>(n);
            std::size_t i = level[n].begin;
            for (; i < level[n].end && strings[i].first.size() == depth; ++i)
                if (depth > 0) nodes_[node].value = strings[i].second;
            nodes_[node].first = static_cast<std::uint32_t>(nodes_.size());
            while (i < level[n].end) {
                const char byte = strings[i].first[depth];
                const std::size_t begin = i;
                while (i < level[n].end && strings[i].first[depth] == byte) ++i;
                next.push_back({begin, i});
                nodes_.emplace_back();
                bytes_.push_back(static_cast<unsigned char>(byte));
                ++nodes_[node].children;
            }
        }
        level = std::move(next);
        first_of_level = first_of_next;
    }
}

std::uint32_t TokenTrie::child(std::uint32_t node, unsigned char byte) const {
    const Node& parent = nodes_[node];
    if (parent.children == 0) return none;
    const unsigned char* begin = bytes_.data() + parent.first;
    const void* found = std::memchr(begin, byte, parent.children);
    if (found == nullptr) return none;
    return parent.first + static_cast<std::uint32_t>(static_cast<const unsigned char*>(found) - begin);
}

}  // namespace saccade
