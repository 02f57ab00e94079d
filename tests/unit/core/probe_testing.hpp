#pragma once

#include "trace/observer.hpp"

namespace saccade::test {

/// Shows a tensor as model code does, through an observer: row i of it (< 0: the whole).
inline Tensor<float> show_row(Probe& probe, const ProbeSite& site, Index i, const Tensor<float>& values, const How& how = {},
                              const std::vector<Parameter>& parameters = {}) {
    return Observer(probe).row(i)(site.name, values, [&] {
        return Shown{.role = site.role,
                     .symbol = site.symbol,
                     .title = site.title,
                     .unit = site.unit,
                     .axes = site.axes,
                     .step = how,
                     .parameters = parameters};
    });
}
inline Tensor<float> show_whole(Probe& probe, const ProbeSite& site, const Tensor<float>& values) {
    return show_row(probe, site, -1, values);
}

}  // namespace saccade::test
