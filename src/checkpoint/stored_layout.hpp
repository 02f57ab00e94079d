#pragma once

#include <algorithm>
#include <memory>

#include "checkpoint/checkpoint_folder.hpp"
#include "tensor/gemm.hpp"

namespace saccade {

/// How a matrix W [out, in] of ours lies in what is stored.
struct StoredLayout {
    bool by_columns = false;      // stored as [in, all], W being columns of it; else as it is, [out, in]
    Index first = 0, count = 0;   // by_columns: these
    Index units = 0, turned = 0;  // units > 0: rows in another order, as paired_units has them
};

/// Reads it, and lays it out as products read it: bits of 16 as they are. Error{numeric} names a number that is not finite;
/// Error as SafetensorsFile.
std::shared_ptr<const PackedMatrix<float>> laid_out_of(const StoredPlace& place, const StoredLayout& layout);

/// `to` gets the rows of `from` [count, width] with the units of each head in another order: those that a model pairs with the
/// unit half a head further (of the first `turned` units) become neighbours, as our rotary code pairs them.
template <class T>
void pair_rows(const T* from, Index count, Index width, Index units, Index turned, T* to) {
    const Index half = turned / 2;
    for (Index r = 0; r < count; ++r) {
        const Index u = r % units, source = r - u + (u >= turned ? u : u % 2 == 0 ? u / 2 : half + u / 2);
        std::copy_n(from + source * width, width, to + r * width);
    }
}

}  // namespace saccade
