#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "lane.hpp"

namespace sextant {

/** What became of a batch: rows of `result_row_bytes` each, or why there are none. */
struct Encoded {
  Status status;
  std::vector<unsigned char> rows;
  /** What the device spent on it. */
  float milliseconds = 0;
};

/** Called once, on the worker's thread. */
using OnEncoded = std::function<void(Encoded)>;

/** A lane and the thread that feeds it, first come first served; the next batch is put on the stream before the one before is read. */
class Worker {
 public:
  Worker(Backend& backend, const Plan& plan, const Weights& weights, const LaneOptions& options)
      : backend_(backend), plan_(plan), lane_(backend, plan, weights, options) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  /** Answers what waits with `closed` and ends after what is under way. */
  ~Worker();

  Status open();
  void encode(Batch batch, OnEncoded done);

 private:
  struct Job {
    Batch batch;
    OnEncoded done;
  };

  void work();
  /** False when nothing is left to do and the worker closes. */
  bool next(std::deque<OnEncoded>& under_way, int& started, int& finished);
  void finish_oldest(std::deque<OnEncoded>& under_way, int& finished);

  Backend& backend_;
  const Plan& plan_;
  Lane lane_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool closing_ = false;
  /** Set for good by an error that leaves the device unusable. */
  Status broken_;
};

}  // namespace sextant
