#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/var.hpp"

namespace saccade {

/// Looks on while a block's attention is computed: called at each named point with what is there, and the computation goes on
/// with what it returns. Points, in their order: "pooled" [N, C], "pooled_max" [N, C], "bottleneck" [N, hidden],
/// "bottleneck_max" [N, hidden], "gate_scores" [N, C], "gate" [N, C], "refined" [N, H, W, C], "mean_map" [N, H, W], "max_map"
/// [N, H, W], "spatial_scores" [N, H, W], "spatial" [N, H, W], "scaled" [N, H, W, C]; each mechanism those that it has.
template <class T>
using Onlooker = std::function<Var<T>(std::string_view point, Var<T> value)>;

/// The value at a point, as an onlooker (or none) leaves it.
template <class T>
Var<T> at_point(const Onlooker<T>& onlooker, std::string_view point, Var<T> value) {
    return onlooker ? onlooker(point, std::move(value)) : value;
}

/// Attention over the features of a residual block, before they are added to the shortcut (Hu 2018, figure 3; Woo 2018,
/// figure 3).
template <class T>
class BlockAttention {
 public:
    virtual ~BlockAttention() = default;
    /// F [N, H, W, C] -> F'' [N, H, W, C]
    virtual Var<T> operator()(const Var<T>& features, const Onlooker<T>& onlooker) const = 0;
};

struct BlockAttentionSizes {
    Index channels = 0;
    Index reduction = 4;  // r: channels for each hidden unit
    Index kernel = 7;     // of the spatial map, in cells; odd
    /// C / r, at least 1.
    Index hidden() const { return channels < reduction ? 1 : channels / reduction; }
};

/// A parameter, named below "stageS.blockB.attention.", with what a trace says of it.
struct BlockAttentionParameter {
    std::string name, symbol;
    Shape shape;                    // the innermost axes from 1 on are what a sum runs over
    std::vector<std::string> axes;  // of: channel, hidden, unit, pooling, kernel.y, kernel.x
};

/// Hands out parameters by their name below "stageS.blockB.attention.".
template <class T>
using BlockAttentionParameters = std::function<Var<T>(const std::string& name)>;

/// One way to attend within a block, as model cards name it.
struct BlockAttentionKind {
    std::string id, title;
    std::string equation, source;
    bool channel = false, spatial = false;  // does it gate channels, has it a map?
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
