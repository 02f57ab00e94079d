#include "io/safetensors.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/utf8.hpp"
#include "io/atomic_file.hpp"
#include "io/half.hpp"

// Format: u64 length of the header, the header (JSON: name -> dtype, shape, data_offsets; "__metadata__" -> texts), then the
// data. https://github.com/huggingface/safetensors

namespace saccade {

namespace {

using nlohmann::json;
static_assert(std::endian::native == std::endian::little, "the formats of io/ are little-endian and are read in place");

constexpr std::uint64_t longest_header = 100'000'000;  // as in the reference implementation

// A length beyond is that of no header: these bytes are text, or the beginning of another format.
constexpr std::uint64_t most_bytes_of_any_file = std::uint64_t{1} << 48;
constexpr std::uint64_t longest_axis = std::uint64_t{1} << 48;  // also beside an axis of extent 0

struct Entry {
    std::string name;
    std::string dtype;
    Shape shape;
    std::uint64_t begin = 0, end = 0;
};

class FileReader {
 public:
    explicit FileReader(const std::string& path) : path_(path), stream_(path, std::ios::binary) {
        std::error_code error;
        if (!stream_ || std::filesystem::is_directory(path, error)) {
            throw Error(ErrorCode::io, fmt::format("{}: cannot be read", shown_path()), "check the path");
        }
        size_ = std::filesystem::file_size(path, error);
        if (error) throw Error(ErrorCode::io, fmt::format("{}: {}", shown_path(), error.message()), "check the path");
        read_header();
    }

