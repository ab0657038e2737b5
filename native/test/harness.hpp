#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "../core/backend.hpp"
#include "../core/half.hpp"

/** What the kernel tests share: buffers on the device under test, random inputs, comparisons, one JSON line a case. */
namespace sextant::test {

inline void require(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s: %s\n", name_of(status.code), status.message.c_str());
  std::exit(2);
}

inline std::uint16_t encode(float value, Element element) {
  return element == Element::bf16 ? bf16_of_float(value) : f16_of_float(value);
}

inline float decode(std::uint16_t bits, Element element) {
  return element == Element::bf16 ? float_of_bf16(bits) : float_of_f16(bits);
}

inline int padded(int width) { return (width + 7) / 8 * 8; }

/** Memory of the device, with bytes of the host's in it. */
class DeviceBytes {
 public:
  DeviceBytes(Backend& backend, Stream stream, const void* bytes, std::size_t count) : backend_(backend), stream_(stream) {
    require(backend.allocate(count, &memory_));
    if (count > 0) require(backend.copy_in(memory_, bytes, count, stream));
    require(backend.wait(stream));
  }
  DeviceBytes(const DeviceBytes&) = delete;
  DeviceBytes& operator=(const DeviceBytes&) = delete;
  ~DeviceBytes() { backend_.release(memory_); }

  void* get() const { return memory_; }

  template <class T>
  std::vector<T> read(std::size_t count) const {
    std::vector<T> values(count);
    if (count > 0) require(backend_.copy_out(values.data(), memory_, count * sizeof(T), stream_));
    require(backend_.wait(stream_));
    return values;
  }

 private:
  Backend& backend_;
  Stream stream_;
  void* memory_ = nullptr;
};

/** A matrix in both precisions: the values a 16-bit element can hold, and the same bits. What pads a row is NaN. */
struct Matrix {
  int rows, width, ld;
  std::vector<float> values;
  std::vector<std::uint16_t> bits;

  Matrix(int rows_, int width_, Element element)
      : rows(rows_), width(width_), ld(padded(width_)), values(static_cast<std::size_t>(rows) * ld, NAN),
        bits(values.size(), encode(NAN, element)) {}

  void set(int row, int column, float value, Element element) {
    const std::size_t at = static_cast<std::size_t>(row) * ld + column;
    bits[at] = encode(value, element);
    values[at] = decode(bits[at], element);
  }
};

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}

  float normal(float spread) { return std::normal_distribution<float>(0, spread)(engine_); }
  int below(int count) { return static_cast<int>(engine_() % static_cast<std::uint32_t>(count)); }

  Matrix matrix(int rows, int width, Element element, float spread = 1) {
    Matrix result(rows, width, element);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < width; c++) result.set(r, c, normal(spread), element);
    }
    return result;
  }

  std::vector<float> vector(int count, float spread, float around = 0) {
    std::vector<float> result(static_cast<std::size_t>(count));
    for (float& x : result) x = around + normal(spread);
    return result;
  }

 private:
  std::mt19937 engine_;
};

/** Largest error of an element in units of its own size plus its row's; infinity if one is NaN and the other is not. */
inline double worst_error(const std::vector<float>& actual, const std::vector<float>& expected, int rows, int width, int ld) {
  double worst = 0;
  for (int r = 0; r < rows; r++) {
    const float* row = expected.data() + static_cast<std::size_t>(r) * ld;
    const float* own = actual.data() + static_cast<std::size_t>(r) * ld;
    double squares = 0;
    for (int c = 0; c < width; c++) squares += std::isfinite(row[c]) ? static_cast<double>(row[c]) * row[c] : 0;
    const double scale = std::sqrt(squares / width) + 1e-6;
    for (int c = 0; c < width; c++) {
      if (std::isfinite(row[c]) && std::isfinite(own[c])) {
        worst = std::fmax(worst, std::fabs(own[c] - row[c]) / (scale + std::fabs(row[c])));
      } else if (std::isfinite(own[c]) || (std::isinf(row[c]) && own[c] != row[c] && !std::isnan(own[c]))) {
        return INFINITY;
      } else if (std::isfinite(row[c])) {
        return INFINITY;
      }
    }
  }
  return worst;
}

/** Counts cases and writes one line for each, so that a failure names its shape. */
class Report {
 public:
  void add(const std::string& kernel, const std::string& shape, double error, double tolerance, bool repeated, bool contained) {
    const bool ok = error <= tolerance && repeated && contained;
    cases_++;
    failed_ += ok ? 0 : 1;
    std::printf("{\"kernel\":\"%s\",\"shape\":\"%s\",\"ok\":%s,\"error\":%.3g,\"tolerance\":%.3g,\"repeatable\":%s,\"contained\":%s}\n",
                kernel.c_str(), shape.c_str(), ok ? "true" : "false", std::isfinite(error) ? error : 1e9, tolerance,
                repeated ? "true" : "false", contained ? "true" : "false");
  }
  int cases() const { return cases_; }
  int failed() const { return failed_; }

 private:
  int cases_ = 0;
  int failed_ = 0;
};

}  // namespace sextant::test
