#pragma once

#include <memory>
#include <vector>

#include "../core/backend.hpp"

namespace sextant {

/**
 * The devices of this machine.
 * Fails with `no_driver` where NVIDIA's driver is missing or too old, with `no_device` where it finds no GPU.
 */
Status list_cuda_devices(std::vector<DeviceFacts>* devices);

/** CUDA's version of the driver and of the runtime inside this library, 1000 · major + 10 · minor; 0 for none. */
void cuda_versions(int* driver, int* runtime);

/**
 * Uses no instructions of a later generation than `generation` (10 · major + minor). Tests pretend other numbers of
 * multiprocessors, so that small inputs reach every cut.
 * Fails with `unsupported` for a device older than compute capability 7.5.
 */
Status open_cuda_backend(int device, int generation, std::unique_ptr<Backend>* backend, int pretended_multiprocessors = 0);

}  // namespace sextant
