#pragma once

#include <string>
#include <string_view>

#include "io/file_place.hpp"

namespace saccade {

/// Whether what is written must be on the disk before it counts: it outlives a power cut.
enum class Durable { yes, no };

/// A file that appears under its name whole or not at all: written to a temporary file beside it, brought to the disk, renamed
/// by commit(), and deleted if it never comes to that. What stood there before stays until then; its mode and owner stay for
/// good, and a link to it stays a link. (Where this user may write another's file but make none in its name, the bytes are
/// replaced in the file itself, once the temporary one is whole.) Temporary files that a killed program left are swept.
class AtomicFile {
 public:
    /// Error{io} at once if nothing can be written there: no such folder, a write-protected file, or something that is no
    /// regular file (a folder, a device).
    explicit AtomicFile(std::string path, Durable durable = Durable::yes);
    ~AtomicFile();
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    /// Errors (a full disk) are thrown by write() or commit() as Error{io}.
    void write(const void* data, std::size_t bytes);
    void write(std::string_view text) { write(text.data(), text.size()); }
    /// For libraries that write by themselves: the name to write to.
    const std::string& release_to_writer();
    /// Puts the file in its place. Error{io}.
    void commit();

 private:
    void flush();
    void open_again();
    bool take_over_owner() const;
    void write_in_place();
    [[noreturn]] void fail(const std::string& what, int error_number) const;

    std::string path_;
    Durable durable_;
    FilePlace place_;
    std::string temporary_;
    std::string buffer_;
    int descriptor_ = -1;
    bool committed_ = false;
};

/// The whole file at once, atomically. Error{io}.
void write_file(const std::string& path, std::string_view content, Durable durable = Durable::yes);

}  // namespace saccade
