/**
 * The library with a C face, for benchmarks and checks from Python (`bench.py` by ctypes). Not part of the product.
 *
 * Every function returns 0 or an error whose text `sextant_error` gives for the calling thread.
 */
#include <algorithm>
#include <condition_variable>
#include <cmath>
#include <memory>
#include <mutex>

#include "../addon/backends.hpp"
#include "../core/session.hpp"

namespace {

using namespace sextant;

thread_local std::string last_error;

int result_of(const Status& status) {
  last_error = status.ok() ? "" : std::string(name_of(status.code)) + ": " + status.message;
  return status.ok() ? 0 : 1;
}

/** An answer that is waited for. */
struct Ticket {
  std::mutex mutex;
  std::condition_variable arrived;
  bool done = false;
  Encoded encoded;
};

Status open_session(const char* kind, int device, double memory_bytes, const char* weights, const double* plan_words, std::size_t count,
                    std::unique_ptr<Session>* session) {
  Plan plan;
  SEXTANT_TRY(decode_plan(plan_words, count, &plan));
  std::unique_ptr<Backend> backend;
  SEXTANT_TRY(addon::open_backend(kind, device, any_generation, &backend));
  return Session::open(std::move(backend), std::move(plan), {weights}, {static_cast<std::size_t>(memory_bytes)}, session);
}

}  // namespace

extern "C" {

const char* sextant_error() { return last_error.c_str(); }

int sextant_open(const char* kind, int device, double memory_bytes, const char* weights, const double* plan, std::size_t count,
                 Session** session) {
  std::unique_ptr<Session> opened;
  const int result = result_of(open_session(kind, device, memory_bytes, weights, plan, count, &opened));
  *session = opened.release();
  return result;
}

void sextant_close(Session* session) { delete session; }

/** Starts a batch; any number may be under way. */
Ticket* sextant_start(Session* session, const int* ids, int tokens, const int* cu_seqlens, int sequences, int urgent) {
  auto* ticket = new Ticket();
  Batch batch;
  batch.ids.assign(ids, ids + tokens);
  batch.cu_seqlens.assign(cu_seqlens, cu_seqlens + sequences + 1);
  session->encode(std::move(batch), urgent != 0, [ticket](Encoded encoded) {
    const std::lock_guard<std::mutex> lock(ticket->mutex);
    ticket->encoded = std::move(encoded);
    ticket->done = true;
    ticket->arrived.notify_one();
  });
  return ticket;
}

/** Waits for a batch, copies its rows and forgets it. */
int sextant_finish(Ticket* ticket, unsigned char* rows, std::size_t bytes, float* milliseconds) {
  std::unique_lock<std::mutex> lock(ticket->mutex);
  ticket->arrived.wait(lock, [ticket] { return ticket->done; });
  const Encoded encoded = std::move(ticket->encoded);
  lock.unlock();
  delete ticket;
  if (!encoded.status.ok()) return result_of(encoded.status);
  if (encoded.rows.size() != bytes) return result_of(failure(Code::invalid_argument, "the result is of another size"));
  std::copy(encoded.rows.begin(), encoded.rows.end(), rows);
  *milliseconds = encoded.milliseconds;
  return 0;
}

/** `generation`: whose instructions are used at most, 10 · major + minor. */
int sextant_backend(const char* kind, int device, int generation, Backend** backend) {
  std::unique_ptr<Backend> opened;
  const int result = result_of(addon::open_backend(kind, device, generation, &opened));
  *backend = opened.release();
  return result;
}

/** One attention over q|k|v `[tokens, 3 · heads · head_size]` on the device, put on a stream of the caller's. */
int sextant_attention(Backend* backend, const AttentionTile* tiles, int tile_count, int heads, int head_size, int window,
                      const unsigned short* qkv, void* output, void* stream) {
  const int width = heads * head_size;
  AttentionArguments a{};
  a.tiles = tiles;
  a.tile_count = tile_count;
  a.heads = heads;
  a.head_size = head_size;
  a.scale = 1.0f / std::sqrt(static_cast<float>(head_size));
  a.window = window;
  a.query = qkv;
  a.key = qkv + width;
  a.value = qkv + 2 * width;
  a.ld_input = 3 * width;
  a.output = output;
  a.ld_output = width;
  return result_of(backend->attention(a, stream));
}

/**
 * One matrix product `x · Wᵀ` with an epilogue: 0 none, 1 residual (what is in the output), 3 gated, 4 rotary of the first two
 * thirds of the columns in heads of 64, by `positions` of the rows and a table `[positions, 32]` of (cos, sin).
 */
int sextant_linear(Backend* backend, int rows, int columns, int inner, const void* input, const void* weight, int epilogue, void* output,
                   const int* positions, const float* table, void* stream) {
  LinearArguments a{};
  a.rows = rows;
  a.columns = columns;
  a.inner = inner;
  a.input = input;
  a.ld_input = inner;
  a.weight = weight;
  a.ld_weight = inner;
  a.epilogue = static_cast<Epilogue>(epilogue);
  a.output = output;
  a.ld_output = a.epilogue == Epilogue::gated ? columns / 2 : columns;
  a.residual = output;
  a.ld_residual = a.ld_output;
  a.positions = positions;
  a.rotary_table = table;
  a.head_size = 64;
  a.rotary_columns = columns / 3 * 2;
  return result_of(backend->linear(a, stream));
}

}
