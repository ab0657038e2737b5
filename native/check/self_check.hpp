#pragma once

#include "../core/backend.hpp"

namespace sextant {

/**
 * Compares matrix products of every cut and attention, with and without a window, with the scalar reference: what kernels do
 * with the instructions of one generation of devices. Takes a fraction of a second and some tens of megabytes.
 *
 * Fails with `device` where a result is wrong, and with whatever the device says where it cannot compute.
 * @param multiprocessors of the device: the cuts depend on them
 */
Status check_operations(Backend& backend, int multiprocessors);

}  // namespace sextant
