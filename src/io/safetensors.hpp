#pragma once

#include <map>
#include <string>

#include "tensor/tensor.hpp"

namespace saccade {

/// Named parameters of a model, as in its safetensors file. Ordered by name, so that everything done over all of them is
/// deterministic.
using WeightMap = std::map<std::string, Tensor<float>>;

enum class StoredType { f32, f16, bf16 };

/// Reads every F32, F16, BF16 tensor (F64 too, rounded) as float. The file is not trusted: header length, offsets, shapes,
/// overlaps and types are checked against the file's size before anything is allocated. Error{io} or {bad_format}, with the
/// path and what is wrong.
WeightMap read_safetensors(const std::string& path, std::map<std::string, std::string>* metadata = nullptr);

/// Writes atomically (temporary file beside it, then rename), tensors in name order, 64-bit aligned header. Error{io}.
void write_safetensors(const std::string& path, const WeightMap& weights, StoredType type,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace saccade
