#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/array_file.hpp"
#include "trace/trace.hpp"

namespace saccade {

// What stands beside captured arrays, and says what they are: a JSON text under "saccade" in the metadata of safetensors, the
// member capture.json of an .npz, or a file FILE.json beside FILE. All keys may be missing, but for names:
//
//     {"format": "saccade-capture", "version": 1,
//      "title": "bert-base-chinese, one sentence",
//      "axes": [{"name": "token", "kind": "query", "labels": ["[CLS]", "我", ...]},
//               {"name": "token.key", "kind": "key", "labels": [...]},
//               {"name": "layer", "kind": "layer"}, ...],
//      "tensors": [{"name": "attention", "role": "weights", "axes": ["layer", "head", "token", "token.key"],
//                   "parts": ["layer.0", "layer.1"], "causal": true},
//                  {"name": "q", "role": "query", "axes": [..., "token", "feature"], "key": "k", "scale": 0.125},
//                  {"name": "k", "role": "key", "axes": [...]}]}
//
// Kinds of axes: batch, layer, head, query, key, feature, channel, y, x, step, class. Roles: weights, scores (before softmax),
// query, key, or any other of a trace. An axis that is not in "axes" is of the kind that is its name. "parts": arrays of one
// shape that are one tensor, along its first axis (a group: the layers of a model, one array each); without them, the array of
// the tensor's own name. Of a tensor of role query: "key" names the tensor that it is compared with; "scale" replaces
// 1 / sqrt(d). "causal": a query sees no later key; the last of both stand side by side. What Saccade itself saves
// (trace.json) reads as such a text, too: every saved run opens as a capture. Arrays may lie in other files:
// io/array_shards.hpp.

/// An axis as it is described.
struct AboutAxis {
    std::string name;
    AxisKind kind = AxisKind::feature;
    std::vector<std::string> labels;  // empty: not said
};

struct AboutTensor {
    std::string name;
    std::optional<Role> role;
    std::vector<AboutAxis> axes;     // empty: not said
    std::vector<std::string> parts;  // empty: the array of its own name
    std::string key;                 // of queries
    double scale = 0;                // 0: 1 / sqrt(d)
    bool causal = false;
};

struct CaptureAbout {
    std::string title;
    std::vector<AboutTensor> tensors;

    const AboutTensor* find(const std::string& name) const;
};

/// Error{bad_format}, with the file and what is wrong; nothing said at all is no error.
CaptureAbout capture_about(const ArrayFile& file);

/// Texts for the positions of axes: one a line, or a JSON list, or {"query": [...], "key": [...]}; on a single line without
/// brackets, between blanks. Error{invalid_input} for JSON of another form; `where` begins it.
struct CaptureTokens {
    std::vector<std::string> query, key;
};
CaptureTokens capture_tokens(const std::string& text, const std::string& where);

/// "layer, head, query, key". Error{invalid_input} for what is no kind of an axis.
std::vector<AxisKind> axis_kinds_from(const std::string& text);
std::string axis_kinds_text(const std::vector<AxisKind>& kinds);

/// What of an axis is looked at: positions [begin, end) from 0.
struct CaptureRange {
    Index begin = 0, end = 0;
    Index count() const { return end - begin; }
    bool operator==(const CaptureRange&) const = default;
};
/// "layer 2, head 3-5, query 101-612": as the numbers stand on screen, from 1; the last one is meant, too.
/// Error{invalid_input}.
std::map<AxisKind, CaptureRange> capture_part_from(const std::string& text);
std::string capture_part_text(const std::map<AxisKind, CaptureRange>& part);

}  // namespace saccade
