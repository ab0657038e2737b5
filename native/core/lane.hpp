#pragma once

#include <map>
#include <vector>

#include "weights.hpp"

namespace sextant {

/** Packed sequences, as they are asked for. */
struct Batch {
  std::vector<int> ids;
  std::vector<int> cu_seqlens;
  /** Empty unless the tokens have types other than 0. */
  std::vector<int> types;

  int tokens() const { return static_cast<int>(ids.size()); }
  int sequences() const { return static_cast<int>(cu_seqlens.size()) - 1; }
};

/** Ids, lengths and types that the plan's tables hold; anything else is refused before it reaches the device. */
Status check_batch(const Plan& plan, const Batch& batch);

struct LaneOptions {
  /** Urgent work overtakes what other lanes have queued, and small single sequences run as graphs. */
  bool urgent = false;
  /** The buffers of this lane may take so much. */
  std::size_t memory_bytes = 0;
};

/**
 * One stream of work with its own buffers. Two batches may be under way: while the device computes one, the host reads the
 * results of the one before and writes the inputs of the next. Used by one thread at a time.
 */
class Lane {
 public:
  static constexpr int depth = 2;

  Lane(Backend& backend, const Plan& plan, const Weights& weights, const LaneOptions& options)
      : backend_(backend), plan_(plan), weights_(weights), options_(options) {}
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  ~Lane();

  Status open();

  /** False if the buffers have to grow for it; then nothing may be under way when it starts. */
  bool fits(const Batch& batch) const;

  /**
   * Puts a checked batch on the stream, in place `place` (0 or 1), which must be free.
   * Fails with `out_of_memory` if the batch needs more than this lane may take or the device has.
   */
  Status start(const Batch& batch, int place);

  /** Waits for the batch of a place: rows `[result rows, result_row_bytes]`, and the milliseconds it took the device. */
  Status finish(int place, std::vector<unsigned char>* rows, float* milliseconds);

  /** Device memory of the buffers for a batch of this size. */
  std::size_t bytes_for(int tokens, int sequences) const;

 private:
  /** Where the parts of the inputs lie, in 4-byte words from the start; a tile is four words on 16 bytes. */
  struct Layout {
    int tokens, sequences, tiles;
    std::size_t positions, types, cu_seqlens, first_tile, words;
  };

  struct Place {
    void* input = nullptr;
    void* result = nullptr;
    Event begun = nullptr;
    Event done = nullptr;
    /** Rows of the result that are asked for; a graph makes more. */
    int rows = 0;
  };

  Layout layout_of(int tokens, int sequences, int tiles) const;
  Status reserve(const Layout& layout);
  void release_buffers();
  void drop_graphs();
  static void write_input(const Batch& batch, const Layout& layout, bool uses_types, int* words);
  /** The number of tokens a graph is made for, or 0 where the batch is none for a graph. */
  int bucket_of(const Batch& batch) const;
  Status start_graph(const Batch& batch, int bucket, int place);
  /** Inputs to the device, all operations, results back. */
  Status put_on_stream(const Layout& layout, int place);
  Status run(const Layout& layout);
  Status run(const PlanEmbed& operation, const Layout& layout);
  Status run(const PlanNorm& operation, const Layout& layout);
  Status run(const PlanLinear& operation, const Layout& layout);
  Status run(const PlanAttention& operation, const Layout& layout);
  Status run(const PlanPool& operation, const Layout& layout);
  int rows_of(int slot, const Layout& layout) const;
  void* value(int slot) const { return slots_[static_cast<std::size_t>(slot)]; }
  int ld(int slot) const { return leading_dimension(plan_.slots[static_cast<std::size_t>(slot)].width); }
  const int* input(std::size_t word) const { return static_cast<const int*>(input_) + word; }

  Backend& backend_;
  const Plan& plan_;
  const Weights& weights_;
  LaneOptions options_;
  Stream stream_ = nullptr;
  Place places_[depth];
  std::vector<void*> slots_;
  void* input_ = nullptr;
  void* result_ = nullptr;
  int token_capacity_ = 0;
  int sequence_capacity_ = 0;
  struct Recorded {
    Graph graph = nullptr;
    /** The first batch of a size runs as it is, so that every kernel is loaded before one is recorded. */
    bool seen = false;
  };
  /** By bucket and place. */
  std::map<std::pair<int, int>, Recorded> graphs_;
};

}  // namespace sextant
