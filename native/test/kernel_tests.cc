/**
 * Every kernel against its scalar reference, over shapes, tails, NaN and infinity. Outputs start as NaN and have rows past
 * the last that must stay as they are; each case runs twice and must give the same bits: in the emulation with another
 * order of threads, on a device with another order of blocks.
 *
 *   kernel_tests [--quick] [--only NAME]    one JSON line a case, then a summary; exit 1 if a case failed
 */
#include <algorithm>
#include <cstring>
#include <functional>

#include "../core/rows.hpp"
#include "../reference/reference.hpp"
#include "harness.hpp"

#if defined(SEXTANT_EMULATION)
#include "../emulation/emulated_backend.hpp"
#include "../emulation/simt.hpp"
#else
#include "../kernels/cuda_backend.hpp"
#endif

namespace sextant::test {
namespace {

/** Written past the end of an output, and still there afterwards. */
constexpr int guard_rows = 3;
constexpr std::uint16_t poison = 0xffff;

double tolerance_of(Element element) { return element == Element::bf16 ? 1.2e-2 : 1.6e-3; }

struct Bench {
  std::unique_ptr<Backend> backend;
  Stream stream = nullptr;
  Element element = Element::bf16;
  std::string name;
  bool quick = false;
  Report* report = nullptr;

  DeviceBytes upload(const std::vector<std::uint16_t>& v) const { return {*backend, stream, v.data(), v.size() * 2}; }
  DeviceBytes upload(const std::vector<float>& v) const { return {*backend, stream, v.data(), v.size() * 4}; }
  DeviceBytes upload(const std::vector<int>& v) const { return {*backend, stream, v.data(), v.size() * 4}; }

  /** Runs an operation twice into poisoned outputs of 16-bit elements and compares with what the reference made. */
  void check(const std::string& kernel, const std::string& shape, std::vector<float> expected, int rows, int width, int ld,
             double tolerance, const std::function<Status(void* output)>& run) const {
    // float16 holds no more; see `f16`.
    if (element == Element::f16) {
      for (float& x : expected) x = x > 65504 ? 65504 : x < -65504 ? -65504 : x;
    }
    const std::size_t count = static_cast<std::size_t>(rows + guard_rows) * ld;
    std::vector<std::vector<std::uint16_t>> results;
    for (std::uint32_t seed = 1; seed <= 2; seed++) {
      const DeviceBytes output = upload(std::vector<std::uint16_t>(count, poison));
      schedule(seed);
      require(run(output.get()));
      require(backend->wait(stream));
      results.push_back(output.read<std::uint16_t>(count));
    }
    std::vector<float> actual(count);
    for (std::size_t i = 0; i < count; i++) actual[i] = decode(results[0][i], element);
    bool contained = true;
    for (std::size_t i = static_cast<std::size_t>(rows) * ld; i < count; i++) contained = contained && results[0][i] == poison;
    report->add(kernel + " " + name, shape, worst_error(actual, expected, rows, width, ld), tolerance, results[0] == results[1],
                contained);
  }

