#include "target.hpp"
#include "train/training_file.hpp"

using namespace saccade;

FUZZ_TARGET(training) {
    const fuzz::MemoryFile file(data, size);
    return fuzz::refuses_or_reads([&] { read_training_file(file.path()); });
}
