#include "viz/beam_tree.hpp"

#include <algorithm>
#include <cmath>

#include "viz/layout.hpp"

namespace saccade {

namespace {

std::string prefix_of(const std::string& name) {
    const std::size_t dot = name.rfind('.');
    return dot == std::string::npos ? std::string() : name.substr(0, dot + 1);
}

const TraceTensor* member(const Trace& trace, const std::string& prefix, const char* name, const TraceTensor& like) {
    const TraceTensor* found = trace.find(prefix + name);
    return found != nullptr && found->info.axes == like.info.axes ? found : nullptr;
}

void mark_lasting(BeamTree& tree) {
    for (std::size_t i = tree.nodes.size(); i-- > 0;) {
        BeamTree::Node& node = tree.nodes[i];
        if (node.fate == BeamTree::Fate::finished || (node.fate == BeamTree::Fate::live && node.step + 1 == tree.steps))
            node.lasting = true;
        if (node.lasting && node.parent >= 0) tree.nodes[static_cast<std::size_t>(node.parent)].lasting = true;
    }
}

}  // namespace

std::vector<int> BeamTree::path(int leaf) const {
    std::vector<int> result;
    for (int i = leaf; i >= 0; i = nodes[static_cast<std::size_t>(i)].parent) result.push_back(i);
    return result;
}

int BeamTree::at(Index step, Index candidate) const {
    for (std::size_t i = 0; i < nodes.size(); ++i)
        if (nodes[i].step == step && nodes[i].candidate == candidate) return static_cast<int>(i);
    return -1;
}

std::string BeamTree::label(const Node& node) const {
    if (vocabulary && node.token >= 0 && node.token < vocabulary->extent) return drawn_label(*vocabulary, node.token);
    return std::to_string(node.token);
}

bool is_beam_tensor(const Trace& trace, const TraceTensor& tensor) {
    if (tensor.values.shape().rank() != 2 || tensor.values.empty()) return false;
    const std::string prefix = prefix_of(tensor.info.name);
    for (const char* name : {"parent", "token", "score", "fate"})
        if (member(trace, prefix, name, tensor) == nullptr) return false;
    return true;
}

BeamTree beam_tree_of(const Trace& trace, const TraceTensor& tensor) {
    BeamTree tree;
    tree.prefix = prefix_of(tensor.info.name);
    const auto values = [&](const char* name) { return member(trace, tree.prefix, name, tensor); };
    const TraceTensor *parent = values("parent"), *token = values("token"), *fate = values("fate"), *rank = values("rank"),
                      *log_probability = values("log_probability");
    tree.score = values("score");
    tree.steps = tensor.values.shape()[0];
    tree.candidates = tensor.values.shape()[1];
    tree.vocabulary = trace.axis("target_vocabulary");
    if (tree.vocabulary == nullptr) tree.vocabulary = trace.axis("vocabulary");
    const auto whole = [](const TraceTensor* of, Index cell) {
        const float value = of->values.data()[cell];
        return std::isfinite(value) ? static_cast<Index>(std::lround(value)) : Index{-1};
    };
    std::vector<int> before, here(static_cast<std::size_t>(tree.candidates), -1);
    for (Index t = 0; t < tree.steps; ++t) {
        before = here;
        std::fill(here.begin(), here.end(), -1);
        for (Index c = 0; c < tree.candidates; ++c) {
            const Index cell = t * tree.candidates + c;
            const float score = tree.score->values.data()[cell];
            if (!std::isfinite(score)) continue;
            BeamTree::Node node;
            node.step = t;
            node.candidate = c;
            node.token = whole(token, cell);
            node.score = static_cast<double>(score);
            node.fate = static_cast<BeamTree::Fate>(std::clamp<Index>(whole(fate, cell), 0, 2));
            node.width = std::exp(std::min(node.score, 0.0));
            node.rank = rank != nullptr ? std::max<Index>(whole(rank, cell), 0) : 0;
            const Index from = whole(parent, cell);
            if (from >= 0) {
                node.parent = t > 0 && from < tree.candidates ? before[static_cast<std::size_t>(from)] : -1;
                if (node.parent < 0)
                    throw Error(ErrorCode::invalid_input,
                                parent->info.name + ": step " + std::to_string(t) + ", candidate " + std::to_string(c) +
                                    " comes from a candidate that does not exist",
                                "record the search again");
            }
            if (log_probability != nullptr) {
                // Of this token after those before it.
                const double whole_path = static_cast<double>(log_probability->values.data()[cell]);
                node.log_probability = whole_path;
                const double up_to = node.parent < 0 ? 0 : tree.nodes[static_cast<std::size_t>(node.parent)].log_probability;
                node.width = std::isfinite(whole_path) ? std::exp(std::min(whole_path - up_to, 0.0)) : 0;
            }
            here[static_cast<std::size_t>(c)] = static_cast<int>(tree.nodes.size());
            tree.nodes.push_back(node);
        }
    }
    mark_lasting(tree);
    return tree;
}

std::vector<double> place_column(const std::vector<ColumnItem>& items, double low, double high) {
    // With the room of those above taken off, the order of the heights is all that is asked for.
    struct Block {
        double sum, weight;
        std::size_t count;
        double mean() const { return sum / weight; }
    };
    std::vector<double> offset(items.size(), 0);
    for (std::size_t i = 1; i < items.size(); ++i) offset[i] = offset[i - 1] + (items[i - 1].room + items[i].room) / 2;
    std::vector<Block> blocks;
    for (std::size_t i = 0; i < items.size(); ++i) {
        blocks.push_back({(items[i].wanted - offset[i]) * items[i].weight, items[i].weight, 1});
        while (blocks.size() > 1 && blocks[blocks.size() - 2].mean() > blocks.back().mean()) {
            const Block last = blocks.back();
            blocks.pop_back();
            blocks.back() = {blocks.back().sum + last.sum, blocks.back().weight + last.weight,
                             blocks.back().count + last.count};
        }
    }
    std::vector<double> result;
    if (items.empty()) return result;
    const double least = low + items.front().room / 2;
    const double most = std::max(least, high - items.back().room / 2 - offset.back());
    for (const Block& block : blocks)
        for (std::size_t k = 0; k < block.count; ++k)
            result.push_back(std::clamp(block.mean(), least, most) + offset[result.size()]);
    return result;
}

}  // namespace saccade
