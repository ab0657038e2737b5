#include "launch.cuh"
#include "linear.cuh"
#include "linear_hopper.hpp"

namespace sextant::kernels {
namespace {

template <class E, class Shape>
Status run_shape(const LinearArguments& a, Stream stream) {
  const dim3 grid{blocks_of(a.columns, Shape::block_columns), blocks_of(a.rows, Shape::block_rows), 1};
  return launch(linear_kernel<E, Shape>, grid, Shape::threads, Shape::shared_bytes, stream, a);
}

}  // namespace

Status run_linear(const LinearArguments& a, const Target& target, Stream stream) {
  if (a.rows == 0) return {};
  if (hopper_takes(a, target)) return run_linear_hopper(a, target, stream);
  return with_element(target.element, [&](auto element) {
    using E = decltype(element);
    switch (linear_size(a.rows, a.columns, target.multiprocessors)) {
      case LinearSize::small: return run_shape<E, SmallShape>(a, stream);
      case LinearSize::medium: return run_shape<E, MediumShape>(a, stream);
      case LinearSize::large: break;
    }
    return run_shape<E, LargeShape>(a, stream);
  });
}

}  // namespace sextant::kernels
