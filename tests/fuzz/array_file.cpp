#include "io/array_file.hpp"
#include "target.hpp"

using namespace saccade;

/// .npy, .npz and .safetensors, read where they are looked at.
FUZZ_TARGET(array_file) {
    const fuzz::MemoryFile stored(data, size);
    return fuzz::refuses_or_reads([&] {
        const ArrayFile file(stored.path());
        for (const FileArray& array : file.arrays()) {
            if (!array.problem.empty() || array.count() > 1 << 16) continue;
            ArrayPart part{.along = {}, .order = {}, .peaks = data[size - 1] % 2 == 0};
            Index cells = 1;
            for (std::size_t axis = 0; axis < array.dims.size(); ++axis) {
                part.along.push_back({0, array.dims[axis], axis % 2 == 0 ? 1 : 3});
                part.order.push_back(static_cast<int>(array.dims.size() - 1 - axis));
                cells *= part.along.back().cells();
            }
            fuzz::refuses_or_reads([&] { fuzz::require(file.read(array, part, {}).size() == cells, "cells are missing"); });
        }
    });
}
