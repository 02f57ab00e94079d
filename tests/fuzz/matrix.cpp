#include "params/matrix_text.hpp"
#include "target.hpp"

using namespace saccade;

FUZZ_TARGET(matrix) {
    return fuzz::refuses_or_reads([&] {
        const Tensor<float> matrix = matrix_from_text(fuzz::text_of(data, size));
        fuzz::require(matrix.shape().rank() == 2, "a matrix has two axes");
        const Tensor<float> again = matrix_from_text(matrix_to_text(matrix));
        fuzz::require(again.shape() == matrix.shape(), "a matrix changes as it is written");
    });
}
