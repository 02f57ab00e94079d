#include "exhibit/capture_source.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <mutex>

#include "base/error.hpp"
#include "base/utf8.hpp"
#include "io/file_stamp.hpp"

namespace saccade {

namespace {

constexpr double near_one = 1e-2;  // a row's sum, of numbers that were rounded to 8 bits
constexpr Index rows_looked_at = 12;
constexpr std::size_t most_named = 400;  // bytes of names in an error

std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return shorten(text, most_named);
}

/// The name with a star for each number in it: "layer.*.weights".
std::string without_numbers(const std::string& name) {
    std::string shape;
    for (const char c : name)
        if (std::isdigit(static_cast<unsigned char>(c)) == 0)
            shape += c;
        else if (shape.empty() || shape.back() != '*')
            shape += '*';
    return shape;
}

/// Arrays of one shape whose names differ in a number alone, in the order of that: "*" names them.
std::map<std::string, std::vector<const FileArray*>> numbered_arrays(const ArrayFile& file) {
    std::map<std::string, std::vector<const FileArray*>> groups;
    for (const FileArray& array : file.arrays())
        if (array.problem.empty() && array.dims.size() >= 2) groups[without_numbers(array.name)].push_back(&array);
    std::erase_if(groups, [](const auto& group) {
        const auto& all = group.second;
        return all.size() < 2 || !std::ranges::all_of(all, [&](const FileArray* a) {
                   return a->dims == all[0]->dims && std::ranges::count(group.first, '*') == 1;
               });
    });
    for (auto& [name, all] : groups)
        std::ranges::sort(all, [](const FileArray* a, const FileArray* b) {
            return a->name.size() != b->name.size() ? a->name.size() < b->name.size() : a->name < b->name;
        });
    return groups;
}

/// Are there rows, and do all that were looked at hold no negative number and sum to 1, or to nothing?
bool rows_are_shares(const ArrayFile& file, const FileArray& array, const std::stop_token& stop) {
    const std::size_t rank = array.dims.size();
    if (rank < 2 || array.dims.back() < 2 || !array.problem.empty()) return false;
    const Index rows = array.count() / array.dims.back();
    Index shares = 0;
    for (Index n = 0; n < std::min(rows, rows_looked_at); ++n) {
        ArrayPart part;
        Index row = rows <= rows_looked_at ? n : n * (rows - 1) / (rows_looked_at - 1);
        part.along.resize(rank, {0, 1, 1});
        for (std::size_t axis = rank - 1; axis-- > 0;) {
            part.along[axis].begin = row % array.dims[axis];
            row /= array.dims[axis];
        }
        part.along.back().count = array.dims.back();
        for (std::size_t axis = 0; axis < rank; ++axis) part.order.push_back(static_cast<int>(axis));
        double sum = 0;
        const Tensor<float> read = file.read(array, part, stop);
        for (const float v : read.values()) {
            if (v < 0 && std::isfinite(v)) return false;
            if (std::isfinite(v)) sum += static_cast<double>(v);
        }
        if (sum != 0 && std::abs(sum - 1) > near_one) return false;
        shares += sum != 0 ? 1 : 0;
    }
    return shares > 0;
}

/// From the inside: query and key (or query and feature), then head, layer, batch, step.
std::vector<AxisKind> usual_kinds(std::size_t rank, bool stacked, AxisKind before_last, AxisKind last) {
    std::vector<AxisKind> kinds{last, before_last, AxisKind::head};
    if (!stacked) kinds.push_back(AxisKind::layer);
    for (const AxisKind kind : {AxisKind::batch, AxisKind::step, AxisKind::class_}) kinds.push_back(kind);
    kinds.resize(stacked ? rank - 1 : rank);
    if (stacked) kinds.push_back(AxisKind::layer);
    std::ranges::reverse(kinds);
    return kinds;
}

void set_kinds(CaptureSource& source, const std::vector<AxisKind>& kinds) {
    source.axes.clear();
    for (const AxisKind kind : kinds) source.axes.push_back({to_string(kind), kind, {}});
}

void take_extents(CaptureSource& source) {
    source.extents.clear();
    if (source.stacked) source.extents.push_back(static_cast<Index>(source.parts.size()));
    source.extents.insert(source.extents.end(), source.parts[0]->dims.begin(), source.parts[0]->dims.end());
}

/// A .npy file's one array has no name.
std::string quoted_name(const std::string& name) {
    return name.empty() ? "the array" : "'" + name + "'";
}

void require_axes(const CaptureSource& source, std::size_t given, const std::string& whose) {
    if (given == source.extents.size()) return;
    throw Error(
        ErrorCode::invalid_input,
        fmt::format("{}: {} axes are named, {} has {}: {}", whose, given, quoted_name(source.name), source.extents.size(),
                    fmt::format("[{}{}", source.stacked ? fmt::format("{} arrays, ", source.parts.size()) : "",
                                source.parts[0]->shape_text().substr(1))),
        "name one for each, the outermost first: layer, head, query, key");
}

/// Of attention every position stands on one axis; which of two queries are meant, nothing says.
void require_axes_once(const CaptureSource& source, const std::string& whose) {
    if (!source.attends() && source.role != Role::query && source.role != Role::key) return;
    for (const AxisKind kind : {AxisKind::layer, AxisKind::head, AxisKind::query, AxisKind::key})
        if (std::ranges::count(source.axes, kind, &AboutAxis::kind) > 1)
            throw Error(ErrorCode::invalid_input,
                        fmt::format("{}: two axes of {} are of kind {}", whose, quoted_name(source.name), to_string(kind)),
                        "name each axis once, for example: layer, head, query, key");
}

/// The arrays that hold the tensor of that name.
void find_parts(const CapturedFile& capture, CaptureSource& source) {
    const ArrayFile& file = *capture.file;
    source.about = capture.about->find(source.name);
    std::vector<std::string> names{source.name};
    if (source.about != nullptr && !source.about->parts.empty()) names = source.about->parts;
    source.stacked = source.about != nullptr && !source.about->parts.empty();
    if (source.about == nullptr && file.find(source.name) == nullptr) {
        const auto groups = numbered_arrays(file);
        if (const auto group = groups.find(source.name); group != groups.end()) {
            source.parts = group->second;
            source.stacked = true;
            return;
        }
    }
    for (const std::string& name : names) {
        const FileArray* part = file.find(name);
        if (part == nullptr)
            throw Error(ErrorCode::not_found, fmt::format("{}: there is no array '{}'", file.path(), shorten(name, 60)),
                        capture.choices.empty()           ? "it holds none that can be shown"
                        : capture.choices.front().empty() ? "its one array has no name: name none"
                                                          : "it holds " + listed(capture.choices));
        if (!source.parts.empty() && part->dims != source.parts[0]->dims)
            throw Error(ErrorCode::invalid_input,
                        fmt::format("{}: '{}' has shape {}, '{}' {}: they are no parts of one tensor", file.path(),
                                    shorten(name, 60), part->shape_text(), names[0], source.parts[0]->shape_text()),
                        "choose one of them as the tensor");
        if (!part->problem.empty())
            throw Error(ErrorCode::bad_format, fmt::format("{}: '{}' {}", file.path(), shorten(name, 60), part->problem),
                        "choose another tensor, or save real numbers of 1 to 6 axes");
        source.parts.push_back(part);
    }
}

std::optional<Role> role_of(const std::string& text) {
    if (text == "weights") return Role::weights;
    if (text == "scores") return Role::scores;
    return text == "values" ? std::optional(Role::map) : std::nullopt;
}

/// What its axes and its role are: as a person says, as the file says, or by what it looks like.
void understand(const CapturedFile& capture, CaptureSource& source, const CaptureWish& wish) {
    take_extents(source);
    const std::size_t rank = source.extents.size();
    const bool shares = rows_are_shares(*capture.file, *source.parts[0], wish.stop);
    const bool described = source.about != nullptr && !source.about->axes.empty();
    if (!wish.axes.empty()) {
        const std::vector<AxisKind> kinds = axis_kinds_from(wish.axes);
        require_axes(source, kinds.size(), "Axes");
        set_kinds(source, kinds);
    } else if (described) {
        source.axes = source.about->axes;
        require_axes(source, source.axes.size(), capture.file->path());
    } else if (rank == 1) {
        set_kinds(source, {AxisKind::feature});
    } else {
        const bool queries = source.about != nullptr && (source.about->role == Role::query || source.about->role == Role::key);
        set_kinds(source, usual_kinds(rank, source.stacked,
                                      source.about && source.about->role == Role::key ? AxisKind::key : AxisKind::query,
                                      queries ? AxisKind::feature : AxisKind::key));
        const bool square = source.extents[rank - 1] == source.extents[rank - 2];
        source.guess =
            shares ? (square ? "rows sum to 1 over as many keys as queries: self-attention" : "rows sum to 1: cross-attention")
                   : "rows do not sum to 1";
    }
    source.role = shares && source.attends() ? Role::weights : Role::map;
    if (source.about != nullptr && source.about->role) source.role = *source.about->role;
    if (const auto role = role_of(wish.role)) source.role = *role;
    source.said = wish.role != "guess" || (source.about != nullptr && source.about->role);
    require_axes_once(source, capture.file->path());
    if ((source.role == Role::weights || source.role == Role::scores) && !source.attends())
        throw Error(ErrorCode::invalid_input,
                    fmt::format("{} need axes query and key; these are {}", to_string(source.role),
                                wish.axes.empty() ? "others" : wish.axes),
                    "name them: layer, head, query, key");
}

/// The name that stands for queries, keys: by itself, or as the last part of a name.
bool ends_as(const std::string& name, std::initializer_list<const char*> words) {
    for (const std::string word : words) {
        if (!name.ends_with(word)) continue;
        const std::size_t before = name.size() - word.size();
        if (before == 0 || std::isalnum(static_cast<unsigned char>(name[before - 1])) == 0) return true;
    }
    return false;
}

/// What there is to choose, the best guess first.
std::vector<std::string> choices_of(const ArrayFile& file, const CaptureAbout& about, const std::stop_token& stop) {
    std::vector<std::string> best, more, rest;
    const auto rank = [](const AboutTensor& t) {
        return t.role == Role::weights ? 0 : t.role == Role::scores ? 1 : t.role == Role::query ? 2 : 3;
    };
    std::vector<const AboutTensor*> described;
    for (const AboutTensor& tensor : about.tensors)
        if (!tensor.parts.empty() || file.find(tensor.name) != nullptr) described.push_back(&tensor);
    std::ranges::stable_sort(described, {}, [&](const AboutTensor* t) { return rank(*t); });
    for (const AboutTensor* tensor : described) best.push_back(tensor->name);
    for (const auto& [name, parts] : numbered_arrays(file))
        if (about.tensors.empty()) (rows_are_shares(file, *parts[0], stop) ? best : more).push_back(name);
    std::vector<const FileArray*> arrays;
    for (const FileArray& array : file.arrays())
        if (array.problem.empty() && about.find(array.name) == nullptr) arrays.push_back(&array);
    std::ranges::stable_sort(arrays, std::greater<>(), [](const FileArray* a) { return a->count(); });
    for (const FileArray* array : arrays) {
        const bool shares = about.tensors.empty() && best.empty() && rows_are_shares(file, *array, stop);
        (shares ? best : array->dims.size() > 1 ? more : rest).push_back(array->name);
    }
    // Queries with keys beside them say more than any other array that is no attention.
    const auto query = std::ranges::find_if(more, [](const std::string& n) { return ends_as(n, {"query", "q", "queries"}); });
    if (query != more.end()) std::rotate(more.begin(), query, query + 1);
    best.insert(best.end(), more.begin(), more.end());
    best.insert(best.end(), rest.begin(), rest.end());
    return best;
}

/// The keys that belong to queries, if there are some.
std::string keys_of(const CapturedFile& capture) {
    const CaptureSource& queries = capture.shown;
    if (queries.about != nullptr && queries.about->role && queries.about->role != Role::query) return "";
    if (queries.about != nullptr && !queries.about->key.empty()) return queries.about->key;
    for (const AboutTensor& tensor : capture.about->tensors)
        if (queries.about != nullptr && tensor.role == Role::key) return tensor.name;
    for (const auto& [long_name, other] : {std::pair("queries", "keys"), std::pair("query", "key"), std::pair("q", "k")}) {
        if (!ends_as(queries.name, {long_name})) continue;
        const std::string wanted = queries.name.substr(0, queries.name.size() - std::string(long_name).size()) + other;
        if (std::ranges::find(capture.choices, wanted) != capture.choices.end()) return wanted;
    }
    return "";
}

void take_queries_and_keys(CapturedFile& capture, const std::string& keys, const CaptureWish& wish) {
    CaptureSource& queries = capture.shown;
    CaptureSource of_keys;
    of_keys.name = keys;
    find_parts(capture, of_keys);
    take_extents(of_keys);
    CaptureWish own = wish;
    own.role = "guess";
    if (queries.about == nullptr && wish.axes.empty())
        set_kinds(queries, usual_kinds(queries.extents.size(), queries.stacked, AxisKind::query, AxisKind::feature));
    if (of_keys.about != nullptr && !of_keys.about->axes.empty()) {
        of_keys.axes = of_keys.about->axes;
        require_axes(of_keys, of_keys.axes.size(), capture.file->path());
    } else {
        of_keys.axes = queries.axes;
        for (AboutAxis& axis : of_keys.axes)
            if (axis.kind == AxisKind::query) axis = {"key", AxisKind::key, {}};
        require_axes(of_keys, of_keys.axes.size(), "Axes");
    }
    queries.role = Role::query;
    of_keys.role = Role::key;
    for (const CaptureSource* source : {&queries, &of_keys}) require_axes_once(*source, capture.file->path());
    capture.keys = std::move(of_keys);
}

}  // namespace

