#pragma once

#include <string>
#include <vector>

#include "tensor/tensor.hpp"

namespace saccade {

constexpr float largest_intervention = 1e9f;  // products of it with what a model computes stay finite

/// A change made to a tensor at its probe point, before anything downstream sees it. Applied in order.
struct Intervention {
    enum class Kind {
        set,    // cells = value; in a tensor of role weights the rest of each touched row is rescaled so that the row sums to 1
        scale,  // cells *= value; no renormalisation (to ablate or boost heads)
        replace,  // cells = array (same shape as the selected block)
        freeze,   // as replace, but the run may have become longer or shorter: see Probe
    };
    Kind kind = Kind::set;
    std::string tensor;
    std::vector<Index> index;  // over the full tensor as recorded; -1: all of that axis. Fewer than the rank: the rest is "all"
    float value = 0;
    Tensor<float> array;       // replace and freeze only
    std::string array_source;  // the file that it is read from, "file.npz:weights[2,1]"; empty: `array` is all there is
    std::string origin;        // said on screen of an array without a file: "B"; not in the spec
    bool enabled = true;

    bool takes_array() const { return kind == Kind::replace || kind == Kind::freeze; }
    bool operator==(const Intervention& other) const;
};

/// The command line's and the session's form:
///   weights[5,9]=0.2       set and renormalise the row
///   weights[2,1]*=0        scale: ablates head 1 of layer 2
///   context[3,:]=0         zero (set does not renormalise other roles)
///   mask[:,3,5]=-inf       hide a key; 0 shows it again. Other roles take finite values only
///   weights=@f.npz:name    replace by an array in a file (path may be relative to `base_folder`); also @f.npy
///   weights[2,1]=@f.npz:name[2,1]    by a block of it
///   weights~=@f.npz:name   freeze
///   weights~=@data:2x3:BASE64        the array itself, little-endian float32: what was frozen in the window
/// A file is not read here (the trace knows no files): run() fills `array` from `array_source`.
/// Error{usage} says what is wrong where in the text.
Intervention parse_intervention(const std::string& spec, const std::string& base_folder = {});
std::string to_string(const Intervention& intervention);
/// The same for people: an array without a file is its shape alone.
std::string brief(const Intervention& intervention);

/// "f.npz:name[2,:]" is the file's array and which block of it.
struct ArraySource {
    std::string array;
    std::vector<Index> index;
};
/// Error{usage} if the brackets hold anything but indices.
ArraySource split_array_source(const std::string& text);

}  // namespace saccade
