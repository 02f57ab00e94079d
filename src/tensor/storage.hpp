#pragma once

#include <cstddef>
#include <memory>

namespace saccade {

/// Uninitialised memory for tensors, aligned to 64 bytes (a cache line, and the widest vector register).
///
/// A training step makes and drops thousands of arrays of the same few sizes, and malloc gives large ones back to the system
/// each time, to be faulted in again page by page. So blocks of up to 256 MiB are kept by size class: a small stock for each
/// thread without a lock, and a shared one of at most 1 GiB. Sanitizer builds keep nothing, so that they see every
/// use after free. Throws Error{out_of_range} if there is no memory.
template <class T>
std::shared_ptr<T[]> allocate_storage(std::size_t count);

/// The same for what is laid out once and read again and again, as weights are: in pages of 2 MiB where the system gives them,
/// which the processor finds by one entry of its table instead of 512, so that it reads a fifth faster. Not for what is
/// computed: arrays whose rows are powers of two apart then fall on each other in the caches. It goes back to the system when
/// it is dropped.
template <class T>
std::shared_ptr<T[]> allocate_to_stay(std::size_t count);

/// From now on malloc keeps what is freed, too, for what is no tensor: pictures, rows of text. To be called first of all.
void keep_freed_memory();
/// Gives the largest blocks of the shared stock back to the system, until it holds `keep` bytes, and what malloc kept: for a
/// program that has nothing to compute for a while. Any thread.
void release_kept_blocks(std::size_t keep);
/// Bytes of the shared stock.
std::size_t kept_block_bytes();

}  // namespace saccade
