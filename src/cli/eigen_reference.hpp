#pragma once

namespace saccade {

/// c = a b by plain Eigen at its best here: row-major, n x n, parallel by Eigen's own OpenMP code on `threads` threads.
void eigen_reference_gemm(const float* a, const float* b, float* c, long n, int threads);

}  // namespace saccade
