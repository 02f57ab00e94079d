#pragma once

#include <glad/gl.h>

#include <string>
#include <utility>

namespace saccade {

/// A GL name that is deleted with its owner. Move only; a GL context must be current when it is made and when it goes.
template <void (*destroy)(GLuint)>
class GlHandle {
 public:
    GlHandle() = default;
    explicit GlHandle(GLuint id) : id_(id) {}
    ~GlHandle() { reset(); }
    GlHandle(GlHandle&& other) noexcept : id_(std::exchange(other.id_, 0)) {}
    GlHandle& operator=(GlHandle&& other) noexcept {
        if (this != &other) {
            reset();
            id_ = std::exchange(other.id_, 0);
        }
        return *this;
    }

    GLuint id() const { return id_; }
    explicit operator bool() const { return id_ != 0; }
    void reset() {
        if (id_ != 0) destroy(id_);
        id_ = 0;
    }

 private:
    GLuint id_ = 0;
};

void delete_texture(GLuint id);
void delete_program(GLuint id);
void delete_vertex_array(GLuint id);
void delete_framebuffer(GLuint id);

using Texture = GlHandle<delete_texture>;
using Program = GlHandle<delete_program>;
using VertexArray = GlHandle<delete_vertex_array>;
using Framebuffer = GlHandle<delete_framebuffer>;

/// Nearest filter, clamped edges.
Texture make_texture(GLenum internal_format, int width, int height, GLenum format, GLenum type, const void* pixels);
VertexArray make_vertex_array();
/// Source over destination by its alpha, or none: what is opaque costs a software rasteriser less without.
void set_blending(bool on);
/// Error{unsupported} with the driver's first line if a shader does not compile.
Program make_program(const std::string& vertex_source, const std::string& fragment_source);

/// An RGBA8 picture to draw into and read back.
class Offscreen {
 public:
    Offscreen(int width, int height);
    void bind() const;
    /// RGBA bytes, top row first.
    std::string read() const;

 private:
    int width_, height_;
    Texture color_;
    Framebuffer framebuffer_;
};

}  // namespace saccade