int CaptureSource::axis(AxisKind kind) const {
    const auto found = std::ranges::find(axes, kind, &AboutAxis::kind);
    return found == axes.end() ? -1 : static_cast<int>(found - axes.begin());
}

std::shared_ptr<const ArrayFile> open_capture_file(const std::string& path) {
    struct Opened {
        std::string path;
        FileStamp stamp;
        std::shared_ptr<const ArrayFile> file;
    };
    static std::mutex mutex;
    static std::vector<Opened> opened;  // two: of A and B
    const FileStamp stamp = stamp_of(path);
    {
        const std::lock_guard lock(mutex);
        for (const Opened& one : opened)
            if (one.path == path && one.stamp == stamp && !stamp.none()) return one.file;
    }
    auto file = std::make_shared<const ArrayFile>(path);
    const std::lock_guard lock(mutex);
    if (opened.size() >= 2) opened.erase(opened.begin());
    opened.push_back({path, stamp, file});
    return file;
}

CapturedFile open_capture(const std::string& path, const CaptureWish& wish) {
    CapturedFile capture;
    capture.file = open_capture_file(path);
    capture.about = std::make_shared<const CaptureAbout>(capture_about(*capture.file));
    capture.choices = choices_of(*capture.file, *capture.about, wish.stop);
    if (capture.choices.empty())
        throw Error(ErrorCode::bad_format,
                    fmt::format("{}: no array can be shown: {} {}", path, quoted_name(capture.file->arrays()[0].name),
                                capture.file->arrays()[0].problem),
                    "save real numbers of 1 to 6 axes");
    capture.shown.name = wish.tensor.empty() ? capture.choices.front() : wish.tensor;
    find_parts(capture, capture.shown);
    const bool queries = capture.shown.about != nullptr && capture.shown.about->role == Role::query;
    understand(capture, capture.shown, wish);
    const std::string keys = wish.role == "guess" && (queries || capture.shown.role != Role::weights) ? keys_of(capture) : "";
    if (!keys.empty()) take_queries_and_keys(capture, keys, wish);
    return capture;
}

