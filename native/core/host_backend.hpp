#pragma once

#include <chrono>
#include <cstdlib>
#include <cstring>

#include "backend.hpp"

namespace sextant {

/** Memory, streams and events of backends that compute on the host, at once. For tests. */
class HostBackend : public Backend {
 public:
  Status enter() override { return {}; }
  Status allocate(std::size_t bytes, void** memory) override {
    *memory = std::malloc(bytes == 0 ? 1 : bytes);
    if (*memory == nullptr) return failure(Code::out_of_memory, "out of memory");
    // What an operation forgets to write shows as NaN.
    std::memset(*memory, 0xff, bytes);
    return {};
  }
  void release(void* memory) override { std::free(memory); }
  Status allocate_host(std::size_t bytes, void** memory) override { return allocate(bytes, memory); }
  void release_host(void* memory) override { std::free(memory); }

  Status open_stream(bool, Stream* stream) override {
    *stream = this;
    return {};
  }
  void close_stream(Stream) override {}
  Status wait(Stream) override { return {}; }
  Status copy_in(void* device, const void* host, std::size_t bytes, Stream) override {
    std::memcpy(device, host, bytes);
    return {};
  }
  Status copy_out(void* host, const void* device, std::size_t bytes, Stream) override {
    std::memcpy(host, device, bytes);
    return {};
  }

  Status open_event(bool, Event* event) override {
    *event = new Time();
    return {};
  }
  void close_event(Event event) override { delete static_cast<Time*>(event); }
  Status record(Event event, Stream) override {
    *static_cast<Time*>(event) = std::chrono::steady_clock::now();
    return {};
  }
  Status await_event(Event) override { return {}; }
  Status elapsed(Event from, Event to, float* milliseconds) override {
    *milliseconds = std::chrono::duration<float, std::milli>(*static_cast<Time*>(to) - *static_cast<Time*>(from)).count();
    return {};
  }

  bool has_graphs() const override { return false; }
  Status begin_capture(Stream) override { return failure(Code::unsupported, "no graphs"); }
  Status end_capture(Stream, Graph*) override { return failure(Code::unsupported, "no graphs"); }
  Status launch(Graph, Stream) override { return failure(Code::unsupported, "no graphs"); }
  void close_graph(Graph) override {}

 private:
  using Time = std::chrono::steady_clock::time_point;
};

}  // namespace sextant
