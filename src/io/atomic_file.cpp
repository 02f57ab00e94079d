#include "io/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

#include "base/error.hpp"
#include "base/utf8.hpp"

namespace saccade {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t buffered_bytes = std::size_t{1} << 16;

std::string hint_for(int error_number) {
    if (error_number == ENOSPC || error_number == EDQUOT) return "free some space, or choose another folder";
    if (error_number == EFBIG) return "choose another folder, or raise the limit of a file's size (ulimit -f)";
    if (error_number == ENOENT || error_number == ENOTDIR) return "create the folder first, or choose another";
    if (error_number == ENAMETOOLONG) return "choose a shorter name";
    return "choose a folder that you may write to";
}

/// 0, or why not all of it was written.
int write_all(int descriptor, const char* data, std::size_t bytes) {
    while (bytes > 0) {
        const ssize_t written = ::write(descriptor, data, bytes);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        if (written == 0) return ENOSPC;
        data += written;
        bytes -= static_cast<std::size_t>(written);
    }
    return 0;
}

/// 0, or why it is not on the disk. Some file systems cannot say.
int sync_file(int descriptor) {
    if (fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP) return 0;
    return errno;
}

/// What was renamed is found again after a power cut.
void sync_folder_of(const std::string& path) {
    fs::path folder = fs::path(path).parent_path();
    const int descriptor = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return;
    fsync(descriptor);
    close(descriptor);
}

/// 0, or what went wrong: the bytes of one file into another, which stays the same file.
int copy_bytes(int from, int to) {
    std::vector<char> buffer(buffered_bytes);
    off_t at = 0;
    for (;;) {
        const ssize_t got = pread(from, buffer.data(), buffer.size(), at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno;
        if (got == 0) break;
        if (const int error = write_all(to, buffer.data(), static_cast<std::size_t>(got)); error != 0) return error;
        at += got;
    }
    return ftruncate(to, at) != 0 ? errno : 0;
}

}  // namespace

AtomicFile::AtomicFile(std::string path, Durable durable)
    : path_(std::move(path)), durable_(durable), place_(place_to_write(path_)) {
    sweep_temporaries(place_.path);
    temporary_ = temporary_name(place_.path);
    descriptor_ = open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0) {
        const int error_number = errno;
        temporary_.clear();
        fail("cannot be written", error_number);
    }
    lock_temporary(descriptor_);
    struct stat made {};
    if (!place_.taken && fstat(descriptor_, &made) == 0) place_.mode = made.st_mode & 07777U;
}

AtomicFile::~AtomicFile() {
    if (!committed_ && !temporary_.empty()) unlink(temporary_.c_str());
    if (descriptor_ >= 0) close(descriptor_);
}

void AtomicFile::flush() {
    if (buffer_.empty()) return;
    const int error = write_all(descriptor_, buffer_.data(), buffer_.size());
    buffer_.clear();
    if (error != 0) fail("cannot be written", error);
}

void AtomicFile::write(const void* data, std::size_t bytes) {
    if (buffer_.size() + bytes > buffered_bytes) flush();
    if (bytes <= buffered_bytes) {
        buffer_.append(static_cast<const char*>(data), bytes);
    } else if (const int error = write_all(descriptor_, static_cast<const char*>(data), bytes); error != 0) {
        fail("cannot be written", error);
    }
}

const std::string& AtomicFile::release_to_writer() {
    flush();
    return temporary_;
}

/// What the library left may be another file of the same name.
void AtomicFile::open_again() {
    const int now = open(temporary_.c_str(), O_RDWR | O_CLOEXEC);
    if (now < 0) fail("cannot be written", errno);
    lock_temporary(now);
    close(descriptor_);
    descriptor_ = now;
}

/// False if the new file would be another user's than the old one.
bool AtomicFile::take_over_owner() const {
    struct stat made {};
    if (fstat(descriptor_, &made) != 0) return false;
    const bool same = made.st_uid == place_.user && made.st_gid == place_.group;
    return (!place_.taken || same || fchown(descriptor_, place_.user, place_.group) == 0) &&
           fchmod(descriptor_, place_.mode) == 0;
}

/// Where a new file would be another user's: the old one stays, with other bytes. What is whole by then is the temporary one.
void AtomicFile::write_in_place() {
    const int old = open(place_.path.c_str(), O_WRONLY | O_CLOEXEC);
    if (old < 0) fail("cannot be written", errno);
    int error = copy_bytes(descriptor_, old);
    if (error == 0 && durable_ == Durable::yes) error = sync_file(old);
    close(old);
    committed_ = true;
    if (error != 0)
        throw Error(ErrorCode::io, fmt::format("{}: was written in part ({})", sanitize_utf8(path_), std::strerror(error)),
                    "all of it is in " + sanitize_utf8(temporary_));
    unlink(temporary_.c_str());
}

void AtomicFile::commit() {
    flush();
    open_again();
    const bool owned = take_over_owner();
    if (durable_ == Durable::yes)
        if (const int error = sync_file(descriptor_); error != 0) fail("cannot be written", error);
    if (!owned && place_.taken) return write_in_place();
    if (std::rename(temporary_.c_str(), place_.path.c_str()) != 0) fail("cannot be put in its place", errno);
    committed_ = true;
    if (durable_ == Durable::yes) sync_folder_of(place_.path);
}

void AtomicFile::fail(const std::string& what, int error_number) const {
    const std::string reason = error_number != 0 ? fmt::format(" ({})", std::strerror(error_number)) : "";
    throw Error(ErrorCode::io, fmt::format("{}: {}{}", sanitize_utf8(path_), what, reason), hint_for(error_number));
}

void write_file(const std::string& path, std::string_view content, Durable durable) {
    AtomicFile file(path, durable);
    file.write(content);
    file.commit();
}

}  // namespace saccade
