#include "tensor/storage.hpp"

#include <fmt/core.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>

#include "base/error.hpp"

namespace saccade {

namespace {

constexpr std::size_t alignment = 64;
constexpr std::size_t huge_page = std::size_t{2} << 20;
constexpr std::size_t header_bytes = 64;  // in front of the data: the shared_ptr's control block lives there
constexpr std::size_t smallest_block = 128;
constexpr std::size_t largest_kept_block = std::size_t{256} << 20;
constexpr std::size_t largest_block = std::size_t{1}
                                      << 39;  // beyond any machine this runs on; asking malloc may kill a process
constexpr std::size_t shared_stock_limit = std::size_t{1} << 30;
constexpr std::size_t thread_stock_limit = std::size_t{8} << 20;
constexpr int class_count = 96;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool keeps_blocks = false;
#else
constexpr bool keeps_blocks = true;
#endif

/// Four classes for each power of two: at most a quarter of a block is unused.
constexpr int class_of(std::size_t bytes) {
    if (bytes <= smallest_block) return 0;
    const std::size_t units = (bytes - 1) / (smallest_block / 4);  // >= 4
    const int log = static_cast<int>(std::bit_width(units)) - 1;   // >= 2
    const auto quarter = static_cast<int>((units >> (log - 2)) & 3U);
    return (log - 2) * 4 + quarter + 1;
}

static_assert(class_of(largest_kept_block) < class_count);

std::size_t bytes_of(int size_class) {
    if (size_class == 0) return smallest_block;
    const int log = (size_class - 1) / 4;
    const auto quarter = static_cast<std::size_t>((size_class - 1) % 4);
    const std::size_t bytes = ((quarter + 5) << log) * (smallest_block / 4);
    return (bytes + alignment - 1) / alignment * alignment;
}

/// Blocks of one size that wait to be used again, linked through their first bytes.
class FreeList {
 public:
    bool empty() const { return first_ == nullptr; }
    void push(void* block) {
        *static_cast<void**>(block) = first_;
        first_ = block;
    }
    void* pop() {
        void* block = first_;
        if (block != nullptr) first_ = *static_cast<void**>(block);
        return block;
    }

 private:
    void* first_ = nullptr;
};

class SharedStock {
 public:
    void put(int size_class, void* block) {
        const std::size_t bytes = bytes_of(size_class);
        if (held_.fetch_add(bytes) + bytes > shared_stock_limit) {
            held_.fetch_sub(bytes);
            std::free(block);
            return;
        }
        Shelf& shelf = shelves_[static_cast<std::size_t>(size_class)];
        const std::lock_guard lock(shelf.mutex);
        shelf.list.push(block);
    }

    void* take(int size_class) {
        Shelf& shelf = shelves_[static_cast<std::size_t>(size_class)];
        void* block = nullptr;
        {
            const std::lock_guard lock(shelf.mutex);
            block = shelf.list.pop();
        }
        if (block != nullptr) held_.fetch_sub(bytes_of(size_class));
        return block;
    }

    std::size_t held() const { return held_; }

    /// The largest blocks first.
    void shrink_to(std::size_t bytes) {
        for (int c = class_count; c-- > 0 && held_ > bytes;) {
            while (held_ > bytes) {
                void* block = take(c);
                if (block == nullptr) break;
                std::free(block);
            }
        }
    }

 private:
    struct Shelf {
        std::mutex mutex;
        FreeList list;
    };
    std::array<Shelf, class_count> shelves_;
    std::atomic<std::size_t> held_{0};
};

/// Never destroyed: tensors with static lifetime may be dropped after every static object here.
SharedStock& shared_stock() {
    static auto* stock = new SharedStock;
    return *stock;
}

struct ThreadStock {
    std::array<FreeList, class_count> lists;
    std::size_t held = 0;

    ~ThreadStock();
};

enum class StockState : unsigned char { unused, alive, gone };

/// Trivially destructible, so that it may be asked even while the thread's other objects are being destroyed.
thread_local StockState stock_state = StockState::unused;

ThreadStock::~ThreadStock() {
    stock_state = StockState::gone;
    for (int c = 0; c < class_count; ++c) {
        while (void* block = lists[static_cast<std::size_t>(c)].pop()) shared_stock().put(c, block);
    }
}

ThreadStock* thread_stock() {
    if (stock_state == StockState::gone) return nullptr;
    thread_local ThreadStock stock;
    stock_state = StockState::alive;
    return &stock;
}

Error no_memory(std::size_t bytes) {
    return Error(ErrorCode::out_of_range, fmt::format("not enough memory for an array of {} bytes", bytes),
                 "use a smaller input");
}

void* system_block(std::size_t bytes) {
    void* block = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (block == nullptr) throw no_memory(bytes);
    return block;
}

void* acquire(std::size_t bytes) {
    if (!keeps_blocks || bytes > largest_kept_block) return system_block(bytes);
    const int size_class = class_of(bytes);
    if (ThreadStock* stock = thread_stock()) {
        if (void* block = stock->lists[static_cast<std::size_t>(size_class)].pop()) {
            stock->held -= bytes_of(size_class);
            return block;
        }
    }
    if (void* block = shared_stock().take(size_class)) return block;
    return system_block(bytes_of(size_class));
}

void release(void* block, std::size_t bytes) {
    if (!keeps_blocks || bytes > largest_kept_block) return std::free(block);
    const int size_class = class_of(bytes);
    const std::size_t class_bytes = bytes_of(size_class);
    ThreadStock* stock = thread_stock();
    if (stock != nullptr && stock->held + class_bytes <= thread_stock_limit) {
        stock->lists[static_cast<std::size_t>(size_class)].push(block);
        stock->held += class_bytes;
        return;
    }
    shared_stock().put(size_class, block);
}

/// Puts the control block into the header of the data's own block: one allocation per tensor.
template <class U>
struct HeaderAllocator {
    using value_type = U;

