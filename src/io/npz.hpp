#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "tensor/tensor.hpp"

namespace saccade {

/// An array as .npy holds it. Float and integer types are read; anything else is refused by name.
using NpyArray = Tensor<double>;

/// What of a file the caller can use. More is refused from the headers, before memory is taken for it; so is more than 256 MiB
/// of data, however tightly it is packed.
struct ArrayLimits {
    Index elements = Index{1} << 26;  // of all arrays that are asked for
    std::stop_token stop = {};        // ends the reading
};

/// Reads .npy, or one array / all arrays of .npz (stored or deflated), of rank up to 5, as T: float or double. Nothing in the
/// file is trusted. Error{io} or {bad_format} with the path (and entry), {out_of_range} if too large, {cancelled}.
template <class T = double>
Tensor<T> read_npy(const std::string& path, const ArrayLimits& limits = {});
template <class T = double>
std::map<std::string, Tensor<T>> read_npz(const std::string& path, const ArrayLimits& limits = {});
/// One array of an .npz; Error{not_found} names the entries of the file.
template <class T = double>
Tensor<T> read_npz_array(const std::string& path, const std::string& name, const ArrayLimits& limits = {});
/// A text entry of an .npz ("trace.json"), at most 64 MiB, UTF-8. Error{not_found} if there is none.
std::string read_npz_text(const std::string& path, const std::string& name);
/// What an .npz holds, in the order of the file. Error{io}, {bad_format}.
struct NpzMember {
    std::string name;  // "weights.npy", "trace.json"
    std::uint64_t bytes = 0;
    /// Where its bytes lie in the file; none if they are compressed.
    std::optional<std::uint64_t> stored_at;
};
std::vector<NpzMember> npz_members(const std::string& path);
/// Hands a member's bytes over piece by piece, unpacked, until `take` returns false. Error as above, and {cancelled}.
void unpack_npz_member(const std::string& path, const std::string& name, const std::stop_token& stop,
                       const std::function<bool(const void*, std::size_t)>& take);
/// "file.npz:name" -> the file's path and the array's name; other texts are paths, and the name is empty.
struct NamedArray {
    std::string file, name;
};
NamedArray split_array_name(const std::string& source);
/// "file.npy", "file.npz:name", or "file.npz" if it holds one array only.
template <class T = double>
Tensor<T> read_array(const std::string& source, const ArrayLimits& limits = {});

/// One file to be put into an .npz: an array or a text.
struct NpzEntry {
    std::string name;  // "weights" -> weights.npy; "trace.json" stays
    Tensor<float> array;
    std::string text;  // used if the name ends in .json
    // Of an array that is not in memory: what it is like, and its rows, made one after the other as they are written.
    Shape shape{};
    std::function<Tensor<float>(Index row)> row{};
};

/// Writes atomically, with fixed time stamps: the same entries give the same bytes. Float arrays as '<f4'. Error{io}.
void write_npz(const std::string& path, const std::vector<NpzEntry>& entries);

}  // namespace saccade
