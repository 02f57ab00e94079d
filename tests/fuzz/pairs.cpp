#include "target.hpp"
#include "train/translation_data.hpp"

using namespace saccade;

FUZZ_TARGET(pairs) {
    const fuzz::MemoryFile file(data, size);
    return fuzz::refuses_or_reads([&] { read_translation_data(file.path()); });
}
