#pragma once

struct GLFWwindow;

namespace saccade {

/// GLFW, as long as any window needs it. Error{unsupported} without a display.
struct Glfw {
    Glfw();
    ~Glfw();
    Glfw(const Glfw&) = delete;
    Glfw& operator=(const Glfw&) = delete;
};

/// A window with OpenGL 3.3, at most as large as the screen; `scaled`: of so many logical px. Error{unsupported} without
/// GL 3.3.
struct NativeWindow {
    NativeWindow(int width, int height, bool scaled);
    ~NativeWindow();
    NativeWindow(const NativeWindow&) = delete;
    NativeWindow& operator=(const NativeWindow&) = delete;

    /// As the screen's settings want text (Xft.dpi on X11), less what the system enlarges itself (Wayland).
    double scale() const;

    GLFWwindow* handle = nullptr;

 private:
    void fit_screen() const;
};

/// Dear ImGui's context and its backends for a window.
struct ImGuiContextOwner {
    explicit ImGuiContextOwner(GLFWwindow* window);
    ~ImGuiContextOwner();
    ImGuiContextOwner(const ImGuiContextOwner&) = delete;
    ImGuiContextOwner& operator=(const ImGuiContextOwner&) = delete;
};

}  // namespace saccade
