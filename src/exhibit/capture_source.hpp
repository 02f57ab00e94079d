#pragma once

#include <memory>
#include <string>
#include <vector>

#include "exhibit/capture_about.hpp"

namespace saccade {

/// The last files that were opened are kept open: what they hold is listed, and expanded, once. A file that was written again
/// is opened again. Errors as ArrayFile.
std::shared_ptr<const ArrayFile> open_capture_file(const std::string& path);

/// What a person wants to see of a file; empty: what it says itself, or a guess.
struct CaptureWish {
    std::string tensor;
    std::string axes;
    std::string role = "guess";  // weights, scores, values
    std::stop_token stop{};
};

/// One captured tensor: the arrays that hold it, and what its axes are.
struct CaptureSource {
    std::string name;
    std::vector<const FileArray*> parts;  // at least one
    bool stacked = false;                 // the first axis runs over the parts, the others are those of each
    std::vector<AboutAxis> axes;          // by the tensor's axes, the stacked one first
    std::vector<Index> extents;
    Role role = Role::map;
    bool said = false;  // by metadata or a person, not guessed
    std::string guess;  // why it was taken for what it is
    const AboutTensor* about = nullptr;

    int axis(AxisKind kind) const;  // -1: none
    bool attends() const { return axis(AxisKind::query) >= 0 && axis(AxisKind::key) >= 0; }
};

/// A file as it is shown: its weights (scores, values), or queries and keys of which weights are computed.
struct CapturedFile {
    std::shared_ptr<const ArrayFile> file;
    std::shared_ptr<const CaptureAbout> about;
    CaptureSource shown;                // weights, scores, other values, or queries
    std::optional<CaptureSource> keys;  // of queries
    std::vector<std::string> choices;   // what may be chosen as the tensor
};
/// Error{not_found} for a tensor that is not there (with those that are), {invalid_input} for axes that do not fit, and as
/// ArrayFile.
CapturedFile open_capture(const std::string& path, const CaptureWish& wish);

/// What the file holds and cannot be shown, and what its description promises and it does not hold.
std::vector<Note> left_out_of(const CapturedFile& capture);

/// Does a file of arrays hold attention rather than parameters of a model? What says so itself does, and what has rows that
/// sum to 1. Never throws.
bool looks_like_capture(const std::string& path);

}  // namespace saccade
