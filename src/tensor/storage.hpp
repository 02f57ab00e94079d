#pragma once

#include <cstddef>
#include <memory>

namespace saccade {

/// Uninitialised memory for tensors, aligned to 64 bytes (a cache line, and the widest vector register).
///
/// A training step makes and drops thousands of arrays of the same few sizes, and malloc gives large ones back to the system
/// each time, to be faulted in again page by page. So blocks of up to 64 MiB are kept by size class: a small stock for each
/// thread without a lock, and a shared one of at most 256 MiB. Sanitizer builds keep nothing, so that they see every
/// use after free. Throws Error{out_of_range} if there is no memory.
template <class T>
std::shared_ptr<T[]> allocate_storage(std::size_t count);

}  // namespace saccade
