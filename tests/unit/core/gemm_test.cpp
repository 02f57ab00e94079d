#include "tensor/gemm.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/parallel.hpp"
#include "base/rng.hpp"
#include "nn/linear.hpp"
#include "tensor/simd.hpp"

namespace saccade::gemm_test {
namespace {

template <class T>
Tensor<T> random_matrix(Index rows, Index cols, std::uint64_t seed) {
    Rng rng(seed);
    Tensor<T> result({rows, cols});
    for (T& v : result.values()) v = static_cast<T>(rng.uniform() - 0.5);
    return result;
}

/// The definition, in double.
template <class T>
double element(const Tensor<T>& a, const Tensor<T>& b, Index i, Index j, Index k, GemmForm form) {
    double sum = 0;
    for (Index p = 0; p < k; ++p) {
        const T x = form.transpose_a ? a.at({p, i}) : a.at({i, p});
        const T y = form.transpose_b ? b.at({j, p}) : b.at({p, j});
        sum += static_cast<double>(x) * static_cast<double>(y);
    }
    return sum;
}

template <class T>
void check_product(Index m, Index n, Index k, GemmForm form, double tolerance) {
    SCOPED_TRACE(testing::Message() << m << " x " << n << " x " << k << " form " << form.transpose_a << form.transpose_b
                                    << form.accumulate);
    const auto a = form.transpose_a ? random_matrix<T>(k, m, 1) : random_matrix<T>(m, k, 1);
    const auto b = form.transpose_b ? random_matrix<T>(n, k, 2) : random_matrix<T>(k, n, 2);
    auto c = random_matrix<T>(m, n, 3);
    const auto before = c.clone();
    gemm<T>(a.data(), b.data(), c.data(), m, n, k, form);
    for (Index i = 0; i < m; ++i) {
        for (Index j = 0; j < n; ++j) {
            const double start = form.accumulate ? static_cast<double>(before.at({i, j})) : 0;
            ASSERT_NEAR(static_cast<double>(c.at({i, j})), start + element(a, b, i, j, k, form), tolerance) << i << ", " << j;
        }
    }
}

TEST(Gemm, EveryFormAgreesWithTheDefinition) {
    for (const bool transpose_a : {false, true}) {
        for (const bool transpose_b : {false, true}) {
            for (const bool accumulate : {false, true}) {
                const GemmForm form{transpose_a, transpose_b, accumulate};
                for (const Index m : {1, 2, 7, 33}) {
                    for (const Index n : {1, 5, 16, 65}) {
                        for (const Index k : {1, 3, 40}) {
                            check_product<float>(m, n, k, form, 1e-5);
                            check_product<double>(m, n, k, form, 1e-13);
                        }
                    }
                }
            }
        }
    }
}

TEST(Gemm, LargeProductsThatAreCutIntoPieces) {
    for (const bool transpose_a : {false, true}) {
        for (const bool transpose_b : {false, true}) {
            check_product<float>(300, 270, 64, {transpose_a, transpose_b, true}, 1e-4);
            check_product<float>(1000, 20, 120, {transpose_a, transpose_b, false}, 1e-4);
        }
    }
}

TEST(Gemm, NoInnerExtentGivesZeros) {
    Tensor<float> c({2, 3}, 5);
    const Tensor<float> a({2, 0}), b({0, 3});
    gemm<float>(a.data(), b.data(), c.data(), 2, 3, 0);
    for (const float v : c.values()) EXPECT_EQ(v, 0);
}

TEST(Gemm, StridesReachIntoLargerMatrices) {
    const auto a = random_matrix<double>(4, 10, 1), b = random_matrix<double>(10, 6, 2);
    Tensor<double> c({4, 8}, 7.0);
    // the product of a's columns 2..5 and b's rows 2..5, columns 1..5, into columns 3..7 of c
    gemm<double>({a.data() + 2, 4, 3, 10}, {b.data() + 2 * 6 + 1, 3, 5, 6}, {c.data() + 3, 4, 5, 8});
    for (Index i = 0; i < 4; ++i) {
        for (Index j = 0; j < 8; ++j) {
            double expected = 7;
            if (j >= 3) {
                expected = 0;
                for (Index p = 2; p < 5; ++p) expected += a.at({i, p}) * b.at({p, j - 2});
            }
            EXPECT_NEAR(c.at({i, j}), expected, 1e-14);
        }
    }
}

TEST(Gemm, RefusesExtentsThatDisagree) {
    const Tensor<float> a({2, 3}), b({4, 2});
    Tensor<float> c({2, 2});
    EXPECT_THROW(gemm<float>({a.data(), 2, 3, 3}, {b.data(), 4, 2, 2}, {c.data(), 2, 2, 2}), Error);
}

TEST(Gemm, SameBitsAtAnyThreadCount) {
    const int before = thread_count();
    const Index sizes[][3] = {{256, 256, 256}, {512, 300, 128}, {1000, 64, 500}, {70, 2000, 33}};
    for (const auto& [m, n, k] : sizes) {
        for (const bool transpose_a : {false, true}) {
            for (const bool transpose_b : {false, true}) {
                const auto a = random_matrix<float>(m, k, 1).reshape(transpose_a ? Shape{k, m} : Shape{m, k});
                const auto b = random_matrix<float>(k, n, 2).reshape(transpose_b ? Shape{n, k} : Shape{k, n});
                Tensor<float> one({m, n}), two({m, n}), three({m, n});
                set_thread_count(1);
                gemm<float>(a.data(), b.data(), one.data(), m, n, k, {transpose_a, transpose_b, false});
                set_thread_count(2);
                gemm<float>(a.data(), b.data(), two.data(), m, n, k, {transpose_a, transpose_b, false});
                set_thread_count(3);
                gemm<float>(a.data(), b.data(), three.data(), m, n, k, {transpose_a, transpose_b, false});
                const auto bytes = static_cast<std::size_t>(m * n) * sizeof(float);
                EXPECT_EQ(std::memcmp(one.data(), two.data(), bytes), 0);
                EXPECT_EQ(std::memcmp(one.data(), three.data(), bytes), 0);
            }
        }
    }
    set_thread_count(before);
}

// --- each element is one chain over k: what the header promises ---

template <class T>
bool same_bits(const T* a, const T* b, Index count) {
    return std::memcmp(a, b, static_cast<std::size_t>(count) * sizeof(T)) == 0;
}

template <class T>
void check_rows_alone(Index n, Index k, GemmForm form) {
    constexpr Index most = 300;
    const auto a = random_matrix<T>(most, k, 1),
               b = random_matrix<T>(k, n, 2).reshape(form.transpose_b ? Shape{n, k} : Shape{k, n});
    Tensor<T> whole({most, n}, T(0.25));
    gemm<T>(a.data(), b.data(), whole.data(), most, n, k, form);
    for (const Index m : {1, 2, 3, 5, 8, 12, 13, 14, 15, 17, 64, 299}) {
        SCOPED_TRACE(testing::Message() << m << " rows of x " << n << " x " << k << " form " << form.transpose_b
                                        << form.accumulate);
        const Index start = m % 2 == 0 ? most - m : 7 % (most - m + 1);
        Tensor<T> part({m, n}, T(0.25));
        gemm<T>(a.data() + start * k, b.data(), part.data(), m, n, k, form);
        ASSERT_TRUE(same_bits(part.data(), whole.data() + start * n, m * n));
    }
}

TEST(Gemm, ARowIsTheSameHoweverManyAreComputed) {
    for (const bool transpose_b : {false, true}) {
        for (const bool accumulate : {false, true}) {
            for (const Index n : {1, 2, 16, 31, 64, 200}) {
                for (const Index k : {1, 3, 16, 64, 77, 300, 1100}) {
                    check_rows_alone<float>(n, k, {.transpose_b = transpose_b, .accumulate = accumulate});
                    if (k < 300) check_rows_alone<double>(n, k, {.transpose_b = transpose_b, .accumulate = accumulate});
                }
            }
        }
    }
}

TEST(Gemm, OperandsMayBeStoredEitherWay) {
    const Index sizes[][3] = {{1, 40, 50}, {3, 1, 90}, {10, 33, 300}, {100, 65, 270}, {300, 300, 40}};
    for (const auto& [m, n, k] : sizes) {
        const auto a = random_matrix<float>(m, k, 1), b = random_matrix<float>(k, n, 2);
        Tensor<float> a_turned({k, m}), b_turned({n, k}), plain({m, n});
        for (Index p = 0; p < k; ++p) {
            for (Index i = 0; i < m; ++i) a_turned.data()[p * m + i] = a.at({i, p});
            for (Index j = 0; j < n; ++j) b_turned.data()[j * k + p] = b.at({p, j});
        }
        gemm<float>(a.data(), b.data(), plain.data(), m, n, k);
        for (const bool ta : {false, true}) {
            for (const bool tb : {false, true}) {
                Tensor<float> other({m, n});
                gemm<float>((ta ? a_turned : a).data(), (tb ? b_turned : b).data(), other.data(), m, n, k, {ta, tb, false});
                EXPECT_TRUE(same_bits(plain.data(), other.data(), m * n)) << m << " " << n << " " << k << " " << ta << tb;
            }
        }
    }
}

TEST(Gemm, ZerosAtTheEndOfTheInnerExtentChangeNothing) {
    // Attention weights over a key range that grows: those of keys that are hidden are 0.
    constexpr Index n = 64, longest = 700;
    const auto values = random_matrix<float>(longest, n, 2);
    for (const Index m : {1, 2, 14, 40}) {
        for (const Index seen : {1, 5, 16, 250, 256, 257, 600}) {
            const auto weights = random_matrix<float>(m, seen, 3);
            Tensor<float> wide({m, longest}), context({m, n}), wide_context({m, n});
            for (Index i = 0; i < m; ++i) std::copy_n(weights.data() + i * seen, seen, wide.data() + i * longest);
            gemm<float>(weights.data(), values.data(), context.data(), m, n, seen);
            gemm<float>(wide.data(), values.data(), wide_context.data(), m, n, longest);
            EXPECT_TRUE(same_bits(context.data(), wide_context.data(), m * n)) << m << " rows, " << seen << " keys";
        }
    }
}

TEST(PackedMatrix, GivesTheBitsOfGemmForAnyPartOfItsExtents) {
    constexpr Index n = 90, k = 530;
    const auto a = random_matrix<float>(40, k, 1), b = random_matrix<float>(k, n, 2);
    for (const bool transposed : {false, true}) {
        const MatrixView<const float> view =
            transposed ? MatrixView<const float>{b.data(), n, k, k} : MatrixView<const float>{b.data(), k, n, n};
        const PackedMatrix<float> packed(view, transposed);
        for (const Index m : {1, 13, 40}) {
            for (const Index cols : {1, 16, 32, 45, 90}) {
                for (const Index depth : {1, 256, 300, 530}) {
                    Tensor<float> expected({m, cols}), actual({m, cols}, 3.0F);
                    MatrixView<const float> b_part = view;
                    (transposed ? b_part.rows : b_part.cols) = cols;
                    (transposed ? b_part.cols : b_part.rows) = depth;
                    gemm<float>({a.data(), m, depth, k}, b_part, {expected.data(), m, cols, cols}, {.transpose_b = transposed});
                    packed.multiply({a.data(), m, depth, k}, {actual.data(), m, cols, cols});
                    EXPECT_TRUE(same_bits(expected.data(), actual.data(), m * cols)) << m << " " << cols << " " << depth;
                }
            }
        }
    }
}

TEST(PackedMatrix, GivesTheSameBitsOnAnyNumberOfThreads) {
    constexpr Index n = 1000, k = 300;
    const auto b = random_matrix<float>(n, k, 2);
    const PackedMatrix<float> packed({b.data(), n, k, k}, true);
    const int before = thread_count();
    for (const Index m : {1, 7, 100}) {
        const auto a = random_matrix<float>(m, k, 1);
        for (const bool accumulate : {false, true}) {
            Tensor<float> expected({m, n}, 3.0F);
            gemm<float>(a.data(), b.data(), expected.data(), m, n, k, {.transpose_b = true, .accumulate = accumulate});
            for (const int threads : {1, 2, 3}) {
                set_thread_count(threads);
                Tensor<float> actual({m, n}, 3.0F);
                packed.multiply_on_threads({a.data(), m, k, k}, {actual.data(), m, n, n}, accumulate);
                EXPECT_TRUE(same_bits(expected.data(), actual.data(), m * n)) << m << " " << accumulate << " " << threads;
            }
            set_thread_count(before);
        }
    }
}

/// Every product with it has the bits of one with what was not narrowed.
void expect_same_products(const PackedMatrix<float>& wide, const PackedMatrix<float>& narrow, Index n, Index k) {
    for (const Index m : {1, 2, 13, 14, 15, 40}) {
        const auto a = random_matrix<float>(m, k, 1);
        for (const bool accumulate : {false, true}) {
            Tensor<float> expected({m, n}, 3.0F), actual({m, n}, 3.0F);
            wide.multiply_on_threads({a.data(), m, k, k}, {expected.data(), m, n, n}, accumulate);
            narrow.multiply_on_threads({a.data(), m, k, k}, {actual.data(), m, n, n}, accumulate);
            EXPECT_TRUE(same_bits(expected.data(), actual.data(), m * n)) << m << " " << accumulate;
        }
    }
}

TEST(PackedMatrix, OfHalvesIsKeptInHalvesAndGivesTheSameBits) {
    constexpr Index n = 90, k = 530;
    auto b = random_matrix<float>(n, k, 2);
    const MatrixView<const float> view{b.data(), n, k, k};
    const auto whole = PackedMatrix<float>::to_stay(view, true);
    EXPECT_FALSE(whole.is_narrow()) << "something would be lost";
    expect_same_products({view, true}, whole, n, k);
    for (float& v : b.values()) v = std::round(v * 512) / 512;  // at most 11 bits
    b.data()[0] = 0x1p-24F, b.data()[1] = -65504, b.data()[2] = -0.0F, b.data()[3] = 0x1.004p-14F;
    const auto narrow = PackedMatrix<float>::to_stay(view, true);
    EXPECT_EQ(narrow.is_narrow(), simd::reads_halves);
    expect_same_products({view, true}, narrow, n, k);
    for (const float lost : {0x1.1p-25F, 65537.0F, 1.0F + 0x1p-11F, std::numeric_limits<float>::infinity()}) {
        b.data()[4] = lost;
        EXPECT_EQ(PackedMatrix<float>::to_stay(view, true).is_narrow(), std::isinf(lost) && simd::reads_halves) << lost;
    }
}

TEST(PackedMatrix, OfBfloatsIsKeptInThemAndGivesTheSameBits) {
    constexpr Index n = 90, k = 530;
    auto b = random_matrix<float>(n, k, 2);
    for (float& v : b.values()) v = std::bit_cast<float>(std::bit_cast<std::uint32_t>(v) & 0xffff0000U);
    b.data()[0] = 0x1p-126F, b.data()[1] = -0x1.fep127F, b.data()[2] = -0.0F, b.data()[3] = 0x1p-133F;
    for (const bool transposed : {false, true}) {
        const MatrixView<const float> view =
            transposed ? MatrixView<const float>{b.data(), n, k, k} : MatrixView<const float>{b.data(), k, n, n};
        const auto narrow = PackedMatrix<float>::to_stay(view, transposed);
        EXPECT_EQ(narrow.is_narrow(), simd::reads_bfloats);
        expect_same_products({view, transposed}, narrow, n, k);
    }
    b.data()[n * k - 1] = 1.0F + 0x1p-8F;  // the last of all, a bit too many
    EXPECT_FALSE(PackedMatrix<float>::to_stay({b.data(), n, k, k}, true).is_narrow());
}

TEST(PackedMatrix, OfHalvesIsCutForThreadsAtWholePanels) {
    constexpr Index n = 3000, k = 800;
    auto b = random_matrix<float>(n, k, 2);
    for (float& v : b.values()) v = std::round(v * 512) / 512;
    const PackedMatrix<float> wide({b.data(), n, k, k}, true);
    const auto narrow = PackedMatrix<float>::to_stay({b.data(), n, k, k}, true);
    const int before = thread_count();
    set_thread_count(3);
    for (const Index m : {0, 1, 3, 20}) {
        const auto a = random_matrix<float>(m, k, 1);
        Tensor<float> expected({m, n}), actual({m, n});
        wide.multiply({a.data(), m, k, k}, {expected.data(), m, n, n});
        narrow.multiply_on_threads({a.data(), m, k, k}, {actual.data(), m, n, n});
        EXPECT_TRUE(same_bits(expected.data(), actual.data(), m * n)) << m;
    }
    set_thread_count(before);
}

TEST(Linear, LaidOutGivesTheSameBitsAndIsLeftAsItIsOnATape) {
    const Var<float> weight(random_matrix<float>(70, 45, 1)), bias(random_matrix<float>(1, 70, 2).reshape({70}));
    for (const bool biased : {false, true}) {
        const Linear<float> plain{weight, biased ? bias : Var<float>()}, packed = laid_out(plain);
        ASSERT_NE(packed.packed, nullptr);
        for (const Index rows : {1, 5, 40}) {
            const Var<float> x(random_matrix<float>(rows, 45, 3).reshape({1, rows, 45}));
            const Tensor<float> expected = plain(x).value(), actual = packed(x).value();
            ASSERT_EQ(expected.shape(), actual.shape());
            EXPECT_TRUE(same_bits(expected.data(), actual.data(), rows * 70)) << rows;
        }
        EXPECT_THROW((void)packed(Var<float>(random_matrix<float>(2, 44, 3))), Error);
    }
    Tape<float> tape;
    EXPECT_EQ(laid_out(Linear<float>{tape.leaf(weight.value()), {}}).packed, nullptr);
    // Gradients by the input go the usual way.
    EXPECT_TRUE(laid_out(Linear<float>{weight, {}})(tape.leaf(random_matrix<float>(2, 45, 4))).tracked());
}

}  // namespace
}  // namespace saccade::gemm_test
