#include "io/safetensors.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "io/atomic_file.hpp"
#include "io/available_memory.hpp"
#include "io/half.hpp"
#include "io/input_file.hpp"
#include "io/safetensors_header.hpp"

// Format: u64 length of the header, the header (JSON: name -> dtype, shape, data_offsets; "__metadata__" -> texts), then the
// data. https://github.com/huggingface/safetensors

namespace saccade {

namespace {

using nlohmann::json;
static_assert(std::endian::native == std::endian::little, "the formats of io/ are little-endian and are read in place");

// A length beyond is that of no header: these bytes are text, or the beginning of another format.
constexpr std::uint64_t most_bytes_of_any_file = std::uint64_t{1} << 48;

class FileReader {
 public:
    FileReader(const std::string& path, std::stop_token stop) : path_(path), file_(path, std::move(stop)) {
        std::uint64_t length = 0;
        const std::uint64_t size = file_.size();
        if (size < sizeof length) damaged(fmt::format("is {} bytes long, too short for a safetensors file", size));
        read_bytes(&length, sizeof length, "the header's length");
        if (length > most_bytes_of_any_file)
            throw Error(ErrorCode::bad_format, path_ + ": is no safetensors file",
                        "choose a file of weights, as `saccade train` writes them");
        if (length > size - sizeof length)
            damaged(fmt::format("the header claims {} bytes, the file has {}", length, size - sizeof length));
        if (length > longest_safetensors_header)
            damaged(fmt::format("the header claims {} bytes; {} can be read", length, longest_safetensors_header));
        data_begin_ = sizeof length + length;
        std::string text(length, '\0');
        read_bytes(text.data(), length, "the header");
        header_ = parse_safetensors_header(text, size - data_begin_, path_);
    }

    WeightMap tensors(std::uint64_t most) {
        std::uint64_t elements = 0;
        for (const StoredTensor& tensor : header_.tensors) elements += tensor.is_float() ? tensor.count() : 0;
        // The file's own size bounds them, but a sparse file has any size that it says.
        const double needed = sizeof(float) * static_cast<double>(elements), free = available_memory();
        if (elements > most)
            throw Error(ErrorCode::out_of_range, fmt::format("{}: holds {} numbers; {} can be read", path_, elements, most),
                        "choose a smaller model");
        if (free > 0 && needed > free)
            throw Error(ErrorCode::out_of_range,
                        fmt::format("{}: holds {} numbers, which need {:.1f} GB of memory; {:.1f} GB are free", path_, elements,
                                    needed / 1e9, free / 1e9),
                        "choose a smaller model, or close other programs");
        WeightMap weights;
        for (const StoredTensor& tensor : header_.tensors)
            if (tensor.is_float()) weights.emplace(tensor.name, values_of(tensor));  // position ids and the like are no weights
        return weights;
    }
    std::map<std::string, std::string> take_metadata() { return std::move(header_.metadata); }

 private:
    [[noreturn]] void damaged(const std::string& what) const {
        throw Error(ErrorCode::bad_format, fmt::format("{}: {}", path_, what), "the file is damaged; choose another");
    }

    void read_bytes(void* into, std::uint64_t bytes, const std::string& what) {
        if (file_.read(into, static_cast<std::size_t>(bytes)) != bytes) damaged("ends within " + what);
    }

    static std::string named(const StoredTensor& tensor) { return "tensor '" + shorten(tensor.name, 60) + "'"; }

    template <class Stored, class Convert>
    Tensor<float> converted(const StoredTensor& tensor, Convert convert) {
        Tensor<float> values = Tensor<float>::uninitialized(tensor.shape(path_));
        std::vector<Stored> buffer(static_cast<std::size_t>(std::min<Index>(values.size(), 1 << 16)));
        for (Index at = 0; at < values.size(); at += static_cast<Index>(buffer.size())) {
            const auto count = static_cast<std::size_t>(std::min(values.size() - at, static_cast<Index>(buffer.size())));
            read_bytes(buffer.data(), count * sizeof(Stored), named(tensor));
            std::transform(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(count), values.data() + at, convert);
        }
        return values;
    }

    Tensor<float> values_of(const StoredTensor& tensor) {
        file_.seek(data_begin_ + tensor.begin);
        if (tensor.dtype == "F32") {
            Tensor<float> values = Tensor<float>::uninitialized(tensor.shape(path_));
            read_bytes(values.data(), static_cast<std::uint64_t>(values.size()) * sizeof(float), named(tensor));
            return values;
        }
        if (tensor.dtype == "F64") return converted<double>(tensor, [](double v) { return static_cast<float>(v); });
        if (tensor.dtype == "F16") return converted<std::uint16_t>(tensor, half_to_float);
        return converted<std::uint16_t>(tensor, bfloat16_to_float);
    }

    const std::string& path_;
    InputFile file_;
    std::uint64_t data_begin_ = 0;
    SafetensorsHeader header_;
};

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
    FileReader reader(path, stop);
    WeightMap weights = reader.tensors(most);
    if (metadata != nullptr) *metadata = reader.take_metadata();
    return weights;
}

std::map<std::string, std::string> read_safetensors_metadata(const std::string& path) {
    return FileReader(path, {}).take_metadata();
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
