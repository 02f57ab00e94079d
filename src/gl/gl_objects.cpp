#include "gl/gl_objects.hpp"

#include <array>
#include <cstring>

#include "base/error.hpp"

namespace saccade {

void delete_texture(GLuint id) {
    glDeleteTextures(1, &id);
}
void delete_program(GLuint id) {
    glDeleteProgram(id);
}
void delete_vertex_array(GLuint id) {
    glDeleteVertexArrays(1, &id);
}
void delete_framebuffer(GLuint id) {
    glDeleteFramebuffers(1, &id);
}

Texture make_texture(GLenum internal_format, int width, int height, GLenum format, GLenum type, const void* pixels) {
    GLuint id = 0;
    glGenTextures(1, &id);
    Texture texture(id);
    glBindTexture(GL_TEXTURE_2D, id);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
    glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
    glTexImage2D(GL_TEXTURE_2D, 0, static_cast<GLint>(internal_format), width, height, 0, format, type, pixels);
    return texture;
}

void set_blending(bool on) {
    if (!on) return glDisable(GL_BLEND);
    glEnable(GL_BLEND);
    glBlendEquation(GL_FUNC_ADD);
    glBlendFuncSeparate(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA, GL_ONE, GL_ONE_MINUS_SRC_ALPHA);
}

VertexArray make_vertex_array() {
    GLuint id = 0;
    glGenVertexArrays(1, &id);
    return VertexArray(id);
}

namespace {

GLuint compile(GLenum kind, const std::string& source) {
    const GLuint shader = glCreateShader(kind);
    const char* text = source.c_str();
    glShaderSource(shader, 1, &text, nullptr);
    glCompileShader(shader);
    GLint good = 0;
    glGetShaderiv(shader, GL_COMPILE_STATUS, &good);
    if (good != 0) return shader;
    std::array<char, 512> log{};
    glGetShaderInfoLog(shader, static_cast<GLsizei>(log.size()) - 1, nullptr, log.data());
    glDeleteShader(shader);
    std::string first(log.data());
    throw Error(ErrorCode::unsupported, "a shader does not compile: " + first.substr(0, first.find('\n')),
                "OpenGL 3.3 is needed; update the driver");
}

}  // namespace

Program make_program(const std::string& vertex_source, const std::string& fragment_source) {
    const GLuint vertex = compile(GL_VERTEX_SHADER, vertex_source);
    const GLuint fragment = compile(GL_FRAGMENT_SHADER, fragment_source);
    Program program(glCreateProgram());
    glAttachShader(program.id(), vertex);
    glAttachShader(program.id(), fragment);
    glLinkProgram(program.id());
    glDeleteShader(vertex);
    glDeleteShader(fragment);
    GLint good = 0;
    glGetProgramiv(program.id(), GL_LINK_STATUS, &good);
    if (good == 0) throw Error(ErrorCode::unsupported, "the shaders do not link", "OpenGL 3.3 is needed; update the driver");
    return program;
}

Offscreen::Offscreen(int width, int height)
    : width_(width), height_(height), color_(make_texture(GL_RGBA8, width, height, GL_RGBA, GL_UNSIGNED_BYTE, nullptr)) {
    GLuint id = 0;
    glGenFramebuffers(1, &id);
    framebuffer_ = Framebuffer(id);
    bind();
    glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, color_.id(), 0);
    if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE)
        throw Error(ErrorCode::unsupported,
                    "this driver cannot draw into a picture of " + std::to_string(width) + " x " + std::to_string(height));
}

void Offscreen::bind() const {
    glBindFramebuffer(GL_FRAMEBUFFER, framebuffer_.id());
    glViewport(0, 0, width_, height_);
}

std::string Offscreen::read() const {
    bind();
    const std::size_t row = static_cast<std::size_t>(width_) * 4;
    std::string upside_down(row * static_cast<std::size_t>(height_), '\0');
    glPixelStorei(GL_PACK_ALIGNMENT, 1);
    glReadPixels(0, 0, width_, height_, GL_RGBA, GL_UNSIGNED_BYTE, upside_down.data());
    std::string pixels(upside_down.size(), '\0');
    for (std::size_t y = 0; y < static_cast<std::size_t>(height_); ++y)
        std::memcpy(pixels.data() + y * row, upside_down.data() + (static_cast<std::size_t>(height_) - 1 - y) * row, row);
    return pixels;
}

}  // namespace saccade
