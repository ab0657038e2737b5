#pragma once

#include "../core/host_backend.hpp"
#include "../kernels/kernel_backend.hpp"

namespace sextant {

/** The kernels on the CPU. As few multiprocessors as a caller likes make small inputs reach the large cuts. */
using EmulatedBackend = kernels::KernelOperations<HostBackend>;

}  // namespace sextant
