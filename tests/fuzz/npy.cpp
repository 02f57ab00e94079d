#include "io/npz.hpp"
#include "target.hpp"

using namespace saccade;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const fuzz::MemoryFile file(data, size);
    return fuzz::refuses_or_reads([&] { read_npy<float>(file.path(), {.elements = 1 << 20}); });
}
