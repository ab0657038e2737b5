#pragma once

#include "run.hpp"

namespace sextant::kernels {

/** The operations of a backend, as kernels; `Memory` is where they run. */
template <class Memory>
class KernelOperations : public Memory {
 public:
  template <class... Values>
  explicit KernelOperations(const Target& target, Values... values) : Memory(values...), target_(target) {}

  Element element() const override { return target_.element; }

  Status supports_head(int head_size) const override {
    if (head_size > 0 && head_size <= max_head_size && head_size % 8 == 0) return {};
    return failure(Code::unsupported, "attention heads of " + std::to_string(head_size) + " columns");
  }

  Status supports_width(int width) const override {
    if (width <= max_row_width) return {};
    return failure(Code::unsupported, "rows of " + std::to_string(width) + " columns");
  }

  Status convert(const ConvertArguments& a, Stream stream) override { return run_convert(a, target_, stream); }
  Status embed(const EmbedArguments& a, Stream stream) override { return run_embed(a, target_, stream); }
  Status norm(const NormArguments& a, Stream stream) override { return run_norm(a, target_, stream); }
  Status linear(const LinearArguments& a, Stream stream) override { return run_linear(a, target_, stream); }
  Status attention(const AttentionArguments& a, Stream stream) override { return run_attention(a, target_, stream); }
  Status first_attention(const FirstAttentionArguments& a, Stream stream) override {
    return run_first_attention(a, target_, stream);
  }
  Status pool(const PoolArguments& a, Stream stream) override { return run_pool(a, target_, stream); }

 private:
  Target target_;
};

}  // namespace sextant::kernels
