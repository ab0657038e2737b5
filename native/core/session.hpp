#pragma once

#include <memory>
#include <string>

#include "worker.hpp"

namespace sextant {

struct SessionOptions {
  /** Everything of this session on the device together: weights and buffers. */
  std::size_t memory_bytes = 0;
};

/** A model on a device: its weights once, and two workers, so that a query never waits behind documents. */
class Session {
 public:
  /** Takes seconds for a large model; call it on a thread of its own. */
  static Status open(std::unique_ptr<Backend> backend, Plan plan, const std::vector<std::string>& weights_paths, const SessionOptions& options,
                     std::unique_ptr<Session>* session);

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() = default;

  void encode(Batch batch, bool urgent, OnEncoded done);

  const Plan& plan() const { return plan_; }
  std::size_t weight_bytes() const { return weights_.bytes(); }

 private:
  Session(std::unique_ptr<Backend> backend, Plan plan) : backend_(std::move(backend)), plan_(std::move(plan)), weights_(*backend_, plan_) {}

  Status check_support() const;
  Status start(const std::vector<std::string>& weights_paths, const SessionOptions& options);
  /** Runs small queries once or twice, so that the first real one finds kernels loaded and graphs made. */
  Status warm_up();

  std::unique_ptr<Backend> backend_;
  Plan plan_;
  Weights weights_;
  std::unique_ptr<Worker> queries_;
  std::unique_ptr<Worker> documents_;
};

}  // namespace sextant
