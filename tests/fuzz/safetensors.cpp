#include "io/safetensors.hpp"
#include "target.hpp"

using namespace saccade;

FUZZ_TARGET(safetensors) {
    const fuzz::MemoryFile file(data, size);
    return fuzz::refuses_or_reads([&] {
        std::map<std::string, std::string> metadata;
        read_safetensors(file.path(), &metadata);
        fuzz::require(read_safetensors_metadata(file.path()) == metadata, "two readings differ");
    });
}
