#include "exhibit/clip_pictures.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <mutex>
#include <vector>

#include "base/stop.hpp"
#include "image/animation.hpp"
#include "image/load_image.hpp"
#include "io/file_stamp.hpp"
#include "train/clip_story.hpp"

namespace saccade {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_listed = 100'000;
const std::string hint =
    "give an animated WebP, GIF or PNG, or a folder of pictures, which are read by name, in the order of their numbers";

/// "frame2.png" before "frame10.png": runs of digits are compared as numbers.
bool by_number(const std::string& a, const std::string& b) {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    std::size_t i = 0, j = 0;
    while (i < a.size() && j < b.size()) {
        if (!digit(a[i]) || !digit(b[j])) {
            if (a[i] != b[j]) return a[i] < b[j];
            ++i;
            ++j;
            continue;
        }
        std::size_t end_a = i, end_b = j;
        while (end_a < a.size() && digit(a[end_a])) ++end_a;
        while (end_b < b.size() && digit(b[end_b])) ++end_b;
        while (i + 1 < end_a && a[i] == '0') ++i;
        while (j + 1 < end_b && b[j] == '0') ++j;
        if (end_a - i != end_b - j) return end_a - i < end_b - j;
        if (const int order = a.compare(i, end_a - i, b, j, end_b - j); order != 0) return order < 0;
        i = end_a;
        j = end_b;
    }
    return a.size() - i < b.size() - j;
}

bool is_picture_name(const fs::path& path) {
    std::string ending = path.extension().string();
    for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return ending == ".png" || ending == ".jpg" || ending == ".jpeg" || ending == ".webp";
}

/// The pictures of a folder, in order.
std::vector<std::string> pictures_in(const std::string& folder, const std::stop_token& stop) {
    std::error_code failed;
    std::vector<std::string> found;
    std::size_t seen = 0;
    for (fs::directory_iterator at(folder, failed), end; !failed && at != end && seen < most_listed; at.increment(failed)) {
        check_stop(stop);
        ++seen;
        if (is_picture_name(at->path())) found.push_back(at->path().string());
    }
    if (failed) throw Error(ErrorCode::io, folder + ": cannot be read: " + failed.message(), hint);
    if (found.empty()) throw Error(ErrorCode::invalid_input, folder + ": holds no pictures", hint);
    std::ranges::sort(found, by_number);
    return found;
}

/// As many of n as a describer was trained on, spread evenly, in order.
std::vector<Index> chosen_of(Index n) {
    std::vector<Index> chosen;
    const Index most = std::min(n, clip_frames);
    for (Index i = 0; i < most; ++i) chosen.push_back(most > 1 ? i * (n - 1) / (most - 1) : 0);
    return chosen;
}

/// A square into its place.
void copy_square(const Image& square, Tensor<float>& all, Index at) {
    const Tensor<float> values = to_tensor(square);
    std::ranges::copy(values.values(), all.data() + at * values.shape().size());
}

OwnClip room_for(Index pictures) {
    OwnClip clip;
    const Index frames = std::min(pictures, clip_frames);
    clip.read = Tensor<float>::uninitialized({frames, clip_side, clip_side, 3});
    clip.shown = Tensor<float>::uninitialized({frames, shown_clip_side, shown_clip_side, 3});
    clip.pictures = pictures;
    return clip;
}

OwnClip clip_of_folder(const std::string& folder, const std::stop_token& stop) {
    const std::vector<std::string> all = pictures_in(folder, stop);
    OwnClip clip = room_for(static_cast<Index>(all.size()));
    ImageSize first;
    Index at = 0;
    for (const Index i : chosen_of(clip.pictures)) {
        check_stop(stop);
        const std::string& path = all[static_cast<std::size_t>(i)];
        const PicturePtr small = load_picture(path, clip_side, clip_side),
                         large = load_picture(path, shown_clip_side, shown_clip_side);
        const ImageSize full{small->full_width, small->full_height};
        if (at == 0) first = full;
        clip.one_size = clip.one_size && full == first;
        clip.square = clip.square && full.width == full.height;
        copy_square(small->image, clip.read, at);
        copy_square(large->image, clip.shown, at++);
    }
    return clip;
}

OwnClip clip_of_animation(const std::string& path, const std::stop_token& stop) {
    const std::unique_ptr<Animation> animation = read_animation(path);
    OwnClip clip = room_for(animation->pictures());
    const std::vector<Index> chosen = chosen_of(clip.pictures);
    Index at = 0;
    for (Index i = 0; i <= chosen.back(); ++i) {  // each lies over those before it
        check_stop(stop);
        const Image image = animation->next();
        if (chosen[static_cast<std::size_t>(at)] != i) continue;
        copy_square(resized(image, clip_side, clip_side), clip.read, at);
        copy_square(resized(image, shown_clip_side, shown_clip_side), clip.shown, at++);
    }
    clip.square = animation->size().width == animation->size().height;
    return clip;
}

/// The latest animation, which takes longer to read than to tell of.
std::shared_ptr<const OwnClip> kept_animation(const std::string& path, const std::stop_token& stop) {
    static std::mutex mutex;
    static std::string kept_path;
    static FileStamp kept_stamp;
    static std::shared_ptr<const OwnClip> kept;
    const FileStamp stamp = stamp_of(path);
    const std::lock_guard lock(mutex);
    if (kept == nullptr || kept_path != path || kept_stamp != stamp || stamp.none()) {
        kept = std::make_shared<const OwnClip>(clip_of_animation(path, stop));
        kept_path = path;
        kept_stamp = stamp;
    }
    return kept;
}

}  // namespace

std::shared_ptr<const OwnClip> own_clip(const std::string& path, const std::stop_token& stop) {
    std::error_code failed;
    if (!fs::exists(path, failed)) throw Error(ErrorCode::not_found, path + ": there is no such folder or file", hint);
    if (!fs::is_directory(path, failed)) return kept_animation(path, stop);
    return std::make_shared<const OwnClip>(clip_of_folder(path, stop));
}

}  // namespace saccade
