#include "attention/score_additive.hpp"

#include "attention/score_rules.hpp"
#include "autograd/ops.hpp"
#include "autograd/ops_common.hpp"

namespace saccade {

namespace {

struct Extents {
    Index batch, queries, keys, d;
};

Extents check_additive(const Shape& query, const Shape& keys, const Shape& v) {
    if (keys.rank() != 3 || (query.rank() != 2 && query.rank() != 3)) throw shape_error("additive_scores", query, keys);
    const Extents e{keys[0], query.rank() == 2 ? 1 : query[1], keys[1], keys[2]};
    if (query[0] != e.batch || query[-1] != e.d) throw shape_error("additive_scores", query, keys);
    if (v != Shape{e.d}) throw shape_error("additive_scores (v)", v, keys);
    return e;
}

/// Gradients of one example. Pointers are null where none is wanted.
template <class T>
struct ExampleGrad {
    T* query;
    T* keys;
    T* v;
};

/// With t = tanh(q + k_j) and g_j = dL/de_j:  dL/dk_j = g_j v (1 - t^2), dL/dq = sum_j dL/dk_j, dL/dv = sum_j g_j t.
template <class T>
void additive_backward(const Extents& e, const T* query, const T* keys, const T* v, const T* grad, const ExampleGrad<T>& to,
                       T* scratch) {
    Array<T> t = array(scratch, e.d), slope_sum = array(scratch + e.d, e.d);
    const auto q = array(query, e.d);
    slope_sum.setZero();
    for (Index j = 0; j < e.keys; ++j) {
        const T g = grad[j];
        if (g == T(0)) continue;  // masked keys: no score of theirs was used
        t = (q + array(keys + j * e.d, e.d)).tanh();
        if (to.v != nullptr) array(to.v, e.d) += g * t;
        t = g * (T(1) - t.square());
        slope_sum += t;
        if (to.keys != nullptr) array(to.keys + j * e.d, e.d) += t * array(v, e.d);
    }
    if (to.query != nullptr) array(to.query, e.d) += slope_sum * array(v, e.d);
}

}  // namespace

template <class T>
Var<T> additive_scores(const Var<T>& query_projected, const Var<T>& keys, const Var<T>& v) {
    const Extents e = check_additive(query_projected.shape(), keys.shape(), v.shape());
    const Tensor<T>& q = query_projected.value();
    const Tensor<T>& k = keys.value();
    Tensor<T> y = Tensor<T>::uninitialized(q.shape().with_extent(-1, e.keys));
    const auto weight = array(v.value());
    for_rows(e.batch * e.queries, e.keys * e.d, [&](Index start, Index count) {
        for (Index i = start; i < start + count; ++i) {
            const auto query = array(q.data() + i * e.d, e.d);
            const T* const own_keys = k.data() + i / e.queries * e.keys * e.d;
            for (Index j = 0; j < e.keys; ++j) {
                y.data()[i * e.keys + j] = ((query + array(own_keys + j * e.d, e.d)).tanh() * weight).sum();
            }
        }
    });
    Tape<T>* tape = common_tape({&query_projected, &keys, &v});
    if (tape == nullptr) return y;
    return tape->record(std::move(y), [e, q, k, vv = v.value(), q_id = query_projected.id(), k_id = keys.id(), v_id = v.id()](
                                          Tape<T>& t, const Tensor<T>& grad) {
        T* const d_q = q_id < 0 ? nullptr : t.grad_of(q_id).data();
        T* const d_k = k_id < 0 ? nullptr : t.grad_of(k_id).data();
        T* const d_v = v_id < 0 ? nullptr : t.grad_of(v_id).data();
        Tensor<T> scratch = Tensor<T>::uninitialized(Shape{2 * e.d});
        for (Index i = 0; i < e.batch * e.queries; ++i) {
            const Index example = i / e.queries * e.keys * e.d;
            const ExampleGrad<T> to{d_q == nullptr ? nullptr : d_q + i * e.d, d_k == nullptr ? nullptr : d_k + example, d_v};
            additive_backward(e, q.data() + i * e.d, k.data() + example, vv.data(), grad.data() + i * e.keys, to,
                              scratch.data());
        }
    });
}

template Var<float> additive_scores(const Var<float>&, const Var<float>&, const Var<float>&);
template Var<double> additive_scores(const Var<double>&, const Var<double>&, const Var<double>&);

namespace {

template <class T>
class AdditiveScore : public Score<T> {
 public:
    explicit AdditiveScore(const FunctionParameters<T>& parameters)
        : query_weight_(parameters("query_weight")), key_weight_(parameters("key_weight")), vector_(parameters("vector")) {}

    Var<T> query(const Var<T>& state) const override { return affine(state, query_weight_, {}); }
    Var<T> keys(const Var<T>& annotations) const override { return affine(annotations, key_weight_, {}); }
    Var<T> scores(const Var<T>& query, const Var<T>& keys) const override { return additive_scores(query, keys, vector_); }

 private:
    Var<T> query_weight_, key_weight_, vector_;
};

}  // namespace

ScoreFunction additive_score_function() {
    return {.id = "additive",
            .title = "Additive",
            .equation = "e_ij = v_a · tanh(W_a s + U_a h_j)",
            .source = "Bahdanau 2014, A.1.2",
            .query_axis = "attention",
            .key_axis = "attention",
            .parameters =
                [](const ScoreSizes& s) {
                    return std::vector<FunctionParameter>{
                        {"query_weight", "W_a", {s.attention, s.state}, {"attention", "state"}},
                        {"key_weight", "U_a", {s.attention, s.annotation}, {"attention", "annotation"}},
                        {"vector", "v_a", {s.attention}, {"attention"}}};
                },
            .make = make_score_of<AdditiveScore, float>,
            .make_double = make_score_of<AdditiveScore, double>,
            .rules =
                [](const StateText& state, const std::string& s) {
                    return ScoreRules{"q_i = W_a " + s,
                                      "queries[i,a] = sum_k(attention.query_weight[a,k] * " + state('k') + ")",
                                      "k_j = U_a h_j",
                                      "keys[j,a] = sum_k(attention.key_weight[a,k] * annotations[j,k])",
                                      "e_ij = v_a · tanh(W_a " + s + " + U_a h_j)",
                                      "scores[i,j] = sum_a(attention.vector[a] * tanh(queries[i,a] + keys[j,a]))"};
                }};
}

}  // namespace saccade
