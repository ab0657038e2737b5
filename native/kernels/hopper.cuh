#pragma once

#include "warp.cuh"

/**
 * Hopper's asynchronous products (wgmma, sm_90a): a warpgroup of 128 threads multiplies 64 rows by 128 columns, both read from
 * shared memory by descriptors. Sums lie in registers as those of `multiply_add` do, 16 rows a warp.
 */
namespace sextant::kernels {

/**
 * PTX ISA, matrix descriptor, of a tile of rows of 64 16-bit elements laid out by `tile_offset<64>`: that is the 128-byte
 * swizzle, whose eight rows repeat every 1024 bytes. `address` is in shared memory; the tile starts on 1024 bytes.
 */
SEXTANT_DEVICE std::uint64_t tile_descriptor(std::uint32_t address) {
  const std::uint64_t start = (address & 0x3ffffu) >> 4;
  const std::uint64_t rows_apart = 1024 >> 4;
  const std::uint64_t swizzled_128_bytes = 1;
  return start | std::uint64_t{1} << 16 | rows_apart << 32 | swizzled_128_bytes << 62;
}

#if defined(SEXTANT_EMULATION)

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
template <class E>
void emulate_product(float (*sums)[4], std::uint64_t left, std::uint64_t right) {
  struct Record {
    float (*sums)[4];
    std::uint64_t left, right;
    int first_row;
  } record{sums, left, right, warp_index() % 4 * 16};
  simt::warp_meeting(
      [](void** records) {
        const Record& any = *static_cast<Record*>(records[0]);
        for (int lane = 0; lane < lanes; lane++) {
          const Record& own = *static_cast<Record*>(records[lane]);
          if (own.left != any.left || own.right != any.right) simt::violation("lanes multiply different tiles");
          for (int n = 0; n < 16; n++) {
            for (int i = 0; i < 4; i++) {
              const int row = own.first_row + lane / 4 + 8 * (i / 2);
              const int column = 8 * n + 2 * (lane % 4) + i % 2;
              for (int k = 0; k < 16; k++) {
                own.sums[n][i] += E::to_float(described_element(own.left, row, k)) * E::to_float(described_element(own.right, column, k));
              }
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

template <class E>
SEXTANT_DEVICE void multiply_tiles(float (&sums)[16][4], std::uint64_t left, std::uint64_t right) {
  float(*const rows)[4] = sums;
  simt::start_product([rows, left, right] { emulate_product<E>(rows, left, right); });
}

SEXTANT_DEVICE void publish_copies() {}

#else

SEXTANT_DEVICE std::uint32_t shared_offset(const void* pointer) { return shared_address(pointer); }

/** Ahead of the first product after registers of the sums were written. */
SEXTANT_DEVICE void begin_products() {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#endif
}

SEXTANT_DEVICE void commit_products() {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#endif
}

/** Waits until at most so many committed groups are under way. */
template <int groups_left>
SEXTANT_DEVICE void await_products() {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(groups_left) : "memory");
#endif
}

/** `sums += left · rightᵀ` for 64 rows, 128 columns and 16 elements along k; done when it is waited for. */
template <class E>
SEXTANT_DEVICE void multiply_tiles(float (&sums)[16][4], std::uint64_t left, std::uint64_t right) {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile(
      "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 "
          "{%0, %1, %2, %3, %4, %5, %6, %7, "
          "%8, %9, %10, %11, %12, %13, %14, %15, "
          "%16, %17, %18, %19, %20, %21, %22, %23, "
          "%24, %25, %26, %27, %28, %29, %30, %31, "
          "%32, %33, %34, %35, %36, %37, %38, %39, "
          "%40, %41, %42, %43, %44, %45, %46, %47, "
          "%48, %49, %50, %51, %52, %53, %54, %55, "
          "%56, %57, %58, %59, %60, %61, %62, %63}, "
          "%64, %65, 1, 1, 1, 0, 0;"
      : "+f"(sums[0][0]), "+f"(sums[0][1]), "+f"(sums[0][2]), "+f"(sums[0][3]),
        "+f"(sums[1][0]), "+f"(sums[1][1]), "+f"(sums[1][2]), "+f"(sums[1][3]),
        "+f"(sums[2][0]), "+f"(sums[2][1]), "+f"(sums[2][2]), "+f"(sums[2][3]),
        "+f"(sums[3][0]), "+f"(sums[3][1]), "+f"(sums[3][2]), "+f"(sums[3][3]),
        "+f"(sums[4][0]), "+f"(sums[4][1]), "+f"(sums[4][2]), "+f"(sums[4][3]),
        "+f"(sums[5][0]), "+f"(sums[5][1]), "+f"(sums[5][2]), "+f"(sums[5][3]),
        "+f"(sums[6][0]), "+f"(sums[6][1]), "+f"(sums[6][2]), "+f"(sums[6][3]),
        "+f"(sums[7][0]), "+f"(sums[7][1]), "+f"(sums[7][2]), "+f"(sums[7][3]),
        "+f"(sums[8][0]), "+f"(sums[8][1]), "+f"(sums[8][2]), "+f"(sums[8][3]),
        "+f"(sums[9][0]), "+f"(sums[9][1]), "+f"(sums[9][2]), "+f"(sums[9][3]),
        "+f"(sums[10][0]), "+f"(sums[10][1]), "+f"(sums[10][2]), "+f"(sums[10][3]),
        "+f"(sums[11][0]), "+f"(sums[11][1]), "+f"(sums[11][2]), "+f"(sums[11][3]),
        "+f"(sums[12][0]), "+f"(sums[12][1]), "+f"(sums[12][2]), "+f"(sums[12][3]),
        "+f"(sums[13][0]), "+f"(sums[13][1]), "+f"(sums[13][2]), "+f"(sums[13][3]),
        "+f"(sums[14][0]), "+f"(sums[14][1]), "+f"(sums[14][2]), "+f"(sums[14][3]),
        "+f"(sums[15][0]), "+f"(sums[15][1]), "+f"(sums[15][2]), "+f"(sums[15][3])
      : "l"(left), "l"(right));
#endif
}

/** What this thread copied to shared memory becomes visible to products; before the barrier. */
SEXTANT_DEVICE void publish_copies() {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
}

#endif

}  // namespace sextant::kernels
