#include "io/npz.hpp"

#include <fmt/core.h>
#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <string_view>

#include "base/stop.hpp"
#include "base/utf8.hpp"
#include "io/atomic_file.hpp"
#include "io/input_file.hpp"
#include "io/npy.hpp"
#include "io/zip_directory.hpp"

namespace saccade {

namespace {

constexpr std::uint64_t longest_text = std::uint64_t{1} << 26;
/// Deflate cannot pack tighter; a file that claims more is lying.
constexpr std::uint64_t most_packed = 1032;

std::string zip_error_text(int code) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    std::string text = zip_error_strerror(&error);
    zip_error_fini(&error);
    return text;
}

bool ends_with(const std::string& text, std::string_view ending) {
    return text.size() >= ending.size() && text.compare(text.size() - ending.size(), ending.size(), ending) == 0;
}

/// An .npz opened for reading; entries by name, each name once and in UTF-8.
class Archive {
 public:
    explicit Archive(const std::string& path, std::stop_token stop = {}) : path_(path), stop_(std::move(stop)) {
        InputFile file(path);
        check_zip_directory(file, path_);
        int code = 0;
        const int descriptor = ::dup(file.descriptor());  // becomes the archive's, if it is one
        zip_.reset(zip_fdopen(descriptor, 0, &code));
        if (!zip_) ::close(descriptor);
        if (!zip_) {
            const bool damaged = code == ZIP_ER_NOZIP || code == ZIP_ER_INCONS;
            throw Error(damaged ? ErrorCode::bad_format : ErrorCode::io,
                        fmt::format("{}: {}", path_, damaged ? "is not an .npz file, or is damaged" : zip_error_text(code)),
                        damaged ? "write it again with numpy.savez" : "check the path");
        }
        const zip_int64_t count = zip_get_num_entries(zip_.get(), 0);
        for (zip_int64_t i = 0; i < count; ++i) {
            const char* name = zip_get_name(zip_.get(), static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW);
            if (name == nullptr || find_invalid_utf8(name) != std::string::npos) damaged("an entry has no readable name");
            if (!entries_.emplace(name, static_cast<zip_uint64_t>(i)).second) {
                damaged(fmt::format("two entries are named '{}'", shorten(name, 60)));
            }
        }
    }

    const std::map<std::string, zip_uint64_t>& entries() const { return entries_; }

    template <class T>
    Tensor<T> array(const std::string& entry, ArrayRoom& room) const {
        const Open file = open(entry);
        const auto source = [&](void* into, std::size_t bytes) { return read(file, into, bytes); };
        Tensor<T> result = read_npy_stream<T>(source, file.size, place(entry), room);
        char more = 0;
        if (read(file, &more, 1) != 0) damaged(fmt::format("'{}' is longer than it claims", entry));  // also checks the CRC
        return result;
    }

    std::string text(const std::string& entry) const {
        const Open file = open(entry);
        if (file.size > longest_text) damaged(fmt::format("'{}' is longer than a text should be", entry));
        std::string result(file.size, '\0');
        char more = 0;
        if (read(file, result.data(), result.size()) != result.size() || read(file, &more, 1) != 0) {
            damaged(fmt::format("'{}' ends too early or too late", entry));
        }
        return result;
    }

    std::vector<NpzMember> members(const InputFile& file) const {
        const std::map<std::string, std::uint64_t> places = zip_places(file, path_);
        std::vector<NpzMember> all;
        for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(zip_get_num_entries(zip_.get(), 0)); ++i) {
            NpzMember member{zip_get_name(zip_.get(), i, ZIP_FL_ENC_RAW), 0, std::nullopt};
            zip_stat_t stat;
            zip_stat_init(&stat);
            if (zip_stat_index(zip_.get(), i, 0, &stat) != 0)
                damaged(fmt::format("'{}' has no size", shorten(member.name, 60)));
            member.bytes = stat.size;
            const bool plain = stat.comp_method == ZIP_CM_STORE && stat.encryption_method == ZIP_EM_NONE;
            const auto place = places.find(member.name);
            if (plain && place != places.end() && place->second <= file.size() && stat.size <= file.size() - place->second)
                member.stored_at = place->second;
            all.push_back(std::move(member));
        }
        return all;
    }

