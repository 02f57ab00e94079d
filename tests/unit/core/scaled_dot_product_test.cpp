#include "attention/scaled_dot_product.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "attention/mask.hpp"
#include "autograd/ops.hpp"
#include "base/parallel.hpp"
#include "base/rng.hpp"
#include "testing.hpp"

namespace saccade::scaled_dot_product_test {
namespace {

template <class T>
Tensor<T> random(const Shape& shape, std::uint64_t seed) {
    Rng rng(seed);
    Tensor<T> x(shape);
    for (T& v : x.values()) v = static_cast<T>(rng.normal());
    return x;
}

template <class T>
bool same_bits(const Tensor<T>& a, const Tensor<T>& b) {
    return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(T)) == 0;
}

/// Heads [B, h, n, d] side by side: [B, n, h * d].
template <class T>
Tensor<T> joined(const Tensor<T>& x) {
    const Shape& s = x.shape();
    return transpose(Var<T>(x), 1, 2).value().reshape({s[0], s[2], s[1] * s[3]});
}

template <class T>
struct Case {
    Tensor<T> q, k, v, term, mask;
};

template <class T>
Case<T> make_case(Index batch, Index heads, Index queries, Index keys, Index d) {
    return {random<T>({batch, heads, queries, d}, 1),
            random<T>({batch, heads, keys, d}, 2),
            random<T>({batch, heads, keys, d}, 3),
            {},
            {}};
}

template <class T>
void expect_fused_is_composed(const Case<T>& c) {
    const auto composed = scaled_dot_product<T>(c.q, c.k, c.v, c.term, c.mask);
    const auto fused = attended_heads<T>(joined(c.q), c.q.shape()[1], c.k, c.v, c.term, c.mask);
    EXPECT_TRUE(same_bits(fused.weights, composed.weights.value()));
    EXPECT_TRUE(same_bits(fused.joined_context, joined(composed.context.value())));
    const auto split = attended_heads<T>(c.q, c.q.shape()[1], c.k, c.v, c.term, c.mask);
    EXPECT_TRUE(same_bits(split.joined_context, fused.joined_context));
}

TEST(ScaledDotProduct, IsTheDefinition) {
    const auto c = make_case<double>(2, 3, 4, 5, 6);
    const auto out = scaled_dot_product<double>(c.q, c.k, c.v, {}, {});
    for (Index b = 0; b < 2; ++b) {
        for (Index h = 0; h < 3; ++h) {
            for (Index i = 0; i < 4; ++i) {
                double e[5], total = 0;
                for (Index j = 0; j < 5; ++j) {
                    double dot = 0;
                    for (Index u = 0; u < 6; ++u) dot += c.q.at({b, h, i, u}) * c.k.at({b, h, j, u});
                    EXPECT_NEAR(out.scores.value().at({b, h, i, j}), dot / std::sqrt(6.0), 1e-13);
                    total += e[j] = std::exp(dot / std::sqrt(6.0));
                }
                double z = 0;
                for (Index j = 0; j < 5; ++j) {
                    EXPECT_NEAR(out.weights.value().at({b, h, i, j}), e[j] / total, 1e-14);
                    z += e[j] / total * c.v.at({b, h, j, 2});
                }
                EXPECT_NEAR(out.context.value().at({b, h, i, 2}), z, 1e-13);
            }
        }
    }
}

TEST(AttendedHeads, AreTheComposedOnesBitForBit) {
    for (const Index queries : {1, 2, 13, 15, 30, 77}) {
        for (const Index keys : {1, 7, 64, 130, 300}) {
            SCOPED_TRACE(testing::Message() << queries << " queries, " << keys << " keys");
            expect_fused_is_composed(make_case<float>(2, 3, queries, keys, 20));
            expect_fused_is_composed(make_case<double>(1, 2, queries, keys, 8));
        }
    }
}

TEST(AttendedHeads, TermsAndMasksOfEveryShape) {
    auto c = make_case<float>(2, 4, 50, 50, 16);
    const float none = -std::numeric_limits<float>::infinity();
    const Tensor<float> causal = causal_mask<float>(50, 50);
    Tensor<float> padding({2, 1, 1, 50}), holes({2, 1, 50, 50});
    for (Index j = 30; j < 50; ++j) padding.data()[j] = none;
    for (Index i = 0; i < holes.size(); i += 3) holes.data()[i] = none;
    for (Index i = 0; i < 50; ++i) holes.data()[7 * 50 + i] = none;  // a query that sees nothing
    for (const Shape& term :
         {Shape{0}, Shape{2, 4, 50, 50}, Shape{1, 4, 50, 50}, Shape{4, 50, 50}, Shape{1, 4, 1, 50}, Shape{4, 50, 1}}) {
        c.term = term == Shape{0} ? Tensor<float>() : random<float>(term, 5);
        for (const Tensor<float>& mask : {Tensor<float>(), causal, padding, holes}) {
            SCOPED_TRACE("term " + term.str() + ", mask " + mask.shape().str());
            c.mask = mask;
            expect_fused_is_composed(c);
        }
    }
}

TEST(AttendedHeads, AQueryThatSeesNothingAttendsToNothing) {
    auto c = make_case<float>(1, 2, 40, 40, 8);
    c.mask = Tensor<float>({40, 40}, -std::numeric_limits<float>::infinity());
    const auto out = attended_heads<float>(joined(c.q), 2, c.k, c.v, {}, c.mask);
    for (const float w : out.weights.values()) ASSERT_EQ(w, 0);
    for (const float z : out.joined_context.values()) ASSERT_EQ(z, 0);
}

TEST(AttendedHeads, ALastQueryBehindCachedKeysIsTheOneOfTheWholeRun) {
    constexpr Index n = 100, heads = 3, d = 24;
    const auto c = make_case<float>(1, heads, n, n, d);
    const auto whole = attended_heads<float>(joined(c.q), heads, c.k, c.v, {}, causal_mask<float>(n, n));
    const Tensor<float> q = joined(c.q);
    for (const Index seen : {1, 2, 17, 64, 100}) {
        const auto k = slice(Var<float>(c.k), 2, 0, seen).value(), v = slice(Var<float>(c.v), 2, 0, seen).value();
        const auto last =
            attended_heads<float>(q.reshape({n, heads * d}).rows(seen - 1, 1).reshape({1, 1, heads * d}), heads, k, v, {}, {});
        for (Index u = 0; u < heads * d; ++u)
            ASSERT_EQ(last.joined_context.at({0, 0, u}), whole.joined_context.at({0, seen - 1, u})) << "position " << seen - 1;
        for (Index h = 0; h < heads; ++h)
            for (Index j = 0; j < seen; ++j) ASSERT_EQ(last.weights.at({0, h, 0, j}), whole.weights.at({0, h, seen - 1, j}));
    }
}

TEST(AttendedHeads, SameBitsAtAnyThreadCount) {
    const int before = thread_count();
    const auto c = make_case<float>(1, 1, 600, 600, 32);
    const Tensor<float> mask = causal_mask<float>(600, 600), q = joined(c.q);
    set_thread_count(1);
    const auto one = attended_heads<float>(q, 1, c.k, c.v, {}, mask);
    set_thread_count(3);
    const auto three = attended_heads<float>(q, 1, c.k, c.v, {}, mask);
    set_thread_count(before);
    EXPECT_TRUE(same_bits(one.weights, three.weights));
    EXPECT_TRUE(same_bits(one.joined_context, three.joined_context));
}

TEST(AttendedHeads, RefusesShapesThatDoNotFit) {
    const auto c = make_case<float>(1, 2, 3, 4, 8);
    EXPECT_THROW(attended_heads<float>(c.q, 3, c.k, c.v, {}, {}), Error);
    EXPECT_THROW(attended_heads<float>(joined(c.q), 4, c.k, c.v, {}, {}), Error);
    EXPECT_THROW(attended_heads<float>(joined(c.q), 2, c.k, make_case<float>(1, 2, 3, 5, 8).v, {}, {}), Error);
    EXPECT_THROW(attended_heads<float>(joined(c.q), 2, c.k, c.v, {}, Tensor<float>({3, 5})), Error);
    EXPECT_THROW(attended_heads<float>(joined(c.q), 2, c.k, c.v, {}, Tensor<float>({1, 2, 3, 4})), Error);
}

// --- operations along rows, which heads and layers are made of ---

/// f of a matrix's last `count` rows is, bit for bit, the last rows of f of all; for any alignment that widths bring.
template <class Function>
void expect_rows_alone(const Function& f) {
    for (const Index width : {1, 7, 16, 31, 96, 100}) {
        const Tensor<float> x = random<float>({13, width}, 4);
        const Tensor<float> whole = f(x);
        for (const Index count : {1, 2, 5}) {
            const Tensor<float> part = f(x.rows(13 - count, count).clone());
            EXPECT_TRUE(same_bits(part, whole.rows(13 - count, count))) << count << " rows of " << width;
        }
    }
}

TEST(RowOperations, ARowIsTheSameHoweverManyAreComputed) {
    expect_rows_alone([](const Tensor<float>& x) { return softmax<float>(x).value(); });
    expect_rows_alone([](const Tensor<float>& x) { return gelu<float>(x).value(); });
    expect_rows_alone([](const Tensor<float>& x) { return exp<float>(x).value(); });
    expect_rows_alone([](const Tensor<float>& x) { return tanh<float>(x).value(); });
    expect_rows_alone([](const Tensor<float>& x) { return sigmoid<float>(x).value(); });
    expect_rows_alone([](const Tensor<float>& x) {
        const Index d = x.shape()[1];
        return layer_norm<float>(x, random<float>({d}, 5), random<float>({d}, 6)).value();
    });
    expect_rows_alone([](const Tensor<float>& x) {
        const Index d = x.shape()[1];
        return affine<float>(x, random<float>({33, d}, 5), random<float>({33}, 6)).value();
    });
}

TEST(Softmax, HiddenKeysBehindARowChangeNothing) {
    constexpr Index longest = 70;
    const Tensor<float> scores = random<float>({1, longest}, 4);
    for (const Index seen : {1, 15, 16, 17, 33, 64}) {
        Tensor<float> hidden = scores.clone();
        for (Index j = seen; j < longest; ++j) hidden.data()[j] = -std::numeric_limits<float>::infinity();
        const auto wide = softmax<float>(hidden).value();
        const auto narrow =
            softmax<float>(Tensor<float>::from({1, seen}, scores.values().first(static_cast<std::size_t>(seen)))).value();
        for (Index j = 0; j < longest; ++j)
            ASSERT_EQ(wide.at({0, j}), j < seen ? narrow.at({0, j}) : 0.0F) << j << " of " << seen;
    }
}

}  // namespace
}  // namespace saccade::scaled_dot_product_test
