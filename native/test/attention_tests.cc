#include <algorithm>

#include "../core/rows.hpp"
#include "suites.hpp"

namespace sextant::test {
namespace {

std::vector<AttentionTile> tiles_of(const std::vector<int>& lengths) {
  std::vector<AttentionTile> tiles;
  const std::vector<int> ends = ends_of(lengths);
  for (std::size_t b = 0; b < lengths.size(); b++) {
    for (int q = 0; q < lengths[b]; q += attention_tile_queries) tiles.push_back({ends[b], lengths[b], q, 0});
  }
  // An empty place, as the executor's graphs have them.
  tiles.push_back({0, 0, 0, 0});
  return tiles;
}

void test_attention_case(const Bench& bench, const std::vector<int>& lengths, int heads, int head_size, int window,
                         float spread = 1, bool not_finite = false) {
  const Element element = bench.element;
  const std::vector<int> ends = ends_of(lengths);
  const int tokens = ends.back();
  const int width = heads * head_size;
  Random random(static_cast<std::uint32_t>(tokens * 13 + width + window));
  Matrix qkv = random.matrix(tokens, 3 * width, element, spread);
  if (not_finite) {
    // The first sequence only: the others must not notice.
    qkv.set(0, width, NAN, element);
    qkv.set(0, 2 * width, INFINITY, element);
  }
  const std::vector<AttentionTile> tiles = tiles_of(lengths);
  AttentionArguments a{};
  a.tile_count = static_cast<int>(tiles.size());
  a.heads = heads;
  a.head_size = head_size;
  a.scale = 1 / std::sqrt(static_cast<float>(head_size));
  a.window = window;
  a.ld_input = qkv.ld;
  a.ld_output = padded(width);

  std::vector<float> expected(static_cast<std::size_t>(tokens) * a.ld_output);
  AttentionArguments r = a;
  r.tiles = tiles.data();
  r.query = qkv.values.data();
  r.key = qkv.values.data() + width;
  r.value = qkv.values.data() + 2 * width;
  r.output = expected.data();
  reference::attention(r);
  if (not_finite) {
    for (int t = 0; t < lengths[0]; t++) {
      for (int c = 0; c < head_size; c++) expected[static_cast<std::size_t>(t) * a.ld_output + c] = NAN;
    }
  }

  const DeviceBytes inputs = bench.upload(qkv.bits);
  const DeviceBytes places(*bench.backend, bench.stream, tiles.data(), tiles.size() * sizeof(AttentionTile));
  const std::string shape = text({{"sequences", static_cast<int>(lengths.size())}, {"first", lengths[0]}, {"tokens", tokens},
                                  {"heads", heads}, {"headSize", head_size}, {"window", window}, {"notFinite", not_finite}});
  bench.check("attention", shape, expected, tokens, width, a.ld_output, 1.5 * tolerance_of(element), [&](void* output) {
    AttentionArguments k = a;
    k.tiles = static_cast<const AttentionTile*>(places.get());
    k.query = inputs.get();
    k.key = static_cast<const std::uint16_t*>(inputs.get()) + width;
    k.value = static_cast<const std::uint16_t*>(inputs.get()) + 2 * width;
    k.output = output;
    return bench.backend->attention(k, bench.stream);
  });
}

}  // namespace

void test_attention(const Bench& bench) {
  for (int length : {1, 2, 15, 16, 17, 63, 64, 65, 66, 127, 128, 129, 130, 193, 257}) {
    test_attention_case(bench, {length}, 2, length % 2 == 0 ? 32 : 64, -1);
    test_attention_case(bench, {length}, 1, length % 2 == 0 ? 64 : 32, 64);
  }
  for (int head_size : {8, 16, 24, 32, 40, 48, 56, 64}) test_attention_case(bench, {70, 3, 130}, 3, head_size, head_size % 3 == 0 ? -1 : 16);
  test_attention_case(bench, {1, 1, 1, 2, 5, 64, 66, 1}, 2, 64, 64);
  test_attention_case(bench, {300, 1, 129}, 1, 64, 0);
  test_attention_case(bench, {300, 1, 129}, 1, 32, 1);
  // Scores of a hundred and more: only the largest share counts, and nothing overflows.
  test_attention_case(bench, {100, 67}, 1, 64, 64, 6);
  test_attention_case(bench, {60, 67, 130}, 2, 64, -1, 1, true);
  test_attention_case(bench, {60, 67, 130}, 2, 32, 64, 1, true);
  if (bench.quick) return;
  test_attention_case(bench, {8192}, 2, 64, 64);
  test_attention_case(bench, {8192}, 1, 32, -1);
  std::vector<int> many;
  for (int i = 0; i < 2000; i++) many.push_back(1 + i * 37 % 90);
  test_attention_case(bench, many, 2, 32, 64);
}

void test_visible_keys(Report& report) {
  for (int length : {1, 2, 63, 64, 65, 129, 300}) {
    for (int window : {-1, 0, 1, 64, 1 << 30, 2147483647}) {
      bool right = true;
      for (int first = 0; first < length; first += attention_tile_queries) {
        const KeyRange range = visible_keys(first, attention_tile_queries, length, window);
        for (int key = 0; key < length; key++) {
          bool seen = false;
          for (int q = first; q < std::min(first + attention_tile_queries, length); q++) {
            seen = seen || window < 0 || std::abs(q - key) <= window;
          }
          right = right && seen == (key >= range.begin && key < range.end);
        }
      }
      report.add("visible_keys", text({{"length", length}, {"window", window}}), 0, 0, true, right);
    }
  }
}

}  // namespace sextant::test
