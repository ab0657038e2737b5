#pragma once

#include "../core/operations.hpp"
#include "activate.cuh"
#include "warp.cuh"

namespace sextant::kernels {

/** How a matrix product is cut: a block makes `block_rows × block_columns` in steps of `step` along k, `stages` in flight. */
template <int block_rows_, int block_columns_, int step_, int warps_down_, int warps_across_, int stages_>
struct LinearShape {
  static constexpr int block_rows = block_rows_;
  static constexpr int block_columns = block_columns_;
  static constexpr int step = step_;
  static constexpr int warps_across = warps_across_;
  static constexpr int stages = stages_;
  static constexpr int warps = warps_down_ * warps_across_;
  static constexpr int threads = lanes * warps;
  static constexpr int warp_rows = block_rows / warps_down_;
  static constexpr int warp_columns = block_columns / warps_across_;
  static constexpr int row_blocks = warp_rows / 16;
  static constexpr int column_blocks = warp_columns / 8;
  static constexpr int left_bytes = block_rows * step * 2;
  static constexpr int stage_bytes = left_bytes + block_columns * step * 2;
  /** Floats between rows of a warp's 16 finished rows; 4 more than the columns, so that rows start in different banks. */
  static constexpr int slab_ld = warp_columns + 4;
  static constexpr int slab_bytes = 16 * slab_ld * 4;
  static constexpr int pipeline_bytes = stages * stage_bytes;
  static constexpr int shared_bytes = pipeline_bytes > warps * slab_bytes ? pipeline_bytes : warps * slab_bytes;
  static_assert(warp_rows % 16 == 0 && warp_columns % 16 == 0, "warps work on blocks of 16 by 16");
};

using LargeShape = LinearShape<128, 128, 32, 2, 2, 4>;
using MediumShape = LinearShape<64, 64, 64, 2, 2, 3>;
using SmallShape = LinearShape<64, 32, 64, 4, 1, 4>;

enum class LinearSize { small, medium, large };

/** The largest cut that still gives every multiprocessor something to do. Sums are the same bits with each. */
inline LinearSize linear_size(int rows, int columns, int multiprocessors) {
  const auto blocks = [&](int height, int width) {
    return static_cast<long long>((rows + height - 1) / height) * ((columns + width - 1) / width);
  };
  if (blocks(128, 128) >= multiprocessors) return LinearSize::large;
  if (rows > 64 && blocks(64, 64) >= multiprocessors / 2) return LinearSize::medium;
  return LinearSize::small;
}

/** Copies rows `[first_row, +tile_rows)`, columns `[first_k, +columns)` of a matrix into a tile; what lies outside becomes 0. */
template <int tile_rows, int columns, int threads>
SEXTANT_DEVICE void copy_tile(unsigned char* tile, const std::uint16_t* matrix, int ld, int first_row, int rows, int first_k,
                              int inner) {
  constexpr int pieces = columns / 8;
  constexpr int rounds = tile_rows * pieces / threads;
  static_assert(tile_rows * pieces % threads == 0, "every thread copies as much");
  SEXTANT_UNROLL
  for (int round = 0; round < rounds; round++) {
    const int index = round * threads + static_cast<int>(threadIdx.x);
    const int row = index / pieces;
    const int piece = index % pieces;
    const int k = first_k + 8 * piece;
    const int left = first_row + row < rows ? most(0, least(8, inner - k)) : 0;
    const std::uint16_t* source = left > 0 ? matrix + offset_of(first_row + row, ld) + k : matrix;
    copy_async(tile + tile_offset<columns>(row, piece), source, 2 * left);
  }
}

/** Adds the products of one step along k to a warp's sums. */
template <class E, class Shape>
SEXTANT_DEVICE void multiply_step(float (&sums)[Shape::row_blocks][Shape::column_blocks][4], const unsigned char* stage,
                                  int warp_row, int warp_column) {
  const unsigned char* right_tile = stage + Shape::left_bytes;
  SEXTANT_UNROLL
  for (int step = 0; step < Shape::step / 16; step++) {
    std::uint32_t left[Shape::row_blocks][4];
    SEXTANT_UNROLL
    for (int m = 0; m < Shape::row_blocks; m++) load_left<Shape::step>(left[m], stage, warp_row + 16 * m, step);
    SEXTANT_UNROLL
    for (int n = 0; n < Shape::column_blocks; n += 2) {
      std::uint32_t right[4];
      load_right<Shape::step>(right, right_tile, warp_column + 8 * n, step);
      SEXTANT_UNROLL
      for (int m = 0; m < Shape::row_blocks; m++) {
        multiply_add<E>(sums[m][n], left[m], right[0], right[1]);
        multiply_add<E>(sums[m][n + 1], left[m], right[2], right[3]);
      }
    }
  }
}

/** Eight neighbouring sums of one row → eight (or four) output elements. `count` columns are there. */
template <class E>
SEXTANT_DEVICE void finish(float (&x)[8], const LinearArguments& a, int row, int column, int count) {
  if (a.bias != nullptr) {
    SEXTANT_UNROLL
    for (int i = 0; i < 8; i++) x[i] += i < count ? a.bias[column + i] : 0.0f;
  }
  if (a.epilogue == Epilogue::residual) {
    float residual[8];
    unpack<E>(load_vector(static_cast<const std::uint16_t*>(a.residual) + offset_of(row, a.ld_residual) + column), residual);
    SEXTANT_UNROLL
    for (int i = 0; i < 8; i++) x[i] += residual[i];
  } else if (a.epilogue == Epilogue::activation) {
    SEXTANT_UNROLL
    for (int i = 0; i < 8; i++) x[i] = activate(x[i], a.activation);
  } else if (a.epilogue == Epilogue::gated) {
    SEXTANT_UNROLL
    for (int i = 0; i < 4; i++) x[i] = activate(x[2 * i], a.activation) * x[2 * i + 1];
  } else if (a.epilogue == Epilogue::rotary && column < a.rotary_columns) {
    const int half = a.head_size / 2;
    const float* turns = a.rotary_table + 2 * (offset_of(a.positions[row], half) + column % a.head_size / 2);
    SEXTANT_UNROLL
    for (int i = 0; i < 4; i++) {
      const float cosine = turns[2 * i];
      const float sine = turns[2 * i + 1];
      const float first = x[2 * i];
      const float second = x[2 * i + 1];
      x[2 * i] = first * cosine - second * sine;
      x[2 * i + 1] = second * cosine + first * sine;
    }
  }
}

/** Writes what `finish` made: 16 bytes at once (gated 8), or one by one at the right edge. */
template <class E>
SEXTANT_DEVICE void write_finished(const float (&x)[8], const LinearArguments& a, int row, int column, int count) {
  const bool gated = a.epilogue == Epilogue::gated;
  const std::size_t at = offset_of(row, a.ld_output) + (gated ? column / 2 : column);
  if (a.float_output != 0) {
    float* output = static_cast<float*>(a.output) + at;
    SEXTANT_UNROLL
    for (int i = 0; i < 8; i++) {
      if (i < count) output[i] = x[i];
    }
    return;
  }
  std::uint16_t* output = static_cast<std::uint16_t*>(a.output) + at;
  const uint4 vector = pack<E>(x);
  if (count == 8 && gated) {
    uint2 half;
    half.x = vector.x;
    half.y = vector.y;
    *reinterpret_cast<uint2*>(output) = half;
  } else if (count == 8) {
    store_vector(output, vector);
  } else {
    const std::uint32_t pairs[4] = {vector.x, vector.y, vector.z, vector.w};
    SEXTANT_UNROLL
    for (int i = 0; i < 8; i++) {
      if (i < (gated ? count / 2 : count)) output[i] = static_cast<std::uint16_t>(pairs[i / 2] >> 16 * (i % 2));
    }
  }
}

/**
 * A warp's sums → output. Sixteen rows at a time go through the warp's own slab of shared memory, so that a lane gets eight
 * neighbours of one row: epilogues then work on whole pairs and memory is written 16 bytes at a time.
 */
template <class E, class Shape>
SEXTANT_DEVICE void write_sums(const float (&sums)[Shape::row_blocks][Shape::column_blocks][4], unsigned char* shared,
                               const LinearArguments& a, int first_row, int first_column) {
  float* slab = reinterpret_cast<float*>(shared + warp_index() * Shape::slab_bytes);
  const int lane = lane_index();
  SEXTANT_UNROLL
  for (int m = 0; m < Shape::row_blocks; m++) {
    sync_warp();
    SEXTANT_UNROLL
    for (int n = 0; n < Shape::column_blocks; n++) {
      SEXTANT_UNROLL
      for (int half = 0; half < 2; half++) {
        float2 pair;
        pair.x = sums[m][n][2 * half];
        pair.y = sums[m][n][2 * half + 1];
        *reinterpret_cast<float2*>(slab + (lane / 4 + 8 * half) * Shape::slab_ld + 8 * n + 2 * (lane % 4)) = pair;
      }
    }
    sync_warp();
    constexpr int pieces = Shape::warp_columns / 8;
    SEXTANT_NO_UNROLL
    for (int index = lane; index < 16 * pieces; index += lanes) {
      const int row = first_row + 16 * m + index / pieces;
      const int column = first_column + 8 * (index % pieces);
      const int count = least(8, a.columns - column);
      if (row >= a.rows || count <= 0) continue;
      const float4* source = reinterpret_cast<const float4*>(slab + index / pieces * Shape::slab_ld + 8 * (index % pieces));
      const float4 lower = source[0];
      const float4 upper = source[1];
      float x[8] = {lower.x, lower.y, lower.z, lower.w, upper.x, upper.y, upper.z, upper.w};
      finish<E>(x, a, row, column, count);
      write_finished<E>(x, a, row, column, count);
    }
  }
}

/** Begins to copy what a step along k multiplies into the step's stage: rows of the input, and behind them rows of the weight. */
template <class Shape>
SEXTANT_DEVICE void copy_stage(unsigned char* shared, const LinearArguments& a, int first_row, int first_column, int step) {
  unsigned char* stage = shared + step % Shape::stages * Shape::stage_bytes;
  const int k = step * Shape::step;
  copy_tile<Shape::block_rows, Shape::step, Shape::threads>(stage, static_cast<const std::uint16_t*>(a.input), a.ld_input,
                                                            first_row, a.rows, k, a.inner);
  copy_tile<Shape::block_columns, Shape::step, Shape::threads>(stage + Shape::left_bytes,
                                                               static_cast<const std::uint16_t*>(a.weight), a.ld_weight,
                                                               first_column, a.columns, k, a.inner);
}

/** See `LinearArguments`. Grid: blocks of columns (x), blocks of rows (y). */
template <class E, class Shape>
__global__ void __launch_bounds__(Shape::threads) linear_kernel(const LinearArguments a) {
  if constexpr (has_body<E>()) {
    SEXTANT_SHARED_MEMORY(shared);
    const int first_row = static_cast<int>(blockIdx.y) * Shape::block_rows;
    const int first_column = static_cast<int>(blockIdx.x) * Shape::block_columns;
    const int warp_row = warp_index() / Shape::warps_across * Shape::warp_rows;
    const int warp_column = warp_index() % Shape::warps_across * Shape::warp_columns;
    const int steps = (a.inner + Shape::step - 1) / Shape::step;
    const auto copy = [&](int step) { copy_stage<Shape>(shared, a, first_row, first_column, step); };
    float sums[Shape::row_blocks][Shape::column_blocks][4] = {};
    SEXTANT_UNROLL
    for (int step = 0; step < Shape::stages - 1; step++) {
      if (step < steps) copy(step);
      commit_copies();
    }
    SEXTANT_NO_UNROLL
    for (int step = 0; step < steps; step++) {
      await_copies<Shape::stages - 2>();
      // The stage is there for all warps, and all have left the one that is overwritten next.
      __syncthreads();
      if (step + Shape::stages - 1 < steps) copy(step + Shape::stages - 1);
      commit_copies();
      multiply_step<E, Shape>(sums, shared + step % Shape::stages * Shape::stage_bytes, warp_row, warp_column);
    }
    await_copies<0>();
    __syncthreads();
    write_sums<E, Shape>(sums, shared, a, first_row + warp_row, first_column + warp_column);
  }
}

}  // namespace sextant::kernels
