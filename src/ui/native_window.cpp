#include "ui/native_window.hpp"

#include <glad/gl.h>
#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "base/error.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/preferences.hpp"

namespace saccade {

namespace {

/// Where none of these is set nobody need look for a display: Wayland's library would complain of it by itself.
bool display_is_named() {
    const auto set = [](const char* name) {
        const char* value = std::getenv(name);
        return value != nullptr && *value != '\0';
    };
    return set("DISPLAY") || set("WAYLAND_DISPLAY") || set("WAYLAND_SOCKET") || set("XDG_RUNTIME_DIR");
}

}  // namespace

Glfw::Glfw() {
    glfwSetErrorCallback(nullptr);
    if (!display_is_named() || glfwInit() == GLFW_FALSE) {
        const char* why = nullptr;
        if (display_is_named()) glfwGetError(&why);
        throw Error(ErrorCode::unsupported, std::string("no window can be opened: ") + (why != nullptr ? why : "no display"),
                    "start it from a desktop, or use a command ('saccade --help'); 'xvfb-run saccade' makes a display "
                    "without a screen");
    }
}

Glfw::~Glfw() {
    glfwTerminate();
}

NativeWindow::NativeWindow(int width, int height, bool scaled) {
    glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
    glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
    glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
    glfwWindowHint(GLFW_OPENGL_FORWARD_COMPAT, GLFW_TRUE);
    // Everything is painted from back to front and nothing shows through the window: memory that a software rasteriser need not
    // fill.
    for (const int unused : {GLFW_DEPTH_BITS, GLFW_STENCIL_BITS, GLFW_ALPHA_BITS}) glfwWindowHint(unused, 0);
    if (scaled) glfwWindowHint(GLFW_SCALE_TO_MONITOR, GLFW_TRUE);  // as many logical px on a dense screen
    if (GLFWmonitor* monitor = glfwGetPrimaryMonitor()) {
        int x = 0, y = 0, most_width = width, most_height = height;
        glfwGetMonitorWorkarea(monitor, &x, &y, &most_width, &most_height);
        width = std::min(width, std::max(640, most_width));
        height = std::min(height, std::max(480, most_height));
    }
    handle = glfwCreateWindow(width, height, "Saccade", nullptr, nullptr);
    if (handle == nullptr)
        throw Error(ErrorCode::unsupported, "this machine has no OpenGL 3.3",
                    "update the driver, or use a command ('saccade --help')");
    glfwSetWindowSizeLimits(handle, 640, 480, GLFW_DONT_CARE, GLFW_DONT_CARE);
    fit_screen();
    glfwMakeContextCurrent(handle);
    if (gladLoadGL(glfwGetProcAddress) == 0) throw Error(ErrorCode::unsupported, "OpenGL does not load", "update the driver");
    glfwSwapInterval(1);
}

NativeWindow::~NativeWindow() {
    if (handle != nullptr) glfwDestroyWindow(handle);
}

double NativeWindow::scale() const {
    float x = 1, y = 1;
    glfwGetWindowContentScale(handle, &x, &y);
    int pixels = 0, units = 0, ignored = 0;
    glfwGetFramebufferSize(handle, &pixels, &ignored);
    glfwGetWindowSize(handle, &units, &ignored);
    return scale_of_screen(static_cast<double>(x), units > 0 ? static_cast<double>(pixels) / units : 1);
}

/// Enlarged for its screen, but no larger than that.
void NativeWindow::fit_screen() const {
    GLFWmonitor* monitor = glfwGetPrimaryMonitor();
    if (monitor == nullptr) return;
    int x = 0, y = 0, most_width = 0, most_height = 0, width = 0, height = 0;
    glfwGetMonitorWorkarea(monitor, &x, &y, &most_width, &most_height);
    glfwGetWindowSize(handle, &width, &height);
    if (most_width < 640 || most_height < 480 || (width <= most_width && height <= most_height)) return;
    glfwSetWindowSize(handle, std::min(width, most_width), std::min(height, most_height));
}

ImGuiContextOwner::ImGuiContextOwner(GLFWwindow* window) {
    ImGui::CreateContext();
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.ConfigFlags |= ImGuiConfigFlags_NavEnableKeyboard;
    ImGui_ImplGlfw_InitForOpenGL(window, true);
    compat::own_tab();
    ImGui_ImplOpenGL3_Init("#version 330 core");
}

ImGuiContextOwner::~ImGuiContextOwner() {
    ImGui_ImplOpenGL3_Shutdown();
    ImGui_ImplGlfw_Shutdown();
    ImGui::DestroyContext();
}

}  // namespace saccade
