#include "io/atomic_file.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <random>
#include <system_error>

#include "base/error.hpp"

namespace saccade {

namespace fs = std::filesystem;

namespace {

std::string hint_for(int error_number) {
    if (error_number == ENOSPC) return "free some space, or choose another folder";
    if (error_number == ENOENT || error_number == ENOTDIR) return "create the folder first, or choose another";
    return "choose a folder that you may write to";
}

}  // namespace

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
    std::error_code ignored;
    if (path_.empty()) fail("no file name", EINVAL);
    if (fs::is_directory(path_, ignored)) fail("is a folder", EISDIR);
    // Not a random number of the engine: two processes that write the same file must not share a temporary one.
    temporary_ = fmt::format("{}.{:08x}.tmp", path_, std::random_device{}());
    errno = 0;
    stream_.open(temporary_, std::ios::binary | std::ios::trunc);
    if (!stream_) {
        const int error_number = errno;
        temporary_.clear();
        fail("cannot be written", error_number);
    }
}

AtomicFile::~AtomicFile() {
    if (committed_ || temporary_.empty()) return;
    stream_.close();
    std::error_code ignored;
    fs::remove(temporary_, ignored);
}

void AtomicFile::write(const void* data, std::size_t bytes) {
    errno = 0;
    stream_.write(static_cast<const char*>(data), static_cast<std::streamsize>(bytes));
    if (!stream_) fail("cannot be written", errno);
}

const std::string& AtomicFile::release_to_writer() {
    stream_.close();
    return temporary_;
}

void AtomicFile::commit() {
    if (stream_.is_open()) {
        errno = 0;
        stream_.close();  // the rest of the buffer goes out here: a full disk shows now at the latest
        if (stream_.fail()) fail("cannot be written", errno);
    }
    std::error_code error;
    fs::rename(temporary_, path_, error);
    if (error) fail("cannot be put in its place", error.value());
    committed_ = true;
}

void AtomicFile::fail(const std::string& what, int error_number) const {
    const std::string reason = error_number != 0 ? fmt::format(" ({})", std::strerror(error_number)) : "";
    throw Error(ErrorCode::io, fmt::format("{}: {}{}", path_, what, reason), hint_for(error_number));
}

void write_file(const std::string& path, std::string_view content) {
    AtomicFile file(path);
    file.write(content);
    file.commit();
}

}  // namespace saccade
