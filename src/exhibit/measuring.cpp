#include "exhibit/measuring.hpp"

namespace saccade {

void refuse_before_measuring(const RunContext& context, const std::function<void(Probe&)>& record) {
    if (context.interventions.empty()) return;
    Probe empty({}, context.interventions);
    record(empty);
    empty.finish();
}

}  // namespace saccade
