#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>

namespace saccade {

/// A file that is read: the one way in which any is opened. Whatever name a person, a session or a picture gives, it is open at
/// once or refused at once. Only regular files are: a folder, a pipe, a socket or a device may keep a reader waiting for ever,
/// or do something when it is opened. Links are followed.
class InputFile {
 public:
    /// `stop` ends a long reading: Error{cancelled}. Error{io} with the path: not there, not a file, not readable.
    explicit InputFile(std::string path, std::stop_token stop = {});
    ~InputFile();
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;

    /// Bytes, as it was opened. What /proc makes up as it is read has none.
    std::uint64_t size() const { return size_; }
    /// Up to `bytes` from where the last reading ended; fewer only at the end of the file. Error{io} or {cancelled}.
    std::size_t read(void* into, std::size_t bytes);
    void seek(std::uint64_t at);
    /// The same from a place of the file, on any thread: where the last reading ended stays as it is. What was cut off since it
    /// was opened is missing, and no fault.
    std::size_t read_at(std::uint64_t at, void* into, std::size_t bytes) const;
    const std::stop_token& stop() const { return stop_; }
    /// For a library that reads by itself; it stays this object's.
    int descriptor() const { return descriptor_; }

 private:
    [[noreturn]] void refuse(const std::string& why, const std::string& hint) const;

    std::string path_;
    std::stop_token stop_;
    int descriptor_ = -1;
    std::uint64_t size_ = 0;
};

/// The whole file. Error{io}; larger than `limit` bytes is refused before any of it is read.
std::string read_file(const std::string& path, std::size_t limit = std::size_t{256} << 20);
/// Its first bytes, at most so many. Error{io}.
std::string read_start(const std::string& path, std::size_t bytes);
/// What a pipe or a terminal gives a command, to its end. Error{io}, also if it is more than `limit` bytes.
std::string read_standard_input(std::size_t limit);

}  // namespace saccade