  static void schedule(std::uint32_t seed) {
#if defined(SEXTANT_EMULATION)
    simt::set_seed(seed);
#else
    static_cast<void>(seed);
#endif
  }
};

std::string text(std::initializer_list<std::pair<const char*, int>> facts) {
  std::string result;
  for (const auto& [key, value] : facts) result += (result.empty() ? "" : " ") + std::string(key) + "=" + std::to_string(value);
  return result;
}

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
  if (bench.quick) return;
  test_linear_case(bench, 1000, 768, 384, Epilogue::residual, gelu, false);
  test_linear_case(bench, 2049, 1152, 384, Epilogue::rotary, gelu, false);
  test_linear_case(bench, 4096, 2304, 768, Epilogue::gated, gelu, false);
}

std::vector<int> ends_of(const std::vector<int>& lengths) {
  std::vector<int> ends = {0};
  for (int length : lengths) ends.push_back(ends.back() + length);
  return ends;
}

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

void test_first_attention(const Bench& bench) {
  for (int head_size : {16, 32, 48, 64}) {
    test_first_attention_case(bench, {1, 2, 63, 64, 65, 66, 127, 128, 129, 130, 300}, 2, head_size, -1);
    test_first_attention_case(bench, {130, 1, 65, 0, 3}, 1, head_size, 64);
  }
}

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

void test_rows(const Bench& bench) {
  for (int rows : {1, 2, 3, 4, 5, 63, 64, 65, 130}) test_rows_case(bench, rows, 64, rows % 2 == 0, false);
  for (int width : {8, 20, 248, 256, 264, 312, 384, 512, 768, 776, 1024, 1280, 1536, 2048}) test_rows_case(bench, 5, width, true, width == 384);
  for (int width : {20, 64, 312, 384, 768, 1024}) {
    test_embed_case(bench, 7, width, false, true);
    test_embed_case(bench, 66, width, true, true);
    test_embed_case(bench, 3, width, true, false);
  }
}

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

void test_convert(const Bench& bench) {
  for (Element source : {Element::f32, Element::f16, Element::bf16}) {
    for (RowOrder order : {RowOrder::plain, RowOrder::interleaved, RowOrder::rotary}) test_convert_case(bench, source, order, false);
    test_convert_case(bench, source, RowOrder::plain, true);
  }
}

/** Every row of a weight goes somewhere, and no two to the same place. */
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

/** The keys of a tile are those that some query of it sees, found one by one. */
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

struct Suite {
  const char* name;
  void (*run)(const Bench&);
};

constexpr Suite suites[] = {{"linear", test_linear}, {"attention", test_attention}, {"first_attention", test_first_attention},
                            {"rows", test_rows},     {"pool", test_pool},           {"convert", test_convert}};

void run_suites(Bench& bench, const char* only) {
  require(bench.backend->enter());
  require(bench.backend->open_stream(false, &bench.stream));
  for (const Suite& suite : suites) {
    if (only == nullptr || std::strcmp(only, suite.name) == 0) suite.run(bench);
  }
  bench.backend->close_stream(bench.stream);
}

int run_all(bool quick, const char* only) {
  Report report;
  test_row_orders(report);
  test_visible_keys(report);
#if defined(SEXTANT_EMULATION)
  // One multiprocessor: the largest cut always. A thousand: the smallest. Between: the middle one. Capability 90: Hopper's own.
  struct Pretended {
    int multiprocessors, capability;
  };
  for (const auto& [multiprocessors, capability] : {Pretended{1, 80}, Pretended{4, 80}, Pretended{1000, 80}, Pretended{1, 90}}) {
    for (Element element : {Element::bf16, Element::f16}) {
      if (capability == 90 && element == Element::f16) continue;
      // The other cuts concern matrix products alone.
      const char* suite = multiprocessors == 1 && capability == 80 ? only : "linear";
      if (only != nullptr && std::strcmp(only, suite) != 0) continue;
      Bench bench;
      bench.backend = std::make_unique<EmulatedBackend>(kernels::Target{element, multiprocessors, capability});
      bench.element = element;
      bench.name = std::string(element == Element::bf16 ? "bf16" : "f16") + "/" + std::to_string(multiprocessors) + "/sm" + std::to_string(capability);
      bench.quick = quick;
      bench.report = &report;
      run_suites(bench, suite);
    }
  }
#else
  Bench bench;
  require(open_cuda_backend(0, &bench.backend));
  bench.element = bench.backend->element();
  bench.name = bench.element == Element::bf16 ? "bf16" : "f16";
  bench.quick = quick;
  bench.report = &report;
  run_suites(bench, only);
#endif
  std::printf("{\"cases\":%d,\"failed\":%d}\n", report.cases(), report.failed());
  return report.failed() == 0 && report.cases() > 0 ? 0 : 1;
}

}  // namespace
}  // namespace sextant::test

int main(int count, char** arguments) {
  bool quick = false;
  const char* only = nullptr;
  for (int i = 1; i < count; i++) {
    if (std::strcmp(arguments[i], "--quick") == 0) quick = true;
    else if (std::strcmp(arguments[i], "--only") == 0 && i + 1 < count) only = arguments[++i];
    else return 2;
  }
  return sextant::test::run_all(quick, only);
}
