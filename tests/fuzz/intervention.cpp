#include "trace/intervention.hpp"
#include "target.hpp"

using namespace saccade;

FUZZ_TARGET(intervention) {
    return fuzz::refuses_or_reads([&] {
        const Intervention read = parse_intervention(fuzz::text_of(data, size));
        brief(read);
        if (!read.array_source.empty()) split_array_source(read.array_source);
        const std::string written = to_string(read);
        fuzz::require(to_string(parse_intervention(written)) == written, "an intervention changes as it is written");
    });
}
