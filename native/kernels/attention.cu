#include "attention.cuh"
#include "first_attention.cuh"
#include "launch.cuh"

namespace sextant::kernels {
namespace {

/** Calls `run` with the number of columns a head is padded to. */
template <class Run>
Status with_head(int head_size, Run run) {
  if (head_size <= 0 || head_size > max_head_size || head_size % 8 != 0) {
    return failure(Code::unsupported, "heads of " + std::to_string(head_size) + " columns");
  }
  if (head_size <= 32) return run(std::integral_constant<int, 32>{});
  return run(std::integral_constant<int, 64>{});
}

}  // namespace

Status run_attention(const AttentionArguments& a, const Target& target, Stream stream) {
  const dim3 grid{static_cast<unsigned>(a.tile_count), static_cast<unsigned>(a.heads), 1};
  return with_element(target.element, [&](auto element) {
    return with_head(a.head_size, [&](auto columns) {
      using Shape = AttentionShape<decltype(columns)::value>;
      const auto kernel = attention_kernel<decltype(element), decltype(columns)::value>;
      return launch(kernel, grid, Shape::threads, Shape::shared_bytes, stream, a);
    });
  });
}

Status run_first_attention(const FirstAttentionArguments& a, const Target& target, Stream stream) {
  const dim3 grid{static_cast<unsigned>(a.sequences), static_cast<unsigned>(a.heads), 1};
  return with_element(target.element, [&](auto element) {
    return with_head(a.head_size, [&](auto columns) {
      using Shape = FirstAttentionShape<decltype(columns)::value>;
      const auto kernel = first_attention_kernel<decltype(element), decltype(columns)::value>;
      return launch(kernel, grid, first_attention_threads, Shape::shared_bytes, stream, a);
    });
  });
}

}  // namespace sextant::kernels
