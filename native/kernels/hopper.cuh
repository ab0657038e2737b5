#pragma once

#include "tensor_map.hpp"
#include "warp.cuh"

/** Defined where the functions of this file are: in the pass that makes machine code for Hopper, and in the emulation. */
#if defined(SEXTANT_EMULATION) || defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define SEXTANT_HAS_HOPPER
#endif

/**
 * What Hopper (sm_90a) does by itself while threads go on: copies of boxes of a matrix into shared memory, barriers that count
 * their bytes, and products of whole tiles by a warpgroup of 128 threads. Tiles are rows of 64 16-bit elements, laid out by
 * `tile_offset<64>`, which is the 128-byte swizzle of copies and products alike; they start on 1024 bytes.
 */
namespace sextant::kernels {

/** PTX ISA, matrix descriptor, of such a tile; its eight rows repeat every 1024 bytes. `address` is in shared memory. */
SEXTANT_DEVICE std::uint64_t tile_descriptor(std::uint32_t address) {
  const std::uint64_t start = (address & 0x3ffffu) >> 4;
  const std::uint64_t rows_apart = 1024 >> 4;
  const std::uint64_t swizzled_128_bytes = 1;
  return start | std::uint64_t{1} << 16 | rows_apart << 32 | swizzled_128_bytes << 62;
}

#if defined(SEXTANT_EMULATION)

using PhaseBarrier = simt::PhaseBarrier;

using simt::arrive;
using simt::arrive_expecting;
using simt::await_phase;
using simt::copy_box;
using simt::open_barrier;

SEXTANT_DEVICE void publish_barriers() {}

template <int registers>
SEXTANT_DEVICE void lower_registers() {}
template <int registers>
SEXTANT_DEVICE void raise_registers() {}

/** Offset in the block's shared memory. */
SEXTANT_DEVICE std::uint32_t shared_offset(const void* pointer) {
  return static_cast<std::uint32_t>(static_cast<const unsigned char*>(pointer) - simt::shared_memory());
}

/** The element of a described tile at a row and k, found as the hardware finds it: bits 4–6 of the address change by bits 7–9. */
inline std::uint16_t described_element(std::uint64_t descriptor, int row, int k) {
  const std::uint64_t start = (descriptor & 0x3fff) << 4;
  const std::uint64_t rows_apart = (descriptor >> 32 & 0x3fff) << 4;
  if (descriptor >> 62 != 1) simt::violation("a descriptor of another swizzle");
  std::uint64_t address = start + static_cast<std::uint64_t>(row / 8) * rows_apart + static_cast<std::uint64_t>(row % 8) * 128 +
                          static_cast<std::uint64_t>(k) * 2;
  address ^= (address >> 7 & 7) << 4;
  return *reinterpret_cast<const std::uint16_t*>(simt::shared_memory() + address);
}

/** The warp's part of a product: 16 rows of the warpgroup's 64. */
template <class E, int blocks>
void emulate_product(float (*sums)[4], std::uint64_t left, std::uint64_t right) {
  struct Record {
    float (*sums)[4];
    std::uint64_t left, right;
    int first_row;
  } record{sums, left, right, warp_index() % 4 * 16};
  simt::warp_meeting(
      [](void** records) {
        const Record& any = *static_cast<Record*>(records[0]);
        float rows[16][16], columns[8 * blocks][16];
        for (int k = 0; k < 16; k++) {
          for (int row = 0; row < 16; row++) rows[row][k] = E::to_float(described_element(any.left, any.first_row + row, k));
          for (int column = 0; column < 8 * blocks; column++) columns[column][k] = E::to_float(described_element(any.right, column, k));
        }
        for (int lane = 0; lane < lanes; lane++) {
          const Record& own = *static_cast<Record*>(records[lane]);
          if (own.left != any.left || own.right != any.right) simt::violation("lanes multiply different tiles");
          for (int n = 0; n < blocks; n++) {
            for (int i = 0; i < 4; i++) {
              const float* row = rows[lane / 4 + 8 * (i / 2)];
              const float* column = columns[8 * n + 2 * (lane % 4) + i % 2];
              for (int k = 0; k < 16; k++) own.sums[n][i] += row[k] * column[k];
            }
          }
        }
      },
      &record);
}

SEXTANT_DEVICE void begin_products() {}
SEXTANT_DEVICE void commit_products() { simt::commit_products(); }

template <int groups_left>
SEXTANT_DEVICE void await_products() {
  simt::await_products(groups_left);
}

template <class E, int blocks>
SEXTANT_DEVICE void multiply_tiles(float (&sums)[blocks][4], std::uint64_t left, std::uint64_t right) {
  float(*const rows)[4] = sums;
  simt::start_product([rows, left, right] { emulate_product<E, blocks>(rows, left, right); });
}

#else

using PhaseBarrier = std::uint64_t;

#if defined(SEXTANT_HAS_HOPPER)

SEXTANT_DEVICE std::uint32_t shared_offset(const void* pointer) { return shared_address(pointer); }

/** A phase of it ends when so many have arrived and all announced bytes are there. */
SEXTANT_DEVICE void open_barrier(PhaseBarrier* barrier, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)), "r"(arrivals) : "memory");
}

