#include "io/npz.hpp"
#include "target.hpp"

using namespace saccade;

FUZZ_TARGET(npy) {
    const fuzz::MemoryFile file(data, size);
    return fuzz::refuses_or_reads([&] { read_npy<float>(file.path(), {.elements = 1 << 20}); });
}
