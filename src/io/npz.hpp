#pragma once

#include <map>
#include <string>
#include <vector>

#include "tensor/tensor.hpp"

namespace saccade {

/// An array as .npy holds it. Float and integer types are read; anything else is refused by name.
using NpyArray = Tensor<double>;

/// Reads .npy, or one array / all arrays of .npz (stored or deflated), of rank up to 5. Nothing in the file is trusted: sizes
/// are checked before allocating, and more than 2^29 elements (4 GiB as double) in all are refused. Error{io} or {bad_format}
/// with the path (and entry), {out_of_range} if too large.
NpyArray read_npy(const std::string& path);
std::map<std::string, NpyArray> read_npz(const std::string& path);
/// One array of an .npz; Error{not_found} names the entries of the file.
NpyArray read_npz_array(const std::string& path, const std::string& name);
/// A text entry of an .npz ("trace.json"), at most 256 MiB, UTF-8. Error{not_found} if there is none.
std::string read_npz_text(const std::string& path, const std::string& name);
/// "file.npy", "file.npz:name", or "file.npz" if it holds one array only.
NpyArray read_array(const std::string& source);

/// One file to be put into an .npz: an array or a text.
struct NpzEntry {
    std::string name;  // "weights" -> weights.npy; "trace.json" stays
    Tensor<float> array;
    std::string text;  // used if the name ends in .json
};

/// Writes atomically, with fixed time stamps: the same entries give the same bytes. Float arrays as '<f4'. Error{io}.
void write_npz(const std::string& path, const std::vector<NpzEntry>& entries);

}  // namespace saccade
