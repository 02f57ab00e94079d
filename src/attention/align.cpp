#include "attention/align.hpp"

#include "attention/align_common.hpp"
#include "base/error.hpp"

namespace saccade {

const std::vector<AlignFunction>& align_functions() {
#define SACCADE_CALL(id) id##_align_function(),
    static const std::vector<AlignFunction> all = {SACCADE_ALIGN_FUNCTIONS(SACCADE_CALL)};
#undef SACCADE_CALL
    return all;
}

const AlignFunction& align_function(const std::string& id) {
    std::string known;
    for (const AlignFunction& candidate : align_functions()) {
        if (candidate.id == id) return candidate;
        known += (known.empty() ? "" : ", ") + candidate.id;
    }
    throw Error(ErrorCode::usage, "there is no alignment function '" + id + "'", "choose one of: " + known);
}

template <>
std::unique_ptr<Align<float>> make_align(const AlignSettings& settings, const FunctionParameters<float>& parameters) {
    return align_function(settings.function).make(settings, parameters);
}
template <>
std::unique_ptr<Align<double>> make_align(const AlignSettings& settings, const FunctionParameters<double>& parameters) {
    return align_function(settings.function).make_double(settings, parameters);
}

}  // namespace saccade
