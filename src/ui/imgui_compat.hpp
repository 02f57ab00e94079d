#pragma once

// Every difference between Dear ImGui 1.86 (Debian 12) and newer releases that this code meets.

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>

#include <cmath>

namespace saccade::compat {

// From 1.87 on, ImGui keeps the order of fast keys by itself.
#if IMGUI_VERSION_NUM >= 18700
inline constexpr bool queues_input = true;
#else
inline constexpr bool queues_input = false;
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

inline bool key_pressed(ImGuiKey key, [[maybe_unused]] bool repeat = true) {
#if IMGUI_VERSION_NUM >= 18700
    return ImGui::IsKeyPressed(key, repeat);
#else
    return ImGui::IsKeyPressed(ImGui::GetKeyIndex(key), repeat);
#endif
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

enum class PlainKey { f1, plus, minus };

/// Keys that ImGui 1.86 knows by GLFW's code alone.
inline bool plain_key_pressed(PlainKey key) {
#if IMGUI_VERSION_NUM >= 18700
    const ImGuiKey keys[] = {ImGuiKey_F1, ImGuiKey_Equal, ImGuiKey_Minus};
    return ImGui::IsKeyPressed(keys[static_cast<int>(key)], false);
#else
    const int glfw_keys[] = {GLFW_KEY_F1, GLFW_KEY_EQUAL, GLFW_KEY_MINUS};
    return ImGui::IsKeyPressed(glfw_keys[static_cast<int>(key)], false);
#endif
}

}  // namespace saccade::compat
