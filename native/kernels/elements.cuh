#pragma once

#include "platform.cuh"

namespace sextant::kernels {

SEXTANT_DEVICE float float_of_word(std::uint32_t bits) {
#if defined(SEXTANT_EMULATION)
  return float_of_bits(bits);
#else
  return __uint_as_float(bits);
#endif
}

/** bfloat16: float32's exponent, 8 bits of precision. */
struct bf16 {
  static constexpr bool on_sm75 = false;

  SEXTANT_DEVICE static float to_float(std::uint16_t x) { return float_of_word(static_cast<std::uint32_t>(x) << 16); }

  SEXTANT_DEVICE static float low(std::uint32_t pair) { return float_of_word(pair << 16); }
  SEXTANT_DEVICE static float high(std::uint32_t pair) { return float_of_word(pair & 0xffff0000u); }

  /** `first` in the low half, rounded to nearest. */
  SEXTANT_DEVICE static std::uint32_t pack(float first, float second) {
#if defined(SEXTANT_EMULATION)
    return bf16_of_float(first) | static_cast<std::uint32_t>(bf16_of_float(second)) << 16;
#elif defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    std::uint32_t pair;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(second), "f"(first));
    return pair;
#else
    return 0;
#endif
  }
};

/** float16: 11 bits of precision; what exceeds its range becomes its largest value, so that outliers do not turn to NaN. */
struct f16 {
  static constexpr bool on_sm75 = true;
  static constexpr float largest = 65504.0f;

  SEXTANT_DEVICE static float to_float(std::uint16_t x) {
#if defined(SEXTANT_EMULATION)
    return float_of_f16(x);
#elif defined(__CUDA_ARCH__)
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(x));
    return value;
#else
    return 0;
#endif
  }

  SEXTANT_DEVICE static float low(std::uint32_t pair) { return to_float(static_cast<std::uint16_t>(pair)); }
  SEXTANT_DEVICE static float high(std::uint32_t pair) { return to_float(static_cast<std::uint16_t>(pair >> 16)); }

  SEXTANT_DEVICE static std::uint32_t pack(float first, float second) { return bits(first) | bits(second) << 16; }

 private:
  SEXTANT_DEVICE static std::uint32_t bits(float x) {
    // Written so that NaN stays NaN.
    const float bounded = x > largest ? largest : x < -largest ? -largest : x;
#if defined(SEXTANT_EMULATION)
    return f16_of_float(bounded);
#elif defined(__CUDA_ARCH__)
    std::uint16_t half;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(half) : "f"(bounded));
    return half;
#else
    return 0;
#endif
  }
};

/** Eight neighbours, 16 bytes. */
template <class E>
SEXTANT_DEVICE void unpack(const uint4& vector, float (&values)[8]) {
  const std::uint32_t pairs[4] = {vector.x, vector.y, vector.z, vector.w};
  SEXTANT_UNROLL
  for (int i = 0; i < 4; i++) {
    values[2 * i] = E::low(pairs[i]);
    values[2 * i + 1] = E::high(pairs[i]);
  }
}

template <class E>
SEXTANT_DEVICE uint4 pack(const float (&values)[8]) {
  uint4 vector;
  vector.x = E::pack(values[0], values[1]);
  vector.y = E::pack(values[2], values[3]);
  vector.z = E::pack(values[4], values[5]);
  vector.w = E::pack(values[6], values[7]);
  return vector;
}

SEXTANT_DEVICE uint4 load_vector(const void* address) { return *static_cast<const uint4*>(address); }
SEXTANT_DEVICE void store_vector(void* address, const uint4& vector) { *static_cast<uint4*>(address) = vector; }

SEXTANT_DEVICE std::size_t offset_of(int row, int ld) { return static_cast<std::size_t>(row) * static_cast<std::size_t>(ld); }

}  // namespace sextant::kernels
