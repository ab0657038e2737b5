#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "operations.hpp"
#include "status.hpp"

/**
 * A network as JavaScript hands it over: a flat list of numbers (`src/engine/runtime/cuda/plan.ts` writes it). Decoding
 * checks every number against the others, so that what follows can trust the plan; only the weights file is checked later.
 */
namespace sextant {

/** Rows of a weights file, as they lie there. */
struct PlanSource {
  /** Place in the list of files that the weights are loaded from. */
  int file;
  std::uint64_t offset;
  Element type;
  int rows;
};

/** A tensor on the device: a matrix of elements, or a vector of float32. Sources are stacked. */
struct PlanTensor {
  bool is_vector;
  int rows;
  int columns;
  RowOrder order;
  int ordered_rows;
  int head_size;
  std::vector<PlanSource> sources;
};

struct PlanTable {
  double theta;
  int head_size;
  int positions;
};

/** A buffer that values share one after another: `width` columns for each token, or for each sequence. */
struct PlanSlot {
  bool per_sequence;
  int width;
};

/** Indices are into the plan's lists; −1 stands for nothing, as an output for the result. */
struct PlanEmbed {
  int output, width, tokens, positions, position_offset, types, norm_weight, norm_bias;
  float epsilon;
};

struct PlanNorm {
  int input, output, width, weight, bias;
  float epsilon;
};

struct PlanLinear {
  int input, output, columns, inner, weight, bias;
  Epilogue epilogue;
  Activation activation;
  int residual, table, rotary_columns, head_size;
};

struct PlanAttention {
  int input, output, heads, head_size, window, query;
  float scale;
};

struct PlanPool {
  int input, output, width, dimension;
  Pooling pooling;
  bool normalize;
};

using PlanOperation = std::variant<PlanEmbed, PlanNorm, PlanLinear, PlanAttention, PlanPool>;

struct Plan {
  int vocabulary = 0;
  int longest_sequence = 0;
  /** Rows of the table of token types; 0 for a network that reads no types. */
  int type_count = 0;
  int result_columns = 0;
  bool result_per_sequence = true;
  Format result_format = Format::f32;
  std::vector<PlanTensor> tensors;
  std::vector<PlanTable> tables;
  std::vector<PlanSlot> slots;
  std::vector<PlanOperation> operations;

  /** Bytes of one row of the result. */
  int result_row_bytes() const {
    switch (result_format) {
      case Format::int8: return result_columns;
      case Format::sign: return (result_columns + 7) / 8;
      case Format::element:
      case Format::f32: break;
    }
    return 4 * result_columns;
  }
};

/** Elements between rows of a value of this width. */
inline int leading_dimension(int width) { return (width + 7) / 8 * 8; }

Status decode_plan(const double* words, std::size_t count, Plan* plan);

}  // namespace sextant
