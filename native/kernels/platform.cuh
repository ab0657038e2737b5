#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#if defined(SEXTANT_EMULATION)
#include "../core/half.hpp"
#include "../emulation/simt.hpp"
/** The block's shared memory, whose size the launch gives. */
#define SEXTANT_SHARED_MEMORY(name) unsigned char* const name = ::sextant::simt::shared_memory()
#define SEXTANT_DEVICE inline
#define SEXTANT_UNROLL
#define SEXTANT_NO_UNROLL
#else
#include <cuda_runtime.h>
#define SEXTANT_SHARED_MEMORY(name) extern __shared__ __align__(1024) unsigned char name[]
#define SEXTANT_DEVICE __device__ __forceinline__
#define SEXTANT_UNROLL _Pragma("unroll")
#define SEXTANT_NO_UNROLL _Pragma("unroll 1")
#endif

namespace sextant::kernels {

constexpr int lanes = 32;

/**
 * True where a kernel of this element has a body: float16 on sm_75, bfloat16 from sm_80 on. The other one is empty there
 * and never launched.
 */
template <class E>
SEXTANT_DEVICE constexpr bool has_body() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
  return sizeof(E) > 0 && E::on_sm75;
#elif defined(__CUDA_ARCH__)
  return sizeof(E) > 0 && !E::on_sm75;
#else
  return sizeof(E) > 0;
#endif
}

SEXTANT_DEVICE int lane_index() { return static_cast<int>(threadIdx.x) % lanes; }
SEXTANT_DEVICE int warp_index() { return static_cast<int>(threadIdx.x) / lanes; }

SEXTANT_DEVICE int least(int a, int b) { return a < b ? a : b; }
SEXTANT_DEVICE int most(int a, int b) { return a > b ? a : b; }

constexpr float negative_infinity = -INFINITY;

/** 2^x with an error of two units in the last place; subnormal results are 0. */
SEXTANT_DEVICE float power_of_two(float x) {
#if defined(SEXTANT_EMULATION)
  return std::exp2(x);
#elif defined(__CUDA_ARCH__)
  float power;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(x));
  return power;
#else
  return x;
#endif
}

}  // namespace sextant::kernels
