#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>

/**
 * Runs kernels on the CPU, so that their logic is tested where there is no GPU: one fiber a thread, blocks one after
 * another. Barriers and warp-wide instructions are meeting points at which every thread must arrive; threads run in an
 * order drawn from a seed, so that a missing barrier shows as a result that depends on the seed. Shared memory starts as
 * NaN and ends where it was asked to end, which AddressSanitizer checks. Asynchronous copies happen at the latest when they
 * are waited for, some at once. A violation prints what is wrong and ends the process: this is a tool of the tests.
 */
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __grid_constant__

struct dim3 {
  unsigned x = 1;
  unsigned y = 1;
  unsigned z = 1;
};

struct float2 {
  float x, y;
};

struct alignas(16) float4 {
  float x, y, z, w;
};

struct alignas(16) uint4 {
  std::uint32_t x, y, z, w;
};

struct alignas(8) uint2 {
  std::uint32_t x, y;
};

namespace sextant::simt {

constexpr int warp_size = 32;

/** Order of threads and moments of copies from now on. */
void set_seed(std::uint32_t seed);

void launch(dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void()>& kernel);

const dim3& thread_index();
const dim3& block_index();
const dim3& block_dimensions();
const dim3& grid_dimensions();
unsigned char* shared_memory();

void block_barrier();

/** All 32 lanes meet; the last one to come runs `combine` over what each of them left, by lane. */
void warp_meeting(void (*combine)(void** records), void* record);

/** Copies 16 bytes to shared memory: `bytes` from the source, then zeros. */
void copy_async(void* shared, const void* source, int bytes);
void commit_copies();
void await_copies(int groups_left);

/** An asynchronous product: it happens at once or when it is waited for, which a launch decides for all of its threads. */
void start_product(std::function<void()> product);
void commit_products();
void await_products(int groups_left);

/** A barrier in shared memory (PTX ISA, mbarrier): a phase ends when all have arrived and all announced bytes are there. */
struct alignas(8) PhaseBarrier {
  std::uint16_t arrivals;
  std::uint16_t missing;
  std::int32_t bytes : 31;
  std::uint32_t phase : 1;
};

void open_barrier(PhaseBarrier* barrier, int arrivals);
/** Announces bytes, of which copies are still to come, and arrives. */
void arrive_expecting(PhaseBarrier* barrier, int bytes);
void arrive(PhaseBarrier* barrier);
/** Returns once the phase of this parity is over: of a fresh barrier, that of parity 1 is. */
void await_phase(PhaseBarrier* barrier, int parity);

/** A matrix of 16-bit elements, `ld` apart, of which boxes of `box_rows` rows and 64 columns are copied. */
struct TensorMap {
  const std::uint16_t* matrix;
  int rows, columns, ld, box_rows;
};

/**
 * Copies a box to shared memory with the 128-byte swizzle, zeros for what lies outside, at any moment until the barrier's
 * phase is over; the barrier counts the bytes. Tiles start on 1024 bytes.
 */
void copy_box(void* tile, const TensorMap& map, int first_column, int first_row, PhaseBarrier* barrier);

[[noreturn]] void violation(const char* what);

}  // namespace sextant::simt

#define threadIdx (::sextant::simt::thread_index())
#define blockIdx (::sextant::simt::block_index())
#define blockDim (::sextant::simt::block_dimensions())
#define gridDim (::sextant::simt::grid_dimensions())

inline void __syncthreads() { ::sextant::simt::block_barrier(); }
