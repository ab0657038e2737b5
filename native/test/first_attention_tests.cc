#include "suites.hpp"

namespace sextant::test {
namespace {

void test_first_attention_case(const Bench& bench, const std::vector<int>& lengths, int heads, int head_size, int window) {
  const Element element = bench.element;
  const std::vector<int> ends = ends_of(lengths);
  const int tokens = ends.back();
  const int width = heads * head_size;
  const int sequences = static_cast<int>(lengths.size());
  Random random(static_cast<std::uint32_t>(tokens + width));
  const Matrix query = random.matrix(sequences, width, element);
  const Matrix keys = random.matrix(tokens, 2 * width, element);
  FirstAttentionArguments a{};
  a.sequences = sequences;
  a.heads = heads;
  a.head_size = head_size;
  a.scale = 1 / std::sqrt(static_cast<float>(head_size));
  a.window = window;
  a.ld_query = query.ld;
  a.ld_input = keys.ld;
  a.ld_output = padded(width);
  std::vector<float> expected(static_cast<std::size_t>(sequences) * a.ld_output);
  FirstAttentionArguments r = a;
  r.cu_seqlens = ends.data();
  r.query = query.values.data();
  r.key = keys.values.data();
  r.value = keys.values.data() + width;
  r.output = expected.data();
  reference::first_attention(r);
  const DeviceBytes places = bench.upload(ends);
  const DeviceBytes queries = bench.upload(query.bits);
  const DeviceBytes inputs = bench.upload(keys.bits);
  const std::string shape =
      text({{"sequences", sequences}, {"first", lengths[0]}, {"heads", heads}, {"headSize", head_size}, {"window", window}});
  bench.check("first_attention", shape, expected, sequences, width, a.ld_output, tolerance_of(element), [&](void* output) {
    FirstAttentionArguments k = a;
    k.cu_seqlens = static_cast<const int*>(places.get());
    k.query = queries.get();
    k.key = inputs.get();
    k.value = static_cast<const std::uint16_t*>(inputs.get()) + width;
    k.output = output;
    return bench.backend->first_attention(k, bench.stream);
  });
}

}  // namespace

void test_first_attention(const Bench& bench) {
  for (int head_size : {16, 32, 48, 64}) {
    test_first_attention_case(bench, {1, 2, 63, 64, 65, 66, 127, 128, 129, 130, 300}, 2, head_size, -1);
    test_first_attention_case(bench, {130, 1, 65, 0, 3}, 1, head_size, 64);
  }
}

}  // namespace sextant::test
