#pragma once

#include <cstddef>
#include <string>

#include "operations.hpp"
#include "status.hpp"

namespace sextant {

/** Opaque to everything but the backend they come from. */
using Stream = void*;
using Event = void*;
using Graph = void*;

/**
 * Memory, order and operations of one device. Work is put on a stream and done in order; nothing waits but `wait` and
 * `await_event`. Every function may be called from any thread that has called `enter`.
 */
class Backend {
 public:
  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() = default;

  virtual Element element() const = 0;
  /** Reasons why it may not run, asked before anything is allocated; ok if it runs. */
  virtual Status supports_head(int head_size) const = 0;
  virtual Status supports_width(int width) const = 0;

  virtual Status enter() = 0;
  virtual Status allocate(std::size_t bytes, void** memory) = 0;
  virtual void release(void* memory) = 0;
  /** Host memory that copies reach without a detour. */
  virtual Status allocate_host(std::size_t bytes, void** memory) = 0;
  virtual void release_host(void* memory) = 0;

  virtual Status open_stream(bool urgent, Stream* stream) = 0;
  virtual void close_stream(Stream stream) = 0;
  virtual Status wait(Stream stream) = 0;
  virtual Status copy_in(void* device, const void* host, std::size_t bytes, Stream stream) = 0;
  virtual Status copy_out(void* host, const void* device, std::size_t bytes, Stream stream) = 0;

  /** Whoever awaits an urgent event keeps a core busy for it and notices it sooner. */
  virtual Status open_event(bool urgent, Event* event) = 0;
  virtual void close_event(Event event) = 0;
  virtual Status record(Event event, Stream stream) = 0;
  virtual Status await_event(Event event) = 0;
  /** Milliseconds the device spent between two recorded events. */
  virtual Status elapsed(Event from, Event to, float* milliseconds) = 0;

  /** What is put on the stream until `end_capture` becomes a graph instead of being done. */
  virtual bool has_graphs() const = 0;
  virtual Status begin_capture(Stream stream) = 0;
  virtual Status end_capture(Stream stream, Graph* graph) = 0;
  virtual Status launch(Graph graph, Stream stream) = 0;
  virtual void close_graph(Graph graph) = 0;

  virtual Status convert(const ConvertArguments& arguments, Stream stream) = 0;
  virtual Status embed(const EmbedArguments& arguments, Stream stream) = 0;
  virtual Status norm(const NormArguments& arguments, Stream stream) = 0;
  virtual Status linear(const LinearArguments& arguments, Stream stream) = 0;
  virtual Status attention(const AttentionArguments& arguments, Stream stream) = 0;
  virtual Status first_attention(const FirstAttentionArguments& arguments, Stream stream) = 0;
  virtual Status pool(const PoolArguments& arguments, Stream stream) = 0;
};

/** Bounds nothing: whatever instructions the device has may be used. */
constexpr int any_generation = 1000;

/** What a device says of itself. */
struct DeviceFacts {
  std::string name;
  int major = 0;
  int minor = 0;
  int multiprocessors = 0;
  std::size_t memory_bytes = 0;
};

}  // namespace sextant
