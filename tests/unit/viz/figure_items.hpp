#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "viz/figure.hpp"

namespace saccade::test {

/// What of one kind a figure draws, in its order.
template <class Item>
std::vector<Item> items_of(const Figure& figure) {
    std::vector<Item> found;
    for (const FigureItem& item : figure.items)
        if (const auto* one = std::get_if<Item>(&item)) found.push_back(*one);
    return found;
}

/// Is that written anywhere in it?
inline bool says(const Figure& figure, const std::string& part) {
    const auto texts = items_of<TextItem>(figure);
    return std::any_of(texts.begin(), texts.end(), [&](const TextItem& t) { return t.text.find(part) != std::string::npos; });
}

}  // namespace saccade::test
