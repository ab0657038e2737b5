#pragma once

#include "../core/operations.hpp"
#include "../core/rows.hpp"
#include "warp.cuh"

namespace sextant::kernels {

/** Layout of a block of attention: 64 queries, a warp for each 16; keys and values come 64 at a time, two stages in flight. */
template <int head_columns>
struct AttentionShape {
  static constexpr int keys = 64;
  static constexpr int threads = attention_tile_queries / 16 * lanes;
  static constexpr int tile_bytes = keys * head_columns * 2;
  /** Queries, then (keys, values) of each stage. */
  static constexpr int shared_bytes = 5 * tile_bytes;
  static constexpr int value_blocks = head_columns / 8;
};

/** Running softmax of the two rows a lane holds (Milakov & Gimelshein 2018): largest score, sum of powers, weighted values. */
template <int value_blocks>
struct RunningSoftmax {
  float largest[2];
  float sum[2];
  float values[value_blocks][4];
};

/** Copies rows `[first, first + 64)` of one head, those of `[begin, end)` as they are and zeros for the others. */
template <int head_columns>
SEXTANT_DEVICE void copy_head(unsigned char* tile, const std::uint16_t* matrix, int ld, int first, int end, int head_size) {
  using Shape = AttentionShape<head_columns>;
  constexpr int pieces = head_columns / 8;
  SEXTANT_UNROLL
  for (int round = 0; round < Shape::keys * pieces / Shape::threads; round++) {
    const int index = round * Shape::threads + static_cast<int>(threadIdx.x);
    const int row = index / pieces;
    const int piece = index % pieces;
    const bool there = first + row < end && 8 * piece < head_size;
    const std::uint16_t* source = there ? matrix + offset_of(first + row, ld) + 8 * piece : matrix;
    copy_async(tile + tile_offset<head_columns>(row, piece), source, there ? 16 : 0);
  }
}

/** Which of 64 keys the rows of a warp see; all numbers count from the start of the sequence. */
struct WarpView {
  int first_key;
  /** The warp's rows are this one and the 15 after it. */
  int first_row;
  /** Keys that at least one of them sees. */
  KeyRange visible;
  int window;
  int length;

  SEXTANT_DEVICE bool sees_any(int block_of_16) const {
    const int key = first_key + 16 * block_of_16;
    return key < visible.end && key + 16 > visible.begin;
  }

  /** True if every row sees each of 16 keys, as nearly always with long sequences: then no score is looked at. */
  SEXTANT_DEVICE bool sees_all(int block_of_16) const {
    const int key = first_key + 16 * block_of_16;
    return key + 16 <= length && (window < 0 || (key >= first_row + 15 - window && key + 15 - first_row <= window));
  }