    void unpack(const std::string& entry, const std::function<bool(const void*, std::size_t)>& take) const {
        const Open file = open(entry);
        std::vector<char> piece(std::size_t{1} << 20);
        std::uint64_t left = file.size;
        while (left > 0) {
            const std::size_t got = read(file, piece.data(), std::min<std::uint64_t>(left, piece.size()));
            if (got == 0) damaged(fmt::format("'{}' ends too early", shorten(entry, 60)));
            if (!take(piece.data(), got)) return;
            left -= got;
        }
        if (read(file, piece.data(), 1) != 0) damaged(fmt::format("'{}' is longer than it claims", shorten(entry, 60)));
    }

    [[noreturn]] void damaged(const std::string& what) const {
        throw Error(ErrorCode::bad_format, fmt::format("{}: {}", path_, what), "write it again with numpy.savez");
    }

    [[noreturn]] void missing(const std::string& name) const {
        std::string names;
        for (const auto& [entry, index] : entries_) {
            names += (names.empty() ? "" : ", ") + (ends_with(entry, ".npy") ? entry.substr(0, entry.size() - 4) : entry);
        }
        throw Error(ErrorCode::not_found, fmt::format("{}: there is no entry '{}'", path_, shorten(name, 60)),
                    names.empty() ? "the file is empty" : "it holds " + shorten(names, 400));
    }

 private:
    struct CloseZip {
        void operator()(zip_t* zip) const { zip_discard(zip); }
    };
    struct CloseFile {
        void operator()(zip_file_t* file) const { zip_fclose(file); }
    };
    struct Open {
        std::unique_ptr<zip_file_t, CloseFile> file;
        std::uint64_t size = 0;
    };

    std::string place(const std::string& entry) const { return fmt::format("{}: '{}'", path_, shorten(entry, 60)); }

    Open open(const std::string& entry) const {
        const zip_uint64_t index = entries_.at(entry);
        zip_stat_t stat;
        zip_stat_init(&stat);
        constexpr zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
        if (zip_stat_index(zip_.get(), index, 0, &stat) != 0 || (stat.valid & needed) != needed) {
            damaged(fmt::format("'{}' has no size", shorten(entry, 60)));
        }
        if (stat.size / most_packed > stat.comp_size) {
            damaged(fmt::format("'{}' claims {} bytes in {} compressed ones", shorten(entry, 60), stat.size, stat.comp_size));
        }
        Open result{std::unique_ptr<zip_file_t, CloseFile>(zip_fopen_index(zip_.get(), index, 0)), stat.size};
        if (!result.file) damaged(fmt::format("'{}' cannot be unpacked ({})", shorten(entry, 60), zip_strerror(zip_.get())));
        return result;
    }

    std::size_t read(const Open& open, void* into, std::size_t bytes) const {
        std::size_t done = 0;
        while (done < bytes) {
            check_stop(stop_);
            constexpr std::size_t most_at_once = std::size_t{1} << 20;
            const zip_int64_t got =
                zip_fread(open.file.get(), static_cast<char*>(into) + done, std::min(bytes - done, most_at_once));
            if (got < 0) damaged("an entry is damaged");
            if (got == 0) break;
            done += static_cast<std::size_t>(got);
        }
        return done;
    }

    std::string path_;
    std::stop_token stop_;
    std::unique_ptr<zip_t, CloseZip> zip_;
    std::map<std::string, zip_uint64_t> entries_;
};

/// What an array is made of while it is written: a header, then its rows.
class Rows {
 public:
    Rows(std::string header, const NpzEntry& entry) : header_(std::move(header)), entry_(entry) { zip_error_init(&error_); }
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;
    ~Rows() { zip_error_fini(&error_); }

    /// Of the first that could not be made.
    const std::exception_ptr& failed() const { return failed_; }

