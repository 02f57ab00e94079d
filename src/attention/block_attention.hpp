#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "autograd/var.hpp"
#include "trace/observer.hpp"

namespace saccade {

/// Name, below its block's, and symbol of a tensor as it is shown.
struct ShownAs {
    std::string name, symbol;
};

/// Attention over the features of a residual block, before they are added to the shortcut (Hu 2018, figure 3; Woo 2018,
/// figure 3).
template <class T>
class BlockAttention {
 public:
    virtual ~BlockAttention() = default;
    /// F [N, H, W, C] -> F'' [N, H, W, C]. The observer's prefix is the block's: "@features" [channel, y, x] is F, and the
    /// parameters are "@attention.NAME". Shown are batches of one.
    virtual Var<T> operator()(const Var<T>& features, const Observer& observe) const = 0;
    /// What it returns.
    virtual ShownAs result() const = 0;
};

struct BlockAttentionSizes {
    Index channels = 0;
    Index reduction = 4;  // r: channels for each hidden unit
    Index kernel = 7;     // of the spatial map, in cells; odd
    /// C / r, at least 1.
    Index hidden() const { return channels < reduction ? 1 : channels / reduction; }
};

/// A parameter, named below "stageS.blockB.attention.".
struct BlockAttentionParameter {
    std::string name;
    Shape shape;  // the innermost axes from 1 on are what a sum runs over
};

/// Hands out parameters by their name below "stageS.blockB.attention.".
template <class T>
using BlockAttentionParameters = std::function<Var<T>(const std::string& name)>;

/// One way to attend within a block, as model cards name it.
struct BlockAttentionKind {
    std::string id, title;
    std::string equation, source;
    bool channel = false, spatial = false;  // does it gate channels, has it a map?
    std::vector<std::string> pooled;        // what its channel gate is computed from, as it is shown
    std::vector<BlockAttentionParameter> (*parameters)(const BlockAttentionSizes&);
    std::unique_ptr<BlockAttention<float>> (*make)(const BlockAttentionParameters<float>&);
    std::unique_ptr<BlockAttention<double>> (*make_double)(const BlockAttentionParameters<double>&);
};

/// none, se, cbam. `none` has no parameters and makes a null pointer.
const std::vector<BlockAttentionKind>& block_attentions();
/// Error{usage} lists them.
const BlockAttentionKind& block_attention(const std::string& id);

template <class T>
std::unique_ptr<BlockAttention<T>> make_block_attention(const BlockAttentionKind& kind,
                                                        const BlockAttentionParameters<T>& parameters);

}  // namespace saccade
