#include "tensor/tensor.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <thread>

#include "tensor/storage.hpp"

namespace saccade::tensor_test {
namespace {

ErrorCode code_of(const std::function<void()>& f) {
    try {
        f();
    } catch (const Error& error) {
        EXPECT_FALSE(error.message().empty());
        return error.code();
    }
    ADD_FAILURE() << "nothing was thrown";
    return ErrorCode::io;
}

TEST(Shape, KnowsItsExtents) {
    const Shape s{2, 3, 4};
    EXPECT_EQ(s.rank(), 3);
    EXPECT_EQ(s[0], 2);
    EXPECT_EQ(s[-1], 4);
    EXPECT_EQ(s.size(), 24);
    EXPECT_EQ(s.span_size(1, 3), 12);
    EXPECT_EQ(s.str(), "[2, 3, 4]");
    EXPECT_EQ(Shape{}.size(), 1);
    EXPECT_EQ(Shape{}.str(), "[]");
}

TEST(Shape, ChangesAxes) {
    const Shape s{2, 3, 4};
    EXPECT_EQ(s.without(1), (Shape{2, 4}));
    EXPECT_EQ(s.without(-1), (Shape{2, 3}));
    EXPECT_EQ(s.with_inserted(0, 7), (Shape{7, 2, 3, 4}));
    EXPECT_EQ(s.with_inserted(3, 7), (Shape{2, 3, 4, 7}));
    EXPECT_EQ(s.with_inserted(-1, 7), (Shape{2, 3, 4, 7}));
    EXPECT_EQ(s.with_extent(-2, 9), (Shape{2, 9, 4}));
    EXPECT_NE(s, (Shape{2, 3}));
    EXPECT_NE((Shape{0}), (Shape{}));
}

TEST(Shape, RefusesWhatCannotBe) {
    EXPECT_EQ(code_of([] { Shape({1, 1, 1, 1, 1, 1}); }), ErrorCode::invalid_input);
    EXPECT_EQ(code_of([] { Shape({2, -1}); }), ErrorCode::invalid_input);
    EXPECT_EQ(code_of([] { Shape({Index{1} << 40, Index{1} << 40}); }), ErrorCode::out_of_range);
    EXPECT_EQ(code_of([] { Shape({2}).without(1); }), ErrorCode::invalid_input);
}

TEST(Tensor, MakesAndReads) {
    EXPECT_TRUE(Tensor<float>().empty());
    EXPECT_EQ(Tensor<float>().shape(), Shape{0});
    const Tensor<float> zeros({2, 2});
    for (const float v : zeros.values()) EXPECT_EQ(v, 0);
    const auto t = Tensor<float>::from({2, 3}, {1, 2, 3, 4, 5, 6});
    EXPECT_EQ(t.at({1, 0}), 4);
    EXPECT_EQ(Tensor<float>::scalar(3).item(), 3);
    EXPECT_EQ(code_of([&] { (void)t.at({2, 0}); }), ErrorCode::out_of_range);
    EXPECT_EQ(code_of([&] { (void)t.at({0, -1}); }), ErrorCode::out_of_range);
    EXPECT_EQ(code_of([&] { (void)t.at({0}); }), ErrorCode::out_of_range);
    EXPECT_EQ(code_of([&] { (void)t.item(); }), ErrorCode::invalid_input);
    EXPECT_EQ(code_of([] { Tensor<float>::from({2}, {1, 2, 3}); }), ErrorCode::invalid_input);
}

TEST(Tensor, ViewsShareStorageAndClonesDoNot) {
    auto t = Tensor<double>::from({3, 2}, {1, 2, 3, 4, 5, 6});
    const auto flat = t.reshape({6});
    const auto rows = t.rows(1, 2);
    const auto row = t.row(2);
    const auto copy = t.clone();
    t.data()[4] = 50;
    EXPECT_EQ(flat.at({4}), 50);
    EXPECT_EQ(rows.at({1, 0}), 50);
    EXPECT_EQ(row.at({0}), 50);
    EXPECT_EQ(row.shape(), Shape{2});
    EXPECT_EQ(copy.at({2, 0}), 5);
    EXPECT_EQ(code_of([&] { (void)t.reshape({5}); }), ErrorCode::invalid_input);
    EXPECT_EQ(code_of([&] { (void)t.rows(2, 2); }), ErrorCode::out_of_range);
    EXPECT_EQ(code_of([&] { (void)t.row(-1); }), ErrorCode::out_of_range);
}

TEST(Tensor, ViewsKeepTheStorageAlive) {
    Tensor<float> row;
    {
        const auto t = Tensor<float>::from({2, 2}, {1, 2, 3, 4});
        row = t.row(1);
    }
    const Tensor<float> other({2, 2}, 9);  // would take the block if it were free
    EXPECT_EQ(row.at({0}), 3);
    EXPECT_EQ(other.at({0, 0}), 9);
}

TEST(Tensor, Casts) {
    const auto t = Tensor<float>::from({2}, {1.5F, -2});
    EXPECT_EQ(t.cast<double>().at({0}), 1.5);
    EXPECT_EQ(t.cast<std::int64_t>().at({1}), -2);
}

TEST(Tensor, RefusesWhatMemoryCannotHold) {
    EXPECT_EQ(code_of([] { Tensor<float>::uninitialized({Index{1} << 60}); }), ErrorCode::out_of_range);
    EXPECT_EQ(code_of([] { Tensor<float>::uninitialized({Index{1} << 50}); }), ErrorCode::out_of_range);
}

TEST(Storage, IsAlignedToCacheLines) {
    for (const std::size_t n : {1U, 15U, 100U, 1000U, 70000U}) {
        const auto block = allocate_storage<float>(n);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block.get()) % 64, 0U);
        std::fill_n(block.get(), n, 1.0F);
    }
}

