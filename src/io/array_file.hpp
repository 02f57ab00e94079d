#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "io/input_file.hpp"
#include "io/stored_number.hpp"
#include "tensor/tensor.hpp"

namespace saccade {

class ArrayFile;
struct FileArray;

/// A piece of an array that lies in another file (io/array_shards.hpp).
struct FilePiece {
    std::shared_ptr<const ArrayFile> file;
    const FileArray* array = nullptr;
    Index begin = 0;  // along the axis that is divided
};

/// An array as a file holds it, of 0 to 6 axes. Nothing of it is read before it is asked for.
struct FileArray {
    std::string name;  // empty in an .npy
    StoredNumber number = StoredNumber::f32;
    std::vector<Index> dims;
    bool fortran = false, big_endian = false;
    std::uint64_t at = 0;             // of its first byte: in the file, or in its member, once unpacked
    bool packed = false;              // compressed in an .npz
    std::vector<FilePiece> pieces{};  // of an array that other files hold; empty: this one does
    int along = 0;                    // the axis that they divide
    std::string problem;              // why it cannot be read ("holds values of type '|O'"); empty: it can

    Index count() const;
    std::string shape_text() const;  // "[12, 12, 64, 64]"
};

/// What of an array is read: a range of each of its axes, cells of `block` positions joined in one.
struct ArrayPart {
    struct Along {
        Index begin = 0, count = 0, block = 1;
        Index cells() const { return (count + block - 1) / block; }
    };
    std::vector<Along> along;  // by the file's axes
    std::vector<int> order;    // of the result: axis k of it is the file's axis order[k]
    bool peaks = true;         // of the finite values of a block the largest; else their mean
};

/// Arrays in .npy, .npz (stored or compressed) and .safetensors, in C and Fortran order and either byte order: read where they
/// are looked at, never whole, so that a file may be larger than memory. What is compressed in an .npz is first expanded into a
/// temporary file of at most 4 GiB, which has no name and goes with this object. Nothing in the file is trusted. It is read,
/// not mapped: one that shrinks meanwhile gives an error. Any thread.
class ArrayFile {
 public:
    /// By the file's ending, and by its first bytes where it has another; with arrays whose pieces lie in files beside it.
    /// Error{io}, {bad_format} or {out_of_range}, with the path.
    explicit ArrayFile(const std::string& path, bool with_pieces = true);

    const std::string& path() const { return path_; }
    const std::vector<FileArray>& arrays() const { return arrays_; }
    /// Texts that stand beside the arrays: the metadata of safetensors, and the .json members of an .npz by their names.
    const std::map<std::string, std::string>& texts() const { return texts_; }
    /// Null if there is none.
    const FileArray* find(const std::string& name) const;

    /// Values in row-major order of the axes as `part.order` has them. A block without finite values is -inf if it holds that,
    /// else NaN. Error{bad_format} with its problem, {out_of_range} for a part outside the array or of more than 2^28 cells,
    /// {io}, {cancelled}.
    Tensor<float> read(const FileArray& array, const ArrayPart& part, const std::stop_token& stop) const;

 private:
    class Unpacked;
    void list_npy();
    void list_npz();
    void list_safetensors();
    std::shared_ptr<const Unpacked> unpacked(const FileArray& array, const std::stop_token& stop) const;

    std::string path_;
    InputFile file_;
    std::vector<FileArray> arrays_;
    std::map<std::string, std::string> texts_;
    mutable std::mutex unpacking_;
    mutable std::map<std::string, std::shared_ptr<const Unpacked>> unpacked_;
};

}  // namespace saccade
