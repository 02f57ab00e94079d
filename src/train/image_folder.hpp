#pragma once

#include "train/image_set.hpp"

namespace saccade {

/// Pictures in a folder for each class, FOLDER/CLASS/*.{jpg,jpeg,png,webp}; classes and pictures in the order of their names.
/// What a system or a program left there is no class and no picture: names that begin with a dot, __MACOSX. All take the size
/// of the first one. Error{not_found} where there are none, Error{bad_format} with the file that is damaged.
ImageSet read_image_folder(const std::string& folder);

}  // namespace saccade
