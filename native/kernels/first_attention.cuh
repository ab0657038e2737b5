#pragma once

#include "../core/operations.hpp"
#include "../core/rows.hpp"
#include "warp.cuh"

namespace sextant::kernels {

constexpr int first_attention_threads = 128;

template <int head_columns>
struct FirstAttentionShape {
  static constexpr int warps = first_attention_threads / lanes;
  /** The query; then largest score, sum and weighted values of each warp. */
  static constexpr int shared_bytes = (head_columns + warps * (2 + head_columns)) * 4;
};

/** The running softmax of one thread over its own keys. */
template <int head_columns>
struct OwnSoftmax {
  float largest = negative_infinity;
  float sum = 0.0f;
  float values[head_columns] = {};

  SEXTANT_DEVICE void rescale(float to) {
    const float shrink = largest == negative_infinity ? 0.0f : power_of_two(largest - to);
    sum *= shrink;
    SEXTANT_UNROLL
    for (int i = 0; i < head_columns; i++) values[i] *= shrink;
    largest = to;
  }

  template <class E>
  SEXTANT_DEVICE void add(const float* query, const std::uint16_t* key, const std::uint16_t* value, int head_size, float scale) {
    float score = 0.0f;
    SEXTANT_UNROLL
    for (int piece = 0; piece < head_columns / 8; piece++) {
      if (8 * piece >= head_size) continue;
      float keys[8];
      unpack<E>(load_vector(key + 8 * piece), keys);
      SEXTANT_UNROLL
      for (int i = 0; i < 8; i++) score += query[8 * piece + i] * keys[i];
    }
    score *= scale;
    if (score > largest) rescale(score);
    const float power = power_of_two(score - (largest == negative_infinity ? 0.0f : largest));
    sum += power;
    SEXTANT_UNROLL
    for (int piece = 0; piece < head_columns / 8; piece++) {
      if (8 * piece >= head_size) continue;
      float loaded[8];
      unpack<E>(load_vector(value + 8 * piece), loaded);
      SEXTANT_UNROLL
      for (int i = 0; i < 8; i++) values[8 * piece + i] += power * loaded[i];
    }
  }

  SEXTANT_DEVICE void join_warp() {
    const float joint = warp_largest(largest);
    rescale(joint == negative_infinity ? 0.0f : joint);
    largest = joint;
    sum = warp_sum(sum);
    SEXTANT_UNROLL
    for (int i = 0; i < head_columns; i++) values[i] = warp_sum(values[i]);
  }
};

/** See `FirstAttentionArguments`. Grid: sequences (x), heads (y); each thread takes every 128th key. */
template <class E, int head_columns>
__global__ void __launch_bounds__(first_attention_threads) first_attention_kernel(const FirstAttentionArguments a) {
  if constexpr (has_body<E>()) {
    using Shape = FirstAttentionShape<head_columns>;
    SEXTANT_SHARED_MEMORY(shared);
    float* query = reinterpret_cast<float*>(shared);
    float* parts = query + head_columns;
    const int sequence = static_cast<int>(blockIdx.x);
    const std::size_t column = static_cast<std::size_t>(blockIdx.y) * a.head_size;
    const int start = a.cu_seqlens[sequence];
    const int length = a.cu_seqlens[sequence + 1] - start;
    const int thread = static_cast<int>(threadIdx.x);
    if (thread < a.head_size) {
      query[thread] = E::to_float((static_cast<const std::uint16_t*>(a.query) + offset_of(sequence, a.ld_query) + column)[thread]);
    }
    __syncthreads();
    const KeyRange keys = length == 0 ? KeyRange{0, 0} : visible_keys(0, 1, length, a.window);
    OwnSoftmax<head_columns> own;
    for (int key = thread; key < keys.end; key += first_attention_threads) {
      const std::size_t at = offset_of(start + key, a.ld_input) + column;
      own.template add<E>(query, static_cast<const std::uint16_t*>(a.key) + at, static_cast<const std::uint16_t*>(a.value) + at,
                          a.head_size, a.scale * 1.4426950408889634f);
    }
    own.join_warp();
    float* part = parts + warp_index() * (2 + head_columns);
    if (lane_index() == 0) {
      part[0] = own.largest;
      part[1] = own.sum;
      SEXTANT_UNROLL
      for (int i = 0; i < head_columns; i++) part[2 + i] = own.values[i];
    }
    __syncthreads();
    if (thread >= a.head_size) return;
    float largest = negative_infinity;
    for (int warp = 0; warp < Shape::warps; warp++) largest = fmaxf(largest, parts[warp * (2 + head_columns)]);
    float sum = 0.0f;
    float value = 0.0f;
    for (int warp = 0; warp < Shape::warps; warp++) {
      const float* other = parts + warp * (2 + head_columns);
      const float share = other[0] == negative_infinity && other[1] == 0.0f ? 0.0f : power_of_two(other[0] - largest);
      sum += other[1] * share;
      value += other[2 + thread] * share;
    }
    const float result = length == 0 ? 0.0f : value / sum;
    const std::uint32_t bits = E::pack(result, 0.0f);
    (static_cast<std::uint16_t*>(a.output) + offset_of(sequence, a.ld_output) + column)[thread] = static_cast<std::uint16_t>(bits);
  }
}

}  // namespace sextant::kernels