    static zip_int64_t answer(void* self, void* data, zip_uint64_t size, zip_source_cmd_t command) {
        auto& rows = *static_cast<Rows*>(self);
        switch (command) {
            case ZIP_SOURCE_OPEN:
                rows.next_ = 0;
                rows.left_ = rows.header_;
                return 0;
            case ZIP_SOURCE_READ:
                return rows.read(static_cast<char*>(data), size);
            case ZIP_SOURCE_STAT: {
                auto* stat = static_cast<zip_stat_t*>(data);
                zip_stat_init(stat);
                stat->valid = ZIP_STAT_SIZE;
                stat->size = rows.header_.size() + static_cast<zip_uint64_t>(rows.entry_.shape.size()) * sizeof(float);
                return sizeof(zip_stat_t);
            }
            case ZIP_SOURCE_ERROR:
                return zip_error_to_data(&rows.error_, data, size);
            case ZIP_SOURCE_SUPPORTS:
                return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
                                                      ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, -1);
            default:
                return 0;
        }
    }

 private:
    zip_int64_t read(char* to, zip_uint64_t size) {
        zip_uint64_t done = 0;
        while (done < size) {
            if (left_.empty() && !next_row()) return failed_ ? -1 : static_cast<zip_int64_t>(done);
            const std::size_t count = std::min<std::size_t>(left_.size(), size - done);
            std::copy_n(left_.data(), count, to + done);
            left_.remove_prefix(count);
            done += count;
        }
        return static_cast<zip_int64_t>(done);
    }
    bool next_row() {
        if (next_ >= entry_.shape[0]) return false;
        try {
            row_ = entry_.row(next_++);
        } catch (...) {  // not through the library, which is C
            failed_ = std::current_exception();
            zip_error_set(&error_, ZIP_ER_READ, 0);
            return false;
        }
        left_ = {reinterpret_cast<const char*>(row_.data()), row_.values().size_bytes()};
        return !left_.empty() || next_row();
    }

    std::string header_;
    const NpzEntry& entry_;
    zip_error_t error_{};
    std::exception_ptr failed_;
    Index next_ = 0;
    Tensor<float> row_;
    std::string_view left_;
};

void add_source(zip_t* zip, const std::string& path, const std::string& name, zip_source_t* source) {
    const zip_int64_t index = source == nullptr ? -1 : zip_file_add(zip, name.c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
        if (source != nullptr) zip_source_free(source);
        throw Error(ErrorCode::io, fmt::format("{}: '{}' cannot be written ({})", path, name, zip_strerror(zip)));
    }
    const auto entry = static_cast<zip_uint64_t>(index);
    // Stored: arrays of floats hardly pack, and a stored array can be mapped. 1 January 1980: the same content gives the same
    // file.
    zip_set_file_compression(zip, entry, ZIP_CM_STORE, 0);
    zip_file_set_dostime(zip, entry, 0, 0x0021, 0);
}

void add_entry(zip_t* zip, const std::string& path, const std::string& name, const std::vector<zip_buffer_fragment_t>& parts) {
    add_source(zip, path, name, zip_source_buffer_fragment(zip, parts.data(), parts.size(), 0));
}

}  // namespace

template <class T>
Tensor<T> read_npy(const std::string& path, const ArrayLimits& limits) {
    InputFile file(path, limits.stop);
    const auto source = [&](void* into, std::size_t bytes) { return file.read(into, bytes); };
    ArrayRoom room{.elements = limits.elements};
    return read_npy_stream<T>(source, file.size(), path + ":", room);
}

template <class T>
std::map<std::string, Tensor<T>> read_npz(const std::string& path, const ArrayLimits& limits) {
    const Archive archive(path, limits.stop);
    std::map<std::string, Tensor<T>> arrays;
    ArrayRoom room{.elements = limits.elements};
    for (const auto& [entry, index] : archive.entries())
        if (ends_with(entry, ".npy")) arrays.emplace(entry.substr(0, entry.size() - 4), archive.array<T>(entry, room));
    return arrays;
}

template <class T>
Tensor<T> read_npz_array(const std::string& path, const std::string& name, const ArrayLimits& limits) {
    const Archive archive(path, limits.stop);
    ArrayRoom room{.elements = limits.elements};
    if (archive.entries().count(name + ".npy") == 0) archive.missing(name);
    return archive.array<T>(name + ".npy", room);
}

std::string read_npz_text(const std::string& path, const std::string& name) {
    const Archive archive(path);
    if (archive.entries().count(name) == 0) archive.missing(name);
    std::string text = archive.text(name);
    if (find_invalid_utf8(text) != std::string::npos) archive.damaged(fmt::format("'{}' is not UTF-8", name));
    return text;
}

