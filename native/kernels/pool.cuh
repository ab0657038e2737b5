#pragma once

#include "../core/operations.hpp"
#include "warp.cuh"

namespace sextant::kernels {

constexpr int pool_warps = 8;
constexpr int pool_threads = pool_warps * lanes;
/** Columns that the warps of a block sum at a time: 8 a lane. */
constexpr int pool_columns = lanes * 8;

/** The row being made, then the sums of each warp. */
inline std::size_t pool_shared_bytes(int dimension) {
  const int padded = (dimension + pool_columns - 1) / pool_columns * pool_columns;
  return static_cast<std::size_t>(padded + pool_warps * pool_columns) * 4;
}

/** Sums 256 columns of the rows `[begin, end)`, every eighth row a warp, always in the same order. */
template <class E>
SEXTANT_DEVICE void sum_columns(float* row, float* parts, const PoolArguments& a, int begin, int end, int first_column) {
  const int column = first_column + 8 * lane_index();
  float sums[8] = {};
  if (column < a.dimension) {
    for (int t = begin + warp_index(); t < end; t += pool_warps) {
      float loaded[8];
      unpack<E>(load_vector(static_cast<const std::uint16_t*>(a.input) + offset_of(t, a.ld_input) + column), loaded);
      SEXTANT_UNROLL
      for (int i = 0; i < 8; i++) sums[i] += loaded[i];
    }
  }
  SEXTANT_UNROLL
  for (int i = 0; i < 8; i++) parts[warp_index() * pool_columns + 8 * lane_index() + i] = sums[i];
  __syncthreads();
  const int thread = static_cast<int>(threadIdx.x);
  const float count = static_cast<float>(most(1, end - begin));
  float sum = 0.0f;
  for (int warp = 0; warp < pool_warps; warp++) sum += parts[warp * pool_columns + thread];
  // Past the dimension the row is 0, whatever pads the input.
  row[first_column + thread] = first_column + thread < a.dimension ? sum / count : 0.0f;
  __syncthreads();
}

/** Sum (or largest) over a block of one number a thread; every thread gets it. `parts` has room for one a warp. */
template <bool take_largest>
SEXTANT_DEVICE float block_total(float value, float* parts) {
  const float total = take_largest ? warp_largest(value) : warp_sum(value);
  if (lane_index() == 0) parts[warp_index()] = total;
  __syncthreads();
  float result = parts[0];
  for (int warp = 1; warp < pool_warps; warp++) {
    const float other = parts[warp];
    result = take_largest ? fmaxf(result, other) : result + other;
  }
  __syncthreads();
  return result;
}

template <class E>
SEXTANT_DEVICE void write_row(const float* row, const PoolArguments& a, int sequence, float scale, float largest) {
  const int thread = static_cast<int>(threadIdx.x);
  const std::size_t at = offset_of(sequence, a.ld_output);
  if (a.format == Format::sign) {
    for (int byte = thread; 8 * byte < a.dimension; byte += pool_threads) {
      std::uint32_t bits = 0;
      for (int i = 0; i < 8; i++) bits |= static_cast<std::uint32_t>(row[8 * byte + i] > 0.0f) << i;
      static_cast<std::uint8_t*>(a.output)[at + byte] = static_cast<std::uint8_t>(bits);
    }
    return;
  }
  for (int column = thread; column < a.dimension; column += pool_threads) {
    const float value = row[column] * scale;
    if (a.format == Format::f32) {
      static_cast<float*>(a.output)[at + column] = value;
    } else if (a.format == Format::element) {
      static_cast<std::uint16_t*>(a.output)[at + column] = static_cast<std::uint16_t>(E::pack(value, 0.0f));
    } else {
      const float level = rintf(row[column] / largest * 127.0f);
      // NaN, also that of a row of zeros, has no level.
      const int whole = level == level ? static_cast<int>(level) : 0;
      static_cast<std::uint8_t*>(a.output)[at + column] = static_cast<std::uint8_t>(whole);
    }
  }
}

/** See `PoolArguments`. A block a row of the result. */
template <class E>
__global__ void __launch_bounds__(pool_threads) pool_kernel(const PoolArguments a) {
  if constexpr (has_body<E>()) {
    SEXTANT_SHARED_MEMORY(shared);
    float* row = reinterpret_cast<float*>(shared);
    const int sequence = static_cast<int>(blockIdx.x);
    const int begin = a.pooling == Pooling::rows ? sequence : a.cu_seqlens[sequence];
    const int end = a.pooling == Pooling::rows ? sequence + 1 : a.cu_seqlens[sequence + 1];
    const int last = a.pooling == Pooling::mean ? end : least(begin + 1, end);
    const int padded = (a.dimension + pool_columns - 1) / pool_columns * pool_columns;
    float* parts = row + padded;
    for (int column = 0; column < a.dimension; column += pool_columns) sum_columns<E>(row, parts, a, begin, last, column);
    float squares = 0.0f;
    float peak = 0.0f;
    for (int column = static_cast<int>(threadIdx.x); column < padded; column += pool_threads) {
      squares += row[column] * row[column];
      peak = fmaxf(peak, fabsf(row[column]));
    }
    float scale = 1.0f;
    if (a.normalize != 0) {
      const float length = block_total<false>(squares, parts);
      scale = length == 0.0f ? 0.0f : 1.0f / sqrtf(length);
    }
    const float largest = a.format == Format::int8 ? block_total<true>(peak, parts) : 0.0f;
    write_row<E>(row, a, sequence, scale, largest);
  }
}

}  // namespace sextant::kernels
