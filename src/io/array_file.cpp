#include "io/array_file.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <numeric>
#include <set>

#include "base/error.hpp"
#include "base/reading_progress.hpp"
#include "base/stop.hpp"
#include "base/utf8.hpp"
#include "io/array_reading.hpp"
#include "io/array_shards.hpp"
#include "io/npy_header.hpp"
#include "io/npz.hpp"
#include "io/safetensors_header.hpp"

namespace saccade {

namespace {

constexpr std::uint64_t most_unpacked = std::uint64_t{4} << 30;  // bytes of a temporary file
constexpr std::size_t most_file_axes = 6;
constexpr std::uint64_t most_text_bytes = std::uint64_t{32} << 20;  // of a .json member

std::string npz_array_name(const std::string& member) {
    return member.substr(0, member.size() - 4);
}

/// What a header says, or why the array cannot be read. `bytes`: of the whole .npy.
void describe_npy(FileArray& array, const NpyHeader& header, std::uint64_t bytes, const std::string& where) {
    array.fortran = header.fortran;
    array.at += header.bytes;
    const auto number = number_of_numpy(header.number());
    if (!number) {
        array.problem =
            fmt::format("holds values of type '{}'; real numbers are needed", shorten(sanitize_utf8(header.type), 20));
        return;
    }
    array.number = *number;
    array.big_endian = header.big_endian();
    const std::uint64_t data = bytes - std::min(bytes, header.bytes), count = npy_count(header, data, where);
    if (count > data / stored_bytes(*number))
        array.problem = fmt::format("has {} bytes of data where its shape needs {} of {}", data, count, stored_bytes(*number));
    array.dims.assign(header.dims.begin(), header.dims.end());
}

void check_array(FileArray& array) {
    if (!array.problem.empty()) return;
    if (array.dims.size() > most_file_axes)
        array.problem = fmt::format("has {} axes; at most {} can be shown", array.dims.size(), most_file_axes);
    else if (std::ranges::find(array.dims, 0) != array.dims.end())
        array.problem = fmt::format("holds no values: its shape is {}", array.shape_text());
    else if (array.dims.empty())
        array.problem = "is one number, without axes";
}

}  // namespace

/// A compressed member, expanded into a file that nobody else can open.
class ArrayFile::Unpacked {
 public:
    Unpacked(const std::string& path, const std::string& member, std::uint64_t size, const std::stop_token& stop)
        : path_(path) {
        std::error_code none;
        const std::filesystem::path folder = std::filesystem::temp_directory_path(none);
        if (none)
            throw Error(ErrorCode::io, fmt::format("{}: there is no folder for temporary files ({})", path_, none.message()),
                        "set TMPDIR to one with room, or save with numpy.savez, uncompressed");
        std::string name = (folder / "saccade-XXXXXX").string();
        descriptor_ = ::mkstemp(name.data());
        if (descriptor_ < 0) fail("no temporary file can be made in " + folder.string());
        ::unlink(name.c_str());
        try {
            std::uint64_t written = 0;
            unpack_npz_member(path, member, stop, [&](const void* bytes, std::size_t count) {
                for (std::size_t done = 0; done < count;) {
                    const ssize_t wrote = ::write(descriptor_, static_cast<const char*>(bytes) + done, count - done);
                    if (wrote < 0 && errno == EINTR) continue;
                    if (wrote <= 0) fail("it cannot be expanded");
                    done += static_cast<std::size_t>(wrote);
                }
                written += count;
                HearsReading::tell(static_cast<double>(written) / static_cast<double>(size));
                return true;
            });
        } catch (...) {
            ::close(descriptor_);
            throw;
        }
    }
    ~Unpacked() { ::close(descriptor_); }
    Unpacked(const Unpacked&) = delete;
    Unpacked& operator=(const Unpacked&) = delete;

