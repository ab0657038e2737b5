#include "self_check.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "../core/half.hpp"
#include "../reference/reference.hpp"

namespace sextant {
namespace {

constexpr float tolerance = 0.01f;

/** Numbers within ±`size`, the same on every machine. */
class Numbers {
 public:
  float next(float size) {
    state_ = state_ * 1664525u + 1013904223u;
    return size * (static_cast<float>(state_ >> 8) / 8388608.0f - 1.0f);
  }

 private:
  std::uint32_t state_ = 1;
};

/** Rows end to end, as elements of the device and as what those elements hold. */
struct Values {
  int width;
  Element element;
  std::vector<unsigned char> stored;
  std::vector<float> floats;

  Values(int rows, int width_, Element element_, Numbers& numbers, float size)
      : width(width_), element(element_), stored(static_cast<std::size_t>(rows) * width_ * size_of(element_)),
        floats(static_cast<std::size_t>(rows) * width_) {
    for (std::size_t i = 0; i < floats.size(); i++) {
      const float value = numbers.next(size);
      if (element == Element::f32) {
        floats[i] = value;
        std::memcpy(stored.data() + 4 * i, &value, 4);
        continue;
      }
      const std::uint16_t bits = element == Element::bf16 ? bf16_of_float(value) : f16_of_float(value);
      std::memcpy(stored.data() + 2 * i, &bits, 2);
      floats[i] = float_at(stored, element, i);
    }
  }

  static float float_at(const std::vector<unsigned char>& bytes, Element element, std::size_t index) {
    if (element == Element::f32) {
      float value;
      std::memcpy(&value, bytes.data() + 4 * index, 4);
      return value;
    }
    std::uint16_t bits;
    std::memcpy(&bits, bytes.data() + 2 * index, 2);
    return element == Element::bf16 ? float_of_bf16(bits) : float_of_f16(bits);
  }
};

/** A device with a stream, and memory of it that goes when this does. */
class Desk {
 public:
  explicit Desk(Backend& backend) : backend_(backend) {}
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;
  ~Desk() {
    clear();
    if (stream_ != nullptr) backend_.close_stream(stream_);
  }

  Status open() {
    SEXTANT_TRY(backend_.enter());
    return backend_.open_stream(false, &stream_);
  }

  Backend& backend() { return backend_; }
  Stream stream() const { return stream_; }

  Status put(const void* bytes, std::size_t count, void** memory) {
    SEXTANT_TRY(backend_.allocate(count, memory));
    held_.push_back(*memory);
    return backend_.copy_in(*memory, bytes, count, stream_);
  }

  /** Room that holds nothing but NaN. */
  Status room(std::size_t count, void** memory) {
    const std::vector<unsigned char> nan(count, 0xff);
    SEXTANT_TRY(put(nan.data(), count, memory));
    return backend_.wait(stream_);
  }

  Status take(void* memory, std::vector<unsigned char>* bytes) {
    SEXTANT_TRY(backend_.copy_out(bytes->data(), memory, bytes->size(), stream_));
    return backend_.wait(stream_);
  }

  void clear() {
    for (void* memory : held_) backend_.release(memory);
    held_.clear();
  }

