#include "../addon/backends.hpp"
#include "../reference/reference_backend.hpp"
#include "emulated_backend.hpp"

namespace sextant::addon {

Status probe(ProbeResult* result) {
  result->devices.push_back({"emulation", 8, 0, 4, 0});
  return {};
}

namespace {

/** Leaves out the last eight elements along k of wide products, as a kernel might that gets one cut of them wrong. */
class FaultyBackend final : public EmulatedBackend {
 public:
  using EmulatedBackend::EmulatedBackend;

  Status linear(const LinearArguments& a, Stream stream) override {
    LinearArguments short_of_one = a;
    if (a.columns >= 512) short_of_one.inner -= 8;
    return EmulatedBackend::linear(short_of_one, stream);
  }
};

}  // namespace

Status open_backend(const std::string& kind, int, int generation, std::unique_ptr<Backend>* backend) {
  const kernels::Target target{Element::bf16, 4, generation};
  if (kind == "reference") *backend = std::make_unique<ReferenceBackend>();
  else if (kind == "emulated") *backend = std::make_unique<EmulatedBackend>(target);
  else if (kind == "faulty") *backend = std::make_unique<FaultyBackend>(target);
  else return failure(Code::unsupported, "This addon emulates.");
  return {};
}

}  // namespace sextant::addon
