#include "cli/eigen_reference.hpp"

// The engine compiles Eigen without OpenMP; here it has it. Under one name the linker would merge both versions of its
// templates, so this copy gets a namespace of its own.
#undef EIGEN_DONT_PARALLELIZE
#define Eigen EigenWithOpenMp
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // as in tensor/eigen.hpp
#include <Eigen/Core>

namespace saccade {

void eigen_reference_gemm(const float* a, const float* b, float* c, long n, int threads) {
    using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    Eigen::setNbThreads(threads);
    Eigen::Map<Matrix>(c, n, n).noalias() = Eigen::Map<const Matrix>(a, n, n) * Eigen::Map<const Matrix>(b, n, n);
}

}  // namespace saccade
