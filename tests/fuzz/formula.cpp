#include "trace/formula.hpp"
#include "target.hpp"

using namespace saccade;

/// The rule of a step, as a trace that was saved holds it.
FUZZ_TARGET(formula) {
    return fuzz::refuses_or_reads([&] { operands(parse_rule(fuzz::text_of(data, size))); });
}
