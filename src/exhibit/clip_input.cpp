#include "exhibit/clip_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/typed_text.hpp"
#include "exhibit/characters.hpp"
#include "exhibit/clip_pictures.hpp"
#include "trace/observer.hpp"
#include "train/clip_judge.hpp"

namespace saccade {

namespace {

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

ClipInput own_pictures(RunContext& context, const std::string& path) {
    const std::shared_ptr<const OwnClip> own = own_clip(path, context.stop);
    ClipInput input;
    input.read = own->read;
    show_frames(Observer(context.probe), own->shown);
    const Index frames = own->read.shape()[0];
    if (own->pictures > frames)
        context.probe.note({"folder", fmt::format("{} of {} pictures are read, spread evenly", frames, own->pictures),
                            "keep only those in which something happens"});
    else if (own->pictures < clip_frames)
        context.probe.note({"folder",
                            fmt::format("{} picture{}: the describer was trained on clips of {}", own->pictures,
                                        own->pictures == 1 ? ", in which nothing can happen" : "s", clip_frames),
                            "its words may be wrong"});
    if (!own->one_size || !own->square)
        context.probe.note({"folder",
                            fmt::format("the pictures are {}: each is stretched to {} × {}",
                                        own->one_size ? "no squares" : "of different sizes", clip_side, clip_side),
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
    if (const std::string& path = context.params.text("folder"); !path.empty()) return own_pictures(context, path);
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
    show_frames(Observer(context.probe), frames_at(shown_clip_side));
    return input;
}

}  // namespace saccade
