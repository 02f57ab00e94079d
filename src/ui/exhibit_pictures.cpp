#include "ui/exhibit_pictures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/error_line.hpp"
#include "base/sha256.hpp"
#include "image/load_image.hpp"
#include "io/atomic_file.hpp"
#include "io/file_stamp.hpp"
#include "io/user_folder.hpp"
#include "model/model_store.hpp"
#include "run/language.hpp"
#include "run/run.hpp"
#include "ui/app_state.hpp"
#include "ui/ready.hpp"
#include "viz/canvas_cairo.hpp"
#include "viz/theme.hpp"
#include "viz/views.hpp"

namespace saccade {

namespace {

namespace fs = std::filesystem;

constexpr double picture_width = 320, picture_height = 200;  // logical px that a view is laid out in
constexpr double pixels_each = 1.5;

/// The first of its views that this run has something for.
ViewState first_view(const Exhibit& e, const Trace& trace, const Params& params) {
    ViewState state;
    state.step_axis = e.step_axis;
    state.width = picture_width;
    state.height = picture_height;
    state.decorations = state.marks = false;
    for (const ViewPlacement& placed : placements(e, params)) {
        const TraceTensor* tensor = placed.tensor.empty() ? nullptr : trace.find(placed.tensor);
        if (!placed.tensor.empty() && (tensor == nullptr || !view(placed.view).accepts(trace, *tensor))) continue;
        state.view = placed.view;
        state.tensor = placed.tensor;
        return state;
    }
    throw Error(ErrorCode::not_found, "there is nothing to draw yet", "open it: it says what it needs");
}

/// [0, 1] to bytes.
Image as_image(const Tensor<float>& pixels) {
    Image image(pixels.shape()[1], pixels.shape()[0]);
    std::ranges::transform(pixels.values(), image.rgb.begin(),
                           [](float v) { return static_cast<std::uint8_t>(std::clamp(v, 0.0f, 1.0f) * 255 + 0.5f); });
    return image;
}

Image drawn_picture(const Exhibit& e, const std::string& theme_id, std::stop_token stop) {
    RunRequest request;
    request.exhibit = e.id;
    const TracePtr trace = run(request, std::move(stop));
    ViewState state = first_view(e, *trace, request.params);
    state.theme = theme_id;
    const PangoTextMeasure measure;
    const Figure figure = view(state.view).layout(*trace, state, measure);
    return as_image(pixels_of(figure, theme(theme_id).panel, pixels_each, measure));
}

/// Of the exhibit, but not this one.
void remove_others(const fs::path& kept, const std::string& begins) {
    std::error_code ignored;
    for (const fs::directory_entry& file : fs::directory_iterator(kept.parent_path(), ignored))
        if (file.path() != kept && file.path().filename().string().starts_with(begins)) fs::remove(file.path(), ignored);
}

}  // namespace

std::string exhibit_picture_folder() {
    const std::string cache = cache_folder();
    return cache.empty() ? cache : cache + "/exhibits";
}

std::string exhibit_picture_key() {
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    if (error) return {};
    std::string stamps;
    const auto add = [&](const fs::path& path) {
        const FileStamp s = stamp_of(path.string());
        stamps += fmt::format("{} {} {} {}\n", path.string(), s.bytes, s.seconds, s.nanoseconds);
    };
    add(program);
    std::vector<fs::path> models;
    for (const fs::directory_entry& file : fs::recursive_directory_iterator(fs::path(assets_folder()) / "models", error))
        if (file.path().extension() == ".safetensors") models.push_back(file.path());
    std::ranges::sort(models);
    std::ranges::for_each(models, add);
    return sha256(stamps).substr(0, 16);
}

Image exhibit_picture(const std::string& id, const std::string& theme_id, const std::string& folder, const std::string& key,
                      std::stop_token stop) {
    const std::string begins = fmt::format("{}.{}.{}.", id, theme_id, language_in_use());
    const fs::path path = fs::path(folder) / (begins + key + ".png");
    const bool kept = !folder.empty() && !key.empty();
    try {
        if (kept && fs::exists(path)) return load_image(path.string());
    } catch (const std::exception&) {
        // Damaged: it is drawn again.
    }
    Image image = drawn_picture(exhibit(id), theme_id, std::move(stop));
    if (!kept) return image;
    try {
        fs::create_directories(folder);
        write_file(path.string(), write_png(image), Durable::no);
        remove_others(path, begins);
    } catch (const std::exception&) {
        // It cannot be kept here, and is drawn the next time, too.
    }
    return image;
}

void ExhibitPictures::want(const std::string& theme_id) {
    if (theme_ != theme_id || language_ != language_in_use()) rest();
    theme_ = theme_id;
    language_ = language_in_use();
    if (!busy()) start_next();
}

void ExhibitPictures::start_next() {
    const auto next = std::ranges::find_if(exhibits(), [this](const Exhibit& e) { return !made_.contains(e.id); });
    if (next == exhibits().end()) return;
    making_ = next->id;
    stop_ = {};
    coming_ = std::async(std::launch::async, [id = next->id, theme_id = theme_, stop = stop_.get_token()] {
        ExhibitPicture made;
        try {
            made.pixels = to_tensor(exhibit_picture(id, theme_id, exhibit_picture_folder(), exhibit_picture_key(), stop));
        } catch (...) {
            made.problem = current_error();
        }
        return made;
    });
}

void ExhibitPictures::poll() {
    if (!busy() || !is_ready(coming_)) return;
    ExhibitPicture made = coming_.get();
    if (!stop_.stop_requested()) made_[making_] = std::move(made);
}

void ExhibitPictures::rest() {
    stop_.request_stop();  // what comes of it is dropped by poll()
    made_.clear();
}

const ExhibitPicture* ExhibitPictures::find(const std::string& id) const {
    const auto found = made_.find(id);
    return found == made_.end() ? nullptr : &found->second;
}

void ExhibitPictures::toggle(AppState& state) {
    const bool open = !state.exhibit_page.open;
    state.exhibit_page = {};
    state.exhibit_page.open = open;
    state.exhibit_page.from = state.document.exhibit().id;
}

}  // namespace saccade
