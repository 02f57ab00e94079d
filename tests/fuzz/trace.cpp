#include "run/trace_file.hpp"
#include "target.hpp"
#include "trace/claims.hpp"

using namespace saccade;

/// A run as it was saved. Its arrays and its trace.json contradict each other as they like.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const fuzz::MemoryFile file(data, size);
    return fuzz::refuses_or_reads([&] {
        RunRequest request;
        check_claims(load_trace(file.path(), &request), 2);
    });
}
