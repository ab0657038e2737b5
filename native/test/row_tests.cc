#include "suites.hpp"

namespace sextant::test {
namespace {

void test_rows_case(const Bench& bench, int rows, int width, bool bias, bool not_finite) {
  const Element element = bench.element;
  Random random(static_cast<std::uint32_t>(rows * 3 + width));
  Matrix input = random.matrix(rows, width, element, 3);
  for (int r = 0; r < rows; r++) input.set(r, width / 2, 40, element);
  if (not_finite) input.set(0, width - 1, NAN, element);
  const std::vector<float> weight = random.vector(width, 0.2f, 1);
  const std::vector<float> biases = random.vector(width, 0.2f);
  NormArguments a{rows, width, input.values.data(), input.ld, weight.data(), bias ? biases.data() : nullptr, 1e-5f, nullptr, input.ld};
  std::vector<float> expected(input.values.size());
  a.output = expected.data();
  reference::norm(a);
  const DeviceBytes inputs = bench.upload(input.bits);
  const DeviceBytes weights = bench.upload(weight);
  const DeviceBytes bias_values = bench.upload(biases);
  const std::string shape = text({{"rows", rows}, {"width", width}, {"bias", bias}, {"notFinite", not_finite}});
  bench.check("norm", shape, expected, rows, width, input.ld, tolerance_of(element), [&](void* output) {
    NormArguments k = a;
    k.input = inputs.get();
    k.weight = static_cast<const float*>(weights.get());
    k.bias = bias ? static_cast<const float*>(bias_values.get()) : nullptr;
    k.output = output;
    return bench.backend->norm(k, bench.stream);
  });
}

void test_embed_case(const Bench& bench, int tokens, int width, bool learned, bool normed) {
  const Element element = bench.element;
  Random random(static_cast<std::uint32_t>(tokens + width * 5));
  const Matrix table = random.matrix(50, width, element);
  const Matrix places = random.matrix(20, width, element);
  const Matrix kinds = random.matrix(2, width, element);
  std::vector<int> ids, positions, types;
  for (int t = 0; t < tokens; t++) {
    ids.push_back(random.below(50));
    positions.push_back(random.below(18));
    types.push_back(random.below(2));
  }
  const std::vector<float> weight = random.vector(width, 0.2f, 1);
  EmbedArguments a{};
  a.tokens = tokens;
  a.width = width;
  a.position_offset = 2;
  a.ld_table = table.ld;
  a.epsilon = 1e-5f;
  a.ld_output = table.ld;
  std::vector<float> expected(static_cast<std::size_t>(tokens) * table.ld);
  EmbedArguments r = a;
  r.ids = ids.data();
  r.positions = positions.data();
  r.types = types.data();
  r.token_table = table.values.data();
  r.position_table = learned ? places.values.data() : nullptr;
  r.type_table = learned ? kinds.values.data() : nullptr;
  r.norm_weight = normed ? weight.data() : nullptr;
  r.output = expected.data();
  reference::embed(r);
  const DeviceBytes d_ids = bench.upload(ids), d_positions = bench.upload(positions), d_types = bench.upload(types);
  const DeviceBytes d_table = bench.upload(table.bits), d_places = bench.upload(places.bits), d_kinds = bench.upload(kinds.bits);
  const DeviceBytes d_weight = bench.upload(weight);
  const std::string shape = text({{"tokens", tokens}, {"width", width}, {"learned", learned}, {"norm", normed}});
  bench.check("embed", shape, expected, tokens, width, table.ld, tolerance_of(element), [&](void* output) {
    EmbedArguments k = a;
    k.ids = static_cast<const int*>(d_ids.get());
    k.positions = static_cast<const int*>(d_positions.get());
    k.types = static_cast<const int*>(d_types.get());
    k.token_table = d_table.get();
    k.position_table = learned ? d_places.get() : nullptr;
    k.type_table = learned ? d_kinds.get() : nullptr;
    k.norm_weight = normed ? static_cast<const float*>(d_weight.get()) : nullptr;
    k.output = output;
    return bench.backend->embed(k, bench.stream);
  });
}

}  // namespace

void test_rows(const Bench& bench) {
  for (int rows : {1, 2, 3, 4, 5, 63, 64, 65, 130}) test_rows_case(bench, rows, 64, rows % 2 == 0, false);
  for (int width : {8, 20, 248, 256, 264, 312, 384, 512, 768, 776, 1024, 1280, 1536, 2048}) test_rows_case(bench, 5, width, true, width == 384);
  for (int width : {20, 64, 312, 384, 768, 1024}) {
    test_embed_case(bench, 7, width, false, true);
    test_embed_case(bench, 66, width, true, true);
    test_embed_case(bench, 3, width, true, false);
  }
}

}  // namespace sextant::test
