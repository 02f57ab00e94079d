#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trace/trace.hpp"

namespace saccade {

/// How one row of attention came about, number by number, as the steps of the run have it: scores, what a mask hides, weights,
/// and one coordinate of the weighted sum.
struct RowStory {
    std::string query;              // the token that looks: "beijing"
    std::vector<std::string> keys;  // where it can look
    std::vector<float> scores, mask, weights;
    std::vector<float> values, products;  // of the coordinate: v_j, and weight times v_j; the products add up to `context`
    float context = 0;
    Index coordinate = 0;                                        // the one that is largest in the context
    std::string score_formula, weight_formula, context_formula;  // in the paper's notation

    bool is_masked() const { return !mask.empty(); }
    /// Numbers in order: of each stage one a key. Which stages there are: scores, mask if there is one, weights, sum.
    std::size_t stages() const { return is_masked() ? 4 : 3; }
    std::size_t count() const { return stages() * keys.size(); }
};

/// Of the row in which `cell` lies, a cell of weights. None where the run did not record all of it: no scores, or nothing that
/// is read with the weights; or more than `most` keys.
std::optional<RowStory> row_story(const Trace& trace, const CellRef& cell, Index most = 24);

}  // namespace saccade
