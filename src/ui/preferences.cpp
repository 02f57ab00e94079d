#include "ui/preferences.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "exhibit/exhibit.hpp"
#include "io/atomic_file.hpp"
#include "io/input_file.hpp"
#include "io/json_text.hpp"
#include "io/user_folder.hpp"
#include "run/language.hpp"
#include "viz/theme.hpp"

namespace saccade {

using nlohmann::json;

namespace {

constexpr std::size_t most_bytes = 1 << 20;

std::string preferences_path() {
    const std::string folder = config_folder();
    return folder.empty() ? folder : folder + "/preferences.json";
}

}  // namespace

double scale_of_screen(double content, double framebuffer) {
    if (!(content > 0) || !(framebuffer > 0)) return 1;
    return std::clamp(std::round(content / framebuffer * 10) / 10, 0.7, 3.0);
}

Preferences::Preferences() : path_(preferences_path()) {}

void Preferences::read(ViewSettings& settings, std::vector<Recent>& recent, double screen_scale) {
    screen_scale_ = screen_scale;
    settings.ui_scale = screen_scale;
    settings.window_language = usual_language();
    if (path_.empty()) return;
    std::error_code ignored;
    first_start_ = !std::filesystem::exists(path_, ignored);
    try {
        written_ = read_file(path_, most_bytes);
        const json document = parse_json(written_, path_, "");
        const JsonObject kept(document, path_);
        std::string chosen = settings.theme, lessons, texts;
        double size = 1, present_size = settings.present_size;
        kept.text("theme", chosen);
        kept.text("language", lessons);
        kept.text("window_language", texts);
        kept.number("size", size, 0.01, 100);
        kept.number("present_size", present_size, 0.01, 100);
        kept.toggle("tour_seen", settings.tour_seen);
        theme(chosen);
        settings.theme = chosen;
        settings.lesson_language_chosen = !lessons.empty();
        if (!lessons.empty()) settings.language = lessons == "zh" ? "zh" : "en";
        settings.window_language_chosen =
            std::ranges::any_of(languages(), [&](const Language& one) { return one.id == texts; });
        if (settings.window_language_chosen && !is_language_asked_for()) settings.window_language = texts;
        settings.present_size = std::clamp(present_size, least_present_size, largest_present_size);
        // A multiple of the screen's own: another screen has another.
        settings.ui_scale = std::clamp(std::round(screen_scale * size * 10) / 10, 0.7, 3.0);
        const std::vector<json>& opened = kept.list("recent");
        for (auto one = opened.rbegin(); one != opened.rend(); ++one) {
            Recent read;
            const JsonObject object(*one, path_);
            object.text("exhibit", read.exhibit);
            object.text("path", read.path);
            exhibit(read.exhibit);
            if (!read.path.empty()) note_recent(recent, read);
        }
    } catch (const std::exception&) {
        // None yet, or one that cannot be read: as it is at first.
    }
}

void Preferences::follow_screen(ViewSettings& settings, double& screen_scale, double now) {
    constexpr double least_change = 0.02;
    if (!(now > 0) || std::abs(now / screen_scale - 1) < least_change) return;
    settings.ui_scale = std::clamp(std::round(settings.ui_scale / screen_scale * now * 10) / 10, 0.7, 3.0);
    screen_scale = screen_scale_ = now;
}

void Preferences::keep(const ViewSettings& settings, const std::vector<Recent>& recent) {
    if (path_.empty()) return;
    json now = {
        {"theme", settings.theme}, {"size", settings.ui_scale / screen_scale_}, {"present_size", settings.present_size}};
    if (settings.lesson_language_chosen) now["language"] = settings.language;
    if (settings.window_language_chosen) now["window_language"] = settings.window_language;
    if (settings.tour_seen) now["tour_seen"] = true;
    for (const Recent& one : recent) now["recent"].push_back({{"exhibit", one.exhibit}, {"path", one.path}});
    const std::string text = now.dump(2) + "\n";
    if (text == written_) return;
    const bool none = written_.empty() && !leaves_file_;
    written_ = text;
    const json usual = {{"theme", ViewSettings().theme}, {"size", 1.0}, {"present_size", ViewSettings().present_size}};
    if (none && now == usual) return;  // nothing was set: no file is left behind
    try {
        std::filesystem::create_directories(std::filesystem::path(path_).parent_path());
        write_file(path_, text);
    } catch (const std::exception&) {
        path_.clear();  // it cannot be kept here
    }
}

}  // namespace saccade
