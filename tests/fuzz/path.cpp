#include "base/path_text.hpp"
#include "target.hpp"

using namespace saccade;

/// A path as it is typed, pasted or dropped.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    is_hidden(path_from_text(fuzz::text_of(data, size)));
    return 0;
}
