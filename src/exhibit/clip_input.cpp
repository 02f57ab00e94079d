#include "exhibit/clip_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include "base/stop.hpp"
#include "base/typed_text.hpp"
#include "exhibit/characters.hpp"
#include "image/load_image.hpp"
#include "trace/observer.hpp"
#include "train/clip_judge.hpp"

namespace saccade {

namespace {

namespace fs = std::filesystem;

constexpr Index display_side = 96;
constexpr std::size_t most_listed = 100'000;
const std::string folder_hint =
    "give a folder of PNG, JPEG or WebP pictures, which are read by name, in the order of their numbers";

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
    if (!fs::exists(folder, failed)) throw Error(ErrorCode::not_found, folder + ": there is no such folder", folder_hint);
    if (!fs::is_directory(folder, failed)) throw Error(ErrorCode::invalid_input, folder + ": is no folder", folder_hint);
    std::vector<std::string> found;
    std::size_t seen = 0;
    for (fs::directory_iterator at(folder, failed), end; !failed && at != end && seen < most_listed; at.increment(failed)) {
        check_stop(stop);
        ++seen;
        if (is_picture_name(at->path())) found.push_back(at->path().string());
    }
    if (failed) throw Error(ErrorCode::io, folder + ": cannot be read: " + failed.message(), folder_hint);
    if (found.empty()) throw Error(ErrorCode::invalid_input, folder + ": holds no pictures", folder_hint);
    std::ranges::sort(found, by_number);
    return found;
}

/// As many as the describer was trained on, spread evenly over all.
std::vector<std::string> chosen_of(const std::vector<std::string>& all) {
    if (all.size() <= static_cast<std::size_t>(clip_frames)) return all;
    std::vector<std::string> chosen;
    for (std::size_t i = 0; i < static_cast<std::size_t>(clip_frames); ++i)
        chosen.push_back(all[i * (all.size() - 1) / static_cast<std::size_t>(clip_frames - 1)]);
    return chosen;
}

/// A picture stretched to a square, into its place.
void copy_square(const std::string& path, Index side, float* to) {
    const PicturePtr picture = load_picture(path, side, side);
    const Image& image = picture->image;
    for (Index y = 0; y < side; ++y)
        for (Index x = 0; x < side * 3; ++x) {
            const Index from_y = std::min(y, image.height - 1), from_x = std::min(x / 3, image.width - 1) * 3 + x % 3;
            *to++ = static_cast<float>(image.row(from_y)[from_x]) / 255.0f;
        }
}

Tensor<float> squares(const std::vector<std::string>& paths, Index side, const std::stop_token& stop) {
    Tensor<float> all = Tensor<float>::uninitialized({static_cast<Index>(paths.size()), side, side, 3});
    for (std::size_t i = 0; i < paths.size(); ++i) {
        check_stop(stop);
        copy_square(paths[i], side, all.data() + static_cast<Index>(i) * side * side * 3);
    }
    return all;
}

void show_frames(const Observer& observe, const Tensor<float>& frames) {
    observe.axis({"image.y", AxisKind::y, frames.shape()[1], {}, "y"});
    observe.axis({"image.x", AxisKind::x, frames.shape()[2], {}, "x"});
    observe.axis({"color", AxisKind::channel, 3, {"R", "G", "B"}, "k"});
    const Tensor<float> shown = observe("frames", frames, [] {
        return Shown{.role = Role::input, .symbol = "I", .title = "Frames", .axes = {"frame", "image.y", "image.x", "color"}};
    });
    if (shown.data() != frames.data())
        observe.note({"story", "'frames' is the clip as it is shown: changing it changes nothing else",
                      "change what the network makes of it, or the story"});
}

ClipInput own_pictures(RunContext& context, const std::string& folder) {
    const std::vector<std::string> all = pictures_in(folder, context.stop), chosen = chosen_of(all);
    ClipInput input;
    input.read = squares(chosen, clip_side, context.stop);
    show_frames(Observer(context.probe), squares(chosen, display_side, context.stop));
    const PicturePtr first = load_picture(chosen.front(), clip_side, clip_side);
    bool other_sizes = false;
    for (const std::string& path : chosen) {
        const PicturePtr picture = load_picture(path, clip_side, clip_side);
        other_sizes = other_sizes || picture->full_width != first->full_width || picture->full_height != first->full_height;
    }
    if (all.size() > chosen.size())
        context.probe.note({"folder", fmt::format("{} of {} pictures are read, spread evenly", chosen.size(), all.size()),
                            "put fewer into the folder"});
    else if (all.size() < static_cast<std::size_t>(clip_frames))
        context.probe.note({"folder",
                            fmt::format("{} picture{}: the describer was trained on clips of {}", all.size(),
                                        all.size() == 1 ? ", in which nothing can happen" : "s", clip_frames),
                            "its words may be wrong"});
    if (other_sizes || first->full_width != first->full_height)
        context.probe.note({"folder",
                            fmt::format("the pictures are {}: each is stretched to {} × {}",
                                        other_sizes ? "of different sizes" : "no squares", clip_side, clip_side),
                            "use squares"});
    context.probe.note(
        {"folder", "the describer only knows coloured shapes on light grounds: it tells of any other clip as if it showed some",
         "leave the folder empty, and write a story"});
    return input;
}

/// The k-th event's beginning that the parameters ask for; 0: as the story has it.
constexpr std::array event_params{"first_event", "second_event", "third_event"};

void move_events(RunContext& context, ClipStory& story) {
    for (std::size_t k = 0; k < event_params.size(); ++k) {
        const auto first = context.params.integer(event_params[k]);
        if (first == 0) continue;
        if (k >= story.events.size()) {
            context.probe.note(
                {event_params[k],
                 fmt::format("the clip has {} event{}", story.events.size(), story.events.size() == 1 ? "" : "s"),
                 "set it to 0"});
            continue;
        }
        begin_event(story, k, first - 1);  // frames are counted from 1 in all that people read
    }
    if (const std::string problem = story_problem(story); !problem.empty())
        context.probe.note({"story", "as the events stand in time, " + problem, "move it"});
}

/// A held-out clip as a story, with the places that it has.
Clip moved_clip(RunContext& context, Clip clip) {
    ClipStory story;
    for (std::size_t i = 0; i < clip.shapes.size(); ++i) story.shapes.push_back(clip_shape(clip, static_cast<int>(i)));
    story.events = clip.events;
    move_events(context, story);
    clip.events = story.events;
    std::ranges::stable_sort(clip.events, {}, &ClipEvent::first);
    return clip;
}

}  // namespace

ClipInput read_clip(RunContext& context) {
    if (const std::string& folder = context.params.text("folder"); !folder.empty()) return own_pictures(context, folder);
    ClipInput input;
    if (const auto number = context.params.integer("clip"); number > 0) {
        input.clip = moved_clip(context, held_out_clip(number - 1));
    } else {
        const std::string& story = context.params.text("story");
        note_dropped(read_typed(story).dropped, "story", context.probe);
        // Places first, so that a shape stays where it is while what happens to it is moved.
        Rng rng = Rng(context.seed).fork("places of a story");
        input.clip = moved_clip(context, clip_of(story_from(story), rng));
    }
    const Clip clips[] = {*input.clip};
    const auto frames_at = [&](Index side) {
        return clip_pictures(clips, side).reshape(Shape{input.clip->frames, side, side, 3});
    };
    input.read = frames_at(clip_side);
    show_frames(Observer(context.probe), frames_at(display_side));
    return input;
}

}  // namespace saccade
