#include "io/array_shards.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/utf8.hpp"
#include "io/json_text.hpp"

namespace saccade {

namespace {

constexpr Index most_cells = Index{1} << 28;
constexpr const char* write_again = "write it again with saccade_capture.py";

/// Files of one index, each opened once.
class Shards {
 public:
    explicit Shards(const std::string& path) : path_(path), folder_(std::filesystem::path(path).parent_path()) {}

    std::shared_ptr<const ArrayFile> open(const std::string& name) {
        if (name.empty() || name.find('/') != std::string::npos || name == "." || name == "..")
            throw Error(ErrorCode::bad_format, fmt::format("{}: a piece lies in '{}'", path_, shorten(name, 60)),
                        "pieces lie beside the file that names them");
        std::shared_ptr<const ArrayFile>& file = files_[name];
        const std::filesystem::path place = folder_ / name;
        if (!file) file = std::make_shared<const ArrayFile>(place.string(), false);  // whose own pieces are none of these
        return file;
    }

 private:
    const std::string& path_;
    std::filesystem::path folder_;
    std::map<std::string, std::shared_ptr<const ArrayFile>> files_;
};

FileArray sharded_array(const nlohmann::json& value, const std::string& path, Shards& shards) {
    const JsonObject object(value, path + ": a piece", write_again);
    FileArray whole;
    std::vector<std::string> files, arrays;
    object.needs({"name", "files", "arrays"}).text("name", whole.name, 4096);
    object.texts("files", files);
    object.texts("arrays", arrays);
    object.whole("along", whole.along, 0, 5);
    const auto refuse = [&](const std::string& what) {
        throw Error(ErrorCode::bad_format, fmt::format("{}: '{}' {}", path, shorten(whole.name, 60), what), write_again);
    };
    if (files.empty() || files.size() != arrays.size()) refuse("has no name for each of its pieces");
    const auto along = static_cast<std::size_t>(whole.along);
    for (std::size_t i = 0; i < files.size(); ++i) {
        FilePiece piece{shards.open(files[i]), nullptr, 0};
        piece.array = piece.file->find(arrays[i]);
        if (piece.array == nullptr) refuse(fmt::format("is not in {}", files[i]));
        if (!piece.array->problem.empty()) refuse(fmt::format("in {} {}", files[i], piece.array->problem));
        std::vector<Index> dims = piece.array->dims;
        if (along >= dims.size()) refuse(fmt::format("is divided along axis {} of {}", along, dims.size()));
        if (whole.pieces.empty()) {
            whole.dims = dims;
            whole.dims[along] = 0;
            whole.number = piece.array->number;
        }
        piece.begin = whole.dims[along];
        dims[along] = piece.begin;  // its own length there may be any
        if (dims != whole.dims) refuse(fmt::format("has another shape in {}: {}", files[i], piece.array->shape_text()));
        whole.dims[along] = piece.begin + piece.array->dims[along];
        whole.pieces.push_back(std::move(piece));
    }
    return whole;
}

}  // namespace

std::vector<FileArray> sharded_arrays(const std::string& path, const std::string& text) {
    const nlohmann::json document = parse_json(text, path + ": 'capture.json'", write_again);
    std::vector<FileArray> arrays;
    Shards shards(path);
    const JsonObject index(document, path + ": 'capture.json'", write_again);
    for (const nlohmann::json& value : index.list("shards")) arrays.push_back(sharded_array(value, path, shards));
    return arrays;
}

Tensor<float> read_pieces(const FileArray& array, const ArrayPart& part, const std::string& where,
                          const std::stop_token& stop) {
    const auto along = static_cast<std::size_t>(array.along);
    const auto refuse = [&](const std::string& what, const std::string& hint) {
        throw Error(ErrorCode::out_of_range, where + what, hint);
    };
    bool fits = part.along.size() == array.dims.size() && part.order.size() == array.dims.size();
    for (std::size_t i = 0; fits && i < array.dims.size(); ++i)
        fits =
            part.along[i].begin >= 0 && part.along[i].count > 0 && part.along[i].count <= array.dims[i] - part.along[i].begin;
    if (!fits) refuse(": the part lies outside its shape " + array.shape_text(), "read a smaller part");
    const ArrayPart::Along& wanted = part.along[along];
    if (wanted.block > 1) refuse(" is divided along an axis whose positions would share cells", "choose a part of that axis");
    // Of the result, [outer, the axis that is divided, inner].
    Index outer = 1, inner = 1;
    bool before = true;
    for (const int axis : part.order) {
        if (axis == array.along)
            before = false;
        else
            (before ? outer : inner) *= part.along[static_cast<std::size_t>(axis)].cells();
        if (outer > most_cells / wanted.count / inner)
            refuse(fmt::format(": more than {} values at once", most_cells), "read a smaller part");
    }
    Tensor<float> values = Tensor<float>::uninitialized(Shape{outer * wanted.count * inner});
    for (const FilePiece& piece : array.pieces) {
        const Index begin = std::max(wanted.begin, piece.begin),
                    end = std::min(wanted.begin + wanted.count, piece.begin + piece.array->dims[along]);
        if (begin >= end) continue;
        ArrayPart own = part;
        own.along[along] = {begin - piece.begin, end - begin, 1};
        const Tensor<float> read = piece.file->read(*piece.array, own, stop);
        for (Index o = 0; o < outer; ++o)
            std::copy_n(read.data() + o * (end - begin) * inner, (end - begin) * inner,
                        values.data() + (o * wanted.count + begin - wanted.begin) * inner);
    }
    return values;
}

}  // namespace saccade
