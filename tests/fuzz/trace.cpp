#include "run/trace_file.hpp"
#include "target.hpp"
#include "trace/claims.hpp"

using namespace saccade;

/// A run as it was saved. Its arrays and its trace.json contradict each other as they like.
FUZZ_TARGET(trace) {
    const fuzz::MemoryFile file(data, size);
    return fuzz::refuses_or_reads([&] {
        RunRequest request;
        check_claims(load_trace(file.path(), &request), 2);
    });
}
