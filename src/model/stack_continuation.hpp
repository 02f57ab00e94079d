#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/transformer_stack.hpp"
#include "trace/trace.hpp"

namespace saccade {

/// What a run showed, to be shown again, and to go on from.
using ShownTensors = std::vector<std::pair<ProbeSite, Tensor<float>>>;
ShownTensors shown_tensors(const Trace& trace);
/// Error{not_found}.
const Tensor<float>& shown_tensor(const ShownTensors& shown, const std::string& name);
std::size_t bytes_of(const ShownTensors& shown);

/// Goes on from a run of a causal stack over other ids that begin with the same `stays`, of `total` now. The same bits as a run
/// over all of them: each element of a product depends on its own row and column alone (tensor/gemm.hpp), and keys that a mask
/// hides change nothing.
class StackContinuation {
 public:
    /// `name` and `tokens` as the stack's StackSites has them; `old`: what the earlier run showed, at least of this stack.
    StackContinuation(const TransformerStack<float>& stack, std::string name, std::string tokens, const ShownTensors& old,
                      Index stays, Index total);

    /// Sites for a pass over the new positions alone: its keys and values have as many rows as are new.
    StackSites sites() const;
    /// Keys and values of the positions that stay, put into a cache that holds none of this stack's own.
    void fill(StackCache<float>& cache) const;
    /// Everything that the earlier run showed: rows that stay, then those of `fresh`, which showed the new positions. What it
    /// did not show (the memory's keys and values) is as it was.
    ShownTensors whole(const Trace& fresh) const;

 private:
    Tensor<float> whole(const ProbeSite& site, const Tensor<float>& before, const Tensor<float>& fresh,
                        const Tensor<float>& fresh_keys) const;
    Tensor<float> unseen(const ProbeSite& site, const Shape& shape, const Tensor<float>& fresh_keys) const;

    const TransformerStack<float>& stack_;
    std::string name_, tokens_;
    const ShownTensors& old_;
    Index stays_, total_;
};

}  // namespace saccade
