#pragma once

#include "elements.cuh"

/** What a warp does together: the instructions on the device, the same by their definition in PTX in the emulation. */
namespace sextant::kernels {

#if defined(SEXTANT_EMULATION)

SEXTANT_DEVICE void sync_warp() {
  simt::warp_meeting([](void**) {}, nullptr);
}

SEXTANT_DEVICE float shuffle_xor(float value, int mask) {
  struct Record {
    float value;
    int mask;
    float result;
  } record{value, mask, 0};
  simt::warp_meeting(
      [](void** records) {
        for (int lane = 0; lane < lanes; lane++) {
          auto* own = static_cast<Record*>(records[lane]);
          own->result = static_cast<Record*>(records[lane ^ own->mask])->value;
        }
      },
      &record);
  return record.result;
}

/** PTX ISA, ldmatrix: lane `8 i + r` names row r of matrix i; each lane gets its pair of every matrix. */
template <bool transposed>
SEXTANT_DEVICE void load_matrices(std::uint32_t (&fragments)[4], const void* row) {
  struct Record {
    const std::uint16_t* row;
    std::uint32_t* fragments;
  } record{static_cast<const std::uint16_t*>(row), fragments};
  simt::warp_meeting(
      [](void** records) {
        for (int lane = 0; lane < lanes; lane++) {
          for (int matrix = 0; matrix < 4; matrix++) {
            auto element = [&](int r, int c) { return static_cast<Record*>(records[8 * matrix + r])->row[c]; };
            const int r = lane / 4;
            const int c = 2 * (lane % 4);
            const std::uint32_t first = transposed ? element(c, r) : element(r, c);
            const std::uint32_t second = transposed ? element(c + 1, r) : element(r, c + 1);
            static_cast<Record*>(records[lane])->fragments[matrix] = first | second << 16;
          }
        }
      },
      &record);
}

/** PTX ISA, mma.m16n8k16: which lane holds which elements of A (row), B (column) and C. */
template <class E>
SEXTANT_DEVICE void multiply_add(float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0, std::uint32_t b1) {
  struct Record {
    float* c;
    const std::uint32_t* a;
    std::uint32_t b[2];
  } record{c, a, {b0, b1}};
  simt::warp_meeting(
      [](void** records) {
        float left[16][16], right[16][8];
        for (int lane = 0; lane < lanes; lane++) {
          const auto* own = static_cast<Record*>(records[lane]);
          const int group = lane / 4;
          const int pair = 2 * (lane % 4);
          for (int i = 0; i < 4; i++) {
            float* at = &left[group + 8 * (i % 2)][pair + 8 * (i / 2)];
            at[0] = E::low(own->a[i]);
            at[1] = E::high(own->a[i]);
          }
          for (int i = 0; i < 2; i++) {
            right[pair + 8 * i][group] = E::low(own->b[i]);
            right[pair + 8 * i + 1][group] = E::high(own->b[i]);
          }
        }
        for (int lane = 0; lane < lanes; lane++) {
          float* sums = static_cast<Record*>(records[lane])->c;
          for (int i = 0; i < 4; i++) {
            const int row = lane / 4 + 8 * (i / 2);
            const int column = 2 * (lane % 4) + i % 2;
            float sum = sums[i];
            for (int k = 0; k < 16; k++) sum += left[row][k] * right[k][column];
            sums[i] = sum;
          }
        }
      },
      &record);
}

SEXTANT_DEVICE void copy_async(void* shared, const void* source, int bytes) { simt::copy_async(shared, source, bytes); }
SEXTANT_DEVICE void commit_copies() { simt::commit_copies(); }

template <int groups_left>
SEXTANT_DEVICE void await_copies() {
  simt::await_copies(groups_left);
}

#else

SEXTANT_DEVICE void sync_warp() { __syncwarp(); }

SEXTANT_DEVICE float shuffle_xor(float value, int mask) { return __shfl_xor_sync(0xffffffffu, value, mask); }

SEXTANT_DEVICE std::uint32_t shared_address(const void* pointer) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(pointer));
}

