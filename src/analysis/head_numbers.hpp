#pragma once

#include <functional>
#include <string>

#include "analysis/attention.hpp"

namespace saccade {

/// One number per head: the mean over the rows with any weight of `value(row, i, sum)`, where `sum` is that of the row's
/// positive cells; 0 if there is no such row. [layers, heads], without the axes that the source lacks.
using RowValue = std::function<double(const float* row, Index i, double sum)>;
struct HeadNumbers {
    Tensor<float> values;
    bool every_row = true;  // each had some weight
};
HeadNumbers mean_over_rows(const Attention& a, const RowValue& value);

/// The rule's right side: the mean over i of `row`, rows without weight (sum `total` of 0) left out where there are any.
std::string mean_over_rows_rule(const std::string& row, const std::string& total, bool every_row);
/// A cell that counts as 0 unless it is positive: "@[l,h,i,j]" itself for weights.
std::string positive_cell(const Attention& a, const TraceTensor& source);

bool accepts_weights(const Trace& trace, const TraceTensor& tensor);

}  // namespace saccade
