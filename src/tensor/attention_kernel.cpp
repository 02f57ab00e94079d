#include "tensor/attention_kernel.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/parallel.hpp"
#include "tensor/eigen.hpp"
#include "tensor/gemm.hpp"
#include "tensor/softmax_row.hpp"
#include "tensor/storage.hpp"

namespace saccade {

namespace {

/// Queries whose scores are computed, normalised and read while they lie in the caches.
constexpr Index rows_at_once = 28;

/// What a query's row of the mask says: how many keys there are up to the last that it may see, and whether the mask adds
/// anything to those.
struct VisibleKeys {
    Index keys;
    bool masked;
};

template <class T>
class VisibleKeysTable {
 public:
    explicit VisibleKeysTable(const AttentionOperands<T>& o)
        : rows_(o.mask.data == nullptr || o.mask.row_step == 0 ? 1 : o.queries),
          batches_(o.mask.data == nullptr || o.mask.batch == 0 ? 1 : o.batch) {
        visible_.reserve(static_cast<std::size_t>(rows_ * batches_));
        for (Index b = 0; b < batches_; ++b)
            for (Index i = 0; i < rows_; ++i) visible_.push_back(look(o, b, i));
    }

    VisibleKeys operator()(Index b, Index row) const {
        return visible_[static_cast<std::size_t>((batches_ == 1 ? 0 : b) * rows_ + (rows_ == 1 ? 0 : row))];
    }

 private:
    static VisibleKeys look(const AttentionOperands<T>& o, Index b, Index row) {
        if (o.mask.data == nullptr) return {o.keys, false};
        const T* const mask = o.mask.at(b, 0, row);
        Index keys = o.keys;
        while (keys > 0 && mask[keys - 1] == -std::numeric_limits<T>::infinity()) --keys;
        return {keys, std::any_of(mask, mask + keys, [](T m) { return m != T(0); })};
    }

    Index rows_, batches_;
    std::vector<VisibleKeys> visible_;
};

/// One head of one example.
template <class T>
class Head {
 public:
    Head(const AttentionOperands<T>& o, const VisibleKeysTable<T>& visible, T* weights, const HeadsView<T>& context, Index b,
         Index head)
        : o_(o),
          visible_(visible),
          context_(context),
          b_(b),
          head_(head),
          weights_(weights + (b * o.heads + head) * o.queries * o.keys),
          keys_{o.key.at(b, head, 0), o.keys, o.units, o.key.row_step},
          values_{o.value.at(b, head, 0), o.keys, o.value_units, o.value.row_step} {}

    /// Queries [start, end). Where several blocks of them meet the same keys and values, those are laid out once for all.
    void run(Index start, Index end) const {
        if (end - start <= rows_at_once / 2) return block(start, end - start, nullptr, nullptr);
        Index seen = 0;
        for (Index i = start; i < end; ++i) seen = std::max(seen, visible_(b_, i).keys);
        const PackedMatrix<T> keys({keys_.data, seen, keys_.cols, keys_.stride}, true);
        const PackedMatrix<T> values({values_.data, seen, values_.cols, values_.stride}, false);
        for (Index row = start; row < end; row += rows_at_once) block(row, std::min(rows_at_once, end - row), &keys, &values);
    }

 private:
    void block(Index row, Index rows, const PackedMatrix<T>* keys, const PackedMatrix<T>* values) const {
        Index seen = 0;
        for (Index i = row; i < row + rows; ++i) seen = std::max(seen, visible_(b_, i).keys);
        T* const weights = weights_ + row * o_.keys;
        const std::shared_ptr<T[]> queries = allocate_storage<T>(static_cast<std::size_t>(rows * o_.units));
        const T factor = o_.scaled ? T(1) / std::sqrt(static_cast<T>(o_.units)) : T(1);
        for (Index i = 0; i < rows; ++i)
            array(queries.get() + i * o_.units, o_.units) = array(o_.query.at(b_, head_, row + i), o_.units) * factor;
        const MatrixView<const T> q{queries.get(), rows, o_.units, o_.units};
        const MatrixView<T> scores{weights, rows, seen, o_.keys};
        if (keys != nullptr) {
            keys->multiply(q, scores);
        } else {
            gemm<T>(q, {keys_.data, seen, keys_.cols, keys_.stride}, scores, {.transpose_b = true});
        }
        for (Index i = 0; i < rows; ++i) normalise(row + i, weights + i * o_.keys);
        const MatrixView<const T> seen_weights{weights, rows, seen, o_.keys};
        const MatrixView<T> context{context_.at(b_, head_, row), rows, o_.value_units, context_.row_step};
        if (values != nullptr) {
            values->multiply(seen_weights, context);
        } else {
            gemm<T>(seen_weights, {values_.data, seen, values_.cols, values_.stride}, context);
        }
    }

    void normalise(Index row, T* weights) const {
        const VisibleKeys visible = visible_(b_, row);
        if (o_.term.data != nullptr) array(weights, visible.keys) += array(o_.term.at(b_, head_, row), visible.keys);
        softmax_row<T>(weights, visible.masked ? o_.mask.at(b_, 0, row) : nullptr, weights, visible.keys);
        std::fill(weights + visible.keys, weights + o_.keys, T(0));
    }

    const AttentionOperands<T>& o_;
    const VisibleKeysTable<T>& visible_;
    const HeadsView<T>& context_;
    Index b_, head_;
    T* weights_;
    MatrixView<const T> keys_, values_;
};

}  // namespace

template <class T>
void attend(const AttentionOperands<T>& o, T* weights, const HeadsView<T>& context) {
    const VisibleKeysTable<T> visible(o);
    // A piece is a head; of a few heads, a share of its queries, for all threads to have work.
    constexpr Index worth_sharing = Index{1} << 20;
    const Index all = o.batch * o.heads, work = all * o.queries * o.keys * (o.units + o.value_units);
    const Index shares = std::clamp<Index>((2 * thread_count() + all - 1) / std::max<Index>(1, all), 1,
                                           std::max<Index>(1, o.queries / (4 * rows_at_once)));
    const Index share = (o.queries + shares - 1) / shares;
    const auto piece = [&](Index i) {
        const Index start = i % shares * share;
        Head<T>(o, visible, weights, context, i / shares / o.heads, i / shares % o.heads)
            .run(start, std::min(o.queries, start + share));
    };
    if (work < worth_sharing) {
        for (Index i = 0; i < all * shares; ++i) piece(i);
    } else {
        parallel_for(all * shares, piece);
    }
}

template void attend(const AttentionOperands<float>&, float*, const HeadsView<float>&);
template void attend(const AttentionOperands<double>&, double*, const HeadsView<double>&);

}  // namespace saccade
