#include "simt.hpp"

#include <sys/mman.h>
#include <ucontext.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

// Switches between stacks, which AddressSanitizer would take for a function that never returns.
#define SEXTANT_SWITCHES_STACKS __attribute__((noinline, no_sanitize("address")))

namespace sextant::simt {
namespace {

constexpr std::size_t stack_bytes = 512 * 1024;

enum class State { ready, barrier, meeting, watching, done };

struct Copy {
  void* shared;
  const void* source;
  int bytes;
};

struct BoxCopy {
  unsigned char* tile;
  TensorMap map;
  int first_column, first_row;
  PhaseBarrier* barrier;
};

struct Fiber {
  ucontext_t context;
  void* jump[5];
  bool started = false;
  State state = State::ready;
  dim3 thread;
  int linear = 0;
  std::vector<Copy> open;
  std::vector<std::vector<Copy>> groups;
  std::vector<std::function<void()>> open_products;
  std::vector<std::vector<std::function<void()>>> product_groups;
  /** What a watching thread waits for. */
  const PhaseBarrier* watched = nullptr;
  int parity = 0;
};

struct Warp {
  void* records[warp_size];
  void (*combine)(void**) = nullptr;
  int arrived = 0;
};

struct Machine {
  dim3 grid, block, block_at;
  unsigned char* shared = nullptr;
  const std::function<void()>* kernel = nullptr;
  Fiber scheduler;
  Fiber* current = nullptr;
  std::vector<std::unique_ptr<Fiber>> fibers;
  std::vector<void*> stacks;
  std::vector<Warp> warps;
  std::vector<BoxCopy> boxes;
  int threads = 0;
  int at_barrier = 0;
  int done = 0;
  std::mt19937 random{1};
  bool products_wait = false;
};

Machine machine;
std::mutex one_launch;

SEXTANT_SWITCHES_STACKS void resume(Fiber& to) {
  machine.current = &to;
  if (to.started) __builtin_longjmp(to.jump, 1);
  to.started = true;
  setcontext(&to.context);
}

SEXTANT_SWITCHES_STACKS void switch_stacks(Fiber& from, Fiber& to) {
  if (__builtin_setjmp(from.jump) == 0) resume(to);
}

void yield() { switch_stacks(*machine.current, machine.scheduler); }

void execute(const Copy& copy) {
  std::memset(copy.shared, 0, 16);
  if (copy.bytes > 0) std::memcpy(copy.shared, copy.source, static_cast<std::size_t>(copy.bytes));
}

constexpr int box_columns = 64;

int bytes_of(const TensorMap& map) { return map.box_rows * box_columns * 2; }

bool is_over(const PhaseBarrier& barrier, int parity) { return static_cast<int>(barrier.phase) != parity; }

/** The phase ends with its last arrival or byte; the next one begins. */
void end_phase_if_complete(PhaseBarrier& barrier) {
  if (barrier.missing > 0 || barrier.bytes != 0) return;
  barrier.missing = barrier.arrivals;
  barrier.phase ^= 1;
}

void execute(const BoxCopy& copy) {
  const TensorMap& map = copy.map;
  for (int r = 0; r < map.box_rows; r++) {
    for (int c = 0; c < box_columns; c++) {
      const int row = copy.first_row + r;
      const int column = copy.first_column + c;
      const bool inside = row < map.rows && column < map.columns;
      const std::uint16_t element = inside ? map.matrix[static_cast<std::size_t>(row) * map.ld + column] : 0;
      auto address = static_cast<std::size_t>(copy.tile - machine.shared) + static_cast<std::size_t>(r) * 128 + 2 * c;
      // The 128-byte swizzle: bits 4–6 of the address change by bits 7–9.
      address ^= (address >> 7 & 7) << 4;
      std::memcpy(machine.shared + address, &element, 2);
    }
  }
  copy.barrier->bytes -= bytes_of(map);
  end_phase_if_complete(*copy.barrier);
}

void execute_any_box() {
  const std::size_t index = machine.random() % machine.boxes.size();
  const BoxCopy copy = machine.boxes[index];
  machine.boxes.erase(machine.boxes.begin() + static_cast<std::ptrdiff_t>(index));
  execute(copy);
}

void release_barrier() {
  if (machine.at_barrier == 0 || machine.at_barrier + machine.done < machine.threads) return;
  machine.at_barrier = 0;
  for (int i = 0; i < machine.threads; i++) {
    if (machine.fibers[i]->state == State::barrier) machine.fibers[i]->state = State::ready;
  }
}

void fiber_main() {
  (*machine.kernel)();
  Fiber& self = *machine.current;
  if (!self.open.empty() || !self.groups.empty()) violation("a thread ended with copies that it did not wait for");
  if (!self.open_products.empty() || !self.product_groups.empty()) violation("a thread ended with products under way");
  self.state = State::done;
  machine.done++;
  if (machine.warps[self.linear / warp_size].arrived > 0) violation("a lane ended while others of its warp met");
  release_barrier();
  yield();
}

void prepare_fibers() {
  while (static_cast<int>(machine.fibers.size()) < machine.threads) {
    machine.fibers.push_back(std::make_unique<Fiber>());
    void* stack = mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED) violation("no memory for a stack");
    machine.stacks.push_back(stack);
  }
  machine.warps.assign(static_cast<std::size_t>(machine.threads) / warp_size, {});
  for (int i = 0; i < machine.threads; i++) {
    Fiber& fiber = *machine.fibers[i];
    fiber.started = false;
    fiber.state = State::ready;
    fiber.linear = i;
    const auto linear = static_cast<unsigned>(i);
    fiber.thread = {linear % machine.block.x, linear / machine.block.x % machine.block.y,
                    linear / (machine.block.x * machine.block.y)};
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = machine.stacks[i];
    fiber.context.uc_stack.ss_size = stack_bytes;
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, fiber_main, 0);
  }
}

