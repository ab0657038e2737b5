#pragma once

#include "../core/status.hpp"

#if defined(SEXTANT_EMULATION)
#include "../emulation/simt.hpp"
#else
#include <cuda.h>
#endif

namespace sextant::kernels {

/** Columns of a box: 128 bytes, which is what copies and products swizzle. */
constexpr int box_columns = 64;

#if defined(SEXTANT_EMULATION)

using TensorMap = simt::TensorMap;

inline bool has_tensor_maps() { return true; }

inline Status map_tensor(const void* matrix, int rows, int columns, int ld, int box_rows, TensorMap* map) {
  *map = {static_cast<const std::uint16_t*>(matrix), rows, columns, ld, box_rows};
  return {};
}

#else

/** What the copy engine knows of a matrix in the device's memory. */
using TensorMap = CUtensorMap;

/** False where the driver is too old to make them. */
bool has_tensor_maps();

/**
 * Describes boxes of `box_rows` rows (at most 256) and 64 columns of a matrix of bfloat16. Its rows are `ld` apart, a
 * multiple of 8; it starts on 16 bytes. What of a box lies outside is read as zeros.
 */
Status map_tensor(const void* matrix, int rows, int columns, int ld, int box_rows, TensorMap* map);

#endif

}  // namespace sextant::kernels
