#pragma once

#include "../core/operations.hpp"
#include "platform.cuh"

namespace sextant::kernels {

SEXTANT_DEVICE float activate(float x, Activation activation) {
  switch (activation) {
    case Activation::gelu: return 0.5f * x * (1.0f + erff(x * 0.70710678118654752f));
    // Hendrycks & Gimpel 2016, the tanh approximation.
    case Activation::gelu_tanh: return 0.5f * x * (1.0f + tanhf(0.79788456080286536f * (x + 0.044715f * x * x * x)));
    case Activation::silu: return x / (1.0f + expf(-x));
    // NaN stays NaN.
    case Activation::relu: return x < 0.0f ? 0.0f : x;
    case Activation::tanh: return tanhf(x);
  }
  return x;
}

}  // namespace sextant::kernels
