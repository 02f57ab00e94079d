#include "train/clip_scene.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "image/color.hpp"
#include "train/caption_scene.hpp"

namespace saccade {

namespace {

constexpr double apart_at_first = 1.2, apart_later = 0.98;  // of the sum of two radii
constexpr double quarter_turn = 90;

double between(Rng& rng, double low, double high) {
    return low + (high - low) * rng.uniform();
}

/// Share of an event that is done at a frame.
double done_at(const ClipEvent& event, Index frame) {
    const double length = static_cast<double>(event.last - event.first + 1);
    return std::clamp(static_cast<double>(frame - event.first + 1) / length, 0.0, 1.0);
}

/// Where the shapes are as the story goes on.
struct Standing {
    std::vector<SceneShape> shapes;
    std::vector<bool> there;

    double reach(std::size_t a, std::size_t b) const { return (shapes[a].size + shapes[b].size) / 2; }
    double distance(std::size_t a, std::size_t b) const {
        return std::hypot(shapes[a].x - shapes[b].x, shapes[a].y - shapes[b].y);
    }
    /// Do those that are there stand clear of each other, and whole in the picture?
    bool clear(double apart) const {
        for (std::size_t a = 0; a < shapes.size(); ++a) {
            if (!there[a]) continue;
            const double r = shapes[a].size * 0.55;
            if (std::min({shapes[a].x, shapes[a].y, 1 - shapes[a].x, 1 - shapes[a].y}) < r) return false;
            for (std::size_t b = 0; b < a; ++b)
                if (there[b] && distance(a, b) < apart * reach(a, b)) return false;
        }
        return true;
    }
};

void choose_motion(ClipEvent& event, const Standing& now, Rng& rng) {
    const double far = between(rng, 0.28, 0.42);
    switch (event.verb) {
        case ClipVerb::moves_left:
            event.dx = -far;
            break;
        case ClipVerb::moves_right:
            event.dx = far;
            break;
        case ClipVerb::moves_up:
            event.dy = -far;
            break;
        case ClipVerb::moves_down:
            event.dy = far;
            break;
        case ClipVerb::turns:
            event.turn = quarter_turn;
            break;
        case ClipVerb::meets: {
            const auto a = static_cast<std::size_t>(event.shape), b = static_cast<std::size_t>(event.other);
            const double apart = std::max(now.distance(a, b), 1e-6);
            const double each = std::max(0.0, apart - now.reach(a, b)) / 2 / apart;
            event.dx = (now.shapes[b].x - now.shapes[a].x) * each;
            event.dy = (now.shapes[b].y - now.shapes[a].y) * each;
            event.other_dx = -event.dx;
            event.other_dy = -event.dy;
            break;
        }
        default:
            break;
    }
}

/// Moves on by a share of an event.
void advance(Standing& now, const ClipEvent& event, double share) {
    SceneShape& shape = now.shapes[static_cast<std::size_t>(event.shape)];
    shape.x += event.dx * share;
    shape.y += event.dy * share;
    if (event.other < 0) return;
    SceneShape& other = now.shapes[static_cast<std::size_t>(event.other)];
    other.x += event.other_dx * share;
    other.y += event.other_dy * share;
}

/// Is the shape there before anything happens?
bool there_at_first(const ClipStory& story, int shape) {
    for (const ClipEvent& event : story.events)
        if (event.shape == shape || event.other == shape) return event.verb != ClipVerb::appears;
    return true;
}

SceneBackground random_ground(Rng& rng) {
    SceneBackground ground;
    const double grey = between(rng, 205, 250);
    std::array<int, 3> c{};
    for (int& v : c) v = static_cast<int>(std::clamp(grey + between(rng, -10, 10), 0.0, 255.0));
    ground.color = fmt::format("#{:02x}{:02x}{:02x}", c[0], c[1], c[2]);
    return ground;
}

SceneShape random_shape(const ClipShape& look, Rng& rng) {
    SceneShape shape;
    shape.color = clip_colors()[static_cast<std::size_t>(look.color)];
    shape.kind = clip_kinds()[static_cast<std::size_t>(look.kind)];
    shape.size = between(rng, 0.24, 0.32);
    shape.x = between(rng, 0.14, 0.86);
    shape.y = between(rng, 0.14, 0.86);
    return shape;
}

/// One try. `strict`: nothing may be in the way; or else it is put right as far as it goes.
bool try_clip(const ClipStory& story, Rng& rng, bool strict, Clip& clip) {
    Standing now;
    for (std::size_t i = 0; i < story.shapes.size(); ++i) {
        now.shapes.push_back(random_shape(story.shapes[i], rng));
        now.there.push_back(there_at_first(story, static_cast<int>(i)));
    }
    clip.shapes = now.shapes;
    clip.events = story.events;
    std::ranges::stable_sort(clip.events, {}, &ClipEvent::first);
    Standing first = now;
    first.there.assign(first.there.size(), true);  // so that what appears has room
    if (strict && !first.clear(apart_at_first)) return false;
    for (ClipEvent& event : clip.events) {
        const auto shape = static_cast<std::size_t>(event.shape);
        choose_motion(event, now, rng);
        if (!strict) {
            const double r = now.shapes[shape].size * 0.55;
            event.dx = std::clamp(now.shapes[shape].x + event.dx, r, 1 - r) - now.shapes[shape].x;
            event.dy = std::clamp(now.shapes[shape].y + event.dy, r, 1 - r) - now.shapes[shape].y;
        }
        if (event.verb == ClipVerb::appears) now.there[shape] = true;
        constexpr double shortest_approach = 0.12;
        if (strict && event.verb == ClipVerb::meets && std::hypot(event.dx, event.dy) < shortest_approach) return false;
        constexpr int looks = 4;
        for (int i = 0; i < looks; ++i) {
            advance(now, event, 1.0 / looks);
            if (strict && !now.clear(apart_later)) return false;
        }
        if (event.verb == ClipVerb::vanishes) now.there[shape] = false;
    }
    return true;
}

/// Something that can happen now, or nothing.
bool random_event(const ClipStory& story, const std::vector<bool>& there, const std::vector<bool>& touched, Rng& rng,
                  ClipEvent& event) {
    event = ClipEvent();
    event.shape = static_cast<int>(rng.below(story.shapes.size()));
    const auto shape = static_cast<std::size_t>(event.shape);
    event.verb = static_cast<ClipVerb>(rng.below(8));
    if (event.verb == ClipVerb::appears) return !touched[shape];
    if (!there[shape]) return false;
    if (event.verb == ClipVerb::turns) return turns_visibly(clip_kinds()[static_cast<std::size_t>(story.shapes[shape].kind)]);
    if (event.verb != ClipVerb::meets) return true;
    if (story.shapes.size() < 2) return false;
    event.other = static_cast<int>(rng.below(story.shapes.size() - 1));
    if (event.other >= event.shape) ++event.other;
    return there[static_cast<std::size_t>(event.other)];
}

/// When each happens: still frames are spread at random between and around them.
void choose_times(std::vector<ClipEvent>& events, Rng& rng) {
    Index length = 0;
    for (ClipEvent& event : events) {
        const bool fades = event.verb == ClipVerb::appears || event.verb == ClipVerb::vanishes;
        event.last = fades ? 2 + static_cast<Index>(rng.below(2)) : 3 + static_cast<Index>(rng.below(2));
        length += event.last;
    }
    Index spare = clip_frames - 1 - length - static_cast<Index>(events.size() - 1);
    std::vector<Index> still(events.size() + 1, 0);
    for (; spare > 0; --spare) ++still[rng.below(still.size())];
    Index at = 1;
    for (std::size_t i = 0; i < events.size(); ++i) {
        events[i].first = at + still[i];
        events[i].last += events[i].first - 1;
        at = events[i].last + 2;
    }
}

}  // namespace

const std::vector<std::string>& clip_colors() {
    static const std::vector<std::string> all = {"red", "yellow", "green", "blue", "purple", "black"};
    return all;
}

const std::vector<ShapeKind>& clip_kinds() {
    static const std::vector<ShapeKind> all = {ShapeKind::circle, ShapeKind::square, ShapeKind::triangle, ShapeKind::cross,
                                               ShapeKind::ring};
    return all;
}

ClipShape clip_shape(const Clip& clip, int shape) {
    const SceneShape& s = clip.shapes.at(static_cast<std::size_t>(shape));
    const auto color = std::ranges::find(clip_colors(), s.color) - clip_colors().begin();
    const auto kind = std::ranges::find(clip_kinds(), s.kind) - clip_kinds().begin();
    return {static_cast<int>(color), static_cast<int>(kind)};
}

bool turns_visibly(ShapeKind kind) {
    return kind != ShapeKind::circle && kind != ShapeKind::ring;
}

ClipStory random_clip_story(Rng& rng) {
    ClipStory story;
    const double v = rng.uniform();
    const std::size_t shapes = v < 0.1 ? 1 : v < 0.5 ? 2 : 3;
    while (story.shapes.size() < shapes) {
        const ClipShape look{static_cast<int>(rng.below(clip_colors().size())),
                             static_cast<int>(rng.below(clip_kinds().size()))};
        if (std::ranges::find(story.shapes, look) == story.shapes.end()) story.shapes.push_back(look);
    }
    const double u = rng.uniform();
    const std::size_t events = u < 0.25 ? 1 : u < 0.6 ? 2 : 3;
    // Who appears is not there before: decided by the first that happens to it.
    std::vector<bool> there(shapes, true), touched(shapes, false);
    constexpr int patience = 100;  // where all have vanished, nothing more can happen
    for (int i = 0; story.events.size() < events && (i < patience || story.events.empty()); ++i) {
        ClipEvent event;
        if (!random_event(story, there, touched, rng, event)) continue;
        const auto shape = static_cast<std::size_t>(event.shape);
        if (!story.events.empty() && story.events.back().shape == event.shape && story.events.back().verb == event.verb)
            continue;
        there[shape] = event.verb != ClipVerb::vanishes;
        touched[shape] = true;
        if (event.other >= 0) touched[static_cast<std::size_t>(event.other)] = true;
        story.events.push_back(event);
    }
    choose_times(story.events, rng);
    return story;
}

bool place_clip(const ClipStory& story, Rng& rng, Clip& clip) {
    clip.background = random_ground(rng);
    constexpr int patience = 400;
    for (int i = 0; i < patience; ++i)
        if (try_clip(story, rng, true, clip)) return true;
    return false;
}

Clip clip_of(const ClipStory& story, Rng& rng) {
    Clip clip;
    if (!place_clip(story, rng, clip)) try_clip(story, rng, false, clip);
    return clip;
}

Clip random_clip(Rng& rng) {
    Clip clip;
    while (!place_clip(random_clip_story(rng), rng, clip)) {
    }
    return clip;
}

Scene frame_of(const Clip& clip, Index frame, Index pixels, std::vector<int>* index) {
    Scene scene;
    scene.width = scene.height = pixels;
    scene.background = clip.background;
    for (std::size_t i = 0; i < clip.shapes.size(); ++i) {
        SceneShape shape = clip.shapes[i];
        const int own = static_cast<int>(i);
        for (const ClipEvent& event : clip.events) {
            const double done = done_at(event, frame);
            if (event.shape == own) {
                shape.x += event.dx * done;
                shape.y += event.dy * done;
                shape.angle += event.turn * done;
                if (event.verb == ClipVerb::appears) shape.opacity = done;
                if (event.verb == ClipVerb::vanishes) shape.opacity *= 1 - done;
            } else if (event.other == own) {
                shape.x += event.other_dx * done;
                shape.y += event.other_dy * done;
            }
        }
        if (shape.opacity <= 0) continue;
        scene.shapes.push_back(shape);
        if (index != nullptr) index->push_back(own);
    }
    return scene;
}

Tensor<float> clip_pictures(std::span<const Clip> clips, Index pixels) {
    const Index frames = clips.front().frames, values = pixels * pixels * 3;
    Tensor<float> pictures = Tensor<float>::uninitialized({static_cast<Index>(clips.size()), frames, pixels, pixels, 3});
    float* to = pictures.data();
    for (const Clip& clip : clips)
        for (Index t = 0; t < frames; ++t, to += values) {
            const Image image = draw(frame_of(clip, t, pixels), pixels, pixels);
            for (std::size_t i = 0; i < image.rgb.size(); ++i) to[i] = static_cast<float>(image.rgb[i]) / 255.0f;
        }
    return pictures;
}

Tensor<float> clip_region(const Clip& clip, int shape, Index frame, Index height, Index width) {
    Tensor<float> region(Shape{height, width});
    for (const Index t : {frame - 1, frame}) {
        if (t < 0) continue;
        std::vector<int> index;
        const Scene scene = frame_of(clip, t, clip_side, &index);
        const auto found = std::ranges::find(index, shape);
        if (found == index.end()) continue;
        const Tensor<float> covered = caption_region(scene, static_cast<int>(found - index.begin()), height, width);
        for (Index i = 0; i < region.size(); ++i) region.data()[i] = std::max(region.data()[i], covered.data()[i]);
    }
    return region;
}

}  // namespace saccade
