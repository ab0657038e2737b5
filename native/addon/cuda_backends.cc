#include "../kernels/cuda_backend.hpp"
#include "backends.hpp"

namespace sextant::addon {

Status probe(ProbeResult* result) {
  cuda_versions(&result->driver, &result->runtime);
  return list_cuda_devices(&result->devices);
}

Status open_backend(const std::string& kind, int device, int generation, std::unique_ptr<Backend>* backend) {
  if (kind != "cuda") return failure(Code::unsupported, "This addon runs on CUDA alone.");
  return open_cuda_backend(device, generation, backend);
}

}  // namespace sextant::addon
