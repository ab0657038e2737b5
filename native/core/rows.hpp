#pragma once

#include "operations.hpp"

#if defined(__CUDACC__)
#define SEXTANT_SHARED_FUNCTION __host__ __device__ inline
#else
#define SEXTANT_SHARED_FUNCTION inline
#endif

namespace sextant {

/** The row of the executor's matrix that holds row `row` of the file's; a bijection of `[0, rows)`. */
SEXTANT_SHARED_FUNCTION int ordered_row(RowOrder order, int row, int rows, int ordered_rows, int head_size) {
  if (order == RowOrder::interleaved) return row < rows / 2 ? 2 * row : 2 * (row - rows / 2) + 1;
  if (order == RowOrder::rotary && row < ordered_rows) {
    const int half = head_size / 2;
    const int within = row % head_size;
    const int first = row - within;
    return first + (within < half ? 2 * within : 2 * (within - half) + 1);
  }
  return row;
}

/** Keys `[begin, end)` that any query of `[first, first + count)` sees, clipped to the sequence. */
struct KeyRange {
  int begin;
  int end;
};

SEXTANT_SHARED_FUNCTION KeyRange visible_keys(int first, int count, int length, int window) {
  if (window < 0) return {0, length};
  const int last = (first + count < length ? first + count : length) - 1;
  const int begin = first > window ? first - window : 0;
  // The sum may pass the largest int where the window stands for “everything”.
  const int end = window >= length - 1 - last ? length : last + window + 1;
  return {begin, end};
}

}  // namespace sextant
