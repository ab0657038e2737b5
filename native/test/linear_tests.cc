#include "suites.hpp"

namespace sextant::test {
namespace {

void test_linear_case(const Bench& bench, int rows, int columns, int inner, Epilogue epilogue, Activation activation, bool bias,
                      bool not_finite = false) {
  Random random(static_cast<std::uint32_t>(rows * 31 + columns * 7 + inner + static_cast<int>(epilogue)));
  const Element element = bench.element;
  Matrix input = random.matrix(rows, inner, element);
  Matrix weight = random.matrix(columns, inner, element, 1 / std::sqrt(static_cast<float>(inner)));
  if (not_finite) {
    input.set(0, 0, NAN, element);
    if (rows > 2) input.set(2, inner - 1, INFINITY, element);
  }
  const bool gated = epilogue == Epilogue::gated;
  const int width = gated ? columns / 2 : columns;
  const Matrix residual = random.matrix(rows, columns, element);
  const std::vector<float> biases = random.vector(columns, 0.5f);
  const int head_size = 16;
  const std::vector<float> turns = random.vector(64 * head_size, 1);
  std::vector<int> positions(static_cast<std::size_t>(rows));
  for (int& position : positions) position = random.below(64);

  LinearArguments a{};
  a.rows = rows;
  a.columns = columns;
  a.inner = inner;
  a.ld_input = input.ld;
  a.ld_weight = weight.ld;
  a.epilogue = epilogue;
  a.activation = activation;
  a.ld_residual = residual.ld;
  a.rotary_columns = columns / 32 * 16;
  a.head_size = head_size;
  a.ld_output = padded(width);

  const std::size_t count = static_cast<std::size_t>(rows) * a.ld_output;
  std::vector<float> expected(count);
  LinearArguments r = a;
  r.input = input.values.data();
  r.weight = weight.values.data();
  r.bias = bias ? biases.data() : nullptr;
  r.residual = residual.values.data();
  r.positions = positions.data();
  r.rotary_table = turns.data();
  r.output = expected.data();
  reference::linear(r);

  const DeviceBytes inputs = bench.upload(input.bits);
  const DeviceBytes weights = bench.upload(weight.bits);
  const DeviceBytes residuals = bench.upload(residual.bits);
  const DeviceBytes bias_values = bench.upload(biases);
  const DeviceBytes table = bench.upload(turns);
  const DeviceBytes places = bench.upload(positions);
  const std::string shape = text({{"rows", rows}, {"columns", columns}, {"inner", inner}, {"epilogue", static_cast<int>(epilogue)},
                                  {"activation", static_cast<int>(activation)}, {"bias", bias}, {"notFinite", not_finite}});
  bench.check("linear", shape, expected, rows, width, a.ld_output, tolerance_of(element), [&](void* output) {
    LinearArguments k = a;
    k.input = inputs.get();
    k.weight = weights.get();
    k.bias = bias ? static_cast<const float*>(bias_values.get()) : nullptr;
    k.residual = residuals.get();
    k.positions = static_cast<const int*>(places.get());
    k.rotary_table = static_cast<const float*>(table.get());
    k.output = output;
    // In place, as the executor runs it.
    if (epilogue == Epilogue::residual) {
      require(bench.backend->copy_in(output, residual.bits.data(), residual.bits.size() * 2, bench.stream));
      k.residual = output;
    }
    return bench.backend->linear(k, bench.stream);
  });
}

}  // namespace

void test_linear(const Bench& bench) {
  const Activation gelu = Activation::gelu;
  for (int rows : {1, 2, 63, 64, 65, 66, 127, 128, 129, 130}) {
    test_linear_case(bench, rows, 96, 80, Epilogue::none, gelu, rows % 2 == 0);
  }
  for (int columns : {2, 3, 8, 24, 63, 64, 130, 136, 264}) test_linear_case(bench, 70, columns, 64, Epilogue::none, gelu, true);
  for (int inner : {1, 8, 13, 31, 32, 33, 63, 64, 72, 128, 200}) test_linear_case(bench, 66, 72, inner, Epilogue::none, gelu, false);
  for (int activation = 0; activation < 5; activation++) {
    test_linear_case(bench, 65, 72, 64, Epilogue::activation, static_cast<Activation>(activation), true);
    test_linear_case(bench, 65, 160, 64, Epilogue::gated, static_cast<Activation>(activation), false);
  }
  test_linear_case(bench, 130, 152, 80, Epilogue::gated, gelu, true);
  test_linear_case(bench, 130, 24, 80, Epilogue::gated, gelu, false);
  test_linear_case(bench, 129, 192, 64, Epilogue::rotary, gelu, false);
  test_linear_case(bench, 65, 96, 64, Epilogue::rotary, gelu, true);
  test_linear_case(bench, 129, 136, 96, Epilogue::residual, gelu, true);
  test_linear_case(bench, 64, 64, 96, Epilogue::residual, gelu, false);
  test_linear_case(bench, 66, 72, 80, Epilogue::none, gelu, true, true);
  test_linear_case(bench, 66, 72, 80, Epilogue::gated, gelu, true, true);
  // More steps than any cut has stages, several blocks, and each width of Hopper's.
  test_linear_case(bench, 300, 512, 450, Epilogue::residual, gelu, true);
  test_linear_case(bench, 200, 384, 320, Epilogue::rotary, gelu, false);
  test_linear_case(bench, 140, 504, 264, Epilogue::gated, gelu, false);
  test_linear_case(bench, 260, 120, 520, Epilogue::none, gelu, true);
  if (bench.quick) return;
  test_linear_case(bench, 1000, 768, 384, Epilogue::residual, gelu, false);
  test_linear_case(bench, 2049, 1152, 384, Epilogue::rotary, gelu, false);
  test_linear_case(bench, 4096, 2304, 768, Epilogue::gated, gelu, false);
}

}  // namespace sextant::test
