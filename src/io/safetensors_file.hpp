#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "io/input_file.hpp"
#include "io/safetensors_header.hpp"
#include "tensor/tensor.hpp"

namespace saccade {

/// A safetensors file whose tensors are read one by one, on any thread. The file is not trusted: header length, offsets, shapes
/// and types are checked against the file's size when it is opened. Error{io}, {bad_format} or {out_of_range} with the path and
/// what is wrong.
class SafetensorsFile {
 public:
    explicit SafetensorsFile(std::string path, std::stop_token stop = {});

    const std::string& path() const { return path_; }
    const SafetensorsHeader& header() const { return header_; }
    /// F32, F16, BF16, or F64 rounded, as float. Error{bad_format} if the file has become shorter; {cancelled}.
    Tensor<float> values(const StoredTensor& tensor) const;
    /// Of F16 and BF16, its 16 bits as they are stored.
    std::shared_ptr<std::uint16_t[]> bits(const StoredTensor& tensor) const;

 private:
    [[noreturn]] void damaged(const std::string& what) const;
    void read_bytes(std::uint64_t at, void* into, std::uint64_t bytes, const std::string& what) const;
    template <class Stored, class Convert>
    Tensor<float> converted(const StoredTensor& tensor, Convert convert) const;

    std::string path_;
    InputFile file_;
    std::uint64_t data_begin_ = 0;
    SafetensorsHeader header_;
};

}  // namespace saccade