std::vector<NpzMember> npz_members(const std::string& path) {
    return Archive(path).members(InputFile(path));
}

void unpack_npz_member(const std::string& path, const std::string& name, const std::stop_token& stop,
                       const std::function<bool(const void*, std::size_t)>& take) {
    const Archive archive(path, stop);
    if (archive.entries().count(name) == 0) archive.missing(name);
    archive.unpack(name, take);
}

NamedArray split_array_name(const std::string& source) {
    const std::size_t archive = source.rfind(".npz:");
    if (archive == std::string::npos) return {source, ""};
    return {source.substr(0, archive + 4), source.substr(archive + 5)};
}

template <class T>
Tensor<T> read_array(const std::string& source, const ArrayLimits& limits) {
    if (ends_with(source, ".npy")) return read_npy<T>(source, limits);
    if (!ends_with(source, ".npz")) {
        const auto [file, name] = split_array_name(source);
        if (name.empty())
            throw Error(ErrorCode::usage, fmt::format("'{}' names no array", shorten(source, 80)),
                        "write file.npz:name or file.npy");
        return read_npz_array<T>(file, name, limits);
    }
    const Archive archive(source, limits.stop);
    std::vector<std::string> arrays;
    for (const auto& [entry, index] : archive.entries())
        if (ends_with(entry, ".npy")) arrays.push_back(entry);
    if (arrays.size() != 1)
        throw Error(ErrorCode::usage, fmt::format("{}: holds {} arrays", source, arrays.size()), "say which: file.npz:name");
    ArrayRoom room{.elements = limits.elements};
    return archive.array<T>(arrays.front(), room);
}

template Tensor<float> read_npy(const std::string&, const ArrayLimits&);
template Tensor<double> read_npy(const std::string&, const ArrayLimits&);
template std::map<std::string, Tensor<float>> read_npz(const std::string&, const ArrayLimits&);
template std::map<std::string, Tensor<double>> read_npz(const std::string&, const ArrayLimits&);
template Tensor<float> read_npz_array(const std::string&, const std::string&, const ArrayLimits&);
template Tensor<double> read_npz_array(const std::string&, const std::string&, const ArrayLimits&);
template Tensor<float> read_array(const std::string&, const ArrayLimits&);
template Tensor<double> read_array(const std::string&, const ArrayLimits&);

void write_npz(const std::string& path, const std::vector<NpzEntry>& entries) {
    AtomicFile file(path);
    const std::string& temporary = file.release_to_writer();
    int code = 0;
    std::unique_ptr<zip_t, decltype(&zip_discard)> zip(zip_open(temporary.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code),
                                                       zip_discard);
    if (!zip) throw Error(ErrorCode::io, fmt::format("{}: {}", path, zip_error_text(code)), "choose another folder");
    std::vector<std::string> headers;
    headers.reserve(entries.size());  // the archive points into them until it is closed
    std::vector<std::unique_ptr<Rows>> made;
    for (const NpzEntry& entry : entries) {
        const auto bytes_of = [](const void* data) { return static_cast<zip_uint8_t*>(const_cast<void*>(data)); };
        if (ends_with(entry.name, ".json")) {
            add_entry(zip.get(), path, entry.name, {{bytes_of(entry.text.data()), entry.text.size()}});
            continue;
        }
        if (entry.row) {
            made.push_back(std::make_unique<Rows>(npy_header(entry.shape), entry));
            add_source(zip.get(), path, entry.name + ".npy", zip_source_function(zip.get(), Rows::answer, made.back().get()));
            continue;
        }
        headers.push_back(npy_header(entry.array.shape()));
        add_entry(zip.get(), path, entry.name + ".npy",
                  {{bytes_of(headers.back().data()), headers.back().size()},
                   {bytes_of(entry.array.data()), static_cast<zip_uint64_t>(entry.array.size()) * sizeof(float)}});
    }
    if (zip_close(zip.get()) != 0) {
        for (const auto& rows : made)
            if (rows->failed()) std::rethrow_exception(rows->failed());
        throw Error(ErrorCode::io, fmt::format("{}: cannot be written ({})", path, zip_strerror(zip.get())),
                    "free some space, or choose another folder");
    }
    (void)zip.release();  // zip_close has freed it
    file.commit();
}

}  // namespace saccade
