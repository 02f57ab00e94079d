#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "ui/controller.hpp"

namespace saccade {

// Pictures that a person opens, drops or pastes.

namespace {

using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

constexpr Index looked_at = 512;  // px: at which a file is decoded to see whether it is a picture
const char* const usual_exhibit = "spatial";

const ParamSpec* image_param_of(const Exhibit& e) {
    const auto found =
        std::find_if(e.params.begin(), e.params.end(), [](const ParamSpec& spec) { return spec.type == ParamType::image; });
    return found == e.params.end() ? nullptr : &*found;
}

/// Drawn here, in no time.
bool is_drawn(const std::string& value) {
    return value.starts_with("scene:") || value.starts_with("sample:");
}

std::string drawn_title(const std::string& value) {
    return value.starts_with("sample:") ? value.substr(7) : "scene";
}

bool is_file(const std::string& value) {
    return !is_drawn(value) && !value.starts_with("data:");
}

fs::file_time_type written_at(const std::string& path) {
    std::error_code ignored;
    return fs::last_write_time(path, ignored);
}

/// On any thread; what went wrong is in it.
PictureFacts facts_of(const std::string& value) {
    PictureFacts facts;
    facts.value = value;
    try {
        if (is_file(value)) facts.written = written_at(value);
        const PicturePtr picture = load_picture(value, looked_at);
        facts.title = is_drawn(value) ? drawn_title(value) : picture->title;
        facts.width = picture->full_width;
        facts.height = picture->full_height;
    } catch (const Error& error) {
        facts.problem = error;
    } catch (const std::exception& error) {
        facts.problem = Error(ErrorCode::io, value.substr(0, 200) + ": " + error.what(), "choose another file");
    }
    return facts;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const int lower = std::tolower(static_cast<unsigned char>(c));
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decoded(const std::string& text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool coded = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
        plain += coded ? static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])) : text[i];
        if (coded) i += 2;
    }
    return plain;
}

}  // namespace

std::string pasted_path(const std::string& line) {
    std::string text = line;
    const auto blank = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
    while (!text.empty() && blank(text.back())) text.pop_back();
    text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), blank));
    if (text.size() > 1 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front())
        text = text.substr(1, text.size() - 2);
    if (is_drawn(text) || text.starts_with("data:image/")) return text;
    if (text.starts_with("file://")) {
        const std::size_t path = text.find('/', 7);  // after the machine's name, which is mostly empty
        return path == std::string::npos ? "" : percent_decoded(text.substr(path));
    }
    if (text.starts_with("~/"))
        if (const char* home = std::getenv("HOME"); home != nullptr) return home + text.substr(1);
    if (text.starts_with('/')) return text;
    std::error_code ignored;
    return text.find('\n') == std::string::npos && text.size() < 4096 && fs::exists(text, ignored) ? text : "";
}

const ParamSpec* Controller::image_param() const {
    return image_param_of(exhibit(state_.side().request.exhibit));
}

const std::string* Controller::picture_value(std::size_t side) const {
    const ParamSpec* spec = image_param();
    const RunRequest& request = state_.sides[side].request;
    return spec != nullptr && request.params.has(spec->name) ? &request.params.text(spec->name) : nullptr;
}

void Controller::read_picture(const std::string& value, bool wanted) {
    // What is read already is let go: it goes on, and nobody waits for it.
    if (state_.reading.facts.valid()) {
        if (state_.reading.wanted && !wanted) return;
        state_.reading.left.push_back(std::move(state_.reading.facts));
    }
    state_.reading.value = value;
    state_.reading.wanted = wanted;
    state_.reading.facts = std::async(std::launch::async, facts_of, value);
}

void Controller::open_picture(const std::string& value) {
    std::error_code ignored;
    const bool takes_time = value.starts_with("data:") || (is_file(value) && fs::exists(value, ignored));
    if (takes_time) return read_picture(value, true);
    const PictureFacts facts = facts_of(value);
    facts.problem ? complain(*facts.problem) : use_picture(facts);
}

void Controller::use_picture(const PictureFacts& facts) {
    const ParamSpec* spec = image_param();
    if (spec == nullptr) {
        const auto& all = exhibits();
        auto into = std::find_if(all.begin(), all.end(), [](const Exhibit& e) { return e.id == usual_exhibit; });
        if (into == all.end())
            into = std::find_if(all.begin(), all.end(), [](const Exhibit& e) { return image_param_of(e) != nullptr; });
        if (into == all.end())
            return complain(Error(ErrorCode::unsupported, facts.title + ": no exhibit takes a picture", "open a session"));
        choose_exhibit(into->id);
        spec = image_param();
    }
    for (std::size_t side = 0; side < 2; ++side)
        if (side == state_.focus || (state_.comparing && state_.linked)) state_.pictures[side] = facts;
    state_.coalescing.clear();
    state_.scene.shape = -1;
    state_.banner.reset();
    const std::string* now = picture_value(state_.focus);
    if (now != nullptr && *now == facts.value) return submit();  // the same file, which may be another by now
    set_param(spec->name, facts.value);
    state_.coalescing.clear();
}

void Controller::paste(const std::string& text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string path = pasted_path(text.substr(at, end - at));
        at = end + 1;
        if (path.empty()) continue;
        return is_file(path) ? open_file(path) : open_picture(path);
    }
    tell("The clipboard holds no path of a file");
}

void Controller::poll_pictures() {
    PictureReading& reading = state_.reading;
    const auto ready = [](const std::future<PictureFacts>& f) {
        return f.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    };
    std::erase_if(reading.left, ready);
    if (reading.facts.valid() && ready(reading.facts)) {
        PictureFacts facts = reading.facts.get();
        if (reading.wanted) {
            facts.problem ? complain(*facts.problem) : use_picture(facts);
        } else {
            for (std::size_t side = 0; side < 2; ++side)
                if (const std::string* value = picture_value(side); value != nullptr && *value == facts.value)
                    state_.pictures[side] = facts;
        }
    }
    const bool look = std::chrono::duration<double>(Clock::now() - state_.looked_at_files).count() > 1;
    if (look) state_.looked_at_files = Clock::now();
    for (std::size_t side = 0; side < (state_.comparing ? 2u : 1u); ++side) {
        const std::string* value = picture_value(side);
        if (value == nullptr) continue;
        if (state_.pictures[side].value == *value) {
            if (look && is_file(*value)) watch_file(side);
        } else if (is_drawn(*value)) {
            state_.pictures[side] = {};
            state_.pictures[side].value = *value;
            if (const Scene* drawn = scene(side)) {
                state_.pictures[side].title = drawn_title(*value);
                state_.pictures[side].width = drawn->width;
                state_.pictures[side].height = drawn->height;
            }
        } else if (!reading.facts.valid()) {
            read_picture(*value, false);
        }
    }
}

/// A file that has become another is read again; one that is gone is said to be, once, and its picture stays.
void Controller::watch_file(std::size_t i) {
    PictureFacts& facts = state_.pictures[i];
    std::error_code missing;
    const fs::file_time_type written = fs::last_write_time(facts.value, missing);
    if (missing) {
        if (!std::exchange(facts.gone, true))
            complain(Error(ErrorCode::not_found, facts.value + ": the file is gone; what is shown was read before",
                           "put it back, or open another picture"));
        return;
    }
    if (written == facts.written && !facts.gone) return;
    facts.written = written;
    facts.gone = false;
    if (state_.banner && state_.banner->error) state_.banner.reset();
    tell(facts.value + ": the file has changed and was read again");
    const std::string value = facts.value;
    submit(i);
    facts = {};  // asked for anew
}

}  // namespace saccade
