#pragma once

#include <ctime>
#include <optional>
#include <string>

namespace saccade {

/// A file for what is open in one window, under a lock that ends with the program, however that ends: "work-1234-1f2e.json",
/// the lock "work-1234-1f2e.lock" and checkpoints of trainings, "work-1234-1f2e.alignment.checkpoint", in
/// $XDG_STATE_HOME/saccade (or ~/.local/state/saccade).
class RecoveryFile {
 public:
    /// A new one, which nobody else has. Error{io}: there is no folder for it, or nothing can be written there.
    static RecoveryFile make();
    /// The newest that a program left which did not end by quitting; this one holds it from now on. Nothing, if there is none.
    static std::optional<RecoveryFile> find_left();

    RecoveryFile(RecoveryFile&& other) noexcept;
    RecoveryFile& operator=(RecoveryFile&& other) noexcept;
    ~RecoveryFile();  // lets go of it; it stays

    const std::string& path() const { return path_; }
    /// Beside it: the checkpoint of the training of an exhibit's model in that window.
    std::string training_path(const std::string& exhibit) const;
    /// What stands in another's checkpoint for this exhibit is from now on this one's, too; false if there is none. Either can
    /// then be written anew or removed without the other.
    bool take_training(const RecoveryFile& other, const std::string& exhibit) const;
    /// When it was last written.
    std::time_t written() const;
    /// Deletes it: nothing is to be recovered.
    void remove();
    /// Is no longer offered, but stays for a person to look into, under the name that is returned ("kept-1234-1f2e.json").
    std::string set_aside();

 private:
    RecoveryFile(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

    std::string path_;  // empty: moved away, or removed
    int lock_ = -1;
};

}  // namespace saccade
