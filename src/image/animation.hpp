#pragma once

#include <memory>
#include <string>

#include "image/image.hpp"

namespace saccade {

/// The pictures of an animated WebP, GIF or PNG, as they stand one after another: each is laid over those before it as the file
/// says, and transparency over white.
class Animation {
 public:
    virtual ~Animation() = default;
    virtual Index pictures() const = 0;
    virtual ImageSize size() const = 0;
    /// The next one; call it at most pictures() times. Error{bad_format}: the file is damaged from here on.
    virtual Image next() = 0;
};

/// A file, told by its content. Error{bad_format}: another kind of file, a still WebP or PNG, or a damaged one; {out_of_range}:
/// it is larger than load_image.hpp allows; {not_found, io}.
std::unique_ptr<Animation> read_animation(const std::string& path);
/// A file's content; `where` names it in errors.
std::unique_ptr<Animation> decode_animation(std::string bytes, const std::string& where);

}  // namespace saccade
