#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "attention/position_make.hpp"
#include "autograd/ops.hpp"

// Shaw, Uszkoreit and Vaswani 2018, eq. 3 to 5: a vector for each distance j - i up to k, one for keys and one for values, of
// each layer, shared by its heads,
//   e_ij = q_i (k_j + aK_(j-i)) / sqrt(d_head),  z_i = sum_j alpha_ij (v_j + aV_(j-i))
// As in its section 3.3 the products with the 2k + 1 vectors are made once and then handed out by distance.

namespace saccade {

namespace {

constexpr const char* equation = "e_ij = q_i (k_j + aK_(j-i)) / sqrt(d_head), z_i = sum_j alpha_ij (v_j + aV_(j-i))";
constexpr const char* source = "Shaw 2018, eq. 3 to 5";

/// Row of a table [2 clip + 1, d] for a query at i and a key at j (eq. 3).
Index relative_row(Index i, Index j, Index clip) {
    return std::clamp(j - i, -clip, clip) + clip;
}

/// Calls body(entry of [rows, n_keys], entry of [rows, 2 clip + 1]) for all rows = outer * n_queries.
template <class Body>
void for_distances(Index outer, Index first, Index n_queries, Index n_keys, Index clip, const Body& body) {
    const Index width = 2 * clip + 1;
    Index at = 0, base = 0;
    for (Index o = 0; o < outer; ++o)
        for (Index i = first; i < first + n_queries; ++i, base += width)
            for (Index j = 0; j < n_keys; ++j, ++at) body(at, base + relative_row(i, j, clip));
}

/// x [..., T_q, 2k + 1] -> [..., T_q, n_keys] with y[i, j] = x[i, row of j - i].
template <class T>
Tensor<T> handed_out(const Tensor<T>& x, Index first, Index n_keys) {
    const Shape& s = x.shape();
    Tensor<T> y = Tensor<T>::uninitialized(s.with_extent(s.rank() - 1, n_keys));
    for_distances(s.span_size(0, s.rank() - 2), first, s[-2], n_keys, (s[-1] - 1) / 2,
                  [&](Index pair, Index distance) { y.data()[pair] = x.data()[distance]; });
    return y;
}

/// Its transpose: [..., T_q, n_keys] -> [..., T_q, 2k + 1], the sum over all keys at a distance.
template <class T>
Tensor<T> gathered(const Tensor<T>& x, Index first, Index clip) {
    const Shape& s = x.shape();
    Tensor<T> y(s.with_extent(s.rank() - 1, 2 * clip + 1));
    for_distances(s.span_size(0, s.rank() - 2), first, s[-2], s[-1], clip,
                  [&](Index pair, Index distance) { y.data()[distance] += x.data()[pair]; });
    return y;
}

template <class T>
Var<T> handed_out(const Var<T>& x, Index first, Index n_keys) {
    Tensor<T> y = handed_out(x.value(), first, n_keys);
    if (!x.tracked()) return y;
    const Index clip = (x.shape()[-1] - 1) / 2;
    return x.tape()->record(std::move(y), [first, clip, id = x.id()](Tape<T>& tape, const Tensor<T>& grad) {
        tape.add_grad(id, gathered(grad, first, clip));
    });
}

template <class T>
Var<T> gathered(const Var<T>& x, Index first, Index clip) {
    Tensor<T> y = gathered(x.value(), first, clip);
    if (!x.tracked()) return y;
    const Index n_keys = x.shape()[-1];
    return x.tape()->record(std::move(y), [first, n_keys, id = x.id()](Tape<T>& tape, const Tensor<T>& grad) {
        tape.add_grad(id, handed_out(grad, first, n_keys));
    });
}

template <class T>
class Shaw : public ScoringCode<T>, public ReadingCode<T> {
 public:
    Shaw(const PositionSizes& sizes, const PositionParameters<T>& parameters)
        : clip_(sizes.clip), keys_(parameters("key")), values_(parameters("value")) {}

    Var<T> score_term(const Var<T>& queries, Index first, Index n_keys) const override {
        const T scaling = T(1) / std::sqrt(static_cast<T>(queries.shape()[-1]));
        return handed_out(scale(affine(queries, keys_, {}), scaling), first, n_keys);
    }
    PositionRule score_rule(const PositionNames& names, Index n_keys) const override {
        Tensor<float> rows(Shape{n_keys, n_keys});
        for (Index i = 0; i < n_keys; ++i)
            for (Index j = 0; j < n_keys; ++j) rows.data()[i * n_keys + j] = static_cast<float>(relative_row(i, j, clip_));
        return {"t_ij = q_i · a^K_(j−i) / √d_head",
                fmt::format("sum_u(@query[{}{}i,u] * @position.key[{}@position.row[i,j],u]) / sqrt({})", names.layer,
                            names.head, names.layer, keys_.shape()[1]),
                source,
                {{"@position.row", "r", {names.queries, names.keys}, rows}}};
    }

    Var<T> context_term(const Var<T>& weights, Index first) const override {
        return matmul(gathered(weights, first, clip_), values_);
    }
    PositionRule value_rule(const PositionNames& names) const override {
        return {"a^V_(j−i)", fmt::format("@position.value[{}@position.row[i,j],u]", names.layer), "Shaw 2018, eq. 3"};
    }

 private:
    Index clip_;
    Var<T> keys_, values_;
};

PositionSimilarity draw(const PositionScene& scene) {
    scene.observe("code", scene.parameters("key"), [&] {
        return Shown{.role = Role::embedding,
                     .symbol = "a^K",
                     .title = "Position code: a vector for each distance (layer 1, keys)",
                     .axes = {scene.stack + "distance", "unit"},
                     .step = {"position", equation, "code[d,u] = " + scene.stack + "position.key[0,d,u]", source}};
    });
    return {added_term_title, "mean_h(" + scene.stack + "term[0,h,i,j])", mean_over_heads(scene.term)};
}

}  // namespace

PositionFunction shaw_position_function() {
    return {.id = "shaw",
            .title = "Relative (Shaw)",
            .equation = equation,
            .source = source,
            .tells_distance = true,
            .tells_direction = true,
            .any_length = true,
            .parameters =
                [](const PositionSizes& s) {
                    const Shape shape{2 * s.clip + 1, s.d_model / s.heads};
                    return std::vector<PositionParameter>{{"key", "a^K", shape, true, {"distance", "unit"}},
                                                          {"value", "a^V", shape, true, {"distance", "unit"}}};
                },
            .axes =
                [](const PositionSizes& s) {
                    std::vector<std::string> distances;
                    for (Index d = -s.clip; d <= s.clip; ++d) distances.push_back(std::to_string(d));
                    return std::vector<Axis>{{"distance", AxisKind::key, 2 * s.clip + 1, std::move(distances), "d"}};
                },
            .make = make_code_of<Shaw, float>,
            .make_double = make_code_of<Shaw, double>,
            .draw = draw};
}

}  // namespace saccade
