#include <algorithm>

#include "hopper.cuh"
#include "launch.cuh"
#include "linear.cuh"
#include "linear_hopper.hpp"

namespace sextant::kernels {
namespace {

/** How a product is cut: two warpgroups multiply 64 rows each and all columns, a third one keeps the stages filled. */
template <int block_columns_>
struct HopperShape {
  static constexpr int block_rows = 128;
  static constexpr int block_columns = block_columns_;
  static constexpr int step = box_columns;
  static constexpr int multiplying_warps = 8;
  static constexpr int threads = lanes * (multiplying_warps + 4);
  static constexpr int left_bytes = block_rows * step * 2;
  static constexpr int stage_bytes = left_bytes + block_columns * step * 2;
  static constexpr int stages = block_columns == 128 ? 6 : 4;
  /** Sums are written 64 columns at a time, so that a slab takes little of what the stages need. */
  static constexpr int slab_blocks = 8;
  static constexpr int slab_bytes = Slab<slab_blocks>::bytes;
  static constexpr int slabs_at = stages * stage_bytes;
  static constexpr int barriers_at = slabs_at + multiplying_warps * slab_bytes;
  static constexpr int shared_bytes = barriers_at + 2 * stages * static_cast<int>(sizeof(PhaseBarrier));
  static_assert(shared_bytes <= 227 * 1024, "what a block may have");
};

struct HopperArguments {
  TensorMap input;
  TensorMap weight;
  LinearArguments linear;
};

#if defined(SEXTANT_HAS_HOPPER)

/** A stage in the order of use and the parity of its phases, which changes each time around. */
template <int stages>
struct StagePlace {
  int stage = 0;
  int parity = 0;

  SEXTANT_DEVICE void advance() {
    if (++stage < stages) return;
    stage = 0;
    parity ^= 1;
  }
};

/** The blocks of the output that one block of threads makes, columns fastest, so that neighbours share rows of the input. */
template <class Shape>
struct OutputBlocks {
  int across;
  int count;

