#include "ui/preferences.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "io/atomic_file.hpp"
#include "io/input_file.hpp"
#include "viz/theme.hpp"

namespace saccade {

using nlohmann::json;

namespace {

std::string preferences_path() {
    const char* folder = std::getenv("XDG_CONFIG_HOME");
    if (folder != nullptr && *folder == '/') return std::string(folder) + "/saccade/preferences.json";
    const char* home = std::getenv("HOME");
    return home != nullptr && *home == '/' ? std::string(home) + "/.config/saccade/preferences.json" : std::string();
}

}  // namespace

double scale_of_screen(double content, double framebuffer) {
    if (!(content > 0) || !(framebuffer > 0)) return 1;
    return std::clamp(std::round(content / framebuffer * 10) / 10, 0.7, 3.0);
}

Preferences::Preferences() : path_(preferences_path()) {}

void Preferences::read(ViewSettings& settings, double screen_scale) {
    screen_scale_ = screen_scale;
    settings.ui_scale = screen_scale;
    if (path_.empty()) return;
    try {
        written_ = read_file(path_, std::size_t{1} << 20);
        const json kept = json::parse(written_);
        const std::string chosen = kept.value("theme", settings.theme);
        theme(chosen);
        settings.theme = chosen;
        settings.language = kept.value("language", settings.language) == "zh" ? "zh" : "en";
        // A multiple of the screen's own: another screen has another.
        settings.ui_scale = std::clamp(std::round(screen_scale * kept.value("size", 1.0) * 10) / 10, 0.7, 3.0);
    } catch (const std::exception&) {
        // None yet, or one that cannot be read: as it is at first.
    }
}

void Preferences::keep(const ViewSettings& settings) {
    if (path_.empty()) return;
    const json now = {{"theme", settings.theme}, {"language", settings.language}, {"size", settings.ui_scale / screen_scale_}};
    const std::string text = now.dump(2) + "\n";
    if (text == written_) return;
    const bool first = written_.empty();
    written_ = text;
    const json usual = {{"theme", ViewSettings().theme}, {"language", ViewSettings().language}, {"size", 1.0}};
    if (first && now == usual) return;  // nothing was set: no file is left behind
    try {
        std::filesystem::create_directories(std::filesystem::path(path_).parent_path());
        write_file(path_, text);
    } catch (const std::exception&) {
        path_.clear();  // it cannot be kept here
    }
}

}  // namespace saccade
