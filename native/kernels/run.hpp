#pragma once

#include "../core/backend.hpp"

/** Puts kernels on a stream: chooses their cut, checks what they cannot do, reports what the launch says. */
namespace sextant::kernels {

/** What the choice of a kernel depends on. */
struct Target {
  Element element;
  int multiprocessors;
  /** Compute capability, 10 · major + minor. */
  int capability;
};

/** Largest head and row that the kernels take. */
constexpr int max_head_size = 64;
constexpr int max_row_width = 2048;

Status run_convert(const ConvertArguments& arguments, const Target& target, Stream stream);
Status run_embed(const EmbedArguments& arguments, const Target& target, Stream stream);
Status run_norm(const NormArguments& arguments, const Target& target, Stream stream);
Status run_linear(const LinearArguments& arguments, const Target& target, Stream stream);
Status run_attention(const AttentionArguments& arguments, const Target& target, Stream stream);
Status run_first_attention(const FirstAttentionArguments& arguments, const Target& target, Stream stream);
Status run_pool(const PoolArguments& arguments, const Target& target, Stream stream);

}  // namespace sextant::kernels
