#include "io/input_file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/stop.hpp"

namespace saccade {

namespace {

constexpr std::size_t most_at_once = std::size_t{1} << 20;  // bytes between two looks at the stop token

/// What it is, if it is no file; none if it is one.
const char* other_than_a_file(mode_t mode) {
    if (S_ISREG(mode)) return nullptr;
    if (S_ISDIR(mode)) return "it is a folder";
    if (S_ISFIFO(mode)) return "it is a pipe, not a file";
    if (S_ISSOCK(mode)) return "it is a socket, not a file";
    return "it is a device, not a file";
}

/// As read(2), gone on with where a signal came between.
ssize_t read_some(int descriptor, void* into, std::size_t bytes) {
    ssize_t got = 0;
    do {
        got = ::read(descriptor, into, bytes);
    } while (got < 0 && errno == EINTR);
    return got;
}

}  // namespace

InputFile::InputFile(std::string path, std::stop_token stop) : path_(std::move(path)), stop_(std::move(stop)) {
    struct stat status {};
    const auto check = [&] {
        const char* other = other_than_a_file(status.st_mode);
        if (other == nullptr) return;
        if (descriptor_ >= 0) ::close(descriptor_);
        refuse(other, S_ISDIR(status.st_mode) ? "name a file in it" : "save what it gives to a file first");
    };
    const bool whole = path_.find('\0') == std::string::npos;  // the system would stop reading the name there
    if (!whole) errno = EINVAL;
    // Looked at before it is opened, as opening may do something, and after, as it may have been replaced between.
    if (!whole || ::stat(path_.c_str(), &status) != 0) refuse(std::strerror(errno), "check the path");
    check();
    descriptor_ = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) {
        const int error_number = errno;
        if (descriptor_ >= 0) ::close(descriptor_);
        refuse(std::strerror(error_number), "check the path");
    }
    check();
    size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::~InputFile() {
    ::close(descriptor_);
}

std::size_t InputFile::read(void* into, std::size_t bytes) {
    std::size_t done = 0;
    while (done < bytes) {
        check_stop(stop_);
        const ssize_t got = read_some(descriptor_, static_cast<char*>(into) + done, std::min(bytes - done, most_at_once));
        if (got < 0) refuse(std::strerror(errno), "check the disk");
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    return done;
}

std::size_t InputFile::read_at(std::uint64_t at, void* into, std::size_t bytes) const {
    std::size_t done = 0;
    while (done < bytes) {
        check_stop(stop_);
        const std::size_t some = std::min(bytes - done, most_at_once);
        const ssize_t got = ::pread(descriptor_, static_cast<char*>(into) + done, some, static_cast<off_t>(at + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) refuse(std::strerror(errno), "check the disk");
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    return done;
}

void InputFile::seek(std::uint64_t at) {
    if (::lseek(descriptor_, static_cast<off_t>(at), SEEK_SET) < 0) refuse(std::strerror(errno), "check the disk");
}

void InputFile::refuse(const std::string& why, const std::string& hint) const {
    throw Error(ErrorCode::io, fmt::format("{}: cannot be read ({})", path_, why), hint);
}

std::string read_file(const std::string& path, std::size_t limit) {
    InputFile file(path);
    const auto check = [&](std::uint64_t size) {
        if (size > limit)
            throw Error(ErrorCode::io, fmt::format("{}: larger than {} MB", path, limit >> 20),
                        "this is not a file for Saccade");
    };
    check(file.size());
    std::string content(static_cast<std::size_t>(file.size()), '\0');
    content.resize(file.read(content.data(), content.size()));
    // To its end all the same: it may have grown, and what the system makes up has no size.
    char more[1 << 12];
    for (std::size_t got = file.read(more, sizeof more); got > 0; got = file.read(more, sizeof more)) {
        content.append(more, got);
        check(content.size());
    }
    return content;
}

std::string read_start(const std::string& path, std::size_t bytes) {
    InputFile file(path);
    std::string start(bytes, '\0');
    start.resize(file.read(start.data(), bytes));
    return start;
}

std::string read_standard_input(std::size_t limit) {
    std::string content, piece(std::size_t{1} << 16, '\0');
    for (;;) {
        const ssize_t got = read_some(STDIN_FILENO, piece.data(), piece.size());
        if (got < 0)
            throw Error(ErrorCode::io, fmt::format("standard input: cannot be read ({})", std::strerror(errno)), "name a file");
        if (got == 0) return content;
        content.append(piece, 0, static_cast<std::size_t>(got));
        if (content.size() > limit)
            throw Error(ErrorCode::io, fmt::format("standard input: more than {} MB", limit >> 20), "name a smaller file");
    }
}

}  // namespace saccade
