#pragma once

#include <fstream>
#include <string>
#include <string_view>

namespace saccade {

/// A file that appears under its name whole or not at all: written to a temporary file beside it, renamed by commit(), and
/// deleted if it never comes to that. What stood there before stays until then.
class AtomicFile {
 public:
    /// Error{io} at once if nothing can be written there (no such folder, read-only, a folder of that name).
    explicit AtomicFile(std::string path);
    ~AtomicFile();
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    /// Writes through the stream; errors (a full disk) are thrown by write() or commit() as Error{io}.
    void write(const void* data, std::size_t bytes);
    void write(std::string_view text) { write(text.data(), text.size()); }
    /// For libraries that write by themselves: closes the stream and gives the name to write to.
    const std::string& release_to_writer();
    /// Puts the file in its place. Error{io}.
    void commit();

 private:
    [[noreturn]] void fail(const std::string& what, int error_number) const;

    std::string path_;
    std::string temporary_;
    std::ofstream stream_;
    bool committed_ = false;
};

/// The whole file at once, atomically. Error{io}.
void write_file(const std::string& path, std::string_view content);

}  // namespace saccade
