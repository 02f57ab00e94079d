#pragma once

namespace saccade {

/// c [m, n] = a [m, k] b [k, n], or b [n, k] transposed, by plain Eigen at its best here: row-major, parallel by Eigen's own
/// OpenMP code on `threads` threads.
void eigen_reference_gemm(const float* a, const float* b, float* c, long m, long n, long k, bool transpose_b, int threads);

}  // namespace saccade
