#include "session.hpp"

#include <future>

namespace sextant {
namespace {

/** What queries may take beside the documents: buffers for a few thousand tokens. */
constexpr std::size_t query_share = 4;

}  // namespace

Status Session::open(std::unique_ptr<Backend> backend, Plan plan, const std::vector<std::string>& weights_paths, const SessionOptions& options,
                     std::unique_ptr<Session>* session) {
  std::unique_ptr<Session> opened(new Session(std::move(backend), std::move(plan)));
  SEXTANT_TRY(opened->check_support());
  SEXTANT_TRY(opened->start(weights_paths, options));
  *session = std::move(opened);
  return {};
}

Status Session::check_support() const {
  for (const PlanOperation& operation : plan_.operations) {
    if (const auto* attention = std::get_if<PlanAttention>(&operation)) SEXTANT_TRY(backend_->supports_head(attention->head_size));
    if (const auto* norm = std::get_if<PlanNorm>(&operation)) SEXTANT_TRY(backend_->supports_width(norm->width));
    if (const auto* embed = std::get_if<PlanEmbed>(&operation)) SEXTANT_TRY(backend_->supports_width(embed->width));
  }
  return {};
}

Status Session::start(const std::vector<std::string>& weights_paths, const SessionOptions& options) {
  SEXTANT_TRY(backend_->enter());
  SEXTANT_TRY(weights_.load(weights_paths));
  if (weights_.bytes() >= options.memory_bytes) {
    return failure(Code::out_of_memory, "The model's weights need more GPU memory than the setting allows.");
  }
  const std::size_t left = options.memory_bytes - weights_.bytes();
  queries_ = std::make_unique<Worker>(*backend_, plan_, weights_, LaneOptions{true, left / query_share});
  documents_ = std::make_unique<Worker>(*backend_, plan_, weights_, LaneOptions{false, left - left / query_share});
  SEXTANT_TRY(queries_->open());
  SEXTANT_TRY(documents_->open());
  return warm_up();
}

Status Session::warm_up() {
  for (int tokens : {16, 16, 16, 16, 32, 32, 32, 32}) {
    if (tokens > plan_.longest_sequence) continue;
    std::promise<Status> answer;
    Batch batch;
    batch.ids.assign(static_cast<std::size_t>(tokens), 0);
    batch.cu_seqlens = {0, tokens};
    encode(std::move(batch), true, [&](Encoded encoded) { answer.set_value(std::move(encoded.status)); });
    SEXTANT_TRY(answer.get_future().get());
  }
  return {};
}

void Session::encode(Batch batch, bool urgent, OnEncoded done) {
  (urgent ? queries_ : documents_)->encode(std::move(batch), std::move(done));
}

}  // namespace sextant
