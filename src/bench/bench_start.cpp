#include "bench/bench_start.hpp"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <glad/gl.h>

#include "bench/bench_steps.hpp"

namespace saccade {

namespace {

void draw_bare_window() {
    if (glfwInit() == GLFW_FALSE) throw Error(ErrorCode::unsupported, "no window can be opened", "start it from a desktop");
    const WindowOptions usual;
    glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
    glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
    glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
    glfwWindowHint(GLFW_OPENGL_FORWARD_COMPAT, GLFW_TRUE);
    GLFWwindow* const window = glfwCreateWindow(usual.width, usual.height, "bare", nullptr, nullptr);
    if (window == nullptr) throw Error(ErrorCode::unsupported, "this machine has no OpenGL 3.3", "update the driver");
    glfwMakeContextCurrent(window);
    if (gladLoadGL(glfwGetProcAddress) == 0) throw Error(ErrorCode::unsupported, "OpenGL does not load", "update the driver");
    glfwSwapInterval(0);
    glfwPollEvents();
    glClearColor(0, 0, 0, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    glfwSwapBuffers(window);
    glFinish();
}

}  // namespace

double start_ms(const std::string& what) {
    const auto start = std::chrono::steady_clock::now();
    if (what == "bare") {
        draw_bare_window();
        return ms_since(start);
    }
    WindowOptions options;
    options.first_scene = what == "scene";
    Window window(options);
    glfwSwapInterval(0);
    if (what != "scene") {
        window.frame();
        window.finish();
        return ms_since(start);
    }
    until_answered(window);
    const double ms = ms_since(start);
    if (!window.controller().tour().shows_band() || window.state().document.trace() == nullptr)
        throw Error(ErrorCode::unsupported, "the first scene is not shown", "install the program with its lessons");
    return ms;
}

}  // namespace saccade
