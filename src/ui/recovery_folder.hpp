#pragma once

#include <ctime>
#include <optional>
#include <string>

namespace saccade {

/// A file for what is open in one window, under a lock that ends with the program, however that ends: "work-1234-1f2e.json" and
/// the lock "work-1234-1f2e.lock" in $XDG_STATE_HOME/saccade (or ~/.local/state/saccade).
class RecoveryFile {
 public:
    /// A new one, which nobody else has. Nothing, if there is no folder for it.
    static std::optional<RecoveryFile> make();
    /// The newest that a program left which did not end by quitting; this one holds it from now on. Nothing, if there is none.
    static std::optional<RecoveryFile> find_left();

    RecoveryFile(RecoveryFile&& other) noexcept;
    RecoveryFile& operator=(RecoveryFile&& other) noexcept;
    ~RecoveryFile();  // lets go of it; it stays

    const std::string& path() const { return path_; }
    /// Beside it: the checkpoint of a training in that window.
    std::string training_path() const;
    /// When it was last written.
    std::time_t written() const;
    /// Deletes it: nothing is to be recovered.
    void remove();

 private:
    RecoveryFile(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

    std::string path_;  // empty: moved away, or removed
    int lock_ = -1;
};

}  // namespace saccade