    WeightMap tensors() {
        WeightMap weights;
        for (const Entry& entry : entries_) {
            if (!is_float(entry.dtype)) continue;  // integer buffers, such as position ids, are no weights
            weights.emplace(entry.name, values_of(entry));
        }
        return weights;
    }
    const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
    static bool is_float(const std::string& dtype) {
        return dtype == "F32" || dtype == "F16" || dtype == "BF16" || dtype == "F64";
    }
    /// Bytes of one element; none for a type that the format does not have.
    static std::optional<std::uint64_t> size_of(const std::string& dtype) {
        static const std::map<std::string, std::uint64_t> sizes = {
            {"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8},  {"I32", 4},     {"I16", 2},    {"I8", 1},
            {"U64", 8}, {"U32", 4}, {"U16", 2}, {"U8", 1},   {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1}};
        const auto found = sizes.find(dtype);
        return found == sizes.end() ? std::nullopt : std::optional(found->second);
    }

    std::string shown_path() const { return sanitize_utf8(path_); }
    [[noreturn]] void damaged(const std::string& what) const {
        throw Error(ErrorCode::bad_format, fmt::format("{}: {}", shown_path(), what), "get the file again, or choose another");
    }
    [[noreturn]] void damaged(const Entry& entry, const std::string& what) const {
        damaged(fmt::format("tensor '{}' {}", shorten(entry.name, 60), what));
    }

    void read_bytes(void* into, std::uint64_t bytes, const std::string& what) {
        stream_.read(static_cast<char*>(into), static_cast<std::streamsize>(bytes));
        if (static_cast<std::uint64_t>(stream_.gcount()) != bytes) damaged("ends within " + what);
    }

    void read_header() {
        std::uint64_t length = 0;
        if (size_ < sizeof length) damaged(fmt::format("is {} bytes long, too short for a safetensors file", size_));
        read_bytes(&length, sizeof length, "the header's length");
        if (length > most_bytes_of_any_file)
            throw Error(ErrorCode::bad_format, shown_path() + ": is no safetensors file",
                        "choose a file of weights, as `saccade train` writes them");
        if (length > size_ - sizeof length || length > longest_header) {
            damaged(fmt::format("the header claims {} bytes, the file has {}", length, size_ - sizeof length));
        }
        data_begin_ = sizeof length + length;
        std::string text(length, '\0');
        read_bytes(text.data(), length, "the header");
        json header;
        try {
            header = json::parse(text, duplicate_guard());
        } catch (const json::exception&) {
            damaged("the header is not valid JSON");
        }
        if (!header.is_object()) damaged("the header is not a JSON object");
        for (const auto& [name, value] : header.items()) {
            if (name == "__metadata__") {
                read_metadata(value);
            } else {
                entries_.push_back(read_entry(name, value));
            }
        }
        check_layout();
    }

    /// JSON keeps the last of two equal keys silently; and nothing here nests deeper than an entry's shape.
    json::parser_callback_t duplicate_guard() const {
        return [this, names = std::make_shared<std::set<std::string>>()](int depth, json::parse_event_t event, json& parsed) {
            if (depth > 4) damaged("the header is nested too deeply");
            if (event == json::parse_event_t::key && depth == 1 && !names->insert(parsed.get<std::string>()).second) {
                damaged(fmt::format("two tensors are named '{}'", shorten(parsed.get<std::string>(), 60)));
            }
            return true;
        };
    }

    void read_metadata(const json& value) {
        if (!value.is_object()) damaged("the metadata are not a JSON object");
        for (const auto& [key, text] : value.items()) {
            if (!text.is_string()) damaged(fmt::format("the metadata entry '{}' is not a text", shorten(key, 60)));
            metadata_[key] = text.get<std::string>();
        }
    }

    Entry read_entry(const std::string& name, const json& value) const {
        Entry entry;
        entry.name = name;
        const auto is_size = [](const json& number) { return number.is_number_unsigned(); };
        if (!value.is_object() || !value.contains("dtype") || !value["dtype"].is_string() || !value.contains("shape") ||
            !value["shape"].is_array() || !value.contains("data_offsets") || !value["data_offsets"].is_array() ||
            value["data_offsets"].size() != 2 || !std::all_of(value["shape"].begin(), value["shape"].end(), is_size) ||
            !std::all_of(value["data_offsets"].begin(), value["data_offsets"].end(), is_size)) {
            damaged(entry, "needs dtype, shape and data_offsets");
        }
        entry.dtype = value["dtype"].get<std::string>();
        entry.begin = value["data_offsets"][0].get<std::uint64_t>();
        entry.end = value["data_offsets"][1].get<std::uint64_t>();
        const std::optional<std::uint64_t> element = size_of(entry.dtype);
        if (!element) damaged(entry, fmt::format("has the unknown type '{}'", shorten(entry.dtype, 20)));
        const std::uint64_t data_size = size_ - data_begin_;
        if (entry.begin > entry.end || entry.end > data_size) {
            damaged(entry, fmt::format("claims the bytes {} to {} of {}", entry.begin, entry.end, data_size));
        }
        const auto dims = value["shape"].get<std::vector<std::uint64_t>>();
        std::uint64_t bytes = *element;
        for (const std::uint64_t extent : dims) {
            if (extent > longest_axis || (extent != 0 && bytes > data_size / extent))
                damaged(entry, "has a shape larger than the file");
            bytes *= extent;
        }
        if (bytes != entry.end - entry.begin) {
            damaged(entry, fmt::format("has {} bytes where its shape needs {}", entry.end - entry.begin, bytes));
        }
        if (is_float(entry.dtype)) {
            if (dims.size() > static_cast<std::size_t>(Shape::max_rank)) {
                damaged(entry, fmt::format("has {} axes; at most {} are supported", dims.size(), Shape::max_rank));
            }
            entry.shape = Shape(std::vector<Index>(dims.begin(), dims.end()));
        }
        return entry;
    }

    /// The tensors must tile the data exactly, as the format demands: nothing is read twice, nothing is hidden between.
    void check_layout() {
        std::sort(entries_.begin(), entries_.end(),
                  [](const Entry& a, const Entry& b) { return std::tie(a.begin, a.end) < std::tie(b.begin, b.end); });
        std::uint64_t at = 0;
        for (const Entry& entry : entries_) {
            if (entry.begin != at) damaged(entry, entry.begin < at ? "overlaps another" : "leaves a gap before it");
            at = entry.end;
        }
        if (at != size_ - data_begin_) damaged(fmt::format("has {} bytes that belong to no tensor", size_ - data_begin_ - at));
    }

    template <class Stored, class Convert>
    Tensor<float> converted(const Entry& entry, Convert convert) {
        Tensor<float> values = Tensor<float>::uninitialized(entry.shape);
        std::vector<Stored> buffer(static_cast<std::size_t>(std::min<Index>(values.size(), 1 << 16)));
        for (Index at = 0; at < values.size(); at += static_cast<Index>(buffer.size())) {
            const auto count = static_cast<std::size_t>(std::min(values.size() - at, static_cast<Index>(buffer.size())));
            read_bytes(buffer.data(), count * sizeof(Stored), "tensor '" + shorten(entry.name, 60) + "'");
            std::transform(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(count), values.data() + at, convert);
        }
        return values;
    }

    Tensor<float> values_of(const Entry& entry) {
        stream_.seekg(static_cast<std::streamoff>(data_begin_ + entry.begin));
        if (entry.dtype == "F32") return converted<float>(entry, [](float v) { return v; });
        if (entry.dtype == "F64") return converted<double>(entry, [](double v) { return static_cast<float>(v); });
        if (entry.dtype == "F16") return converted<std::uint16_t>(entry, half_to_float);
        return converted<std::uint16_t>(entry, bfloat16_to_float);
    }

    const std::string& path_;
    std::ifstream stream_;
    std::uint64_t size_ = 0;
    std::uint64_t data_begin_ = 0;
    std::vector<Entry> entries_;
    std::map<std::string, std::string> metadata_;
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

WeightMap read_safetensors(const std::string& path, std::map<std::string, std::string>* metadata) {
    FileReader reader(path);
    if (metadata != nullptr) *metadata = reader.metadata();
    return reader.tensors();
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
