#pragma once

#include <cstdint>

/**
 * The contract of every operation, kept by the scalar reference and by the kernels alike.
 *
 * Values are row-major matrices with a leading dimension in elements, a multiple of 8, so that each row starts on 16 bytes.
 * Activations and weight matrices are of the executor's element type; norms, biases and tables are float32, and so is
 * every sum. `T` tokens of `B` sequences lie one after another; sequence `b` is rows `cu_seqlens[b]` to
 * `cu_seqlens[b + 1]`. What pads a row of a value is never read, and may be written.
 * Output rows past the last are never written.
 */
namespace sextant {

/** How activations and weights are stored: float32 by the reference, bfloat16 from sm_80, float16 on sm_75. */
enum class Element : int { f32 = 0, f16 = 1, bf16 = 2 };

inline int size_of(Element element) { return element == Element::f32 ? 4 : 2; }

/** `gelu` is the exact one, x · Φ(x). */
enum class Activation : int { gelu = 0, gelu_tanh = 1, silu = 2, relu = 3, tanh = 4 };

/** Gather of table rows, their sum, LayerNorm: ids `[T]` → `[T, width]`. */
struct EmbedArguments {
  int tokens;
  int width;
  const int* ids;
  /** Place of each token in its own sequence, `[T]`; read with a position table only. */
  const int* positions;
  /** Token types `[T]`; read with a type table only. */
  const int* types;
  const void* token_table;
  const void* position_table;
  int position_offset;
  const void* type_table;
  int ld_table;
  /** No norm at all without a weight. */
  const float* norm_weight;
  const float* norm_bias;
  float epsilon;
  void* output;
  int ld_output;
};

/** LayerNorm of each row: `[rows, width]` → `[rows, width]`; input and output may be the same. */
struct NormArguments {
  int rows;
  int width;
  const void* input;
  int ld_input;
  const float* weight;
  const float* bias;
  float epsilon;
  void* output;
  int ld_output;
};

enum class Epilogue : int {
  none = 0,
  /** `+ residual[row, column]`; the residual may be the output. */
  residual = 1,
  activation = 2,
  /** Columns come in pairs (value, gate); the output `[rows, columns / 2]` is activation(value) · gate. */
  gated = 3,
  /**
   * Of the first `rotary_columns`, each pair of neighbours turns by the angle of its position:
   * (x, y) → (x cos − y sin, y cos + x sin). Weight rows are stored so that neighbours are the pair `i, i + headSize / 2`
   * of a head; queries and keys are reordered alike, which leaves their products as they are.
   */
  rotary = 4,
};

/** `epilogue(x · Wᵀ + b)`: `[rows, inner]` → `[rows, columns]`. `inner` sums in float32, in steps along k. */
struct LinearArguments {
  int rows;
  int columns;
  int inner;
  const void* input;
  int ld_input;
  /** `[columns, inner]`, `ld_weight` apart. */
  const void* weight;
  int ld_weight;
  /** `[columns]` or none. */
  const float* bias;
  Epilogue epilogue;
  Activation activation;
  const void* residual;
  int ld_residual;
  const int* positions;
  /** (cos, sin) of each position and pair, `[positions, head_size / 2]`. */
  const float* rotary_table;
  int rotary_columns;
  int head_size;
  void* output;
  int ld_output;
  /** The output is float32 whatever the element type; only with no residual and not gated. */
  int float_output;
};

/** 64 queries of one sequence; `length` 0 is an empty place in the list. */
struct AttentionTile {
  int start;
  int length;
  /** First query, from the start of the sequence. */
  int query;
  int unused;
};

constexpr int attention_tile_queries = 64;

/**
 * `softmax(q kᵀ · scale) v` within each sequence and head, of tokens with `|i − j| <= window` if the window is not negative.
 * No key outside of the windows of a tile's queries is loaded. A NaN in a key or value reaches every query of the tiles
 * that load it, and never another sequence.
 */
struct AttentionArguments {
  const AttentionTile* tiles;
  int tile_count;
  int heads;
  /** A multiple of 8, at most 64. */
  int head_size;
  float scale;
  int window;
  const void* query;
  const void* key;
  const void* value;
  int ld_input;
  void* output;
  int ld_output;
};

/** The same for the first token of each sequence alone: query `[B, heads · head_size]` → `[B, heads · head_size]`. */
struct FirstAttentionArguments {
  int sequences;
  const int* cu_seqlens;
  int heads;
  int head_size;
  float scale;
  int window;
  const void* query;
  int ld_query;
  const void* key;
  const void* value;
  int ld_input;
  void* output;
  int ld_output;
};

enum class Pooling : int { mean = 0, first = 1, rows = 2 };

/** What one row of the result is: floats, bytes of round(127 x / max |x|), or signs, eight a byte, lowest bit first. */
enum class Format : int { element = 0, f32 = 1, int8 = 2, sign = 3 };

/**
 * One row a sequence (with `rows`: one a row of the input), cut to `dimension` columns and, if asked for, scaled to length
 * 1: `[T, width]` → `[B, dimension]`. An empty sequence gives zeros; so does a row of zeros.
 */
struct PoolArguments {
  int sequences;
  const int* cu_seqlens;
  const void* input;
  int ld_input;
  Pooling pooling;
  int dimension;
  int normalize;
  Format format;
  void* output;
  /** Elements between rows; bytes for `int8` and `sign`. */
  int ld_output;
};

/** Where a row of a weight file goes. */
enum class RowOrder : int {
  plain = 0,
  /** Row j of the first half to 2 j, of the second half to 2 j + 1. */
  interleaved = 1,
  /** Within each head of the first `ordered_rows`, row i to 2 i and row i + head_size / 2 to 2 i + 1. */
  rotary = 2,
};

/** Rows as a file holds them → rows of the executor's elements (or float32), reordered; columns past the last become 0. */
struct ConvertArguments {
  const void* source;
  /** As in the file: 0 float32, 1 float16, 2 bfloat16. */
  Element source_type;
  int first_row;
  int row_count;
  int columns;
  RowOrder order;
  /** Rows of the whole tensor. */
  int rows;
  int ordered_rows;
  int head_size;
  void* output;
  int ld_output;
  /** Norms and biases stay float32. */
  int float_output;
};

}  // namespace sextant