/** Opened barriers become visible to copies; before the block's barrier. */
SEXTANT_DEVICE void publish_barriers() {
  asm volatile("fence.mbarrier_init.release.cluster;\n\tfence.proxy.async.shared::cta;" ::: "memory");
}

SEXTANT_DEVICE void arrive_expecting(PhaseBarrier* barrier, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(barrier)), "r"(bytes) : "memory");
}

SEXTANT_DEVICE void arrive(PhaseBarrier* barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(barrier)) : "memory");
}

/** Returns once the phase of this parity is over: of a fresh barrier, that of parity 1 is. */
SEXTANT_DEVICE void await_phase(PhaseBarrier* barrier, int parity) {
  std::uint32_t over = 0;
  while (over == 0) {
    asm volatile(
        "{\n\t.reg .pred over;\n\t"
        "mbarrier.try_wait.parity.shared::cta.b64 over, [%1], %2;\n\t"
        "selp.u32 %0, 1, 0, over;\n\t}"
        : "=r"(over)
        : "r"(shared_address(barrier)), "r"(parity)
        : "memory");
  }
}

/** One thread copies a box, zeros for what lies outside of the matrix; the barrier counts its bytes. */
SEXTANT_DEVICE void copy_box(void* tile, const TensorMap& map, int first_column, int first_row, PhaseBarrier* barrier) {
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3}], [%4];" ::"r"(
          shared_address(tile)),
      "l"(&map), "r"(first_column), "r"(first_row), "r"(shared_address(barrier))
      : "memory");
}

/** Registers a thread keeps, for whole warpgroups; those that some give back others may take. */
template <int registers>
SEXTANT_DEVICE void lower_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(registers));
}
template <int registers>
SEXTANT_DEVICE void raise_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(registers));
}

/** Ahead of the first product after registers of the sums were written. */
SEXTANT_DEVICE void begin_products() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
SEXTANT_DEVICE void commit_products() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }

/** Waits until at most so many committed groups are under way. */
template <int groups_left>
SEXTANT_DEVICE void await_products() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(groups_left) : "memory");
}

#define SEXTANT_SUM(i) "+f"(sums[i][0]), "+f"(sums[i][1]), "+f"(sums[i][2]), "+f"(sums[i][3])
#define SEXTANT_8_SUMS(i)                                                                                             \
  SEXTANT_SUM(i), SEXTANT_SUM(i + 1), SEXTANT_SUM(i + 2), SEXTANT_SUM(i + 3), SEXTANT_SUM(i + 4), SEXTANT_SUM(i + 5), \
      SEXTANT_SUM(i + 6), SEXTANT_SUM(i + 7)
#define SEXTANT_64_OPERANDS \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, " \
  "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, " \
  "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, " \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define SEXTANT_96_OPERANDS SEXTANT_64_OPERANDS ", " \
  "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, " \
  "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95"
#define SEXTANT_128_OPERANDS SEXTANT_96_OPERANDS ", " \
  "%96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, " \
  "%112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127"

/**
 * `sums += left · rightᵀ` for 64 rows, 8 · `blocks` columns and 16 elements along k; done when it is waited for. Sums lie in
 * registers as those of `multiply_add` do, 16 rows a warp.
 */
template <class E, int blocks>
SEXTANT_DEVICE void multiply_tiles(float (&sums)[blocks][4], std::uint64_t left, std::uint64_t right) {
  static_assert(blocks == 16 || blocks == 24 || blocks == 32, "128, 192 or 256 columns");
  if constexpr (blocks == 16) {
    asm volatile("wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {" SEXTANT_64_OPERANDS "}, %64, %65, 1, 1, 1, 0, 0;"
                 : SEXTANT_8_SUMS(0), SEXTANT_8_SUMS(8)
                 : "l"(left), "l"(right));
  } else if constexpr (blocks == 24) {
    asm volatile("wgmma.mma_async.sync.aligned.m64n192k16.f32.bf16.bf16 {" SEXTANT_96_OPERANDS "}, %96, %97, 1, 1, 1, 0, 0;"
                 : SEXTANT_8_SUMS(0), SEXTANT_8_SUMS(8), SEXTANT_8_SUMS(16)
                 : "l"(left), "l"(right));
  } else {
    asm volatile("wgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16 {" SEXTANT_128_OPERANDS "}, %128, %129, 1, 1, 1, 0, 0;"
                 : SEXTANT_8_SUMS(0), SEXTANT_8_SUMS(8), SEXTANT_8_SUMS(16), SEXTANT_8_SUMS(24)
                 : "l"(left), "l"(right));
  }
}

#undef SEXTANT_SUM
#undef SEXTANT_8_SUMS
#undef SEXTANT_64_OPERANDS
#undef SEXTANT_96_OPERANDS
#undef SEXTANT_128_OPERANDS

#endif
#endif

}  // namespace sextant::kernels