/** Four 8×8 matrices of 16-bit elements from shared memory; lane `8 i + r` names row r of matrix i. */
template <bool transposed>
SEXTANT_DEVICE void load_matrices(std::uint32_t (&fragments)[4], const void* row) {
  if constexpr (transposed) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(fragments[0]), "=r"(fragments[1]), "=r"(fragments[2]), "=r"(fragments[3])
                 : "r"(shared_address(row))
                 : "memory");
  } else {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(fragments[0]), "=r"(fragments[1]), "=r"(fragments[2]), "=r"(fragments[3])
                 : "r"(shared_address(row))
                 : "memory");
  }
}

/** `c += a · b` for a 16×16 by 16×8 product, sums in float32. */
template <class E>
SEXTANT_DEVICE void multiply_add(float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0, std::uint32_t b1) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#elif defined(__CUDA_ARCH__)
  // Turing multiplies eight columns of A at a time.
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(b0));
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a[2]), "r"(a[3]), "r"(b1));
#endif
}

/** Copies 16 bytes to shared memory: `bytes` from the source, then zeros. Before sm_80 at once. */
SEXTANT_DEVICE void copy_async(void* shared, const void* source, int bytes) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
               :
               : "r"(shared_address(shared)), "l"(__cvta_generic_to_global(source)), "r"(bytes)
               : "memory");
#else
  uint4 vector = make_uint4(0, 0, 0, 0);
  if (bytes == 16) {
    vector = load_vector(source);
  } else {
    std::uint32_t words[4] = {0, 0, 0, 0};
    SEXTANT_UNROLL
    for (int i = 0; i < 8; i++) {
      if (2 * i < bytes) words[i / 2] |= static_cast<std::uint32_t>(static_cast<const std::uint16_t*>(source)[i]) << 16 * (i % 2);
    }
    vector = make_uint4(words[0], words[1], words[2], words[3]);
  }
  store_vector(shared, vector);
#endif
}

SEXTANT_DEVICE void commit_copies() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/** Waits until at most so many of this thread's committed groups are under way. */
template <int groups_left>
SEXTANT_DEVICE void await_copies() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" ::"n"(groups_left) : "memory");
#endif
}

#endif

SEXTANT_DEVICE float warp_sum(float value) {
  SEXTANT_UNROLL
  for (int mask = lanes / 2; mask > 0; mask /= 2) value += shuffle_xor(value, mask);
  return value;
}

SEXTANT_DEVICE float warp_largest(float value) {
  SEXTANT_UNROLL
  for (int mask = lanes / 2; mask > 0; mask /= 2) {
    const float other = shuffle_xor(value, mask);
    value = other > value ? other : value;
  }
  return value;
}

/**
 * Byte offset of 16-byte piece `piece` of row `row` in a tile of `columns` 16-bit elements a row (32 or 64). Pieces are
 * exchanged within a row so that eight rows of one piece lie in different banks, for `load_matrices` and the copies alike.
 */
template <int columns>
SEXTANT_DEVICE int tile_offset(int row, int piece) {
  static_assert(columns == 32 || columns == 64, "rows of 64 or 128 bytes");
  const int exchange = columns == 64 ? row % 8 : row / 2 % 4;
  return row * columns * 2 + (piece ^ exchange) * 16;
}

/** Rows of a 16×16 block of A at (`row`, piece pair `step`), as mma wants them. */
template <int columns>
SEXTANT_DEVICE void load_left(std::uint32_t (&fragments)[4], const unsigned char* tile, int row, int step) {
  const int lane = lane_index();
  load_matrices<false>(fragments, tile + tile_offset<columns>(row + lane % 16, 2 * step + lane / 16));
}

/** Two 8-column blocks of B, stored as rows of the transposed: fragments {b0, b1} of rows `row..+8`, then of `+8..+16`. */
template <int columns>
SEXTANT_DEVICE void load_right(std::uint32_t (&fragments)[4], const unsigned char* tile, int row, int step) {
  const int lane = lane_index();
  load_matrices<false>(fragments, tile + tile_offset<columns>(row + lane % 8 + lane / 16 * 8, 2 * step + lane / 8 % 2));
}

/** The same for B stored as it is: 16 rows (k) from `row`, 16 columns from piece pair `step`. */
template <int columns>
SEXTANT_DEVICE void load_right_transposed(std::uint32_t (&fragments)[4], const unsigned char* tile, int row, int step) {
  const int lane = lane_index();
  load_matrices<true>(fragments, tile + tile_offset<columns>(row + lane % 16, 2 * step + lane / 16));
}

}  // namespace sextant::kernels
