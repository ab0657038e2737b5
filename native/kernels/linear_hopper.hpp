#pragma once

#include "run.hpp"

namespace sextant::kernels {

/** True for products that Hopper's own instructions do faster; their sums differ from the others' in rounding alone. */
bool hopper_takes(const LinearArguments& arguments, const Target& target);

/** Only where `hopper_takes`; the kernel is empty on every other device. */
Status run_linear_hopper(const LinearArguments& arguments, const Target& target, Stream stream);

}  // namespace sextant::kernels
