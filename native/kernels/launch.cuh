#pragma once

#include "../core/status.hpp"
#include "elements.cuh"
#include "run.hpp"

namespace sextant::kernels {

/** More shared memory than this a kernel has to be allowed. */
constexpr std::size_t shared_bytes_by_default = 48 * 1024;

/** Puts a kernel on a stream. An empty grid is no work. */
template <class Arguments>
Status launch(void (*kernel)(Arguments), dim3 grid, int threads, std::size_t shared_bytes, Stream stream,
              const Arguments& arguments) {
  if (grid.x == 0 || grid.y == 0) return {};
#if defined(SEXTANT_EMULATION)
  static_cast<void>(stream);
  simt::launch(grid, {static_cast<unsigned>(threads), 1, 1}, shared_bytes, [&] { kernel(arguments); });
  return {};
#else
  if (shared_bytes > shared_bytes_by_default) {
    const cudaError_t allowed = cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                                                     cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes));
    if (allowed != cudaSuccess) return failure(Code::device, cudaGetErrorString(allowed));
  }
  kernel<<<grid, static_cast<unsigned>(threads), shared_bytes, static_cast<cudaStream_t>(stream)>>>(arguments);
  const cudaError_t launched = cudaGetLastError();
  return launched == cudaSuccess ? Status{} : failure(Code::device, cudaGetErrorString(launched));
#endif
}

/** Calls `run` with the tag of the element type. */
template <class Run>
Status with_element(Element element, Run run) {
  switch (element) {
    case Element::bf16: return run(bf16{});
    case Element::f16: return run(f16{});
    case Element::f32: break;
  }
  return failure(Code::unsupported, "kernels work on 16-bit floats");
}

inline unsigned blocks_of(int count, int size) { return static_cast<unsigned>((count + size - 1) / size); }

}  // namespace sextant::kernels