 private:
  Backend& backend_;
  Stream stream_ = nullptr;
  std::vector<void*> held_;
};

bool is_close(float actual, float expected) {
  // Written so that NaN is not.
  return std::fabs(actual - expected) <= tolerance * (1 + std::fabs(expected));
}

/** So few rows that the reference takes no time, and so many that no block of a product goes unseen; the last one too. */
std::vector<int> compared_rows(int rows) {
  std::vector<int> compared;
  for (int row = 0; row < rows; row += 61) compared.push_back(row);
  compared.push_back(rows - 1);
  return compared;
}

Status wrong(const std::string& what) { return failure(Code::device, "The GPU computes " + what + " wrongly."); }

/** With `residual` to what is in the output before. */
Status check_product(Desk& desk, int rows, int columns, int inner, Epilogue epilogue) {
  const Element element = desk.backend().element();
  const int width = epilogue == Epilogue::gated ? columns / 2 : columns;
  Numbers numbers;
  const Values input(rows, inner, element, numbers, 1);
  const Values weight(columns, inner, element, numbers, 2 / std::sqrt(static_cast<float>(inner)));
  const Values before(rows, width, element, numbers, 1);
  LinearArguments a{};
  a.rows = rows;
  a.columns = columns;
  a.inner = inner;
  a.ld_input = inner;
  a.ld_weight = inner;
  a.epilogue = epilogue;
  a.ld_residual = width;
  a.ld_output = width;
  LinearArguments own = a;
  void* memory[3] = {};
  std::vector<unsigned char> result(static_cast<std::size_t>(rows) * width * size_of(element));
  SEXTANT_TRY(desk.put(input.stored.data(), input.stored.size(), &memory[0]));
  SEXTANT_TRY(desk.put(weight.stored.data(), weight.stored.size(), &memory[1]));
  if (epilogue == Epilogue::residual) SEXTANT_TRY(desk.put(before.stored.data(), before.stored.size(), &memory[2]));
  else SEXTANT_TRY(desk.room(result.size(), &memory[2]));
  own.input = memory[0];
  own.weight = memory[1];
  own.residual = memory[2];
  own.output = memory[2];
  SEXTANT_TRY(desk.backend().linear(own, desk.stream()));
  SEXTANT_TRY(desk.take(memory[2], &result));
  desk.clear();

  std::vector<float> expected(width);
  a.rows = 1;
  a.weight = weight.floats.data();
  a.output = expected.data();
  for (int row : compared_rows(rows)) {
    a.input = input.floats.data() + static_cast<std::size_t>(row) * inner;
    a.residual = before.floats.data() + static_cast<std::size_t>(row) * width;
    reference::linear(a);
    for (int column = 0; column < width; column++) {
      const float actual = Values::float_at(result, element, static_cast<std::size_t>(row) * width + column);
      if (!is_close(actual, expected[column])) {
        return wrong("a product of " + std::to_string(rows) + " × " + std::to_string(inner) + " by " + std::to_string(columns));
      }
    }
  }
  return {};
}

Status check_attention(Desk& desk, int head_size, int window) {
  const Element element = desk.backend().element();
  const int lengths[] = {140, 66, 1};
  constexpr int heads = 2;
  std::vector<AttentionTile> tiles;
  int tokens = 0;
  for (int length : lengths) {
    for (int query = 0; query < length; query += attention_tile_queries) tiles.push_back({tokens, length, query, 0});
    tokens += length;
  }
  const int width = heads * head_size;
  Numbers numbers;
  const Values qkv(tokens, 3 * width, element, numbers, 2);
  AttentionArguments a{};
  a.tiles = tiles.data();
  a.tile_count = static_cast<int>(tiles.size());
  a.heads = heads;
  a.head_size = head_size;
  a.scale = 1 / std::sqrt(static_cast<float>(head_size));
  a.window = window;
  a.query = qkv.floats.data();
  a.key = qkv.floats.data() + width;
  a.value = qkv.floats.data() + 2 * width;
  a.ld_input = 3 * width;
  a.ld_output = width;
  std::vector<float> expected(static_cast<std::size_t>(tokens) * width);
  a.output = expected.data();
  reference::attention(a);

  void* memory[3] = {};
  std::vector<unsigned char> result(expected.size() * size_of(element));
  SEXTANT_TRY(desk.put(qkv.stored.data(), qkv.stored.size(), &memory[0]));
  SEXTANT_TRY(desk.put(tiles.data(), tiles.size() * sizeof(AttentionTile), &memory[1]));
  SEXTANT_TRY(desk.room(result.size(), &memory[2]));
  const auto column = [&](int columns) {
    return static_cast<const char*>(memory[0]) + static_cast<std::size_t>(columns) * size_of(element);
  };
  a.tiles = static_cast<const AttentionTile*>(memory[1]);
  a.query = column(0);
  a.key = column(width);
  a.value = column(2 * width);
  a.output = memory[2];
  SEXTANT_TRY(desk.backend().attention(a, desk.stream()));
  SEXTANT_TRY(desk.take(memory[2], &result));
  desk.clear();
  for (std::size_t i = 0; i < expected.size(); i++) {
    if (is_close(Values::float_at(result, element, i), expected[i])) continue;
    return wrong("attention with heads of " + std::to_string(head_size) + (window < 0 ? "" : " and a window"));
  }
  return {};
}

}  // namespace

Status check_operations(Backend& backend, int multiprocessors) {
  Desk desk(backend);
  SEXTANT_TRY(desk.open());
  // Rows that give every multiprocessor a block of the output, and some of them a second one.
  const auto rows_for = [&](int block_rows, int blocks_across) {
    return block_rows * ((multiprocessors + blocks_across - 1) / blocks_across) + 37;
  };
  SEXTANT_TRY(check_product(desk, 16, 264, 200, Epilogue::none));
  SEXTANT_TRY(check_product(desk, rows_for(64, 8), 264, 200, Epilogue::none));
  // Two blocks across of 256 columns and of 192, and one of 128, where the device has products of those widths.
  SEXTANT_TRY(check_product(desk, rows_for(128, 2), 512, 328, Epilogue::residual));
  SEXTANT_TRY(check_product(desk, rows_for(128, 2), 384, 328, Epilogue::gated));
  SEXTANT_TRY(check_product(desk, rows_for(128, 1), 120, 328, Epilogue::none));
  for (int head_size : {32, 64}) {
    for (int window : {-1, 64}) SEXTANT_TRY(check_attention(desk, head_size, window));
  }
  return {};
}

}  // namespace sextant
