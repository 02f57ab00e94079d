#pragma once

#include <map>
#include <string>
#include <vector>

#include "tensor/tensor.hpp"

namespace saccade {

/// An array as .npy holds it. Float and integer types are read; anything else is refused by name.
using NpyArray = Tensor<double>;

/// Reads .npy, or one array / all arrays of .npz (stored or deflated). Nothing in the file is trusted: sizes are checked before allocating;
/// arrays over 2^31 elements are refused. Rank up to 5. Error{io} or {bad_format} with the path (and entry).
NpyArray read_npy(const std::string& path);
std::map<std::string, NpyArray> read_npz(const std::string& path);

/// One file to be put into an .npz: an array or a text.
struct NpzEntry {
    std::string name;  // "weights" -> weights.npy; "trace.json" stays
    Tensor<float> array;
    std::string text;  // used if the name ends in .json
};

/// Writes atomically, with fixed time stamps: the same entries give the same bytes. Float arrays as '<f4'. Error{io}.
void write_npz(const std::string& path, const std::vector<NpzEntry>& entries);

}  // namespace saccade
