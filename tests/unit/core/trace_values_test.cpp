#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "nn/linear.hpp"
#include "trace/trace_values.hpp"
#include "unit/core/testing.hpp"

namespace saccade::test::trace_values_test {
namespace {

Tensor<float> numbered(const Shape& shape) {
    Tensor<float> values = Tensor<float>::uninitialized(shape);
    for (Index i = 0; i < values.size(); ++i) values.data()[i] = static_cast<float>(i);
    return values;
}

struct Counted {
    Tensor<float> all = numbered({3, 2, 4});
    std::map<Index, int> made{};
    TraceValues values{all.shape(), std::make_shared<int>(7), [this](Index i) {
                           ++made[i];
                           return all.row(i).clone();
                       }};
};

TEST(TraceValues, makes_the_row_that_is_looked_at_and_no_other) {
    Counted of;
    EXPECT_EQ(of.values.shape(), (Shape{3, 2, 4}));
    EXPECT_FALSE(of.values.kept());
    EXPECT_FALSE(of.values.empty());
    EXPECT_EQ(of.values.bytes(), 0u);
    EXPECT_TRUE(of.made.empty());
    EXPECT_EQ(of.values.at({1, 1, 2}), of.all.at({1, 1, 2}));
    EXPECT_EQ(of.values.at({1, 0, 3}), of.all.at({1, 0, 3}));
    EXPECT_EQ(of.made, (std::map<Index, int>{{1, 1}}));
    const Tensor<float> row = of.values.row(2);
    EXPECT_EQ(row.shape(), (Shape{2, 4}));
    EXPECT_EQ(row.at({1, 3}), 23);
    const Index cell[] = {2, 1, 0};
    EXPECT_EQ(of.values.line(cell).at({3}), 23);
    EXPECT_EQ(of.made, (std::map<Index, int>{{1, 1}, {2, 1}}));
    EXPECT_THROW(of.values.at({3, 0, 0}), Error);
    EXPECT_THROW(of.values.at({0, 0}), Error);
    EXPECT_THROW(of.values.row(-1), Error);
}

TEST(TraceValues, all_of_them_is_what_was_there) {
    Counted of;
    EXPECT_EQ(std::memcmp(of.values.data(), of.all.data(), 24 * sizeof(float)), 0);
    EXPECT_EQ(of.values.row(0).data(), of.values.data()) << "and is kept from then on";
    Index seen = 0;
    Counted other;
    other.values.for_each_part([&](const Tensor<float>& part, Index first) {
        EXPECT_EQ(part.data()[0], static_cast<float>(first));
        seen += part.size();
    });
    EXPECT_EQ(seen, 24);
    const TraceValues kept(of.all);
    EXPECT_TRUE(kept.kept());
    EXPECT_EQ(kept.bytes(), 24 * sizeof(float));
    const Index cell[] = {2, 1, 0};
    EXPECT_EQ(kept.line(cell).at({3}), 23);
    EXPECT_EQ(kept.data(), of.all.data());
}

TEST(TraceValues, a_row_of_another_shape_is_refused) {
    const TraceValues wrong({2, 3}, std::make_shared<int>(0), [](Index) { return Tensor<float>(Shape{4}); });
    EXPECT_THROW(wrong.row(0), Error);
    EXPECT_THROW(wrong.whole(), Error);
}

TEST(Linear, kept_only_as_it_is_laid_out_it_is_the_same_layer) {
    for (const Index out : {1, 31, 64, 70}) {
        const Tensor<float> w = numbered({out, 37}), x = numbered({3, 37});
        const Linear<float> both = laid_out(Linear<float>{w, {}}), alone = laid_out(Linear<float>{w, {}}, true);
        EXPECT_TRUE(alone.weight.empty());
        EXPECT_FALSE(alone.empty());
        EXPECT_EQ(alone.extents(), w.shape());
        EXPECT_EQ(std::memcmp(alone.rows().data(), w.data(), w.values().size_bytes()), 0) << out;
        EXPECT_EQ(std::memcmp(alone(x).value().data(), both(x).value().data(), both(x).value().values().size_bytes()), 0);
        const Index ids[] = {out - 1, 0};
        const Tensor<float> rows = rows_of_packed(*alone.packed, ids);
        EXPECT_EQ(rows.at({0, 5}), w.at({out - 1, 5}));
        EXPECT_EQ(rows.at({1, 36}), w.at({0, 36}));
        const Index none[] = {out};
        EXPECT_THROW(rows_of_packed(*alone.packed, none), Error);
        // On a tape the gradient still finds its way to what the layer reads.
        Tape<float> tape, other;
        const Var<float> read = tape.leaf(x), again = other.leaf(x);
        tape.backward(sum_all(alone(read)));
        other.backward(sum_all(both(again)));
        EXPECT_EQ(std::memcmp(tape.grad(read).data(), other.grad(again).data(), x.values().size_bytes()), 0);
    }
}

TEST(PackedMatrix, sixteen_bits_are_laid_out_as_they_are) {
    std::vector<std::uint16_t> bits(static_cast<std::size_t>(70 * 37));
    Tensor<float> wide = Tensor<float>::uninitialized({70, 37});
    for (std::size_t i = 0; i < bits.size(); ++i) {
        wide.data()[i] = static_cast<float>(i % 97) - 48;  // each is a bfloat16
        std::uint32_t all = 0;
        std::memcpy(&all, &wide.data()[i], sizeof all);
        bits[i] = static_cast<std::uint16_t>(all >> 16U);
    }
    for (const bool transposed : {true, false}) {
        const MatrixView<const std::uint16_t> view{bits.data(), 70, 37, 37};
        bool finite = false;
        const auto of_bits = PackedMatrix<float>::to_stay(view, transposed, true, finite);
        EXPECT_TRUE(finite);
        const auto of_floats = PackedMatrix<float>::to_stay({wide.data(), 70, 37, 37}, transposed);
        ASSERT_EQ(of_bits.columns(), of_floats.columns());
        ASSERT_EQ(of_bits.depth(), of_floats.depth());
        Tensor<float> a(Shape{of_bits.columns(), of_bits.depth()}), b(a.shape());
        of_bits.copy_columns(0, of_bits.columns(), a.data());
        of_floats.copy_columns(0, of_floats.columns(), b.data());
        EXPECT_EQ(std::memcmp(a.data(), b.data(), a.values().size_bytes()), 0) << transposed;
        EXPECT_EQ(a.at({1, 0}), transposed ? wide.at({1, 0}) : wide.at({0, 1}));
    }
    // Infinite or none, of either kind, the last of all: seen.
    for (const bool bfloat : {true, false})
        for (const int none : {bfloat ? 0x7f80 : 0x7c00, bfloat ? 0xffc0 : 0xfe00}) {
            std::vector<std::uint16_t> broken(bits.size(), 0x3c00);
            const MatrixView<const std::uint16_t> view{broken.data(), 70, 37, 37};
            bool finite = false;
            PackedMatrix<float>::to_stay(view, true, bfloat, finite);
            EXPECT_TRUE(finite);
            broken.back() = static_cast<std::uint16_t>(none);
            PackedMatrix<float>::to_stay(view, true, bfloat, finite);
            EXPECT_FALSE(finite) << none;
        }
}

}  // namespace
}  // namespace saccade::test::trace_values_test
