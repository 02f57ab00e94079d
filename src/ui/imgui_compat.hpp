#pragma once

// Every difference between Dear ImGui 1.86 (Debian 12) and newer releases that this code meets.

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>

#include <cfloat>
#include <cmath>

namespace saccade::compat {

// From 1.87 on, ImGui keeps the order of fast keys by itself.
#if IMGUI_VERSION_NUM >= 18700
inline constexpr bool queues_input = true;
#else
inline constexpr bool queues_input = false;
#endif

/// Written otherwise from 1.87 on, and under that name alone from 1.91 on.
#if IMGUI_VERSION_NUM >= 18700
inline constexpr ImGuiKey key_of_keypad_enter = ImGuiKey_KeypadEnter;
#else
inline constexpr ImGuiKey key_of_keypad_enter = ImGuiKey_KeyPadEnter;
#endif

/// Of a line, in px.
inline float font_size(const ImFont& font) {
#if IMGUI_VERSION_NUM >= 19200
    return font.LegacySize;
#else
    return font.FontSize;
#endif
}

/// From the upper edge of a line to the baseline when the face is drawn at `size`, in px.
inline float ascent(ImFont& font, float size) {
#if IMGUI_VERSION_NUM >= 19200
    return font.GetFontBaked(size)->Ascent;
#else
    return std::round(font.Ascent) * size / font.FontSize;
#endif
}

/// A child window that keeps the padding of its style.
inline void begin_padded_child(const char* id, ImVec2 size, ImGuiWindowFlags flags) {
#if IMGUI_VERSION_NUM >= 19000
    ImGui::BeginChild(id, size, ImGuiChildFlags_AlwaysUseWindowPadding, flags);
#else
    ImGui::BeginChild(id, size, false, flags | ImGuiWindowFlags_AlwaysUseWindowPadding);
#endif
}

/// The atlas was built again: its texture must follow. From 1.92 on the backend sees to it.
inline void upload_fonts() {
#if IMGUI_VERSION_NUM < 19200
    ImGui_ImplOpenGL3_DestroyFontsTexture();
    ImGui_ImplOpenGL3_CreateFontsTexture();
#endif
}

/// What ImGui's fields take from the clipboard and put there, in place of what the backend does.
struct Clipboard {
    const char* (*get)(void* user) = nullptr;
    void (*set)(void* user, const char* text) = nullptr;
    void* user = nullptr;
};
/// `clipboard` must live as long as the context.
inline void use_clipboard(Clipboard& clipboard) {
#if IMGUI_VERSION_NUM >= 19110
    ImGuiPlatformIO& io = ImGui::GetPlatformIO();
    io.Platform_ClipboardUserData = &clipboard;
    io.Platform_GetClipboardTextFn = [](ImGuiContext*) {
        const auto* own = static_cast<Clipboard*>(ImGui::GetPlatformIO().Platform_ClipboardUserData);
        return own->get(own->user);
    };
    io.Platform_SetClipboardTextFn = [](ImGuiContext*, const char* text) {
        const auto* own = static_cast<Clipboard*>(ImGui::GetPlatformIO().Platform_ClipboardUserData);
        own->set(own->user, text);
    };
#else
    ImGuiIO& io = ImGui::GetIO();
    io.GetClipboardTextFn = clipboard.get;
    io.SetClipboardTextFn = clipboard.set;
    io.ClipboardUserData = clipboard.user;
#endif
}

inline bool key_pressed(ImGuiKey key, [[maybe_unused]] bool repeat = true) {
#if IMGUI_VERSION_NUM >= 18700
    return ImGui::IsKeyPressed(key, repeat);
#else
    return ImGui::IsKeyPressed(ImGui::GetKeyIndex(key), repeat);
#endif
}

/// Of the frame that has begun: did a key go down or up? Before 1.87 the window feeds the keys itself, and knows.
inline bool key_changed() {
#if IMGUI_VERSION_NUM >= 18700
    for (int key = ImGuiKey_NamedKey_BEGIN; key < ImGuiKey_NamedKey_END; ++key)
        if (ImGui::IsKeyPressed(static_cast<ImGuiKey>(key)) || ImGui::IsKeyReleased(static_cast<ImGuiKey>(key))) return true;
#endif
    return false;
}

inline bool mouse_down() {
    const ImGuiIO& io = ImGui::GetIO();
    return io.MouseDown[0] || io.MouseDown[1] || io.MouseDown[2];
}

/// After the backend has said where the pointer is, before NewFrame: nothing is under it in this frame. From 1.87 on that
/// would lose a press that comes without a move.
inline void forget_pointer() {
#if IMGUI_VERSION_NUM < 18700
    ImGui::GetIO().MousePos = {-FLT_MAX, -FLT_MAX};
#endif
}

/// Did any key go down that is more than Shift, Ctrl and their like?
inline bool any_key_pressed() {
#if IMGUI_VERSION_NUM >= 18700
    for (int key = ImGuiKey_NamedKey_BEGIN; key < ImGuiKey_MouseLeft; ++key) {
        const bool modifier = key >= ImGuiKey_LeftCtrl && key <= ImGuiKey_RightSuper;
        if (!modifier && ImGui::IsKeyPressed(static_cast<ImGuiKey>(key), false)) return true;
    }
#else
    for (int key = GLFW_KEY_SPACE; key <= GLFW_KEY_LAST; ++key) {
        const bool modifier = key >= GLFW_KEY_LEFT_SHIFT && key <= GLFW_KEY_RIGHT_SUPER;
        if (!modifier && ImGui::IsKeyPressed(key, false)) return true;
    }
#endif
    return false;
}

/// Letters have no named key before 1.87; there a key is what GLFW calls it, which for letters and digits is the capital
/// character.
inline bool letter_pressed(char letter) {
#if IMGUI_VERSION_NUM >= 18700
    if (letter >= '0' && letter <= '9') return ImGui::IsKeyPressed(static_cast<ImGuiKey>(ImGuiKey_0 + (letter - '0')), false);
    return ImGui::IsKeyPressed(static_cast<ImGuiKey>(ImGuiKey_A + (letter - 'A')), false);
#else
    return ImGui::IsKeyPressed(static_cast<int>(letter), false);
#endif
}

/// Tab where this program moves the focus by itself; newer releases reach every item, and do.
inline bool tab_pressed() {
#if IMGUI_VERSION_NUM >= 18700
    return false;
#else
    return ImGui::IsKeyPressed(GLFW_KEY_TAB);
#endif
}
/// ImGui leaves Tab alone, which in 1.86 reaches text fields only.
inline void own_tab() {
#if IMGUI_VERSION_NUM < 18700
    ImGui::GetIO().KeyMap[ImGuiKey_Tab] = -1;
#endif
}

enum class PlainKey { f1, f5, plus, minus, opening_bracket, closing_bracket, dot };

/// How often was the sign typed in this frame? Whichever key it stands on, which differs from keyboard to keyboard.
inline int sign_typed(PlainKey key) {
    const auto is = [key](unsigned c) {
        switch (key) {
            case PlainKey::plus:
                return c == '+' || c == 0xff0b;
            case PlainKey::minus:
                return c == '-' || c == 0x2212 || c == 0xff0d;
            case PlainKey::opening_bracket:
                return c == '[' || c == 0x3010 || c == 0xff3b;
            case PlainKey::closing_bracket:
                return c == ']' || c == 0x3011 || c == 0xff3d;
            case PlainKey::dot:
                return c == '.' || c == 0x3002;
            default:
                return false;
        }
    };
    int times = 0;
    for (const ImWchar c : ImGui::GetIO().InputQueueCharacters) times += is(c) ? 1 : 0;
    return times;
}

/// How often; keys that ImGui 1.86 knows by GLFW's code alone. With Ctrl or Alt a sign is not typed: there its usual places
/// count.
inline int plain_key_pressed(PlainKey key) {
    const bool function_key = key == PlainKey::f1 || key == PlainKey::f5;
    if (!function_key && !ImGui::GetIO().KeyCtrl && !ImGui::GetIO().KeyAlt) return sign_typed(key);
#if IMGUI_VERSION_NUM >= 18700
    const ImGuiKey keys[] = {ImGuiKey_F1, ImGuiKey_F5, ImGuiKey_Equal, ImGuiKey_Minus},
                   pad[] = {ImGuiKey_F1, ImGuiKey_F5, ImGuiKey_KeypadAdd, ImGuiKey_KeypadSubtract};
#else
    const int keys[] = {GLFW_KEY_F1, GLFW_KEY_F5, GLFW_KEY_EQUAL, GLFW_KEY_MINUS},
              pad[] = {GLFW_KEY_F1, GLFW_KEY_F5, GLFW_KEY_KP_ADD, GLFW_KEY_KP_SUBTRACT};
#endif
    const int at = static_cast<int>(key);
    return ImGui::IsKeyPressed(keys[at], false) || ImGui::IsKeyPressed(pad[at], false) ? 1 : 0;
}

}  // namespace saccade::compat
