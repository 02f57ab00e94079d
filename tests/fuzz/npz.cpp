#include "io/npz.hpp"
#include "target.hpp"

using namespace saccade;

FUZZ_TARGET(npz) {
    const fuzz::MemoryFile file(data, size);
    fuzz::refuses_or_reads([&] { read_npz<float>(file.path(), {.elements = 1 << 20}); });
    return fuzz::refuses_or_reads([&] { read_npz_text(file.path(), "trace.json"); });
}