void run_block() {
  prepare_fibers();
  machine.at_barrier = 0;
  machine.done = 0;
  machine.scheduler.started = true;
  std::vector<int> order(static_cast<std::size_t>(machine.threads));
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), machine.random);
  bool all_may_run = false;
  while (machine.done < machine.threads) {
    // Some warps stand still for a turn, so that others get ahead of them by as much as barriers allow.
    const std::uint32_t held = all_may_run ? 0 : static_cast<std::uint32_t>(machine.random());
    bool progress = false;
    while (!machine.boxes.empty() && machine.random() % 2 == 0) execute_any_box();
    for (int i : order) {
      Fiber& fiber = *machine.fibers[i];
      if (fiber.state == State::watching && is_over(*fiber.watched, fiber.parity)) fiber.state = State::ready;
      if (fiber.state != State::ready || (held >> i / warp_size & 1) != 0) continue;
      progress = true;
      switch_stacks(machine.scheduler, fiber);
    }
    if (!progress && all_may_run) {
      if (machine.boxes.empty()) violation("threads wait for each other at different places");
      execute_any_box();
    }
    all_may_run = !progress;
  }
  if (!machine.boxes.empty()) violation("a block ended with copies under way");
}

}  // namespace

void set_seed(std::uint32_t seed) { machine.random.seed(seed); }

void launch(dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void()>& kernel) {
  const std::lock_guard<std::mutex> lock(one_launch);
  machine.grid = grid;
  machine.block = block;
  machine.threads = static_cast<int>(block.x * block.y * block.z);
  if (machine.threads == 0 || machine.threads > 1024 || machine.threads % warp_size != 0) violation("a block of no whole warps");
  machine.kernel = &kernel;
  machine.products_wait = machine.random() % 2 == 0;
  const std::unique_ptr<void, void (*)(void*)> shared(std::aligned_alloc(1024, (shared_bytes + 1023) / 1024 * 1024), std::free);
  machine.shared = static_cast<unsigned char*>(shared.get());
  for (unsigned z = 0; z < grid.z; z++) {
    for (unsigned y = 0; y < grid.y; y++) {
      for (unsigned x = 0; x < grid.x; x++) {
        machine.block_at = {x, y, z};
        if (shared_bytes > 0) std::memset(shared.get(), 0xff, shared_bytes);
        run_block();
      }
    }
  }
}

const dim3& thread_index() { return machine.current->thread; }
const dim3& block_index() { return machine.block_at; }
const dim3& block_dimensions() { return machine.block; }
const dim3& grid_dimensions() { return machine.grid; }
unsigned char* shared_memory() { return machine.shared; }

