#pragma once

#include <type_traits>

#include "../core/operations.hpp"
#include "platform.cuh"

namespace sextant::kernels {

template <Activation activation>
SEXTANT_DEVICE float activate(float x) {
  if constexpr (activation == Activation::gelu) return 0.5f * x * (1.0f + erff(x * 0.70710678118654752f));
  // Hendrycks & Gimpel 2016, the tanh approximation.
  if constexpr (activation == Activation::gelu_tanh) {
    return 0.5f * x * (1.0f + tanhf(0.79788456080286536f * (x + 0.044715f * x * x * x)));
  }
  if constexpr (activation == Activation::silu) return x / (1.0f + expf(-x));
  // NaN stays NaN.
  if constexpr (activation == Activation::relu) return x < 0.0f ? 0.0f : x;
  if constexpr (activation == Activation::tanh) return tanhf(x);
  return x;
}

/** Calls `run` with the activation as a constant: chosen once, so that the elements of a row are computed beside each other. */
template <class Run>
SEXTANT_DEVICE void with_activation(Activation activation, Run run) {
  switch (activation) {
    case Activation::gelu: return run(std::integral_constant<Activation, Activation::gelu>{});
    case Activation::gelu_tanh: return run(std::integral_constant<Activation, Activation::gelu_tanh>{});
    case Activation::silu: return run(std::integral_constant<Activation, Activation::silu>{});
    case Activation::relu: return run(std::integral_constant<Activation, Activation::relu>{});
    case Activation::tanh: return run(std::integral_constant<Activation, Activation::tanh>{});
  }
}

}  // namespace sextant::kernels
