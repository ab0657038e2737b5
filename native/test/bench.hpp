#pragma once

#include <functional>

#include "../reference/reference.hpp"
#include "harness.hpp"

#if defined(SEXTANT_EMULATION)
#include "../emulation/simt.hpp"
#endif

/** What the tests of a kernel run on, and the check that all of them end in. */
namespace sextant::test {

/** Written past the end of an output, and still there afterwards. */
inline constexpr int guard_rows = 3;
inline constexpr std::uint16_t poison = 0xffff;

inline double tolerance_of(Element element) { return element == Element::bf16 ? 1.2e-2 : 1.6e-3; }

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

inline std::string text(std::initializer_list<std::pair<const char*, int>> facts) {
  std::string result;
  for (const auto& [key, value] : facts) result += (result.empty() ? "" : " ") + std::string(key) + "=" + std::to_string(value);
  return result;
}

/** Where each sequence begins among packed tokens, and behind them the end: `cu_seqlens`. */
inline std::vector<int> ends_of(const std::vector<int>& lengths) {
  std::vector<int> ends = {0};
  for (int length : lengths) ends.push_back(ends.back() + length);
  return ends;
}

}  // namespace sextant::test