void block_barrier() {
  Fiber& self = *machine.current;
  self.state = State::barrier;
  machine.at_barrier++;
  release_barrier();
  if (self.state == State::barrier) yield();
}

void warp_meeting(void (*combine)(void** records), void* record) {
  Fiber& self = *machine.current;
  Warp& warp = machine.warps[self.linear / warp_size];
  if (warp.arrived > 0 && warp.combine != combine) violation("lanes of a warp are at different instructions");
  warp.combine = combine;
  warp.records[self.linear % warp_size] = record;
  if (++warp.arrived < warp_size) {
    self.state = State::meeting;
    yield();
    return;
  }
  combine(warp.records);
  warp.arrived = 0;
  const int first = self.linear / warp_size * warp_size;
  for (int lane = first; lane < first + warp_size; lane++) {
    Fiber& fiber = *machine.fibers[lane];
    if (fiber.state == State::meeting) fiber.state = State::ready;
  }
}

void copy_async(void* shared, const void* source, int bytes) {
  const Copy copy{shared, source, bytes};
  if (reinterpret_cast<std::uintptr_t>(shared) % 16 != 0 || reinterpret_cast<std::uintptr_t>(source) % 16 != 0) {
    violation("a copy of 16 bytes is not aligned to 16 bytes");
  }
  if (machine.random() % 2 == 0) {
    execute(copy);
  } else {
    std::memset(shared, 0xff, 16);
    machine.current->open.push_back(copy);
  }
}

void commit_copies() {
  machine.current->groups.push_back(std::move(machine.current->open));
  machine.current->open.clear();
}

void await_copies(int groups_left) {
  auto& groups = machine.current->groups;
  while (static_cast<int>(groups.size()) > groups_left) {
    for (const Copy& copy : groups.front()) execute(copy);
    groups.erase(groups.begin());
  }
}

void start_product(std::function<void()> product) {
  if (machine.products_wait) machine.current->open_products.push_back(std::move(product));
  else product();
}

void commit_products() {
  machine.current->product_groups.push_back(std::move(machine.current->open_products));
  machine.current->open_products.clear();
}

void await_products(int groups_left) {
  auto& groups = machine.current->product_groups;
  while (static_cast<int>(groups.size()) > groups_left) {
    const auto group = std::move(groups.front());
    groups.erase(groups.begin());
    for (const auto& product : group) product();
  }
}

void open_barrier(PhaseBarrier* barrier, int arrivals) {
  const auto count = static_cast<std::uint16_t>(arrivals);
  *barrier = {count, count, 0, 0};
}

void arrive_expecting(PhaseBarrier* barrier, int bytes) {
  barrier->bytes += bytes;
  arrive(barrier);
}

void arrive(PhaseBarrier* barrier) {
  if (barrier->arrivals == 0xffff) violation("a barrier that nobody opened");
  if (barrier->missing == 0) violation("more arrivals at a barrier than it was opened for");
  barrier->missing--;
  end_phase_if_complete(*barrier);
}

void await_phase(PhaseBarrier* barrier, int parity) {
  if (barrier->arrivals == 0xffff) violation("a barrier that nobody opened");
  Fiber& self = *machine.current;
  self.watched = barrier;
  self.parity = parity;
  self.state = State::watching;
  yield();
}

void copy_box(void* tile, const TensorMap& map, int first_column, int first_row, PhaseBarrier* barrier) {
  auto* target = static_cast<unsigned char*>(tile);
  if ((target - machine.shared) % 1024 != 0) violation("a tile does not start on 1024 bytes");
  if (reinterpret_cast<std::uintptr_t>(map.matrix) % 16 != 0 || map.ld % 8 != 0 || map.box_rows > 256) {
    violation("a matrix that boxes cannot be copied from");
  }
  std::memset(target, 0xff, static_cast<std::size_t>(bytes_of(map)));
  machine.boxes.push_back({target, map, first_column, first_row, barrier});
}

void violation(const char* what) {
  const dim3& at = machine.block_at;
  const int thread = machine.current == nullptr ? -1 : machine.current->linear;
  std::fprintf(stderr, "emulated kernel, block (%u, %u, %u), thread %d: %s\n", at.x, at.y, at.z, thread, what);
  std::abort();
}

}  // namespace sextant::simt
