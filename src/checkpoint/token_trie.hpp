#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace saccade {

/// Finds which of many strings a text begins with: a tree of their bytes.
class TokenTrie {
 public:
    TokenTrie() = default;
    /// Strings and their values. Of equal strings the last counts; an empty one is never found.
    explicit TokenTrie(std::vector<std::pair<std::string, std::uint32_t>> strings);

    /// Calls visit(length, value) for every string that the text begins with, the shortest first.
    template <class Visit>
    void prefixes(std::string_view text, Visit visit) const {
        std::uint32_t node = 0;
        for (std::size_t i = 0; i < text.size() && !nodes_.empty(); ++i) {
            node = child(node, static_cast<unsigned char>(text[i]));
            if (node == none) return;
            if (nodes_[node].value != none) visit(i + 1, nodes_[node].value);
        }
    }
    bool empty() const { return nodes_.empty(); }

 private:
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    struct Node {
        std::uint32_t first = 0;  // its children follow each other, in the order of their bytes
        std::uint32_t children = 0;
        std::uint32_t value = none;
    };
    std::uint32_t child(std::uint32_t node, unsigned char byte) const;

    std::vector<Node> nodes_;           // the root is 0; level by level
    std::vector<unsigned char> bytes_;  // by which each node hangs from its parent
};

}  // namespace saccade
