#include "eigen_openmp.hpp"

#include <Eigen/Core>

#ifndef _OPENMP
#error "compile with OpenMP: this is the reference for Eigen at its best"
#endif

namespace {
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
}

extern "C" __attribute__((visibility("default"))) void eigen_openmp_gemm(const float* a, const float* b, float* c, long n) {
    Eigen::Map<Matrix>(c, n, n).noalias() = Eigen::Map<const Matrix>(a, n, n) * Eigen::Map<const Matrix>(b, n, n);
}

extern "C" __attribute__((visibility("default"))) void eigen_openmp_threads(int n) {
    Eigen::setNbThreads(n);
}
