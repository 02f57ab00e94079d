#pragma once

#include <limits>
#include <set>
#include <string>
#include <vector>

#include "trace/intervention.hpp"
#include "trace/trace.hpp"

namespace saccade {

/// What a hand left of the rows of weights that it changed, and that are no distributions any more.
struct RowsOffOne {
    double low = std::numeric_limits<double>::infinity(), high = -low;  // of their sums
    double least = 0, most = 0;                                         // of their weights
    bool any = false, emptied = false;                                  // emptied: one of them is all 0

    void add(const float* now, const float* then, Index keys);
    std::string words() const;
};

/// What there is to say of the rows (of the innermost axis) of weights, as they are shown.
struct RowsSeen {
    Role role;
    std::set<Index> empty{};  // queries of which nothing was attended to, by what was computed
    RowsOffOne off{};

    explicit RowsSeen(Role its_role) : role(its_role) {}
    /// Of a tensor, or of a part of its outer axes; as a run went on with it, and as it was computed.
    void add(const Tensor<float>& now, const Tensor<float>& then);
    static RowsSeen of(const TraceTensor& tensor);
    /// Adds the notes of this tensor; `normalised` false: rows need not say that they attend to nothing.
    void note(const TensorInfo& info, bool normalised, const std::vector<Intervention>& interventions,
              std::vector<Note>& notes) const;
};

}  // namespace saccade
