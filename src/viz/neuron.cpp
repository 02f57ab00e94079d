#include "viz/neuron.hpp"

#include <algorithm>
#include <cmath>

namespace saccade {

namespace {

Tensor<float> vector_at(const TraceTensor& tensor, const std::vector<Index>& index) {
    return tensor.values.line(index);
}

double dot_at(const Neuron& n, const std::vector<Index>& cell) {
    const Tensor<float> q = vector_at(*n.query, *index_at(*n.query, n, cell));
    const Tensor<float> k = vector_at(*n.key, *index_at(*n.key, n, cell));
    double sum = 0;
    for (Index d = 0; d < n.size(); ++d) sum += static_cast<double>(q.data()[d]) * static_cast<double>(k.data()[d]);
    return sum;
}

/// Can this tensor be the queries (or keys) of the attention?
bool fits(const TraceTensor* tensor, const Neuron& n, int token_axis) {
    if (tensor == nullptr || tensor->info.axes.size() < 2 || tensor->values.empty()) return false;
    const auto& axes = tensor->info.axes;
    const bool has_tokens = std::find(axes.begin(), axes.end(), n.axis(token_axis)) != axes.end();
    return has_tokens && axes.back()->kind == AxisKind::feature &&
           index_at(*tensor, n, std::vector<Index>(n.weights->info.axes.size(), 0)).has_value();
}

/// Do the scores come from these queries and keys by a dot product, but for the term? Asked of some cells.
bool dot_makes_scores(Neuron& n) {
    if (n.scores == nullptr) return false;
    const TraceValues& scores = n.scores->values;
    // Of what is made when it is looked at, one layer.
    const Index cells = scores.size(), first = scores.kept() ? 0 : cells - cells / scores.shape()[0];
    const Index step = std::max<Index>(1, (cells - first) / 5);
    bool plain = true, scaled = true, any = false;
    for (Index offset = first; offset < cells; offset += step) {
        std::vector<Index> cell(n.weights->info.axes.size());
        Index rest = offset;
        for (std::size_t a = cell.size(); a-- > 0; rest /= n.weights->info.axes[a]->extent)
            cell[a] = rest % n.weights->info.axes[a]->extent;
        const double term = n.term == nullptr ? 0 : static_cast<double>(n.term->values.at(cell));
        const double score = static_cast<double>(scores.at(cell)) - term;
        if (!std::isfinite(score)) continue;
        const double dot = dot_at(n, cell), root = std::sqrt(static_cast<double>(n.size())),
                     near = 1e-3 * (1 + std::abs(score));
        plain = plain && std::abs(dot - score) < near;
        scaled = scaled && std::abs(dot / root - score) < near;
        any = true;
    }
    n.scaled = scaled;
    return any && (plain || scaled);
}

/// The cell in focus: layer, head and query where the state stands; the key that is selected, else the one that gets most.
std::vector<Index> cell_for(const Neuron& n, const ViewState& state) {
    std::vector<Index> cell(n.weights->info.axes.size(), 0);
    const auto set = [&](int axis, Index at) {
        if (axis >= 0) cell[static_cast<std::size_t>(axis)] = at;
    };
    if (n.axes.layer >= 0) set(n.axes.layer, position_on(state, n.axis(n.axes.layer)).value_or(0));
    set(n.axes.head, head_shown(state, n.axis(n.axes.head)));
    set(n.axes.query, position_on(state, n.axis(n.axes.query)).value_or(n.axis(n.axes.query)->extent - 1));
    const auto key = position_on(state, n.axis(n.axes.key));
    if (key) {
        set(n.axes.key, *key);
        return cell;
    }
    const Tensor<float> weights = n.weights->values.line(cell);
    const float* row = weights.data();
    Index most = 0;
    for (Index j = 1; j < n.axis(n.axes.key)->extent; ++j)
        if (row[j] > row[most] || !std::isfinite(row[most])) most = j;
    set(n.axes.key, most);
    return cell;
}

}  // namespace

std::optional<std::vector<Index>> index_at(const TraceTensor& tensor, const Neuron& n, const std::vector<Index>& cell) {
    std::vector<Index> index;
    for (std::size_t a = 0; a + 1 < tensor.info.axes.size(); ++a) {
        const auto& axes = n.weights->info.axes;
        const auto found = std::find(axes.begin(), axes.end(), tensor.info.axes[a]);
        if (found == axes.end()) return std::nullopt;
        index.push_back(cell[static_cast<std::size_t>(found - axes.begin())]);
    }
    index.push_back(-1);
    return index;
}

std::optional<Neuron> neuron_of(const Trace& trace, const TraceTensor& tensor) {
    const auto axes = attention_axes(tensor);
    if (!axes || (tensor.info.role != Role::weights && tensor.info.role != Role::scores)) return std::nullopt;
    Neuron n;
    n.weights = &tensor;
    n.axes = *axes;
    const std::size_t dot = tensor.info.name.rfind('.');
    const std::string stem = dot == std::string::npos ? std::string() : tensor.info.name.substr(0, dot + 1);
    const auto same = [&](Role role) {
        const TraceTensor* found = nullptr;
        for (const TraceTensor* other : trace.with_role(role))
            if (other->info.axes == tensor.info.axes && (found == nullptr || other->info.name.starts_with(stem))) found = other;
        return found;
    };
    n.scores = same(Role::scores);
    if (tensor.info.role == Role::scores)
        if (const TraceTensor* weights = same(Role::weights)) n.weights = weights;
    n.query = trace.find(stem + "query");
    n.key = trace.find(stem + "key");
    if (const TraceTensor* term = trace.find(stem + "term"); term != nullptr && term->info.axes == tensor.info.axes)
        n.term = term;
    const auto agree = [&n] { return n.query->info.axes.back()->extent == n.key->info.axes.back()->extent; };
    if (fits(n.query, n, n.axes.query) && fits(n.key, n, n.axes.key) && agree() && n.query->info.role == Role::query &&
        n.key->info.role == Role::key) {
        if (n.scores != nullptr) dot_makes_scores(n) ? void() : void(n.scaled = true);
        return n;
    }
    std::vector<const TraceTensor*> queries, keys;
    for (const TraceTensor& one : trace.tensors()) {
        if (one.info.role == Role::parameter) continue;
        if (fits(&one, n, n.axes.query)) queries.push_back(&one);
        if (fits(&one, n, n.axes.key)) keys.push_back(&one);
    }
    for (const TraceTensor* query : queries)
        for (const TraceTensor* key : keys) {
            n.query = query;
            n.key = key;
            if (query != key && agree() && dot_makes_scores(n)) return n;
        }
    return std::nullopt;
}

NeuronNumbers numbers_of(const Neuron& n, const ViewState& state) {
    NeuronNumbers v;
    v.cell = cell_for(n, state);
    v.query = v.cell[static_cast<std::size_t>(n.axes.query)];
    v.key = v.cell[static_cast<std::size_t>(n.axes.key)];
    const Tensor<float> q = vector_at(*n.query, *index_at(*n.query, n, v.cell));
    const Tensor<float> k = vector_at(*n.key, *index_at(*n.key, n, v.cell));
    v.q.assign(q.data(), q.data() + n.size());
    v.k.assign(k.data(), k.data() + n.size());
    for (Index d = 0; d < n.size(); ++d) v.product.push_back(q.data()[d] * k.data()[d]);
    v.sum = dot_at(n, v.cell);
    v.scale = n.scaled ? std::sqrt(static_cast<double>(n.size())) : 1;
    v.score = n.scores != nullptr ? static_cast<double>(n.scores->values.at(v.cell)) : v.sum / v.scale;
    v.term = v.score - v.sum / v.scale;
    if (std::abs(v.term) < 2e-4 * (1 + std::abs(v.score))) v.term = 0;
    return v;
}

}  // namespace saccade