/// Under a sanitizer nothing is kept.
TEST(Storage, KeepsLargeBlocksUntilItIsToldToGiveThemBack) {
    release_kept_blocks(0);
    EXPECT_EQ(kept_block_bytes(), 0U);
    for (const std::size_t mb : {33U, 65U, 255U}) (void)allocate_storage<float>(mb << 18);
    const std::size_t kept = kept_block_bytes();
    const bool keeps = kept > 0;
    EXPECT_TRUE(!keeps || kept >= std::size_t{33 + 65 + 255} << 20) << kept;
    for (int again = 0; again < 3; ++again) (void)allocate_storage<float>(std::size_t{65} << 18);
    EXPECT_EQ(kept_block_bytes(), kept) << "the same block each time";
    release_kept_blocks(std::size_t{100} << 20);
    EXPECT_LE(kept_block_bytes(), std::size_t{100} << 20);
    EXPECT_EQ(kept_block_bytes() > 0, keeps) << "the largest went first";
    release_kept_blocks(0);
    EXPECT_EQ(kept_block_bytes(), 0U);
}

TEST(Storage, BlocksDoNotOverlap) {
    // Sizes around the borders of the size classes, all alive at once, each filled with its own number.
    std::vector<Tensor<float>> all;
    for (Index n = 1; n < 3000; n += 7) all.emplace_back(Shape{n}, static_cast<float>(n));
    for (int round = 0; round < 3; ++round) {
        for (std::size_t i = 0; i < all.size(); i += 2)
            all[i] = Tensor<float>(all[i].shape(), static_cast<float>(all[i].size()));
    }
    for (const auto& t : all) {
        for (const float v : t.values()) ASSERT_EQ(v, static_cast<float>(t.size()));
    }
}

TEST(Storage, BlocksMayBeDroppedOnOtherThreads) {
    std::vector<Tensor<double>> made;
    std::thread maker([&] {
        for (Index i = 0; i < 200; ++i) made.emplace_back(Shape{i * 50}, static_cast<double>(i));
    });
    maker.join();
    for (std::size_t i = 0; i < made.size(); ++i) {
        for (const double v : made[i].values()) ASSERT_EQ(v, static_cast<double>(i));
    }
    std::thread dropper([&] { made.clear(); });
    dropper.join();
    const Tensor<double> again({5000}, 3.0);
    EXPECT_EQ(again.at({4999}), 3.0);
}

}  // namespace
}  // namespace saccade::tensor_test
