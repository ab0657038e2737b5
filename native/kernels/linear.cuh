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
  static constexpr int shared_bytes = stages * stage_bytes;
  static_assert(warp_rows % 16 == 0 && warp_columns % 16 == 0, "warps work on blocks of 16 by 16");
};

/** Two blocks share the 100 KB of a multiprocessor from sm_86 on: one multiplies while the other one writes. */
using LargeShape = LinearShape<128, 128, 32, 2, 2, 3>;
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

/** True if the epilogue computes more than it reads: then nothing is gained by reading ahead, and its code is long. */
SEXTANT_DEVICE bool activates(Epilogue epilogue) { return epilogue == Epilogue::activation || epilogue == Epilogue::gated; }

/** What an epilogue reads beside the sums of eight neighbours: the residual (16 bytes), or (cos, sin) of their four pairs. */
struct Beside {
  uint4 words[2];
};

/** The same for all rows of a slab that a lane finishes. */
template <int column_blocks>
struct Besides {
  static constexpr int rounds = 16 * column_blocks / lanes;
  Beside of[rounds];
};

/**
 * A warp's own part of shared memory: 16 rows of sums. In each round its lanes take eight neighbours each. Groups of eight are
 * exchanged within a row, so that neither what writes pairs nor what reads groups meets in a bank.
 */
template <int column_blocks>
struct Slab {
  static constexpr int bytes = 16 * 8 * column_blocks * 4;

  SEXTANT_DEVICE static int row(int round) { return (round * lanes + lane_index()) / column_blocks; }
  SEXTANT_DEVICE static int column() { return 8 * (lane_index() % column_blocks); }
  SEXTANT_DEVICE static int offset(int row, int column) { return row * 8 * column_blocks + (column ^ 8 * (row % 4)); }

  SEXTANT_DEVICE static void read(float (&x)[8], const float* slab, int round) {
    const float4* halves = reinterpret_cast<const float4*>(slab + offset(row(round), column()));
    // Every other four lanes begin with the second half, or all would read the same half of the banks.
    const bool swapped = lane_index() / 4 % 2 != 0;
    const float4 first = halves[swapped ? 1 : 0];
    const float4 second = halves[swapped ? 0 : 1];
    const float4& lower = swapped ? second : first;
    const float4& upper = swapped ? first : second;
    x[0] = lower.x;
    x[1] = lower.y;
    x[2] = lower.z;
    x[3] = lower.w;
    x[4] = upper.x;
    x[5] = upper.y;
    x[6] = upper.z;
    x[7] = upper.w;
  }
};

template <class E>
SEXTANT_DEVICE Beside read_beside(const LinearArguments& a, int row, int column) {
  Beside beside = {};
  if (row >= a.rows || column >= a.columns) return beside;
  if (a.epilogue == Epilogue::residual) {
    beside.words[0] = load_vector(static_cast<const std::uint16_t*>(a.residual) + offset_of(row, a.ld_residual) + column);
  } else if (a.epilogue == Epilogue::rotary && column < a.rotary_columns) {
    const float* turns = a.rotary_table + 2 * (offset_of(a.positions[row], a.head_size / 2) + column % a.head_size / 2);
    beside.words[0] = load_vector(turns);
    beside.words[1] = load_vector(turns + 4);
  }
  return beside;
}

/** All at once, before anything is written: the residual may be the output, which would put each read behind a write. */
template <class E, int column_blocks>
SEXTANT_DEVICE Besides<column_blocks> read_besides(const LinearArguments& a, int first_row, int first_column) {
  using Own = Slab<column_blocks>;
  Besides<column_blocks> besides;
  SEXTANT_UNROLL
  for (int round = 0; round < Besides<column_blocks>::rounds; round++) {
    besides.of[round] = read_beside<E>(a, first_row + Own::row(round), first_column + Own::column());
  }
  return besides;
}

/** Eight neighbours with what was read beside them. */
template <class E>
SEXTANT_DEVICE void join(float (&x)[8], const Beside& beside, const LinearArguments& a, int column) {
  if (a.epilogue == Epilogue::residual) {
    float residual[8];
    unpack<E>(beside.words[0], residual);
    SEXTANT_UNROLL
    for (int i = 0; i < 8; i++) x[i] += residual[i];
  } else if (a.epilogue == Epilogue::rotary && column < a.rotary_columns) {
    SEXTANT_UNROLL
    for (int i = 0; i < 4; i++) {
      const uint4& word = beside.words[i / 2];
      const float cosine = float_of_word(i % 2 == 0 ? word.x : word.z);
      const float sine = float_of_word(i % 2 == 0 ? word.y : word.w);
      const float first = x[2 * i];
      const float second = x[2 * i + 1];
      x[2 * i] = first * cosine - second * sine;
      x[2 * i + 1] = second * cosine + first * sine;
    }
  }
}

