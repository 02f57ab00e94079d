#include "cli/eigen_reference.hpp"

// The engine compiles Eigen without OpenMP; here it has it. Under one name the linker would merge both versions of its
// templates, so this copy gets a namespace of its own.
#undef EIGEN_DONT_PARALLELIZE
#define Eigen EigenWithOpenMp
#ifdef __GNUC__
#pragma GCC diagnostic ignored "-Wuninitialized"  // as in tensor/simd.hpp
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // as in tensor/eigen.hpp
#endif
#endif
#include <Eigen/Core>

namespace saccade {

void eigen_reference_gemm(const float* a, const float* b, float* c, long m, long n, long k, bool transpose_b, int threads) {
    using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    Eigen::setNbThreads(threads);
    const Eigen::Map<const Matrix> left(a, m, k);
    Eigen::Map<Matrix> result(c, m, n);
    if (transpose_b) {
        result.noalias() = left * Eigen::Map<const Matrix>(b, n, k).transpose();
    } else {
        result.noalias() = left * Eigen::Map<const Matrix>(b, k, n);
    }
}

}  // namespace saccade
