#pragma once

#include <deque>
#include <vector>

namespace saccade {

/// A key or a typed character as GLFW reports it.
struct InputEvent {
    bool is_character = false;
    int key = 0, scancode = 0, action = 0, mods = 0;
    unsigned code_point = 0;
};

/// Hands the keyboard to Dear ImGui frame by frame. Before 1.87 it looks at which keys are down once a frame: a key that is
/// pressed and let go within one frame would be lost, and "delete, then type" would become "type, then delete". Here such
/// events wait for the next frame; plain typing never waits.
class InputQueue {
 public:
    void push(const InputEvent& event) { events_.push_back(event); }
    /// What this frame may see, in order.
    std::vector<InputEvent> take();
    /// Is something left for the next frame?
    bool empty() const { return events_.empty(); }

 private:
    std::deque<InputEvent> events_;
};

}  // namespace saccade
