#pragma once

#include <string>

#include "train/clip_scene.hpp"

namespace saccade {

constexpr std::size_t most_story_events = 3, most_story_shapes = 3;

/// A story as people type it: sentences such as describers of clips write, in either language, with articles, "and" and "then"
/// as they like. Its events follow each other with still frames between them. Error{invalid_input} says which clause cannot be
/// read or cannot happen, and what can be said.
ClipStory story_from(const std::string& sentence);
/// Which event k, from 0, cannot be seen as the events stand in time, and why: "event 2: the shape is not there yet". Empty if
/// all can.
std::string story_problem(const ClipStory& story);
/// Lets event k begin at another frame; it stays as long as it was, but ends with the clip.
void begin_event(ClipStory& story, std::size_t k, Index first);

}  // namespace saccade
