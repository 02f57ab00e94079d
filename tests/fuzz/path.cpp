#include "base/path_text.hpp"
#include "target.hpp"

using namespace saccade;

/// A path as it is typed, pasted or dropped.
FUZZ_TARGET(path) {
    is_hidden(path_from_text(fuzz::text_of(data, size)));
    return 0;
}