  SEXTANT_DEVICE explicit OutputBlocks(const LinearArguments& a)
      : across((a.columns + Shape::block_columns - 1) / Shape::block_columns),
        count(across * ((a.rows + Shape::block_rows - 1) / Shape::block_rows)) {}
  SEXTANT_DEVICE int first_row(int index) const { return index / across * Shape::block_rows; }
  SEXTANT_DEVICE int first_column(int index) const { return index % across * Shape::block_columns; }
};

/** One thread's work: the next step's tiles into each stage that the multiplying warps have left. */
template <class Shape>
SEXTANT_DEVICE void fill_stages(const HopperArguments& a, unsigned char* shared, PhaseBarrier* filled, PhaseBarrier* left) {
  const OutputBlocks<Shape> blocks(a.linear);
  StagePlace<Shape::stages> at;
  for (int index = static_cast<int>(blockIdx.x); index < blocks.count; index += static_cast<int>(gridDim.x)) {
    for (int k = 0; k < a.linear.inner; k += Shape::step) {
      // Nothing has been in the stages at first: of a fresh barrier, the phase of parity 1 is over.
      await_phase(left + at.stage, at.parity ^ 1);
      arrive_expecting(filled + at.stage, Shape::stage_bytes);
      unsigned char* stage = shared + at.stage * Shape::stage_bytes;
      copy_box(stage, a.input, k, blocks.first_row(index), filled + at.stage);
      copy_box(stage + Shape::left_bytes, a.weight, k, blocks.first_column(index), filled + at.stage);
      at.advance();
    }
  }
}

/** A warpgroup's work: the sums of its 64 rows of each block, and the epilogue. */
template <class E, class Shape>
SEXTANT_DEVICE void multiply_stages(const HopperArguments& a, unsigned char* shared, PhaseBarrier* filled, PhaseBarrier* left) {
  const OutputBlocks<Shape> blocks(a.linear);
  const int own_rows = warp_index() / 4 * 64;
  constexpr int slab_columns = 8 * Shape::slab_blocks;
  constexpr int slices = Shape::block_columns / slab_columns;
  float* slab = reinterpret_cast<float*>(shared + Shape::slabs_at + warp_index() * Shape::slab_bytes);
  StagePlace<Shape::stages> at;
  for (int index = static_cast<int>(blockIdx.x); index < blocks.count; index += static_cast<int>(gridDim.x)) {
    const int first_row = blocks.first_row(index) + own_rows + warp_index() % 4 * 16;
    const int first_column = blocks.first_column(index);
    Besides<Shape::slab_blocks> besides = read_besides<E, Shape::slab_blocks>(a.linear, first_row, first_column);
    float sums[Shape::block_columns / 8][4] = {};
    int before = -1;
    SEXTANT_NO_UNROLL
    for (int k = 0; k < a.linear.inner; k += Shape::step) {
      await_phase(filled + at.stage, at.parity);
      const unsigned char* stage = shared + at.stage * Shape::stage_bytes;
      const std::uint64_t rows = tile_descriptor(shared_offset(stage) + static_cast<std::uint32_t>(own_rows * Shape::step * 2));
      const std::uint64_t columns = tile_descriptor(shared_offset(stage + Shape::left_bytes));
      begin_products();
      SEXTANT_UNROLL
      for (int part = 0; part < Shape::step / 16; part++) {
        // 16 elements further along k are 32 bytes, two units of the descriptor.
        multiply_tiles<E>(sums, rows + 2 * part, columns + 2 * part);
      }
      commit_products();
      // The products of the step before are done, so its stage may be filled again while these run.
      await_products<1>();
      if (before >= 0 && lane_index() == 0) arrive(left + before);
      before = at.stage;
      at.advance();
    }
    await_products<0>();
    if (before >= 0 && lane_index() == 0) arrive(left + before);
    SEXTANT_UNROLL
    for (int slice = 0; slice < slices; slice++) {
      const int column = first_column + slice * slab_columns;
      const Besides<Shape::slab_blocks> own = besides;
      // What the next slice needs is on its way while this one is written.
      if (slice + 1 < slices) besides = read_besides<E, Shape::slab_blocks>(a.linear, first_row, column + slab_columns);
      write_rows<E>(sums + slice * Shape::slab_blocks, own, slab, a.linear, first_row, column);
    }
  }
}

#endif

/**
 * See `LinearArguments` and `linear_kernel`, from which this differs in who does what: one thread has the copy engine fill
 * stages, two warpgroups multiply what is filled, and while they write one block of the output the next one's stages fill.
 */
template <class E, class Shape>
__global__ void __launch_bounds__(Shape::threads, 1) linear_hopper_kernel(const __grid_constant__ HopperArguments a) {
#if defined(SEXTANT_HAS_HOPPER)
  SEXTANT_SHARED_MEMORY(shared);
  auto* filled = reinterpret_cast<PhaseBarrier*>(shared + Shape::barriers_at);
  PhaseBarrier* left = filled + Shape::stages;
  if (threadIdx.x == 0) {
    for (int stage = 0; stage < Shape::stages; stage++) {
      open_barrier(filled + stage, 1);
      open_barrier(left + stage, Shape::multiplying_warps);
    }
    publish_barriers();
  }
  __syncthreads();
  // 168 registers a thread at the start: those that copying does not need go to the sums.
  if (warp_index() >= Shape::multiplying_warps) {
    lower_registers<24>();
    if (static_cast<int>(threadIdx.x) == lanes * Shape::multiplying_warps) fill_stages<Shape>(a, shared, filled, left);
  } else {
    raise_registers<240>();
    multiply_stages<E, Shape>(a, shared, filled, left);
  }
#endif
}

template <class Shape>
Status run_shape(const LinearArguments& a, const Target& target, Stream stream) {
  HopperArguments arguments{};
  arguments.linear = a;
  SEXTANT_TRY(map_tensor(a.input, a.rows, a.inner, a.ld_input, Shape::block_rows, &arguments.input));
  SEXTANT_TRY(map_tensor(a.weight, a.columns, a.inner, a.ld_weight, Shape::block_columns, &arguments.weight));
  const unsigned blocks = blocks_of(a.columns, Shape::block_columns) * blocks_of(a.rows, Shape::block_rows);
  const unsigned at_once = static_cast<unsigned>(target.multiprocessors);
  return launch(linear_hopper_kernel<bf16, Shape>, {blocks < at_once ? blocks : at_once, 1, 1}, Shape::threads,
                Shape::shared_bytes, stream, arguments);
}

}  // namespace

bool hopper_takes(const LinearArguments& a, const Target& target) {
  if (target.capability != 90 || target.element != Element::bf16 || !has_tensor_maps()) return false;
  return linear_size(a.rows, a.columns, target.multiprocessors) == LinearSize::large;
}

Status run_linear_hopper(const LinearArguments& a, const Target& target, Stream stream) {
  // Columns that the busiest multiprocessor multiplies. Wide blocks read the least, so they go first where it is the same.
  const auto most_columns = [&](int width) {
    const unsigned blocks = blocks_of(a.columns, width) * blocks_of(a.rows, HopperShape<256>::block_rows);
    return blocks_of(static_cast<int>(blocks), target.multiprocessors) * static_cast<unsigned>(width);
  };
  const unsigned least_columns = std::min({most_columns(256), most_columns(192), most_columns(128)});
  if (most_columns(256) == least_columns) return run_shape<HopperShape<256>>(a, target, stream);
  if (most_columns(192) == least_columns) return run_shape<HopperShape<192>>(a, target, stream);
  return run_shape<HopperShape<128>>(a, target, stream);
}

}  // namespace sextant::kernels
