#include "trace/formula.hpp"
#include "target.hpp"

using namespace saccade;

/// The rule of a step, as a trace that was saved holds it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::refuses_or_reads([&] { operands(parse_rule(fuzz::text_of(data, size))); });
}
