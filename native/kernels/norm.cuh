#pragma once

#include "../core/operations.hpp"
#include "warp.cuh"

namespace sextant::kernels {

constexpr int norm_warps = 4;
/** Widest row a warp holds in registers: 8 columns a lane, so many times over. */
constexpr int norm_max_pieces = 8;
constexpr int norm_max_width = norm_max_pieces * lanes * 8;

/** Pieces of 8 columns a lane holds for rows of this width. */
inline int norm_pieces(int width) { return (width + lanes * 8 - 1) / (lanes * 8); }

/** Columns of a row a lane has: piece p is columns `8 (32 p + lane)` and the seven after; what lies past the width is 0. */
template <int pieces>
struct RowPieces {
  float values[pieces][8];

  SEXTANT_DEVICE static int column(int piece) { return 8 * (lanes * piece + lane_index()); }

  SEXTANT_DEVICE void clear() {
    SEXTANT_UNROLL
    for (int p = 0; p < pieces; p++) {
      SEXTANT_UNROLL
      for (int i = 0; i < 8; i++) values[p][i] = 0.0f;
    }
  }

  template <class E>
  SEXTANT_DEVICE void add(const void* matrix, int row, int ld, int width) {
    const std::uint16_t* source = static_cast<const std::uint16_t*>(matrix) + offset_of(row, ld);
    SEXTANT_UNROLL
    for (int p = 0; p < pieces; p++) {
      if (column(p) >= width) continue;
      float loaded[8];
      unpack<E>(load_vector(source + column(p)), loaded);
      SEXTANT_UNROLL
      for (int i = 0; i < 8; i++) {
        // A select, not a product: what pads the row may be NaN.
        if (column(p) + i < width) values[p][i] += loaded[i];
      }
    }
  }

  /** Mean and then variance from values that stay in registers: no difference of large squares. */
  SEXTANT_DEVICE void normalize(int width, const float* weight, const float* bias, float epsilon) {
    float sum = 0.0f;
    SEXTANT_UNROLL
    for (int p = 0; p < pieces; p++) {
      SEXTANT_UNROLL
      for (int i = 0; i < 8; i++) sum += values[p][i];
    }
    const float mean = warp_sum(sum) / static_cast<float>(width);
    float squares = 0.0f;
    SEXTANT_UNROLL
    for (int p = 0; p < pieces; p++) {
      SEXTANT_UNROLL
      for (int i = 0; i < 8; i++) {
        values[p][i] -= mean;
        if (column(p) + i < width) squares += values[p][i] * values[p][i];
      }
    }
    const float scale = 1.0f / sqrtf(warp_sum(squares) / static_cast<float>(width) + epsilon);
    SEXTANT_UNROLL
    for (int p = 0; p < pieces; p++) {
      SEXTANT_UNROLL
      for (int i = 0; i < 8; i++) {
        const int at = column(p) + i;
        if (at < width) values[p][i] = values[p][i] * scale * weight[at] + (bias != nullptr ? bias[at] : 0.0f);
      }
    }
  }

  template <class E>
  SEXTANT_DEVICE void store(void* matrix, int row, int ld, int width) const {
    std::uint16_t* target = static_cast<std::uint16_t*>(matrix) + offset_of(row, ld);
    SEXTANT_UNROLL
    for (int p = 0; p < pieces; p++) {
      if (column(p) < width) store_vector(target + column(p), pack<E>(values[p]));
    }
  }
};

SEXTANT_DEVICE int row_of_warp() { return static_cast<int>(blockIdx.x) * norm_warps + warp_index(); }

/** See `NormArguments`. A warp a row. */
template <class E, int pieces>
__global__ void __launch_bounds__(norm_warps * lanes) norm_kernel(const NormArguments a) {
  if constexpr (has_body<E>()) {
    const int row = row_of_warp();
    if (row >= a.rows) return;
    RowPieces<pieces> x;
    x.clear();
    x.template add<E>(a.input, row, a.ld_input, a.width);
    x.normalize(a.width, a.weight, a.bias, a.epsilon);
    x.template store<E>(a.output, row, a.ld_output, a.width);
  }
}

/** See `EmbedArguments`. A warp a token. */
template <class E, int pieces>
__global__ void __launch_bounds__(norm_warps * lanes) embed_kernel(const EmbedArguments a) {
  if constexpr (has_body<E>()) {
    const int token = row_of_warp();
    if (token >= a.tokens) return;
    RowPieces<pieces> x;
    x.clear();
    x.template add<E>(a.token_table, a.ids[token], a.ld_table, a.width);
    if (a.position_table != nullptr) {
      x.template add<E>(a.position_table, a.position_offset + a.positions[token], a.ld_table, a.width);
    }
    if (a.type_table != nullptr) x.template add<E>(a.type_table, a.types[token], a.ld_table, a.width);
    if (a.norm_weight != nullptr) x.normalize(a.width, a.norm_weight, a.norm_bias, a.epsilon);
    x.template store<E>(a.output, token, a.ld_output, a.width);
  }
}

}  // namespace sextant::kernels
