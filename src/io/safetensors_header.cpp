#include "io/safetensors_header.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/utf8.hpp"

namespace saccade {

namespace {

using nlohmann::json;

constexpr std::uint64_t longest_stored_axis = std::uint64_t{1} << 48;  // also beside an axis of extent 0
constexpr std::size_t most_axes = 64;                                  // of what is no weight
constexpr std::size_t longest_name = 4096, most_metadata = 4096;

/// Bytes of one element; none for a type that the format does not have.
std::optional<std::uint64_t> size_of(const std::string& dtype) {
    static const std::map<std::string, std::uint64_t> sizes = {
        {"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8},  {"I32", 4},     {"I16", 2},    {"I8", 1},
        {"U64", 8}, {"U32", 4}, {"U16", 2}, {"U8", 1},   {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1}};
    const auto found = sizes.find(dtype);
    return found == sizes.end() ? std::nullopt : std::optional(found->second);
}

/// Called by the JSON parser for each part as it is met.
class HeaderHandler : public nlohmann::json_sax<json> {
 public:
    HeaderHandler(std::uint64_t data_bytes, const std::string& where) : data_bytes_(data_bytes), where_(where) {}

    SafetensorsHeader take() { return std::move(header_); }

    bool start_object(std::size_t) override {
        if (++depth_ > 4) damaged("the header is nested too deeply");
        if (depth_ == 2 && in_metadata_) return true;
        if (depth_ == 2)
            begin_tensor();
        else if (depth_ > 2)
            other_value();
        return true;
    }
    bool end_object() override {
        if (depth_ == 2 && !in_metadata_) end_tensor();
        --depth_;
        return true;
    }
    bool start_array(std::size_t) override {
        if (depth_ < 2) other_value();
        if (++depth_ > 4) damaged("the header is nested too deeply");
        if (depth_ == 3 && in_metadata_) other_value();
        if (depth_ == 3 && (field_ == Field::shape || field_ == Field::offsets)) {
            numbers_.clear();
            in_numbers_ = true;
        } else if (depth_ == 3) {
            other_value();
        } else if (in_numbers_) {
            needs_all();
        }
        return true;
    }
    bool end_array() override {
        if (depth_ == 3 && in_numbers_) take_numbers();
        --depth_;
        return true;
    }
    bool key(std::string& name) override {
        if (depth_ == 1) begin_entry(name);
        if (depth_ == 2 && in_metadata_) metadata_key_ = name;
        if (depth_ == 2 && !in_metadata_)
            field_ = name == "dtype"          ? Field::dtype
                     : name == "shape"        ? Field::shape
                     : name == "data_offsets" ? Field::offsets
                                              : Field::other;
        return true;
    }
    bool string(std::string& text) override {
        if (depth_ == 2 && in_metadata_) {
            if (header_.metadata.size() >= most_metadata)
                damaged(fmt::format("has more than {} texts of metadata", most_metadata));
            header_.metadata[metadata_key_] = std::move(text);
        } else if (depth_ == 2 && field_ == Field::dtype) {
            tensor_.dtype = std::move(text);
            seen_ |= has_dtype;
        } else {
            other_value();
        }
        return true;
    }
    bool number_unsigned(std::uint64_t number) override {
        if (!in_numbers_) return other_value();
        if (numbers_.size() >= most_axes) damaged_tensor(fmt::format("has more than {} axes", most_axes));
        numbers_.push_back(number);
        return true;
    }
    bool null() override { return other_value(); }
    bool boolean(bool) override { return other_value(); }
    bool number_integer(std::int64_t) override { return other_value(); }
    bool number_float(double, const std::string&) override { return other_value(); }
    bool binary(json::binary_t&) override { return other_value(); }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
        damaged("the header is not valid JSON");
    }

    void check_layout() {
        auto& tensors = header_.tensors;
        std::sort(tensors.begin(), tensors.end(), [](const StoredTensor& a, const StoredTensor& b) {
            return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
        });
        std::uint64_t at = 0;
        for (const StoredTensor& tensor : tensors) {
            if (tensor.begin != at)
                damaged_tensor(tensor.name, tensor.begin < at ? "overlaps another" : "leaves a gap before it");
            at = tensor.end;
        }
        if (at != data_bytes_) damaged(fmt::format("has {} bytes that belong to no tensor", data_bytes_ - at));
    }

 private:
    enum class Field { none, dtype, shape, offsets, other };
    static constexpr unsigned has_dtype = 1, has_shape = 2, has_offsets = 4, has_all = 7;

    [[noreturn]] void damaged(const std::string& what) const {
        throw Error(ErrorCode::bad_format, fmt::format("{}: {}", where_, what), "the file is damaged; choose another");
    }
    [[noreturn]] void damaged_tensor(const std::string& name, const std::string& what) const {
        damaged(fmt::format("tensor '{}' {}", shorten(name, 60), what));
    }
    [[noreturn]] void damaged_tensor(const std::string& what) const { damaged_tensor(tensor_.name, what); }
    [[noreturn]] void needs_all() const { damaged_tensor("needs dtype, shape and data_offsets"); }

    /// A value where none of its kind belongs. Within an entry's unknown keys anything may stand.
    bool other_value() const {
        if (depth_ == 0) damaged("the header is not a JSON object");
        if (in_metadata_ && depth_ == 1) damaged("the metadata are not a JSON object");
        if (in_metadata_) damaged(fmt::format("the metadata entry '{}' is not a text", shorten(metadata_key_, 60)));
        if (depth_ == 1 || in_numbers_ || field_ != Field::other) needs_all();
        return true;
    }

    void begin_entry(const std::string& name) {
        in_metadata_ = name == "__metadata__";
        if (name.size() > longest_name) damaged_tensor(name, fmt::format("has a name of {} bytes", name.size()));
        if (!names_.insert(name).second) damaged(fmt::format("two tensors are named '{}'", shorten(name, 60)));
        if (names_.size() > most_safetensors + 1)
            throw Error(ErrorCode::out_of_range, fmt::format("{}: lists more than {} tensors", where_, most_safetensors),
                        "no model here has as many; choose another file");
        tensor_ = {};
        tensor_.name = name;
    }
    void begin_tensor() {
        seen_ = 0;
        field_ = Field::none;
        dims_.clear();
    }
    void take_numbers() {
        in_numbers_ = false;
        if (field_ == Field::shape) {
            dims_ = numbers_;
            seen_ |= has_shape;
            return;
        }
        if (numbers_.size() != 2) needs_all();
        tensor_.begin = numbers_[0];
        tensor_.end = numbers_[1];
        seen_ |= has_offsets;
    }
    void end_tensor() {
        if (seen_ != has_all) needs_all();
        const std::optional<std::uint64_t> element = size_of(tensor_.dtype);
        if (!element) damaged_tensor(fmt::format("has the unknown type '{}'", shorten(tensor_.dtype, 20)));
        if (tensor_.begin > tensor_.end || tensor_.end > data_bytes_)
            damaged_tensor(fmt::format("claims the bytes {} to {} of {}", tensor_.begin, tensor_.end, data_bytes_));
        const bool none = std::ranges::find(dims_, 0U) != dims_.end();  // then the other extents claim nothing
        std::uint64_t bytes = none ? 0 : *element;
        for (const std::uint64_t extent : dims_) {
            if (extent > longest_stored_axis || (extent != 0 && bytes > data_bytes_ / extent))
                damaged_tensor("has a shape larger than the file");
            bytes *= extent;
        }
        if (bytes != tensor_.end - tensor_.begin)
            damaged_tensor(fmt::format("has {} bytes where its shape needs {}", tensor_.end - tensor_.begin, bytes));
        tensor_.dims = dims_;
        field_ = Field::none;
        header_.tensors.push_back(std::move(tensor_));
    }

    std::uint64_t data_bytes_;
    const std::string& where_;
    SafetensorsHeader header_;
    std::set<std::string> names_;
    int depth_ = 0;  // of the object or array that is open: 1 the header, 2 an entry, 3 its shape
    bool in_metadata_ = false, in_numbers_ = false;
    std::string metadata_key_;
    StoredTensor tensor_;
    Field field_ = Field::none;
    unsigned seen_ = 0;
    std::vector<std::uint64_t> numbers_, dims_;
};

}  // namespace

bool StoredTensor::is_float() const {
    return dtype == "F32" || dtype == "F16" || dtype == "BF16" || dtype == "F64";
}

Shape StoredTensor::shape(const std::string& where) const {
    if (dims.size() > static_cast<std::size_t>(Shape::max_rank))
        throw Error(ErrorCode::bad_format,
                    fmt::format("{}: tensor '{}' has {} axes; at most {} are supported", where, shorten(name, 60), dims.size(),
                                Shape::max_rank),
                    "the file is damaged; choose another");
    return Shape(std::vector<Index>(dims.begin(), dims.end()));
}

std::uint64_t StoredTensor::count() const {
    return (end - begin) / size_of(dtype).value_or(1);
}

SafetensorsHeader parse_safetensors_header(std::string_view text, std::uint64_t data_bytes, const std::string& where) {
    HeaderHandler handler(data_bytes, where);
    json::sax_parse(text, &handler);
    handler.check_layout();
    return handler.take();
}

}  // namespace saccade
