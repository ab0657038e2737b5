#include <algorithm>
#include <cstring>

#include "suites.hpp"

namespace sextant::test {
namespace {

void test_pool_case(const Bench& bench, const std::vector<int>& lengths, int width, int dimension, Pooling pooling, bool normalize,
                    Format format, bool not_finite = false) {
  const Element element = bench.element;
  const std::vector<int> ends = ends_of(lengths);
  Random random(static_cast<std::uint32_t>(ends.back() + width + static_cast<int>(format)));
  Matrix input = random.matrix(ends.back(), width, element);
  if (not_finite) input.set(0, 0, NAN, element);
  const int sequences = pooling == Pooling::rows ? ends.back() : static_cast<int>(lengths.size());
  PoolArguments a{};
  a.sequences = sequences;
  a.ld_input = input.ld;
  a.pooling = pooling;
  a.dimension = dimension;
  a.normalize = normalize;
  a.format = format;
  const bool bytes = format == Format::int8 || format == Format::sign;
  a.ld_output = format == Format::sign ? (dimension + 7) / 8 : padded(dimension);
  const DeviceBytes places = bench.upload(ends);
  const DeviceBytes inputs = bench.upload(input.bits);
  PoolArguments k = a;
  k.cu_seqlens = static_cast<const int*>(places.get());
  k.input = inputs.get();
  const std::string shape = text({{"sequences", sequences}, {"first", lengths[0]}, {"width", width}, {"dimension", dimension},
                                  {"pooling", static_cast<int>(pooling)}, {"normalize", normalize}, {"format", static_cast<int>(format)},
                                  {"notFinite", not_finite}});
  PoolArguments r = a;
  r.cu_seqlens = ends.data();
  r.input = input.values.data();
  const std::size_t count = static_cast<std::size_t>(sequences) * a.ld_output;
  if (format == Format::element) {
    std::vector<float> expected(count);
    r.output = expected.data();
    reference::pool(r);
    bench.check("pool", shape, expected, sequences, dimension, a.ld_output, tolerance_of(element), [&](void* output) {
      k.output = output;
      return bench.backend->pool(k, bench.stream);
    });
    return;
  }
  std::vector<std::uint8_t> expected(bytes ? count : 4 * count, 0xff);
  r.output = expected.data();
  reference::pool(r);
  std::vector<std::vector<std::uint8_t>> results;
  for (std::uint32_t seed = 1; seed <= 2; seed++) {
    const std::vector<std::uint8_t> empty(expected.size() + 64, 0xff);
    const DeviceBytes output(*bench.backend, bench.stream, empty.data(), empty.size());
    Bench::schedule(seed);
    k.output = output.get();
    require(bench.backend->pool(k, bench.stream));
    results.push_back(output.read<std::uint8_t>(empty.size()));
  }
  const bool contained = std::all_of(results[0].end() - 64, results[0].end(), [](std::uint8_t byte) { return byte == 0xff; });
  double error = 0;
  double tolerance = 1e-5;
  if (bytes) {
    // A sum of float32 may tip a value that lies between two levels, or next to zero.
    tolerance = 0.002;
    double wrong = 0;
    for (std::size_t i = 0; i < expected.size(); i++) {
      const int difference = static_cast<std::int8_t>(expected[i]) - static_cast<std::int8_t>(results[0][i]);
      if (format == Format::int8 && std::abs(difference) > 1) wrong += 1e9;
      wrong += difference != 0;
    }
    error = wrong / static_cast<double>(expected.size());
  } else {
    std::vector<float> wanted(count), actual(count);
    std::memcpy(wanted.data(), expected.data(), 4 * count);
    std::memcpy(actual.data(), results[0].data(), 4 * count);
    error = worst_error(actual, wanted, sequences, dimension, a.ld_output);
  }
  bench.report->add("pool " + bench.name, shape, error, tolerance, results[0] == results[1], contained);
}

}  // namespace

void test_pool(const Bench& bench) {
  const std::vector<int> lengths = {1, 2, 63, 64, 65, 66, 127, 128, 129, 130};
  for (Pooling pooling : {Pooling::mean, Pooling::first, Pooling::rows}) {
    for (Format format : {Format::element, Format::f32, Format::int8, Format::sign}) {
      const bool normalize = format != Format::element;
      test_pool_case(bench, pooling == Pooling::rows ? std::vector<int>{9} : lengths, 384, 384, pooling, normalize, format);
      test_pool_case(bench, {5, 1}, 312, 77, pooling, normalize, format);
    }
  }
  for (int width : {8, 64, 256, 768, 1024, 2048}) test_pool_case(bench, {3, 70}, width, width, Pooling::mean, true, Format::f32);
  test_pool_case(bench, {3, 0, 2}, 64, 64, Pooling::mean, true, Format::f32);
  test_pool_case(bench, {3, 0, 2}, 64, 64, Pooling::first, true, Format::f32);
  test_pool_case(bench, {3, 7}, 64, 64, Pooling::mean, false, Format::f32, true);
}

}  // namespace sextant::test