std::vector<Note> left_out_of(const CapturedFile& capture) {
    std::vector<Note> notes;
    std::string unread, missing;
    const auto name = [](std::string& names, const std::string& more) { names += (names.empty() ? "" : "; ") + more; };
    for (const FileArray& array : capture.file->arrays())
        if (!array.problem.empty()) name(unread, quoted_name(array.name) + " " + array.problem);
    const auto there = [&](const std::string& array) { return capture.file->find(array) != nullptr; };
    for (const AboutTensor& tensor : capture.about->tensors)
        if (tensor.parts.empty() ? !there(tensor.name) : !std::ranges::all_of(tensor.parts, there))
            name(missing, quoted_name(tensor.name));
    if (!unread.empty())
        notes.push_back({"path", "left out: " + shorten(unread, most_named), "save real numbers of 1 to 6 axes"});
    if (!missing.empty())
        notes.push_back({"path",
                         fmt::format("described, but not in the file: {}; there is {}", shorten(missing, most_named),
                                     quoted_name(capture.shown.name)),
                         "write the file again, with all of its arrays"});
    return notes;
}

bool looks_like_capture(const std::string& path) {
    try {
        const auto file = open_capture_file(path);
        if (file->texts().contains("saccade") || file->texts().contains("capture.json")) return true;
        if (file->texts().contains("training") || file->texts().contains("card")) return false;
        const CaptureAbout about = capture_about(*file);
        if (!about.tensors.empty()) return true;
        return std::ranges::any_of(file->arrays(), [&](const FileArray& array) { return rows_are_shares(*file, array, {}); });
    } catch (const std::exception&) {
        return false;
    }
}

}  // namespace saccade
