#include "run/run_request.hpp"
#include "target.hpp"
#include "viz/export.hpp"

using namespace saccade;

/// What a PNG, SVG, PDF or HTML says of how it was made.
FUZZ_TARGET(origin) {
    const fuzz::MemoryFile file(data, size);
    return fuzz::refuses_or_reads([&] {
        const FigureOrigin origin = read_origin(file.path());
        request_from_text(origin.request);
        if (!origin.compared.empty()) request_from_text(origin.compared);
    });
}
