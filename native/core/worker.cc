#include "worker.hpp"

#include <utility>

namespace sextant {

Worker::~Worker() {
  std::deque<Job> dropped;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    closing_ = true;
    dropped.swap(jobs_);
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  for (Job& job : dropped) job.done({failure(Code::closed, "The encoder was closed."), {}, 0});
}

Status Worker::open() {
  SEXTANT_TRY(lane_.open());
  thread_ = std::thread([this] { work(); });
  return {};
}

void Worker::encode(Batch batch, OnEncoded done) {
  const Status checked = check_batch(plan_, batch);
  if (!checked.ok()) {
    done({checked, {}, 0});
    return;
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    jobs_.push_back({std::move(batch), std::move(done)});
  }
  wake_.notify_one();
}

void Worker::work() {
  broken_ = backend_.enter();
  std::deque<OnEncoded> under_way;
  int started = 0;
  int finished = 0;
  while (next(under_way, started, finished)) {
  }
}

bool Worker::next(std::deque<OnEncoded>& under_way, int& started, int& finished) {
  Job job;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    if (under_way.empty()) wake_.wait(lock, [this] { return closing_ || !jobs_.empty(); });
    if (under_way.empty() && jobs_.empty()) return false;
    const bool room = static_cast<int>(under_way.size()) < Lane::depth;
    if (jobs_.empty() || !room || (!under_way.empty() && !lane_.fits(jobs_.front().batch))) {
      lock.unlock();
      finish_oldest(under_way, finished);
      return true;
    }
    job = std::move(jobs_.front());
    jobs_.pop_front();
  }
  const Status status = broken_.ok() ? lane_.start(job.batch, started % Lane::depth) : broken_;
  if (status.ok()) {
    started++;
    under_way.push_back(std::move(job.done));
    return true;
  }
  if (status.code == Code::device) broken_ = status;
  job.done({status, {}, 0});
  return true;
}

void Worker::finish_oldest(std::deque<OnEncoded>& under_way, int& finished) {
  Encoded encoded;
  encoded.status = lane_.finish(finished++ % Lane::depth, &encoded.rows, &encoded.milliseconds);
  if (!encoded.status.ok()) {
    broken_ = encoded.status;
    encoded.rows.clear();
  }
  const OnEncoded done = std::move(under_way.front());
  under_way.pop_front();
  done(std::move(encoded));
}

}  // namespace sextant
