#pragma once

#include <string>
#include <vector>

#include "io/array_file.hpp"

namespace saccade {

// Arrays whose pieces lie in other files, as the processes of one computation wrote them. The member capture.json of an .npz
// then has, beside what exhibit/capture_about.hpp says of it:
//
//     "shards": [{"name": "self.0", "along": 0, "files": ["run.rank0.npz", "run.rank1.npz"], "arrays": ["self.0", "self.0"]}]
//
// Files lie beside the .npz and are named without a folder; "arrays" says what the piece is called in each of them. Pieces
// follow each other along one axis, "along", and are alike in all others.

/// The arrays that the text describes; none if it has no "shards". Error{bad_format}, {io} with the file that is wrong.
std::vector<FileArray> sharded_arrays(const std::string& path, const std::string& text);

/// As ArrayFile::read, of all pieces that the part touches. Error{out_of_range} where positions along the axis that is divided
/// share cells.
Tensor<float> read_pieces(const FileArray& array, const ArrayPart& part, const std::string& where, const std::stop_token& stop);

}  // namespace saccade