  SEXTANT_DEVICE bool sees(int own_row, int key) const {
    if (key >= length) return false;
    return window < 0 || (key >= own_row - window && key - own_row <= window);
  }
};

/** Scores of a warp's 16 queries and 64 keys, times `scale` in units of log 2; those not seen are −∞. */
template <class E, int head_columns>
SEXTANT_DEVICE void score_keys(float (&scores)[8][4], const unsigned char* query_tile, const unsigned char* keys,
                               const WarpView& view, float scale) {
  const int lane = lane_index();
  // Read again for each tile: between tiles their registers serve the sums.
  std::uint32_t queries[head_columns / 16][4];
  SEXTANT_UNROLL
  for (int step = 0; step < head_columns / 16; step++) load_left<head_columns>(queries[step], query_tile, 16 * warp_index(), step);
  SEXTANT_UNROLL
  for (int block = 0; block < 4; block++) {
    SEXTANT_UNROLL
    for (int i = 0; i < 4; i++) scores[2 * block][i] = scores[2 * block + 1][i] = 0.0f;
    if (view.sees_any(block)) {
      SEXTANT_UNROLL
      for (int step = 0; step < head_columns / 16; step++) {
        std::uint32_t right[4];
        load_right<head_columns>(right, keys, 16 * block, step);
        multiply_add<E>(scores[2 * block], queries[step], right[0], right[1]);
        multiply_add<E>(scores[2 * block + 1], queries[step], right[2], right[3]);
      }
    }
    SEXTANT_UNROLL
    for (int i = 0; i < 8; i++) scores[2 * block + i / 4][i % 4] *= scale;
    if (view.sees_all(block)) continue;
    SEXTANT_UNROLL
    for (int i = 0; i < 8; i++) {
      const int key = view.first_key + 16 * block + i / 4 * 8 + 2 * (lane % 4) + i % 2;
      const int row = view.first_row + lane / 4 + i % 4 / 2 * 8;
      if (!view.sees(row, key)) scores[2 * block + i / 4][i % 4] = negative_infinity;
    }
  }
}

/** Takes 64 scores of each row into the running softmax; the scores become powers. */
template <int value_blocks>
SEXTANT_DEVICE void update_softmax(RunningSoftmax<value_blocks>& softmax, float (&scores)[8][4]) {
  SEXTANT_UNROLL
  for (int half = 0; half < 2; half++) {
    float largest = softmax.largest[half];
    SEXTANT_UNROLL
    for (int block = 0; block < 8; block++) {
      SEXTANT_UNROLL
      for (int i = 0; i < 2; i++) {
        const float score = scores[block][2 * half + i];
        largest = score > largest ? score : largest;
      }
    }
    // The four lanes of a row.
    SEXTANT_UNROLL
    for (int mask = 1; mask <= 2; mask *= 2) {
      const float other = shuffle_xor(largest, mask);
      largest = other > largest ? other : largest;
    }
    // A row that has seen no key so far must not take the difference of two infinities.
    const float base = largest == negative_infinity ? 0.0f : largest;
    const float shrink = power_of_two(softmax.largest[half] - base);
    float sum = softmax.sum[half] * shrink;
    SEXTANT_UNROLL
    for (int block = 0; block < 8; block++) {
      SEXTANT_UNROLL
      for (int i = 0; i < 2; i++) {
        float& score = scores[block][2 * half + i];
        score = power_of_two(score - base);
        sum += score;
      }
    }
    SEXTANT_UNROLL
    for (int block = 0; block < value_blocks; block++) {
      softmax.values[block][2 * half] *= shrink;
      softmax.values[block][2 * half + 1] *= shrink;
    }
    softmax.largest[half] = largest;
    softmax.sum[half] = sum;
  }
}

/** Adds powers times values. The powers' fragments are already those of a left operand. */
template <class E, int head_columns>
SEXTANT_DEVICE void add_values(RunningSoftmax<head_columns / 8>& softmax, const float (&powers)[8][4],
                               const unsigned char* values, const WarpView& view) {
  SEXTANT_UNROLL
  for (int block = 0; block < 4; block++) {
    if (!view.sees_any(block)) continue;
    const auto& first = powers[2 * block];
    const auto& second = powers[2 * block + 1];
    const std::uint32_t left[4] = {E::pack(first[0], first[1]), E::pack(first[2], first[3]), E::pack(second[0], second[1]),
                                   E::pack(second[2], second[3])};
    SEXTANT_UNROLL
    for (int step = 0; step < head_columns / 16; step++) {
      std::uint32_t right[4];
      load_right_transposed<head_columns>(right, values, 16 * block, step);
      multiply_add<E>(softmax.values[2 * step], left, right[0], right[1]);
      multiply_add<E>(softmax.values[2 * step + 1], left, right[2], right[3]);
    }
  }
}

/** The finished rows of a warp, through its own part of the query tile, 16 bytes at a time. */
template <class E, int head_columns>
SEXTANT_DEVICE void write_attention(RunningSoftmax<head_columns / 8>& softmax, unsigned char* tile, const AttentionArguments& a,
                                    const AttentionTile& at, int head) {
  const int lane = lane_index();
  const int warp_row = 16 * warp_index();
  SEXTANT_UNROLL
  for (int half = 0; half < 2; half++) {
    float sum = softmax.sum[half];
    sum += shuffle_xor(sum, 1);
    sum += shuffle_xor(sum, 2);
    const float scale = 1.0f / sum;
    const int row = warp_row + lane / 4 + 8 * half;
    SEXTANT_UNROLL
    for (int block = 0; block < head_columns / 8; block++) {
      const std::uint32_t pair = E::pack(softmax.values[block][2 * half] * scale, softmax.values[block][2 * half + 1] * scale);
      *reinterpret_cast<std::uint32_t*>(tile + tile_offset<head_columns>(row, block) + 4 * (lane % 4)) = pair;
    }
  }
  sync_warp();
  constexpr int pieces = head_columns / 8;
  SEXTANT_UNROLL
  for (int index = lane; index < 16 * pieces; index += lanes) {
    const int row = warp_row + index / pieces;
    const int piece = index % pieces;
    if (at.query + row >= at.length || 8 * piece >= a.head_size) continue;
    std::uint16_t* output = static_cast<std::uint16_t*>(a.output) + offset_of(at.start + at.query + row, a.ld_output);
    store_vector(output + head * a.head_size + 8 * piece, load_vector(tile + tile_offset<head_columns>(row, piece)));
  }
}

/** See `AttentionArguments`; heads of up to `head_columns` columns. Grid: tiles (x), heads (y). */
template <class E, int head_columns>
__global__ void __launch_bounds__(AttentionShape<head_columns>::threads, 3) attention_kernel(const AttentionArguments a) {
  if constexpr (has_body<E>()) {
    using Shape = AttentionShape<head_columns>;
    SEXTANT_SHARED_MEMORY(shared);
    const AttentionTile at = a.tiles[blockIdx.x];
    if (at.length == 0) return;
    const int head = static_cast<int>(blockIdx.y);
    const std::size_t column = static_cast<std::size_t>(head) * a.head_size;
    const std::uint16_t* query = static_cast<const std::uint16_t*>(a.query) + column;
    const std::uint16_t* key = static_cast<const std::uint16_t*>(a.key) + column;
    const std::uint16_t* value = static_cast<const std::uint16_t*>(a.value) + column;
    const KeyRange range = visible_keys(at.query, attention_tile_queries, at.length, a.window);
    const int tiles = (range.end - range.begin + Shape::keys - 1) / Shape::keys;
    const auto copy_stage = [&](int tile) {
      unsigned char* stage = shared + (1 + 2 * (tile % 2)) * Shape::tile_bytes;
      const int first = at.start + range.begin + tile * Shape::keys;
      copy_head<head_columns>(stage, key, a.ld_input, first, at.start + range.end, a.head_size);
      copy_head<head_columns>(stage + Shape::tile_bytes, value, a.ld_input, first, at.start + range.end, a.head_size);
    };
    copy_head<head_columns>(shared, query, a.ld_input, at.start + at.query, at.start + at.length, a.head_size);
    copy_stage(0);
    commit_copies();

    const int warp_query = at.query + 16 * warp_index();
    WarpView view{0, warp_query, visible_keys(warp_query, 16, at.length, a.window), a.window, at.length};
    // Queries past the end see nothing, and nothing of them is written.
    if (warp_query >= at.length) view.visible = {0, 0};
    RunningSoftmax<Shape::value_blocks> softmax = {{negative_infinity, negative_infinity}, {0.0f, 0.0f}, {}};
    // Powers of two are one instruction, so scores are in units of log 2.
    const float scale = a.scale * 1.4426950408889634f;
    SEXTANT_NO_UNROLL
    for (int tile = 0; tile < tiles; tile++) {
      await_copies<0>();
      // The stage is there for all warps, and all have left the one that is overwritten next.
      __syncthreads();
      if (tile + 1 < tiles) copy_stage(tile + 1);
      commit_copies();
      const unsigned char* stage = shared + (1 + 2 * (tile % 2)) * Shape::tile_bytes;
      view.first_key = range.begin + tile * Shape::keys;
      float scores[8][4];
      score_keys<E, head_columns>(scores, shared, stage, view, scale);
      update_softmax(softmax, scores);
      add_values<E, head_columns>(softmax, scores, stage + Shape::tile_bytes, view);
    }
    await_copies<0>();
    // A warp's part of the query tile is read by that warp alone.
    sync_warp();
    write_attention<E, head_columns>(softmax, shared, a, at, head);
  }
}

}  // namespace sextant::kernels
