#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/tensor.hpp"

namespace saccade {

/// A tensor as the header of a safetensors file describes it.
struct StoredTensor {
    std::string name;
    std::string dtype;
    std::vector<std::uint64_t> dims;
    std::uint64_t begin = 0, end = 0;
    bool is_float() const;
    /// Error{bad_format}, beginning with `where`, for more axes than a Shape has.
    Shape shape(const std::string& where) const;
    std::uint64_t count() const;  // of its elements
};

struct SafetensorsHeader {
    std::vector<StoredTensor> tensors;  // in the order of their data
    std::map<std::string, std::string> metadata;
};

constexpr std::uint64_t longest_safetensors_header = std::uint64_t{32} << 20;
constexpr std::size_t most_safetensors = 16384;

/// Reads the JSON of a header in one pass that keeps no document: memory and time grow with its length, and it ends at the
/// first tensor that is too much or wrong. `data_bytes`: how long the data are that follow. They must be tiled exactly by the
/// tensors, as the format demands: nothing is read twice, nothing is hidden between. Error{bad_format} or {out_of_range},
/// beginning with `where`.
SafetensorsHeader parse_safetensors_header(std::string_view json, std::uint64_t data_bytes, const std::string& where);

}  // namespace saccade
