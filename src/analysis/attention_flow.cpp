#include <algorithm>
#include <limits>
#include <string>

#include "analysis/catalogue.hpp"
#include "analysis/residual.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"

// Attention flow (Abnar and Zuidema 2020, section 3.2): the tokens of all layers are the nodes of a network, the weights
// A' = 1/2 A + 1/2 I, its rows brought to sum 1, its capacities; cell [i, j] is the largest flow from output i down to input j.
// Rows need not sum to 1. A maximum over all flows is no formula of a cell: there is a source, and no rule.

namespace saccade {

namespace {

constexpr double most_work = 6e6, nothing = 1e-9;

/// Largest flow through a directed graph, from `source` to `sink` (Dinic 1970: level graphs, blocking flows).
class FlowNetwork {
 public:
    explicit FlowNetwork(Index nodes) : edges_(static_cast<std::size_t>(nodes)) {}
    void add_edge(Index from, Index to, double capacity);
    /// Each call starts from the capacities.
    double max_flow(Index source, Index sink);

 private:
    struct Edge {
        Index to = 0;
        double capacity = 0, left = 0;
        std::size_t back = 0;  // in the edges of `to`
    };
    bool levels_to(Index source, Index sink);
    double push(Index node, Index sink, double most);

    std::vector<std::vector<Edge>> edges_;
    std::vector<Index> level_;
    std::vector<std::size_t> next_;
};

void FlowNetwork::add_edge(Index from, Index to, double capacity) {
    auto& forward = edges_[static_cast<std::size_t>(from)];
    auto& backward = edges_[static_cast<std::size_t>(to)];
    forward.push_back({to, capacity, capacity, backward.size()});
    backward.push_back({from, 0, 0, forward.size() - 1});
}

bool FlowNetwork::levels_to(Index source, Index sink) {
    level_.assign(edges_.size(), -1);
    level_[static_cast<std::size_t>(source)] = 0;
    std::vector<Index> queue{source};
    for (std::size_t at = 0; at < queue.size(); ++at)
        for (const Edge& edge : edges_[static_cast<std::size_t>(queue[at])]) {
            Index& level = level_[static_cast<std::size_t>(edge.to)];
            if (edge.left <= nothing || level >= 0) continue;
            level = level_[static_cast<std::size_t>(queue[at])] + 1;
            queue.push_back(edge.to);
        }
    return level_[static_cast<std::size_t>(sink)] >= 0;
}

double FlowNetwork::push(Index node, Index sink, double most) {
    if (node == sink) return most;
    const auto here = static_cast<std::size_t>(node);
    for (std::size_t& i = next_[here]; i < edges_[here].size(); ++i) {
        Edge& edge = edges_[here][i];
        if (edge.left <= nothing || level_[static_cast<std::size_t>(edge.to)] != level_[here] + 1) continue;
        const double pushed = push(edge.to, sink, std::min(most, edge.left));
        if (pushed <= 0) continue;
        edge.left -= pushed;
        edges_[static_cast<std::size_t>(edge.to)][edge.back].left += pushed;
        return pushed;
    }
    return 0;
}

double FlowNetwork::max_flow(Index source, Index sink) {
    for (auto& edges : edges_)
        for (Edge& edge : edges) edge.left = edge.capacity;
    double flow = 0;
    while (levels_to(source, sink)) {
        next_.assign(edges_.size(), 0);
        while (true) {
            const double pushed = push(source, sink, std::numeric_limits<double>::infinity());
            if (pushed <= 0) break;
            flow += pushed;
        }
    }
    return flow;
}

/// n t^4 is what it costs: at most 6 million (4 layers of 34 tokens, 12 of 26).
bool fits(Index layers, Index tokens) {
    const double t = static_cast<double>(tokens);
    return static_cast<double>(layers) * t * t * t * t <= most_work;
}

/// The longest text that fits that many layers.
Index longest(Index layers) {
    Index tokens = 1;
    while (fits(layers, tokens + 1)) ++tokens;
    return tokens;
}

bool accepts(const Trace&, const TraceTensor& tensor) {
    const auto axes = attention_axes(tensor);
    return axes && axes->layer >= 0 && !refuses_layers("flow", tensor);
}

/// maps A' [n, t, t] -> [t, t].
Tensor<float> flows(const Tensor<float>& maps) {
    const Index n = maps.shape()[0], t = maps.shape()[1];
    FlowNetwork network((n + 1) * t);
    for (Index l = 0; l < n; ++l)
        for (Index i = 0; i < t; ++i)
            for (Index j = 0; j < t; ++j)
                if (const float w = maps.data()[(l * t + i) * t + j]; w > 0)
                    network.add_edge((l + 1) * t + i, l * t + j, static_cast<double>(w));
    Tensor<float> result(Shape{t, t});
    parallel_for(t, [&](Index i) {
        FlowNetwork own = network;
        for (Index j = 0; j < t; ++j) result.data()[i * t + j] = static_cast<float>(own.max_flow(n * t + i, j));
    });
    return result;
}

Derived derive(const Trace& trace, const TraceTensor& source, const std::vector<Index>& heads) {
    const Attention a = attention_of(source);
    if (!fits(a.layers(), a.queries()))
        throw Error(ErrorCode::invalid_input,
                    "attention flow over " + std::to_string(a.queries()) + " tokens in " + std::to_string(a.layers()) +
                        " layers is too much work: the limit is " + std::to_string(longest(a.layers())) + " tokens",
                    "choose rollout, or a shorter text");
    ResidualMaps mixed = residual_maps("flow", trace, source, heads);
    DerivedTensor result;
    result.suffix = with_heads("flow", heads);
    result.role = Role::state;
    result.symbol = "F";
    result.title = "Attention flow";
    result.unit = "flow";
    result.axes = a.axes_at("ij");
    result.values = flows(mixed.maps);
    result.step = {"flow", {}, attention_flow().formula, "", attention_flow().source};
    mixed.derived.tensors.push_back(std::move(result));
    return std::move(mixed.derived);
}

}  // namespace

Analysis attention_flow() {
    return {"flow",
            "Largest flow from output to input through all layers",
            "Abnar and Zuidema 2020, section 3.2",
            "F_ij = max flow from i in the last layer to j in the input, capacities A' = ½ A + ½ I, its rows brought to sum 1 "
            "(computed for the whole "
            "matrix: no rule for "
            "one cell)",
            accepts,
            derive};
}

}  // namespace saccade