    HeaderAllocator(void* block_, std::size_t bytes_) : block(block_), bytes(bytes_) {}
    template <class V>
    explicit HeaderAllocator(const HeaderAllocator<V>& other) : block(other.block), bytes(other.bytes) {}

    U* allocate(std::size_t) {
        static_assert(sizeof(U) <= header_bytes && alignof(U) <= alignment);
        return static_cast<U*>(block);
    }
    void deallocate(U*, std::size_t) { release(block, bytes); }

    bool operator==(const HeaderAllocator&) const = default;

    void* block;
    std::size_t bytes;
};

struct KeepForControlBlock {
    template <class T>
    void operator()(T*) const {}  // the data goes with the control block, whose allocator releases both
};

}  // namespace

std::size_t kept_block_bytes() {
    return shared_stock().held();
}

void keep_freed_memory() {
#if defined(__GLIBC__)
    constexpr int most_kept = 256 << 20, largest = 32 << 20;  // bytes; beyond the second glibc asks the system in any case
    mallopt(M_TRIM_THRESHOLD, most_kept);
    mallopt(M_MMAP_THRESHOLD, largest);
#endif
}

void release_kept_blocks(std::size_t keep) {
    shared_stock().shrink_to(keep);
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}

namespace {

template <class T>
std::size_t bytes_of_array(std::size_t count) {
    if (count > largest_block / sizeof(T)) {
        throw Error(ErrorCode::out_of_range, fmt::format("not enough memory for an array of {} elements", count),
                    "use a smaller input");
    }
    return count * sizeof(T);
}

}  // namespace

template <class T>
std::shared_ptr<T[]> allocate_storage(std::size_t count) {
    const std::size_t bytes = header_bytes + bytes_of_array<T>(count);
    void* block = acquire(bytes);
    auto* data = reinterpret_cast<T*>(static_cast<std::byte*>(block) + header_bytes);
    return std::shared_ptr<T[]>(data, KeepForControlBlock{}, HeaderAllocator<T>(block, bytes));
}

template <class T>
std::shared_ptr<T[]> allocate_to_stay(std::size_t count) {
    const std::size_t bytes = bytes_of_array<T>(count);
#if defined(MADV_HUGEPAGE)
    if (keeps_blocks && bytes >= huge_page) {
        // Not from malloc, which would give these pages to others when they are freed.
        const std::size_t mapped = bytes + 2 * huge_page;
        void* const place = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (place == MAP_FAILED) throw no_memory(bytes);
        const std::uintptr_t first = (reinterpret_cast<std::uintptr_t>(place) + huge_page - 1) / huge_page * huge_page;
        // A wish: if refused, small pages do. Not for the end, which may be little of a large page: of a hundred matrices these
        // ends would add up to as many megabytes.
        const std::size_t whole = bytes / huge_page * huge_page;
        madvise(reinterpret_cast<void*>(first), whole, MADV_HUGEPAGE);
        madvise(reinterpret_cast<void*>(first + whole), mapped - whole - (first - reinterpret_cast<std::uintptr_t>(place)),
                MADV_NOHUGEPAGE);
        return std::shared_ptr<T[]>(reinterpret_cast<T*>(first), [place, mapped](T*) { munmap(place, mapped); });
    }
#endif
    return allocate_storage<T>(count);
}

template std::shared_ptr<float[]> allocate_storage(std::size_t);
template std::shared_ptr<double[]> allocate_storage(std::size_t);
template std::shared_ptr<std::int64_t[]> allocate_storage(std::size_t);
template std::shared_ptr<std::uint16_t[]> allocate_storage(std::size_t);
template std::shared_ptr<float[]> allocate_to_stay(std::size_t);
template std::shared_ptr<double[]> allocate_to_stay(std::size_t);
template std::shared_ptr<std::uint16_t[]> allocate_to_stay(std::size_t);

}  // namespace saccade
