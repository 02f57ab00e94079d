#include "io/safetensors.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "io/atomic_file.hpp"
#include "io/available_memory.hpp"
#include "io/half.hpp"
#include "io/input_file.hpp"
#include "io/safetensors_file.hpp"

// Format: u64 length of the header, the header (JSON: name -> dtype, shape, data_offsets; "__metadata__" -> texts), then the
// data. https://github.com/huggingface/safetensors

namespace saccade {

namespace {

using nlohmann::json;

WeightMap tensors_of(const SafetensorsFile& file, std::uint64_t most) {
    std::uint64_t elements = 0;
    for (const StoredTensor& tensor : file.header().tensors) elements += tensor.is_float() ? tensor.count() : 0;
    // The file's own size bounds them, but a sparse file has any size that it says.
    const double needed = sizeof(float) * static_cast<double>(elements), free = available_memory();
    if (elements > most)
        throw Error(ErrorCode::out_of_range, fmt::format("{}: holds {} numbers; {} can be read", file.path(), elements, most),
                    "choose a smaller model");
    if (free > 0 && needed > free)
        throw Error(ErrorCode::out_of_range,
                    fmt::format("{}: holds {} numbers, which need {:.1f} GB of memory; {:.1f} GB are free", file.path(),
                                elements, needed / 1e9, free / 1e9),
                    "choose a smaller model, or close other programs");
    WeightMap weights;
    for (const StoredTensor& tensor : file.header().tensors)
        if (tensor.is_float()) weights.emplace(tensor.name, file.values(tensor));  // position ids and the like are no weights
    return weights;
}

/// The stored bits of a tensor; a finite value that the type cannot hold is refused, not turned into infinity.
std::vector<std::uint16_t> narrowed(const std::string& path, const std::string& name, const Tensor<float>& tensor,
                                    StoredType type) {
    std::vector<std::uint16_t> bits(static_cast<std::size_t>(tensor.size()));
    for (std::size_t i = 0; i < bits.size(); ++i) {
        const float value = tensor.values()[i];
        bits[i] = type == StoredType::f16 ? float_to_half(value) : float_to_bfloat16(value);
        const float back = type == StoredType::f16 ? half_to_float(bits[i]) : bfloat16_to_float(bits[i]);
        if (std::isfinite(value) && !std::isfinite(back)) {
            throw Error(ErrorCode::numeric, fmt::format("{}: tensor '{}' holds {}, too large for 16 bits", path, name, value),
                        "store it as F32");
        }
    }
    return bits;
}

}  // namespace

WeightMap read_safetensors(const std::string& path, std::map<std::string, std::string>* metadata, const std::stop_token& stop,
                           std::uint64_t most) {
    const SafetensorsFile file(path, stop);
    WeightMap weights = tensors_of(file, most);
    if (metadata != nullptr) *metadata = file.header().metadata;
    return weights;
}

std::map<std::string, std::string> read_safetensors_metadata(const std::string& path) {
    return SafetensorsFile(path).header().metadata;
}

bool begins_as_safetensors(const std::string& path) {
    std::uint64_t length = 0;
    const std::string start = read_start(path, sizeof length + 1);
    if (start.size() < sizeof(std::uint32_t)) return false;  // too few to tell from those of a text
    std::memcpy(&length, start.data(), std::min(start.size(), sizeof length));
    return length <= longest_safetensors_header && (start.size() <= sizeof length || start.back() == '{');
}

void write_safetensors(const std::string& path, const WeightMap& weights, StoredType type,
                       const std::map<std::string, std::string>& metadata) {
    const char* dtype = type == StoredType::f32 ? "F32" : type == StoredType::f16 ? "F16" : "BF16";
    const Index element = type == StoredType::f32 ? 4 : 2;
    json header = json::object();
    if (!metadata.empty()) header["__metadata__"] = metadata;
    Index at = 0;
    for (const auto& [name, tensor] : weights) {
        const Index end = at + tensor.size() * element;
        const auto dims = tensor.shape().dims();
        header[name] = {{"dtype", dtype}, {"shape", std::vector<Index>(dims.begin(), dims.end())}, {"data_offsets", {at, end}}};
        at = end;
    }
    std::string text;
    try {
        text = header.dump();
    } catch (const json::exception&) {
        throw Error(ErrorCode::invalid_input, fmt::format("{}: a name or a metadata text is not UTF-8", sanitize_utf8(path)));
    }
    text.resize((text.size() + 7) / 8 * 8, ' ');

    AtomicFile file(path);
    const std::uint64_t length = text.size();
    file.write(&length, sizeof length);
    file.write(text);
    for (const auto& [name, tensor] : weights) {
        if (type == StoredType::f32) {
            file.write(tensor.data(), static_cast<std::size_t>(tensor.size()) * sizeof(float));
        } else {
            const std::vector<std::uint16_t> bits = narrowed(path, name, tensor, type);
            file.write(bits.data(), bits.size() * sizeof(std::uint16_t));
        }
    }
    file.commit();
}

}  // namespace saccade
