#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <string>

namespace saccade::fuzz {

/// Bytes as a file that a reader opens by its path, without a disk.
class MemoryFile {
 public:
    MemoryFile(const std::uint8_t* bytes, std::size_t size, const char* name = "fuzz") : descriptor_(memfd_create(name, 0)) {
        if (descriptor_ < 0 || (size > 0 && write(descriptor_, bytes, size) != static_cast<ssize_t>(size)))
            throw std::runtime_error("no file in memory");
    }
    ~MemoryFile() { close(descriptor_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;

    std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
    int descriptor_;
};

}  // namespace saccade::fuzz