    std::size_t read_at(std::uint64_t at, void* into, std::size_t bytes) const {
        std::size_t done = 0;
        while (done < bytes) {
            const ssize_t got =
                ::pread(descriptor_, static_cast<char*>(into) + done, bytes - done, static_cast<off_t>(at + done));
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) break;
            done += static_cast<std::size_t>(got);
        }
        return done;
    }

 private:
    [[noreturn]] void fail(const std::string& what) const {
        throw Error(ErrorCode::io, fmt::format("{}: {} ({})", path_, what, std::strerror(errno)),
                    "set TMPDIR to a folder with room, or save with numpy.savez, uncompressed");
    }

    const std::string& path_;
    int descriptor_ = -1;
};

Index FileArray::count() const {
    return std::accumulate(dims.begin(), dims.end(), Index{1}, std::multiplies<>());
}

std::string FileArray::shape_text() const {
    return fmt::format("[{}]", fmt::join(dims, ", "));
}

ArrayFile::ArrayFile(const std::string& path, bool with_pieces) : path_(path), file_(path) {
    char start[9] = {};
    const std::size_t got = file_.read_at(0, start, sizeof start);
    const std::string_view begin(start, got);
    const std::string ending = std::filesystem::path(path).extension().string();
    if (begin.size() == 9 && begin.back() == '{')  // behind the length of its header, which may be any bytes
        list_safetensors();
    else if (begin.starts_with("PK") || ending == ".npz")
        list_npz();
    else if (begin.starts_with(npy_magic) || ending == ".npy" || begin.starts_with('\x80'))
        list_npy();
    else
        list_safetensors();
    if (const auto about = texts_.find("capture.json"); about != texts_.end() && with_pieces)
        std::ranges::move(sharded_arrays(path_, about->second), std::back_inserter(arrays_));
    std::ranges::for_each(arrays_, check_array);
    std::set<std::string> names;
    for (const FileArray& array : arrays_)
        if (!names.insert(array.name).second)
            throw Error(ErrorCode::bad_format, fmt::format("{}: holds two arrays '{}'", path_, shorten(array.name, 60)),
                        "write it again with one array a name");
    if (arrays_.empty()) throw Error(ErrorCode::bad_format, path_ + ": holds no arrays", "choose another file");
    if (arrays_.size() == 1 && !arrays_[0].problem.empty())
        throw Error(ErrorCode::bad_format, path_ + ": it " + arrays_[0].problem, "save real numbers of 1 to 6 axes");
}

void ArrayFile::list_npy() {
    std::uint64_t at = 0;
    const auto source = [&](void* into, std::size_t bytes) {
        const std::size_t got = file_.read_at(at, into, bytes);
        at += got;
        return got;
    };
    FileArray array;
    describe_npy(array, read_npy_header(source, path_ + ":"), file_.size(), path_ + ":");
    arrays_.push_back(std::move(array));
}

void ArrayFile::list_npz() {
    for (const NpzMember& member : npz_members(path_)) {
        if (member.name.ends_with(".json") && member.bytes <= most_text_bytes)
            texts_[member.name] = read_npz_text(path_, member.name);
        if (!member.name.ends_with(".npy")) continue;
        FileArray array;
        array.name = npz_array_name(member.name);
        array.packed = !member.stored_at;
        std::uint64_t at = array.at = member.stored_at.value_or(0);
        std::string packed;  // its beginning, unpacked
        if (array.packed)
            unpack_npz_member(path_, member.name, {}, [&](const void* bytes, std::size_t count) {
                packed.append(static_cast<const char*>(bytes), count);
                return packed.size() < (std::size_t{1} << 17);
            });
        const auto source = [&](void* into, std::size_t bytes) -> std::size_t {
            if (!array.packed) {
                const std::size_t got = file_.read_at(at, into, bytes);
                at += got;
                return got;
            }
            const std::size_t got = std::min<std::size_t>(bytes, packed.size() - at);
            std::memcpy(into, packed.data() + at, got);
            at += got;
            return got;
        };
        try {
            describe_npy(array, read_npy_header(source, "it"), member.bytes, "it");
            const std::uint64_t said = array.at + static_cast<std::uint64_t>(array.count()) * stored_bytes(array.number);
            if (array.packed && array.problem.empty() && member.bytes > said)
                array.problem =
                    fmt::format("holds {} bytes more than its shape {} says", member.bytes - said, array.shape_text());
        } catch (const Error& error) {  // of several, others can be read
            array.problem = error.message().starts_with("it ") ? error.message().substr(3) : error.message();
        }
        arrays_.push_back(std::move(array));
    }
}