/** The activations of eight neighbours, or (gated) in the first half of `x` those of four pairs. */
template <Activation activation>
SEXTANT_DEVICE void activate_all(float (&x)[8], bool gated) {
  SEXTANT_UNROLL
  for (int i = 0; i < 4; i++) {
    const float value = activate<activation>(x[2 * i]);
    if (gated) {
      x[i] = value * x[2 * i + 1];
    } else {
      x[2 * i] = value;
      x[2 * i + 1] = activate<activation>(x[2 * i + 1]);
    }
  }
}

/** Eight neighbours (gated four) → output, 16-bit elements all at once: a row has room for what is past the last column. */
template <class E>
SEXTANT_DEVICE void write_finished(const float (&x)[8], const LinearArguments& a, int row, int column) {
  const bool gated = a.epilogue == Epilogue::gated;
  const std::size_t at = offset_of(row, a.ld_output) + (gated ? column / 2 : column);
  if (a.float_output != 0) {
    float* output = static_cast<float*>(a.output) + at;
    SEXTANT_UNROLL
    for (int i = 0; i < 8; i++) {
      if (column + i < a.columns) output[i] = x[i];
    }
    return;
  }
  std::uint16_t* output = static_cast<std::uint16_t*>(a.output) + at;
  const uint4 vector = pack<E>(x);
  if (gated) {
    uint2 half;
    half.x = vector.x;
    half.y = vector.y;
    *reinterpret_cast<uint2*>(output) = half;
  } else {
    store_vector(output, vector);
  }
}

/**
 * A warp's sums of 16 rows and 8 · `column_blocks` columns → output. They go through the warp's slab, so that a lane gets
 * eight neighbours of one row: epilogues then work on whole pairs and memory is written 16 bytes at a time.
 */
template <class E, int column_blocks>
SEXTANT_DEVICE void write_rows(const float (*sums)[4], const Besides<column_blocks>& besides, float* slab,
                               const LinearArguments& a, int first_row, int first_column) {
  using Own = Slab<column_blocks>;
  constexpr int rounds = Besides<column_blocks>::rounds;
  const int lane = lane_index();
  const int column = first_column + Own::column();
  float bias[8] = {};
  if (a.bias != nullptr) {
    SEXTANT_UNROLL
    for (int i = 0; i < 8; i++) bias[i] = column + i < a.columns ? a.bias[column + i] : 0.0f;
  }
  sync_warp();
  SEXTANT_UNROLL
  for (int n = 0; n < column_blocks; n++) {
    SEXTANT_UNROLL
    for (int half = 0; half < 2; half++) {
      float2 pair;
      pair.x = sums[n][2 * half];
      pair.y = sums[n][2 * half + 1];
      *reinterpret_cast<float2*>(slab + Own::offset(lane / 4 + 8 * half, 8 * n + 2 * (lane % 4))) = pair;
    }
  }
  sync_warp();
  const auto read = [&](float (&x)[8], int round) {
    Own::read(x, slab, round);
    SEXTANT_UNROLL
    for (int i = 0; i < 8; i++) x[i] += bias[i];
  };
  if (column >= a.columns) return;
  float x[8];
  if (activates(a.epilogue)) {
    with_activation(a.activation, [&](auto activation) {
      SEXTANT_NO_UNROLL
      for (int round = 0; round < rounds; round++) {
        const int row = first_row + Own::row(round);
        if (row >= a.rows) break;
        read(x, round);
        activate_all<decltype(activation)::value>(x, a.epilogue == Epilogue::gated);
        write_finished<E>(x, a, row, column);
      }
    });
  } else {
    SEXTANT_UNROLL
    for (int round = 0; round < rounds; round++) {
      const int row = first_row + Own::row(round);
      if (row >= a.rows) continue;
      read(x, round);
      join<E>(x, besides.of[round], a, column);
      write_finished<E>(x, a, row, column);
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
    constexpr int own_bytes = Slab<Shape::column_blocks>::bytes;
    static_assert(Shape::warps * own_bytes <= Shape::shared_bytes, "the slabs lie where the stages were");
    float* slab = reinterpret_cast<float*>(shared + warp_index() * own_bytes);
    SEXTANT_UNROLL
    for (int m = 0; m < Shape::row_blocks; m++) {
      const int row = first_row + warp_row + 16 * m;
      const int column = first_column + warp_column;
      write_rows<E>(sums[m], read_besides<E, Shape::column_blocks>(a, row, column), slab, a, row, column);
    }
  }
}

}  // namespace sextant::kernels
