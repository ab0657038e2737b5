#include "convert.cuh"
#include "launch.cuh"
#include "norm.cuh"
#include "pool.cuh"

namespace sextant::kernels {
namespace {

static_assert(norm_max_width == max_row_width, "what run.hpp promises");

/** Calls `run` with the number of pieces of a row that a lane holds. */
template <class Run>
Status with_pieces(int width, Run run) {
  switch (norm_pieces(width)) {
    case 1: return run(std::integral_constant<int, 1>{});
    case 2: return run(std::integral_constant<int, 2>{});
    case 3: return run(std::integral_constant<int, 3>{});
    case 4: return run(std::integral_constant<int, 4>{});
    case 5:
    case 6: return run(std::integral_constant<int, 6>{});
    case 7:
    case 8: return run(std::integral_constant<int, 8>{});
    default: return failure(Code::unsupported, "rows of " + std::to_string(width) + " columns");
  }
}

}  // namespace

Status run_convert(const ConvertArguments& a, const Target& target, Stream stream) {
  return with_element(target.element, [&](auto element) {
    const dim3 grid{static_cast<unsigned>(a.row_count), 1, 1};
    return launch(convert_kernel<decltype(element)>, grid, convert_threads, 0, stream, a);
  });
}

Status run_embed(const EmbedArguments& a, const Target& target, Stream stream) {
  return with_element(target.element, [&](auto element) {
    return with_pieces(a.width, [&](auto pieces) {
      const auto kernel = embed_kernel<decltype(element), decltype(pieces)::value>;
      return launch(kernel, {blocks_of(a.tokens, norm_warps), 1, 1}, norm_warps * lanes, 0, stream, a);
    });
  });
}

Status run_norm(const NormArguments& a, const Target& target, Stream stream) {
  return with_element(target.element, [&](auto element) {
    return with_pieces(a.width, [&](auto pieces) {
      const auto kernel = norm_kernel<decltype(element), decltype(pieces)::value>;
      return launch(kernel, {blocks_of(a.rows, norm_warps), 1, 1}, norm_warps * lanes, 0, stream, a);
    });
  });
}

Status run_pool(const PoolArguments& a, const Target& target, Stream stream) {
  return with_element(target.element, [&](auto element) {
    const dim3 grid{static_cast<unsigned>(a.sequences), 1, 1};
    return launch(pool_kernel<decltype(element)>, grid, pool_threads, pool_shared_bytes(a.dimension), stream, a);
  });
}

}  // namespace sextant::kernels
