#pragma once

#include <GLFW/glfw3.h>
#include <glad/gl.h>

#include <stdexcept>

/// A hidden window with an OpenGL 3.3 core context, current while it lives. The tests that need one run where there is a
/// display (ctest starts them under Xvfb); without one they fail.
class GlContext {
 public:
    GlContext() {
        if (glfwInit() == GLFW_FALSE) throw std::runtime_error("GLFW does not start: is there a display?");
        glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
        glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
        glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
        glfwWindowHint(GLFW_VISIBLE, GLFW_FALSE);
        window_ = glfwCreateWindow(64, 64, "test", nullptr, nullptr);
        if (window_ == nullptr) throw std::runtime_error("no OpenGL 3.3 context");
        glfwMakeContextCurrent(window_);
        if (gladLoadGL(glfwGetProcAddress) == 0) throw std::runtime_error("OpenGL functions cannot be loaded");
    }
    ~GlContext() {
        glfwDestroyWindow(window_);
        glfwTerminate();
    }
    GlContext(const GlContext&) = delete;
    GlContext& operator=(const GlContext&) = delete;

 private:
    GLFWwindow* window_ = nullptr;
};
