#include "tensor_map.hpp"

#include <cuda_runtime.h>

#include <string>

namespace sextant::kernels {
namespace {

using Encode = decltype(&cuTensorMapEncodeTiled);

/** The driver's function, which is looked for when it is needed, so that the addon loads where there is no driver. */
Encode find_encode() {
  void* found = nullptr;
  cudaDriverEntryPointQueryResult result = cudaDriverEntryPointSymbolNotFound;
#if CUDART_VERSION >= 12050
  const cudaError_t error = cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &found, 12000, cudaEnableDefault, &result);
#else
  const cudaError_t error = cudaGetDriverEntryPoint("cuTensorMapEncodeTiled", &found, cudaEnableDefault, &result);
#endif
  if (error == cudaSuccess && result == cudaDriverEntryPointSuccess) return reinterpret_cast<Encode>(found);
  static_cast<void>(cudaGetLastError());
  return nullptr;
}

Encode encode() {
  static const Encode found = find_encode();
  return found;
}

}  // namespace

bool has_tensor_maps() { return encode() != nullptr; }

Status map_tensor(const void* matrix, int rows, int columns, int ld, int box_rows, TensorMap* map) {
  const cuuint64_t sizes[2] = {static_cast<cuuint64_t>(columns), static_cast<cuuint64_t>(rows)};
  const cuuint64_t row_bytes[1] = {static_cast<cuuint64_t>(ld) * 2};
  const cuuint32_t box[2] = {static_cast<cuuint32_t>(box_columns), static_cast<cuuint32_t>(box_rows)};
  const cuuint32_t every_element[2] = {1, 1};
  // The driver wants 64 bytes, which not every compiler gives a struct that holds one.
  alignas(64) TensorMap made;
  const CUresult result =
      encode()(&made, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 2, const_cast<void*>(matrix), sizes, row_bytes, box, every_element,
               CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
               CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (result != CUDA_SUCCESS) {
    return failure(Code::device, "a map of a matrix: error " + std::to_string(static_cast<int>(result)));
  }
  *map = made;
  return {};
}

}  // namespace sextant::kernels
