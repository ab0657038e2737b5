#pragma once

#include <memory>
#include <string>
#include <vector>

#include "../core/backend.hpp"

/** What differs between the addon that ships and the one of the tests. */
namespace sextant::addon {

struct ProbeResult {
  /** CUDA versions, 1000 · major + 10 · minor; 0 for none. */
  int driver = 0;
  int runtime = 0;
  std::vector<DeviceFacts> devices;
};

Status probe(ProbeResult* result);

/**
 * `kind` is `cuda`, in the tests' addon `emulated`, `faulty` or `reference`. `generation` bounds whose instructions are used:
 * 10 · major + minor of a compute capability, that of the device or an earlier one.
 */
Status open_backend(const std::string& kind, int device, int generation, std::unique_ptr<Backend>* backend);

}  // namespace sextant::addon
