#pragma once

#include <string>
#include <vector>

#include "tensor/tensor.hpp"

namespace saccade {

/// A change made to a tensor at its probe point, before anything downstream sees it. Applied in order.
struct Intervention {
    enum class Kind {
        set,    // cells = value; in a tensor of role weights the rest of each touched row is rescaled so that the row sums to 1
        scale,  // cells *= value; no renormalisation (to ablate or boost heads)
        replace,  // cells = array (same shape as the selected block)
    };
    Kind kind = Kind::set;
    std::string tensor;
    std::vector<Index> index;  // over the full tensor as recorded; -1: all of that axis. Fewer than the rank: the rest is "all"
    float value = 0;
    Tensor<float> array;       // replace only
    std::string array_source;  // where it came from ("file.npz:weights"), for the spec and the list on screen
    bool enabled = true;

    bool operator==(const Intervention& other) const;
};

/// The command line's and the session's form:
///   weights[5,9]=0.2      set and renormalise the row
///   weights[5,:]*=0.5     scale
///   context[3,:]=0        zero (set does not renormalise other roles)
///   weights=@f.npz:name   replace by an array in a file (path may be relative to `base_folder`); also @f.npy
/// A replacement's file is not read here (the trace knows no files): run() fills `array` from `array_source`.
/// Error{usage} says what is wrong where in the text.
Intervention parse_intervention(const std::string& spec, const std::string& base_folder = {});
std::string to_string(const Intervention& intervention);

}  // namespace saccade
