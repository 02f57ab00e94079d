#include "ui/input_queue.hpp"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

#include <algorithm>

namespace saccade {

namespace {

bool is_modifier(int key) {
    return key >= GLFW_KEY_LEFT_SHIFT && key <= GLFW_KEY_RIGHT_SUPER;
}

/// Does something else than write a character: arrows, delete, Ctrl with a letter.
bool is_command(const InputEvent& event) {
    if (event.is_character || event.action != GLFW_PRESS || is_modifier(event.key)) return false;
    return event.key >= GLFW_KEY_ESCAPE || (event.mods & (GLFW_MOD_CONTROL | GLFW_MOD_ALT | GLFW_MOD_SUPER)) != 0;
}

}  // namespace

std::vector<InputEvent> InputQueue::take() {
    std::vector<InputEvent> now;
    std::vector<int> changed;
    bool command = false, pressed = false, character = false;
    while (!events_.empty()) {
        const InputEvent& event = events_.front();
        if (event.is_character) {
            if (command) break;
            character = true;
        } else {
            if (std::find(changed.begin(), changed.end(), event.key) != changed.end()) break;
            if (is_modifier(event.key) && pressed) break;  // Ctrl must be seen together with its letter
            if (is_command(event) && character) break;
            command = command || is_command(event);
            pressed = pressed || (event.action == GLFW_PRESS && !is_modifier(event.key));
            changed.push_back(event.key);
        }
        now.push_back(event);
        events_.pop_front();
    }
    return now;
}

}  // namespace saccade
