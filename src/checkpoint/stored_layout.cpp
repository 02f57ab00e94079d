#include "checkpoint/stored_layout.hpp"

#include <fmt/core.h>

#include <atomic>
#include <cmath>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "io/half.hpp"
#include "tensor/storage.hpp"

namespace saccade {

namespace {

/// The first number for which `bad` holds, looked for by all threads.
template <class T, class Bad>
Index first_bad(const T* numbers, Index size, const Bad& bad) {
    constexpr Index piece = Index{1} << 18;
    std::atomic<Index> found = size;
    parallel_for((size + piece - 1) / piece, [&](Index at) {
        const Index first = at * piece, last = std::min(size, first + piece);
        if (first > found) return;
        // Without a way out, so that it is done in vectors.
        bool any = false;
        for (Index i = first; i < last; ++i) any |= bad(numbers[i]);
        if (!any) return;
        const Index here = std::find_if(numbers + first, numbers + last, bad) - numbers;
        for (Index known = found; here < known && !found.compare_exchange_weak(known, here);) {
        }
    });
    return found;
}

void require_none_bad(const StoredPlace& place, Index at, Index size, float value) {
    if (at == size) return;
    throw Error(ErrorCode::numeric,
                fmt::format("{}: tensor '{}' holds {} at position {}", place.file->path(), place.tensor.name, value, at),
                "the training went wrong; choose other weights");
}

/// Where in what is stored [rows, cols] the matrix lies.
template <class T>
MatrixView<const T> view_of(const T* data, const Shape& stored, const StoredLayout& layout) {
    if (layout.by_columns) return {data + layout.first, stored[0], layout.count, stored[1]};
    return {data, stored[0], stored[1], stored[1]};
}

}  // namespace

std::shared_ptr<const PackedMatrix<float>> laid_out_of(const StoredPlace& place, const StoredLayout& layout) {
    const Shape stored = place.tensor.shape(place.file->path());
    const auto packed = [](PackedMatrix<float> made) { return std::make_shared<const PackedMatrix<float>>(std::move(made)); };
    const bool transposed = !layout.by_columns, bfloat = place.tensor.dtype == "BF16";
    if (bfloat || place.tensor.dtype == "F16") {
        std::shared_ptr<std::uint16_t[]> bits = place.file->bits(place.tensor);
        const std::uint16_t exponent = bfloat ? 0x7f80 : 0x7c00;
        const Index bad =
            first_bad(bits.get(), stored.size(), [exponent](std::uint16_t b) { return (b & exponent) == exponent; });
        if (bad < stored.size())
            require_none_bad(place, bad, stored.size(), bfloat ? bfloat16_to_float(bits[bad]) : half_to_float(bits[bad]));
        if (layout.units > 0) {
            const auto paired = allocate_storage<std::uint16_t>(static_cast<std::size_t>(stored.size()));
            pair_rows(bits.get(), stored[0], stored[1], layout.units, layout.turned, paired.get());
            bits = paired;
        }
        return packed(PackedMatrix<float>::to_stay(view_of<std::uint16_t>(bits.get(), stored, layout), transposed, bfloat));
    }
    Tensor<float> values = place.file->values(place.tensor);
    const Index bad = first_bad(values.data(), values.size(), [](float v) { return !std::isfinite(v); });
    if (bad < values.size()) require_none_bad(place, bad, values.size(), values.data()[bad]);
    if (layout.units > 0) {
        Tensor<float> paired = Tensor<float>::uninitialized(stored);
        pair_rows(values.data(), stored[0], stored[1], layout.units, layout.turned, paired.data());
        values = std::move(paired);
    }
    return packed(PackedMatrix<float>::to_stay(view_of<float>(values.data(), stored, layout), transposed));
}

}  // namespace saccade