void ArrayFile::list_safetensors() {
    const auto refuse = [&](const std::string& what) {
        throw Error(ErrorCode::bad_format, path_ + ": " + what, "choose a .npy, .npz or .safetensors file");
    };
    std::uint64_t length = 0;
    if (file_.read_at(0, &length, sizeof length) != sizeof length || length > longest_safetensors_header)
        refuse("is no file of arrays");
    if (length > file_.size() - sizeof length)
        refuse(fmt::format("its header claims {} bytes, the file has {}", length, file_.size() - sizeof length));
    std::string text(static_cast<std::size_t>(length), '\0');
    if (file_.read_at(sizeof length, text.data(), text.size()) != text.size()) refuse("ends within its header");
    const std::uint64_t begin = sizeof length + length;
    SafetensorsHeader header = parse_safetensors_header(text, file_.size() - begin, path_);
    texts_ = std::move(header.metadata);
    for (const StoredTensor& tensor : header.tensors) {
        FileArray array;
        array.name = tensor.name;
        array.dims.assign(tensor.dims.begin(), tensor.dims.end());
        array.at = begin + tensor.begin;
        if (const auto number = number_of_safetensors(tensor.dtype))
            array.number = *number;
        else
            array.problem = fmt::format("holds values of type {}; real numbers of 8 to 64 bits are needed", tensor.dtype);
        arrays_.push_back(std::move(array));
    }
}

const FileArray* ArrayFile::find(const std::string& name) const {
    const auto found = std::ranges::find(arrays_, name, &FileArray::name);
    return found == arrays_.end() ? nullptr : &*found;
}

std::shared_ptr<const ArrayFile::Unpacked> ArrayFile::unpacked(const FileArray& array, const std::stop_token& stop) const {
    const std::uint64_t bytes = array.at + static_cast<std::uint64_t>(array.count()) * stored_bytes(array.number);
    if (bytes > most_unpacked)
        throw Error(ErrorCode::out_of_range,
                    fmt::format("{}: '{}' is compressed and expands to {} MB; at most {} are expanded", path_, array.name,
                                bytes >> 20, most_unpacked >> 20),
                    "save it uncompressed, with numpy.savez or numpy.save: then nothing is expanded");
    const std::lock_guard lock(unpacking_);
    std::shared_ptr<const Unpacked>& kept = unpacked_[array.name];
    if (!kept) kept = std::make_shared<const Unpacked>(path_, array.name + ".npy", bytes, stop);
    return kept;
}

Tensor<float> ArrayFile::read(const FileArray& array, const ArrayPart& part, const std::stop_token& stop) const {
    const std::string where = array.name.empty() ? path_ : fmt::format("{}: '{}'", path_, shorten(array.name, 60));
    if (!array.problem.empty())
        throw Error(ErrorCode::bad_format, where + " " + array.problem, "save real numbers of 1 to 6 axes");
    if (!array.pieces.empty()) return read_pieces(array, part, where, stop);
    const std::shared_ptr<const Unpacked> expanded = array.packed ? unpacked(array, stop) : nullptr;
    return read_array_part(array, part, where, [&](std::uint64_t at, void* into, std::size_t bytes) {
        check_stop(stop);
        const std::size_t got = expanded ? expanded->read_at(at, into, bytes) : file_.read_at(at, into, bytes);
        if (got == bytes) return;
        throw Error(ErrorCode::io, where + " ends before its last value: the file is cut off, or shrank while it was read",
                    "write it again");
    });
}

}  // namespace saccade
