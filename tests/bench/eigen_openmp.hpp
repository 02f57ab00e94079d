#pragma once

/// c = a b by plain Eigen, parallel through its own OpenMP code; n x n, row-major. Lives in a library of its own: the engine
/// compiles Eigen without OpenMP, and the linker would merge both versions of Eigen's templates into one.
extern "C" void eigen_openmp_gemm(const float* a, const float* b, float* c, long n);
extern "C" void eigen_openmp_threads(int n);
