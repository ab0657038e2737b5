#pragma once

#include "../core/operations.hpp"
#include "../core/rows.hpp"
#include "elements.cuh"

namespace sextant::kernels {

constexpr int convert_threads = 256;

/** A stored number. float16 is widened by its bits, so that devices without bfloat16 and those with it read both. */
SEXTANT_DEVICE float stored_number(const void* source, Element type, std::size_t index) {
  if (type == Element::f32) return static_cast<const float*>(source)[index];
  const std::uint16_t bits = static_cast<const std::uint16_t*>(source)[index];
  return type == Element::bf16 ? float_of_word(static_cast<std::uint32_t>(bits) << 16) : f16::to_float(bits);
}

/** See `ConvertArguments`. Grid: rows (x); threads go along the columns. */
template <class E>
__global__ void __launch_bounds__(convert_threads) convert_kernel(const ConvertArguments a) {
  if constexpr (has_body<E>()) {
    const int row = static_cast<int>(blockIdx.x);
    const int to = ordered_row(a.order, a.first_row + row, a.rows, a.ordered_rows, a.head_size);
    for (int column = static_cast<int>(threadIdx.x); column < a.ld_output; column += convert_threads) {
      const float value = column < a.columns ? stored_number(a.source, a.source_type, offset_of(row, a.columns) + column) : 0.0f;
      const std::size_t at = offset_of(to, a.ld_output) + column;
      if (a.float_output != 0) {
        static_cast<float*>(a.output)[at] = value;
      } else {
        static_cast<std::uint16_t*>(a.output)[at] = static_cast<std::uint16_t>(E::pack(value, 0.0f));
      }
    }
  }
}

}  // namespace sextant::kernels
