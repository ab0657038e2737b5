#include "../addon/backends.hpp"
#include "../reference/reference_backend.hpp"
#include "emulated_backend.hpp"

namespace sextant::addon {

Status probe(ProbeResult* result) {
  result->devices.push_back({"emulation", 8, 0, 4, 0});
  return {};
}

Status open_backend(const std::string& kind, int, std::unique_ptr<Backend>* backend) {
  if (kind == "reference") *backend = std::make_unique<ReferenceBackend>();
  else if (kind == "emulated") *backend = std::make_unique<EmulatedBackend>(kernels::Target{Element::bf16, 4, 80});
  else return failure(Code::unsupported, "This addon emulates.");
  return {};
}

}  // namespace sextant::addon
