#pragma once

#include <string>

#include "ui/app_state.hpp"

namespace saccade {

/// What a person has set once and wants everywhere: theme, size, that of Present, languages; whether they saw the tour; and
/// what was opened last. Kept in preferences.json in config_folder() (io/user_folder.hpp); the window works the same where that
/// cannot be read or written.
class Preferences {
 public:
    Preferences();
    /// Into the settings; what is missing or damaged stays as it is. `screen_scale`: where no size was ever chosen.
    void read(ViewSettings& settings, std::vector<Recent>& recent, double screen_scale);
    /// Is there no file of them yet?
    bool first_start() const { return first_start_; }
    /// keep() leaves a file, even if nothing was set: the next start is not the first.
    void note_first_scene() { leaves_file_ = true; }
    /// The window has come to a screen of another scale, or its screen's was changed: all is as much larger or smaller.
    void follow_screen(ViewSettings& settings, double& screen_scale, double now);
    /// Writes them if they are others than before.
    void keep(const ViewSettings& settings, const std::vector<Recent>& recent);

 private:
    std::string path_;  // empty: nowhere
    std::string written_;
    double screen_scale_ = 1;
    bool first_start_ = false, leaves_file_ = false;
};

/// The size at which text is as large as the screen's settings want it: `content`, what they multiply all by, as far as the
/// system does not do that itself (`framebuffer`: px of the picture to one of the window's units).
double scale_of_screen(double content, double framebuffer);

}  // namespace saccade
