#pragma once

#include <string>

#include "model/transformer_stack.hpp"

namespace saccade {

/// Continues a run of a causal stack over other ids that begin with the same `stays`, of `total` now. The same bits as a run
/// over all of them: each element of a product depends on its own row and column alone (tensor/gemm.hpp), and keys that a mask
/// hides change nothing.
class StackContinuation {
 public:
    /// `prefix` and `tokens`: the stack's, as it was observed; `old`: what the earlier run showed, at least of this stack.
    StackContinuation(const TransformerStack<float>& stack, std::string prefix, std::string tokens, const ShownRun& old,
                      Index stays, Index total);

    /// Keys and values of the positions that stay, put into a cache that holds none of this stack's own.
    void fill(StackCache<float>& cache) const;
    /// Everything that the earlier run showed: rows that stay, then those of `fresh`, which showed the new positions. What it
    /// did not show (the memory's keys and values) is as it was. Error{not_found} if it showed no keys.
    /// `again`: of these groups nothing was kept, or is to be (ShownAgain).
    ShownRun whole(const ShownRun& fresh, const ShownAgain* again = nullptr) const;

 private:
    Tensor<float> whole(const ProbeSite& site, const Tensor<float>& before, const Tensor<float>& fresh,
                        const Tensor<float>& fresh_keys) const;
    Tensor<float> unseen(const ProbeSite& site, const Shape& shape, const Tensor<float>& fresh_keys) const;

    const TransformerStack<float>& stack_;
    std::string prefix_, tokens_;
    const ShownRun& old_;
    Index stays_, total_;
};

}  // namespace saccade
