#include "viz/attention_flow.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "viz/attention_combine.hpp"

namespace saccade {

namespace {

constexpr double most_work = 6e6, nothing = 1e-9;

}  // namespace

FlowNetwork::FlowNetwork(Index nodes) : edges_(static_cast<std::size_t>(nodes)) {}

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

bool attention_flow_fits(Index layers, Index tokens) {
    const double t = static_cast<double>(tokens);
    return static_cast<double>(layers) * t * t * t * t <= most_work;
}

Index longest_for_attention_flow(Index layers) {
    Index tokens = 1;
    while (attention_flow_fits(layers, tokens + 1)) ++tokens;
    return tokens;
}

Tensor<float> attention_flow(const Tensor<float>& layers) {
    const Index n = layers.shape()[0], t = layers.shape()[1];
    if (!attention_flow_fits(n, t))
        throw Error(ErrorCode::invalid_input,
                    "attention flow over " + std::to_string(t) + " tokens in " + std::to_string(n) +
                        " layers is too much work: it stops at " + std::to_string(longest_for_attention_flow(n)) + " tokens",
                    "choose rollout, or a shorter text");
    FlowNetwork network((n + 1) * t);
    for (Index l = 0; l < n; ++l) {
        const Tensor<float> mixed = with_residual(layers.row(l));
        for (Index i = 0; i < t; ++i)
            for (Index j = 0; j < t; ++j)
                if (const float w = mixed.data()[i * t + j]; w > 0)
                    network.add_edge((l + 1) * t + i, l * t + j, static_cast<double>(w));
    }
    Tensor<float> result(Shape{t, t});
    parallel_for(t, [&](Index i) {
        FlowNetwork own = network;
        for (Index j = 0; j < t; ++j) result.data()[i * t + j] = static_cast<float>(own.max_flow(n * t + i, j));
    });
    return result;
}

}  // namespace saccade
