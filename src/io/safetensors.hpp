#pragma once

#include <map>
#include <stop_token>
#include <string>

#include "tensor/tensor.hpp"

namespace saccade {

/// Named parameters of a model, as in its safetensors file. Ordered by name, so that everything done over all of them is
/// deterministic.
using WeightMap = std::map<std::string, Tensor<float>>;

enum class StoredType { f32, f16, bf16 };

/// Reads every F32, F16, BF16 tensor (F64 too, rounded) as float. The file is not trusted: header length, offsets, shapes,
/// overlaps and types are checked against the file's size before anything is allocated, and at most 16384 tensors and
/// `most` numbers are read (ours have 2^28 at the very most), and no more than memory has room for. Error{io}, {bad_format} or
/// {out_of_range}, with the path and what is wrong; {cancelled} by `stop`.
WeightMap read_safetensors(const std::string& path, std::map<std::string, std::string>* metadata = nullptr,
                           const std::stop_token& stop = {}, std::uint64_t most = std::uint64_t{1} << 28);
/// What stands in its header beside the tensors, which are checked but not read. Errors as above.
std::map<std::string, std::string> read_safetensors_metadata(const std::string& path);

/// Whether its first bytes are those of a safetensors file, of which the rest may be damaged or missing. Error{io}.
bool begins_as_safetensors(const std::string& path);

/// Writes atomically (temporary file beside it, then rename), tensors in name order, 64-bit aligned header. Error{io}.
void write_safetensors(const std::string& path, const WeightMap& weights, StoredType type,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace saccade
