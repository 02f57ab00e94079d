#include "checkpoint/stored_layout.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "io/half.hpp"
#include "tensor/finite.hpp"
#include "tensor/storage.hpp"

namespace saccade {

namespace {

/// Error{numeric} that names the first number of the tensor which is none, if there is one.
template <class T, class Value>
void refuse_none(const StoredPlace& place, const T* numbers, Index size, const Value& value) {
    const T* bad = std::find_if(numbers, numbers + size, [&](T number) { return !std::isfinite(value(number)); });
    if (bad == numbers + size) return;
    throw Error(ErrorCode::numeric,
                fmt::format("{}: tensor '{}' holds {} at position {}", place.file->path(), place.tensor.name, value(*bad),
                            bad - numbers),
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
        const std::shared_ptr<std::uint16_t[]> bits = place.file->bits(place.tensor);
        std::shared_ptr<std::uint16_t[]> rows = bits;
        if (layout.units > 0) {
            rows = allocate_storage<std::uint16_t>(static_cast<std::size_t>(stored.size()));
            pair_rows(bits.get(), stored[0], stored[1], layout.units, layout.turned, rows.get());
        }
        bool finite = true;
        PackedMatrix<float> made =
            PackedMatrix<float>::to_stay(view_of<std::uint16_t>(rows.get(), stored, layout), transposed, bfloat, finite);
        if (!finite) refuse_none(place, bits.get(), stored.size(), bfloat ? bfloat16_to_float : half_to_float);
        return packed(std::move(made));
    }
    Tensor<float> values = place.file->values(place.tensor);
    if (!all_finite(values)) refuse_none(place, values.data(), values.size(), [](float v) { return v; });
    if (layout.units > 0) {
        Tensor<float> paired = Tensor<float>::uninitialized(stored);
        pair_rows(values.data(), stored[0], stored[1], layout.units, layout.turned, paired.data());
        values = std::move(paired);
    }
    return packed(PackedMatrix<float>::to_stay(view_of<float>(values.data(), stored, layout), transposed));
}

}  // namespace saccade
