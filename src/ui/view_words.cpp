#include "ui/view_words.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace saccade {

namespace {

using Words = std::pair<const char*, const char*>;

constexpr std::array words = {
    Words{"bars", "One vector: a bar for each of its numbers, from the zero line up or down."},
    Words{"channel-bars",
          "One bar a channel: its gate, by which all of its feature map is multiplied. 1 lets it through, 0 closes it."},
    Words{"curves", "Numbers along an axis; what the axes are stands at them, and each line at its end."},
    Words{"flow", "A line from each query to the keys that it attends to: the wider, the more weight. Thin ones are left out."},
    Words{
        "head-grid",
        "One small attention matrix for each head: a layer's heads side by side, layer below layer. A click selects the head."},
    Words{
        "heatmap",
        "A matrix: rows attend (queries) or are positions, columns are attended to (keys) or are features. The bar below says "
        "which colour is how much."},
    Words{"map-gallery", "The maps of single channels: where in the picture each of them responds."},
    Words{"map-stages", "What one block makes of the picture, step by step, each over the same cells."},
    Words{"neuron",
          "One weight from the inside: query ⊙ key, dimension by dimension; their sum over √d is the score, and softmax of the "
          "scores the weights."},
    Words{"norms", "How long each token's vector is after each layer: what layers add stays in the stream."},
    Words{"overlay", "The map over the picture: coloured where it looks, the picture as it is where it does not."},
    Words{"stages",
          "One step of attention. 1 score e: how well each key fits the query. 2 align α: scores made into weights that sum to "
          "1. "
          "3 context c: the values, read with these weights."},
    Words{
        "tree",
        "Beam search: at each step the best continuations are kept. A hypothesis is one path through the tree; what it scores "
        "stands at its end, and a click there shows it."},
    Words{"word-strip", "Where the model looked as it wrote each word, one picture a word."}};

}  // namespace

std::string view_words(const std::string& view) {
    const auto* found = std::find_if(words.begin(), words.end(), [&](const Words& one) { return view == one.first; });
    return found == words.end() ? std::string() : found->second;
}

}  // namespace saccade
