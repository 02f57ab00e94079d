#include "ui/input_queue.hpp"

#include <gtest/gtest.h>

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

#include <string>

namespace saccade::input_queue_test {
namespace {

InputEvent key(int key, int action, int mods = 0) {
    return {false, key, 0, action, mods, 0};
}
InputEvent character(char c) {
    return {true, 0, 0, 0, 0, static_cast<unsigned char>(c)};
}

/// One text a frame: "a" a character, "+A" pressed, "-A" let go.
std::vector<std::string> frames(InputQueue& queue) {
    std::vector<std::string> all;
    while (!queue.empty()) {
        std::string text;
        for (const InputEvent& e : queue.take()) {
            if (e.is_character)
                text += static_cast<char>(e.code_point);
            else
                text += (e.action == GLFW_PRESS ? "+" : "-") + std::to_string(e.key);
            text += ' ';
        }
        all.push_back(text);
    }
    return all;
}

TEST(InputQueue, PlainTypingIsOneFrameHoweverFast) {
    InputQueue queue;
    for (const char c : {'A', 'B', 'C'}) {
        queue.push(key(c, GLFW_PRESS));
        queue.push(character(c));
    }
    EXPECT_EQ(frames(queue), (std::vector<std::string>{"+65 A +66 B +67 C "}));
}

TEST(InputQueue, AKeyTappedWithinAFrameIsSeenDownAndThenUp) {
    InputQueue queue;
    queue.push(key(GLFW_KEY_BACKSPACE, GLFW_PRESS));
    queue.push(key(GLFW_KEY_BACKSPACE, GLFW_RELEASE));
    EXPECT_EQ(frames(queue), (std::vector<std::string>{"+259 ", "-259 "}));
}

TEST(InputQueue, CtrlIsSeenTogetherWithItsLetter) {
    InputQueue queue;
    queue.push(key(GLFW_KEY_LEFT_CONTROL, GLFW_PRESS));
    queue.push(key(GLFW_KEY_A, GLFW_PRESS, GLFW_MOD_CONTROL));
    queue.push(key(GLFW_KEY_LEFT_CONTROL, GLFW_RELEASE));
    queue.push(key(GLFW_KEY_A, GLFW_RELEASE));
    EXPECT_EQ(frames(queue), (std::vector<std::string>{"+341 +65 ", "-341 -65 "}));
}

TEST(InputQueue, DeletingAndTypingKeepTheirOrder) {
    InputQueue queue;
    queue.push(character('x'));
    queue.push(key(GLFW_KEY_BACKSPACE, GLFW_PRESS));
    queue.push(character('y'));
    EXPECT_EQ(frames(queue), (std::vector<std::string>{"x ", "+259 ", "y "}));
}

}  // namespace
}  // namespace saccade::input_queue_test
