#include "model/stack_continuation.hpp"

#include <algorithm>
#include <limits>

#include "attention/scaled_dot_product.hpp"
#include "autograd/ops.hpp"
#include "trace/rows_again.hpp"

namespace saccade {

namespace {

Var<float> first_of(const Tensor<float>& x, int axis, Index count) {
    return slice<float>(x, axis, 0, count);
}

Tensor<float> behind(const Var<float>& first, const Var<float>& then, int axis) {
    const Var<float> both[] = {first, then};
    return concat<float>(both, axis).value();
}

Var<float> as_batch(const Var<float>& x) {
    return reshape(x, x.shape().with_inserted(0, 1));
}

}  // namespace

StackContinuation::StackContinuation(const TransformerStack<float>& stack, std::string prefix, std::string tokens,
                                     const ShownRun& old, Index stays, Index total)
    : stack_(stack), prefix_(std::move(prefix)), tokens_(std::move(tokens)), old_(old), stays_(stays), total_(total) {}

void StackContinuation::fill(StackCache<float>& cache) const {
    cache.length = stays_;
    cache.self.clear();
    for (Index l = 0; l < stack_.design().layers; ++l) {
        const auto kept = [&](const char* what) { return as_batch(first_of(old_.tensor(prefix_ + what).row(l), 1, stays_)); };
        cache.self.push_back({kept("key"), kept("value")});
    }
}

ShownRun StackContinuation::whole(const ShownRun& fresh, const ShownAgain* again) const {
    const Tensor<float>& fresh_keys = fresh.tensor(prefix_ + "key");
    ShownRun shown;
    for (const ShownRun::One& one : old_.tensors) {
        const auto more = std::ranges::find(fresh.tensors, one.site.name, [](const auto& f) { return f.site.name; });
        shown.tensors.push_back(one);
        if (again != nullptr && again->group(one.site) >= 0) continue;
        if (more != fresh.tensors.end()) shown.tensors.back().values = whole(one.site, one.values, more->values, fresh_keys);
    }
    // Some depend on how many positions there are.
    shown.parameters = fresh.parameters;
    for (const Parameter& p : old_.parameters)
        if (std::ranges::find(fresh.parameters, p.name, &Parameter::name) == fresh.parameters.end())
            shown.parameters.push_back(p);
    if (again == nullptr) return shown;
    make_again(shown, *again, [&](const ShownRun::One& one) {
        Shape shape = one.values.shape();
        for (std::size_t a = 0; a < one.site.axes.size(); ++a)
            if (one.site.axes[a] == tokens_ || one.site.axes[a] == tokens_ + ".key")
                shape = shape.with_extent(static_cast<int>(a), total_);
        return shape;
    });
    return shown;
}

Tensor<float> StackContinuation::whole(const ProbeSite& site, const Tensor<float>& before, const Tensor<float>& fresh,
                                       const Tensor<float>& fresh_keys) const {
    const int rank = before.shape().rank();
    if (site.axes.back() != tokens_ + ".key") {
        const auto along = std::ranges::find_if(site.axes, [&](const auto& axis) { return axis.starts_with(tokens_); });
        const auto axis = static_cast<int>(along - site.axes.begin());
        return behind(first_of(before, axis, stays_), fresh, axis);
    }
    // Queries by keys: what the old rows have of the new columns, then the new rows.
    const Var<float> rows = first_of(first_of(before, rank - 2, stays_).value(), rank - 1, stays_);
    const Tensor<float> wide = behind(rows, unseen(site, before.shape(), fresh_keys), rank - 1);
    return behind(Var<float>(wide), fresh, rank - 2);
}

/// Old rows against new columns, which lie in their future.
Tensor<float> StackContinuation::unseen(const ProbeSite& site, const Shape& shape, const Tensor<float>& fresh_keys) const {
    const Index more = total_ - stays_;
    const int rank = shape.rank();
    const Shape block = shape.with_extent(rank - 2, stays_).with_extent(rank - 1, more);
    if (site.role == Role::weights) return Tensor<float>(block);
    if (site.role == Role::mask) return Tensor<float>(block, -std::numeric_limits<float>::infinity());
    std::vector<Var<float>> layers;
    for (Index l = 0; l < stack_.design().layers; ++l) {
        const Var<float> query = as_batch(first_of(old_.tensor(prefix_ + "query").row(l), 1, stays_));
        Var<float> term = stack_.self(l).code().score_term(query, 0, total_);
        if (!term.empty()) term = slice<float>(term, 3, stays_, more);
        const Var<float> cells = site.name == prefix_ + "term"
                                     ? term
                                     : scaled_scores<float>(query, as_batch(fresh_keys.row(l)), term, stack_.self(l).scaled());
        layers.push_back(reshape(cells, cells.shape().without(0)));
    }
    return stack<float>(layers).value();
}

}  // namespace saccade
