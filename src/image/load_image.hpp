#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "image/image.hpp"
#include "image/scene.hpp"

namespace saccade {

// The value of an image parameter is
//     a path                      PNG, JPEG or WebP, told by content, never by name
//     sample:NAME                 one of the built-in scenes (samples.hpp)
//     scene:{JSON}                a scene (scene.hpp)
//     data:image/png;base64,...   the file itself (png, jpeg or webp)
// Every error is an Error of one line: what (the file), why, what to do.

constexpr Index most_image_pixels = 50'000'000;
constexpr Index longest_image_side = 65'535;  // more than any JPEG has; what reads and fits a row takes many times its room
constexpr Index least_image_side = 4;         // longer side of what is to be looked at; less can be decoded

/// What an image parameter's value stands for, at the size that was asked for.
struct Picture {
    Image image;
    Index full_width = 0, full_height = 0;  // as the file has it, upright; of a scene its own size
    std::optional<Scene> scene;             // if the value is a scene or a sample
    std::string title;                      // "ship.png", "sample ship", "scene": for captions and status lines
};
using PicturePtr = std::shared_ptr<const Picture>;

/// The picture with its longer side fitted to `longest_side` (0: at its full size): files are decoded and averaged down, scenes
/// drawn at that size. `multiple`: both sides are multiples of it. What was asked for lately is kept (a file as long as its
/// time and length stay): a run every frame decodes nothing. From any thread. Error{out_of_range}: a file of 1x1.
PicturePtr load_picture(const std::string& value, Index longest_side = 0, Index multiple = 1);

/// At its full size, not kept.
Image load_image(const std::string& value);

/// The scene of a `scene:` or `sample:` value, otherwise none. Error if it is a damaged one.
std::optional<Scene> scene_of(const std::string& value);

/// A file. `at_least`: a JPEG may be decoded at a half, a quarter or an eighth of its size while its longer side stays at least
/// that long (0: full size). `full`, if given, gets the size of the file's picture.
Image read_image(const std::string& path, Index at_least = 0, ImageSize* full = nullptr);

/// A file's content; `where` names it in errors.
Image decode_image(std::string_view bytes, const std::string& where, Index at_least = 0, ImageSize* full = nullptr);

/// Many small files at once, on all threads: the i-th image is paths[i].
std::vector<Image> read_images(const std::vector<std::string>& paths);

/// Is a value of an image parameter the path of a file, rather than a drawing or the picture itself?
bool names_picture_file(const std::string& value);

/// Whether the file at this path is a picture, by its first bytes. False for what cannot be read.
bool is_image_file(const std::string& path);

}  // namespace saccade
