#include "hopper.cuh"
#include "launch.cuh"
#include "linear.cuh"
#include "linear_hopper.hpp"

namespace sextant::kernels {
namespace {

/** Two warpgroups of 64 rows each; a warp holds 16 of them, as wide as the block. Two blocks share a multiprocessor. */
using HopperShape = LinearShape<128, 128, 64, 8, 1, 3>;
/** Steps between the copy of a stage and its use: one less than there are stages beside the one being multiplied. */
constexpr int distance = HopperShape::stages - 2;

/**
 * See `LinearArguments` and `linear_kernel`, from which this differs in the products alone: they run while the next stage is
 * copied and the barrier is passed. A stage is overwritten two steps after its products began, when they are waited for.
 */
template <class E>
__global__ void __launch_bounds__(HopperShape::threads, 2) linear_hopper_kernel(const LinearArguments a) {
#if defined(SEXTANT_EMULATION) || defined(__CUDA_ARCH_FEAT_SM90_ALL)
  using Shape = HopperShape;
  SEXTANT_SHARED_MEMORY(shared);
  const int first_row = static_cast<int>(blockIdx.y) * Shape::block_rows;
  const int first_column = static_cast<int>(blockIdx.x) * Shape::block_columns;
  const int steps = (a.inner + Shape::step - 1) / Shape::step;
  const auto copy = [&](int step) { copy_stage<Shape>(shared, a, first_row, first_column, step); };
  float sums[1][16][4] = {};
  SEXTANT_UNROLL
  for (int step = 0; step < distance; step++) {
    if (step < steps) copy(step);
    commit_copies();
  }
  const int own_rows = warp_index() / 4 * 64;
  SEXTANT_NO_UNROLL
  for (int step = 0; step < steps; step++) {
    await_copies<distance - 1>();
    publish_copies();
    await_products<1>();
    // The stage is there for all warps, and no product reads the one that is overwritten next.
    __syncthreads();
    if (step + distance < steps) copy(step + distance);
    commit_copies();
    const unsigned char* stage = shared + step % Shape::stages * Shape::stage_bytes;
    const std::uint64_t left = tile_descriptor(shared_offset(stage) + static_cast<std::uint32_t>(own_rows * Shape::step * 2));
    const std::uint64_t right = tile_descriptor(shared_offset(stage + Shape::left_bytes));
    begin_products();
    SEXTANT_UNROLL
    for (int part = 0; part < Shape::step / 16; part++) {
      // 16 elements further along k are 32 bytes, two units of the descriptor.
      multiply_tiles<E>(sums[0], left + 2 * part, right + 2 * part);
    }
    commit_products();
  }
  await_products<0>();
  await_copies<0>();
  __syncthreads();
  write_sums<E, Shape>(sums, shared, a, first_row + warp_index() * Shape::warp_rows, first_column);
#endif
}

}  // namespace

bool hopper_takes(const LinearArguments& a, const Target& target) {
  if (target.capability != 90 || target.element != Element::bf16) return false;
  return linear_size(a.rows, a.columns, target.multiprocessors) == LinearSize::large;
}

Status run_linear_hopper(const LinearArguments& a, Stream stream) {
  using Shape = HopperShape;
  const dim3 grid{blocks_of(a.columns, Shape::block_columns), blocks_of(a.rows, Shape::block_rows), 1};
  return launch(linear_hopper_kernel<bf16>, grid, Shape::threads, Shape::shared_bytes, stream, a);
}

}  // namespace sextant::kernels
