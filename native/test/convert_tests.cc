#include <algorithm>

#include "../core/rows.hpp"
#include "suites.hpp"

namespace sextant::test {
namespace {

void test_convert_case(const Bench& bench, Element source, RowOrder order, bool float_output) {
  const int rows = 96;
  const int columns = 21;
  Random random(7);
  const std::vector<float> numbers = random.vector(rows * columns, 1);
  std::vector<std::uint16_t> halves(numbers.size());
  for (std::size_t i = 0; i < numbers.size(); i++) halves[i] = encode(numbers[i], source);
  ConvertArguments a{};
  a.source_type = source;
  a.columns = columns;
  a.order = order;
  a.rows = rows;
  a.ordered_rows = 64;
  a.head_size = 16;
  a.ld_output = padded(columns);
  a.float_output = float_output;
  std::vector<float> expected(static_cast<std::size_t>(rows) * a.ld_output);
  const DeviceBytes source_bytes(*bench.backend, bench.stream, source == Element::f32 ? static_cast<const void*>(numbers.data()) : halves.data(),
                                 numbers.size() * (source == Element::f32 ? 4 : 2));
  const std::string shape = text({{"source", static_cast<int>(source)}, {"order", static_cast<int>(order)}, {"float", float_output}});
  // In two parts, as a big tensor comes.
  const int first = 40;
  const auto parts = [&](void* output, const void* bytes, const std::function<Status(const ConvertArguments&)>& run) {
    for (int part = 0; part < 2; part++) {
      ConvertArguments k = a;
      k.first_row = part * first;
      k.row_count = part == 0 ? first : rows - first;
      k.source = static_cast<const char*>(bytes) + static_cast<std::size_t>(k.first_row) * columns * size_of(source);
      k.output = output;
      SEXTANT_TRY(run(k));
    }
    return Status{};
  };
  const void* own = source == Element::f32 ? static_cast<const void*>(numbers.data()) : halves.data();
  require(parts(expected.data(), own, [](const ConvertArguments& k) {
    reference::convert(k);
    return Status{};
  }));
  const auto run = [&](void* output) {
    return parts(output, source_bytes.get(), [&](const ConvertArguments& k) { return bench.backend->convert(k, bench.stream); });
  };
  if (!float_output) {
    bench.check("convert", shape, expected, rows, a.ld_output, a.ld_output, tolerance_of(bench.element), run);
    return;
  }
  const DeviceBytes output = bench.upload(std::vector<float>(expected.size(), NAN));
  require(run(output.get()));
  bench.report->add("convert " + bench.name, shape, output.read<float>(expected.size()) == expected ? 0 : 1, 0, true, true);
}

}  // namespace

void test_convert(const Bench& bench) {
  for (Element source : {Element::f32, Element::f16, Element::bf16}) {
    for (RowOrder order : {RowOrder::plain, RowOrder::interleaved, RowOrder::rotary}) test_convert_case(bench, source, order, false);
    test_convert_case(bench, source, RowOrder::plain, true);
  }
}

void test_row_orders(Report& report) {
  for (RowOrder order : {RowOrder::plain, RowOrder::interleaved, RowOrder::rotary}) {
    for (int head_size : {8, 32, 64}) {
      const int rows = 6 * head_size;
      std::vector<int> seen(static_cast<std::size_t>(rows));
      for (int row = 0; row < rows; row++) seen[ordered_row(order, row, rows, 4 * head_size, head_size)]++;
      const bool once = std::all_of(seen.begin(), seen.end(), [](int count) { return count == 1; });
      report.add("ordered_row", text({{"order", static_cast<int>(order)}, {"headSize", head_size}}), 0, 0, true, once);
    }
  }
}

}  // namespace sextant::test
