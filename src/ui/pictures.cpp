#include "ui/pictures.hpp"

#include <algorithm>

#include "base/error_line.hpp"
#include "base/path_text.hpp"
#include "base/translate.hpp"

namespace saccade {

namespace {

using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

constexpr Index looked_at = 512;  // px: at which a file is decoded to see whether it is a picture
const char* const usual_exhibit = "spatial";

/// Drawn here, in no time.
bool is_drawn(const std::string& value) {
    return value.starts_with("scene:") || value.starts_with("sample:");
}

std::string drawn_title(const std::string& value) {
    return value.starts_with("sample:") ? value.substr(7) : "scene";
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
        if (is_picture_path(value)) facts.written = written_at(value);
        const PicturePtr picture = load_picture(value, looked_at);
        facts.title = is_drawn(value) ? drawn_title(value) : picture->title;
        facts.width = picture->full_width;
        facts.height = picture->full_height;
    } catch (...) {
        facts.problem = current_error();
    }
    return facts;
}

}  // namespace

bool is_picture_path(const std::string& value) {
    return names_picture_file(value);
}

std::string pasted_path(const std::string& line) {
    const std::string text = path_from_text(line);
    if (text.starts_with('/') || is_drawn(text) || text.starts_with("data:image/")) return text;
    std::error_code ignored;
    return text.find('\n') == std::string::npos && text.size() < 4096 && fs::exists(text, ignored) ? text : "";
}

void Pictures::read(const std::string& value, bool wanted) {
    const PictureReading& now = document_.pictures.reading;
    if (now.facts.valid() && now.wanted && !wanted) return;
    let_go();
    document_.pictures.reading = {value, wanted, std::async(std::launch::async, facts_of, value)};
}

void Pictures::open(const std::string& value) {
    std::error_code ignored;
    const bool takes_time = value.starts_with("data:") || (is_picture_path(value) && fs::exists(value, ignored));
    if (takes_time) return read(value, true);
    const PictureFacts facts = facts_of(value);
    facts.problem ? messages_.complain(*facts.problem) : use(facts);
}

void Pictures::use(const PictureFacts& facts) {
    const ParamSpec* spec = image_param_of(document_.exhibit());
    if (spec == nullptr) {
        const auto& all = exhibits();
        auto into = std::find_if(all.begin(), all.end(), [](const Exhibit& e) { return e.id == usual_exhibit; });
        if (into == all.end())
            into = std::find_if(all.begin(), all.end(), [](const Exhibit& e) { return image_param_of(e) != nullptr; });
        if (into == all.end())
            return messages_.complain(
                Error(ErrorCode::unsupported, facts.title + ": no exhibit takes a picture", "open a session"));
        choose_exhibit_(into->id);
        spec = image_param_of(document_.exhibit());
    }
    for (std::size_t side = 0; side < 2; ++side)
        if (side == document_.focus || (document_.comparing && document_.linked)) document_.pictures.facts[side] = facts;
    history_.pause();
    scenes_.deselect();
    messages_.dismiss();
    const std::string* now = picture_value(document_, document_.focus);
    if (now != nullptr && *now == facts.value) return runs_.submit();  // the same file, which may be another by now
    inputs_.set_param(spec->name, facts.value);
    history_.pause();
}

void Pictures::let_go() {
    PictureReading& reading = document_.pictures.reading;
    if (reading.facts.valid()) left_.push_back(std::move(reading.facts));
    reading = {};
}

bool Pictures::reading() {
    std::erase_if(left_, is_ready<PictureFacts>);
    const std::future<PictureFacts>& now = document_.pictures.reading.facts;
    return !left_.empty() || (now.valid() && !is_ready(now));
}

void Pictures::poll() {
    PictureReading& reading = document_.pictures.reading;
    std::erase_if(left_, is_ready<PictureFacts>);
    if (reading.facts.valid() && is_ready(reading.facts)) {
        PictureFacts facts = reading.facts.get();
        if (reading.wanted) {
            facts.problem ? messages_.complain(*facts.problem) : use(facts);
        } else {
            for (std::size_t side = 0; side < 2; ++side)
                if (const std::string* value = picture_value(document_, side); value != nullptr && *value == facts.value)
                    document_.pictures.facts[side] = facts;
        }
    }
    const bool look = std::chrono::duration<double>(Clock::now() - document_.pictures.looked_at_files).count() > 1;
    if (look) document_.pictures.looked_at_files = Clock::now();
    for (std::size_t side = 0; side < (document_.comparing ? 2u : 1u); ++side) {
        const std::string* value = picture_value(document_, side);
        if (value == nullptr) continue;
        if (value->empty()) {
            document_.pictures.facts[side] = {};
        } else if (document_.pictures.facts[side].value == *value) {
            if (look && is_picture_path(*value)) watch_file(side);
        } else if (is_drawn(*value)) {
            document_.pictures.facts[side] = {};
            document_.pictures.facts[side].value = *value;
            if (const Scene* drawn = scenes_.scene(side)) {
                document_.pictures.facts[side].title = drawn_title(*value);
                document_.pictures.facts[side].width = drawn->width;
                document_.pictures.facts[side].height = drawn->height;
            }
        } else if (!reading.facts.valid()) {
            read(*value, false);
        }
    }
}

/// A file that has become another is read again; one that is gone is said to be, once, and its picture stays.
void Pictures::watch_file(std::size_t i) {
    PictureFacts& facts = document_.pictures.facts[i];
    std::error_code missing;
    const fs::file_time_type written = fs::last_write_time(facts.value, missing);
    if (missing) {
        if (!std::exchange(facts.gone, true))
            messages_.complain(Error(ErrorCode::not_found, facts.value + ": the file is gone; what is shown was read before",
                                     "put it back, or open another picture"));
        return;
    }
    if (written == facts.written && !facts.gone) return;
    facts.written = written;
    facts.gone = false;
    messages_.dismiss_error();
    messages_.tell(tr("{}: the file has changed and was read again", facts.value));
    const std::string value = facts.value;
    runs_.submit(i);
    facts = {};  // asked for anew
}

}  // namespace saccade
