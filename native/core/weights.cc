#include "weights.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>

#include "mapped_file.hpp"

namespace sextant {
namespace {

constexpr std::size_t staging_bytes = 8 * 1024 * 1024;

/** Carries file bytes to the device through two buffers: one is filled while the other is copied and converted. */
class Uploader {
 public:
  explicit Uploader(Backend& backend) : backend_(backend) {}
  Uploader(const Uploader&) = delete;
  Uploader& operator=(const Uploader&) = delete;

  ~Uploader() {
    if (stream_ != nullptr) static_cast<void>(backend_.wait(stream_));
    for (Buffer& buffer : buffers_) {
      if (buffer.host != nullptr) backend_.release_host(buffer.host);
      if (buffer.device != nullptr) backend_.release(buffer.device);
      if (buffer.done != nullptr) backend_.close_event(buffer.done);
    }
    if (stream_ != nullptr) backend_.close_stream(stream_);
  }

  Status open() {
    SEXTANT_TRY(backend_.open_stream(false, &stream_));
    for (Buffer& buffer : buffers_) SEXTANT_TRY(backend_.open_event(false, &buffer.done));
    return {};
  }

  /** Converts all rows of a source into its tensor; `first_row` says where the source starts in it. */
  Status upload(const unsigned char* data, const PlanSource& source, ConvertArguments convert, int first_row) {
    const std::size_t row_bytes = static_cast<std::size_t>(convert.columns) * static_cast<std::size_t>(size_of(source.type));
    const int rows_at_once = static_cast<int>(std::max<std::size_t>(1, staging_bytes / row_bytes));
    for (int row = 0; row < source.rows; row += rows_at_once) {
      const int count = std::min(rows_at_once, source.rows - row);
      const std::size_t bytes = static_cast<std::size_t>(count) * row_bytes;
      Buffer& buffer = buffers_[next_++ % 2];
      SEXTANT_TRY(reserve(buffer, bytes));
      std::memcpy(buffer.host, data + static_cast<std::size_t>(row) * row_bytes, bytes);
      SEXTANT_TRY(backend_.copy_in(buffer.device, buffer.host, bytes, stream_));
      convert.source = buffer.device;
      convert.source_type = source.type;
      convert.first_row = first_row + row;
      convert.row_count = count;
      SEXTANT_TRY(backend_.convert(convert, stream_));
      SEXTANT_TRY(backend_.record(buffer.done, stream_));
      buffer.used = true;
    }
    return {};
  }

  Status finish() { return backend_.wait(stream_); }
  Stream stream() const { return stream_; }

 private:
  struct Buffer {
    void* host = nullptr;
    void* device = nullptr;
    Event done = nullptr;
    std::size_t bytes = 0;
    bool used = false;
  };

  /** Waits until the buffer is free, and makes it large enough. */
  Status reserve(Buffer& buffer, std::size_t bytes) {
    if (buffer.used) SEXTANT_TRY(backend_.await_event(buffer.done));
    buffer.used = false;
    if (buffer.bytes >= bytes) return {};
    if (buffer.host != nullptr) backend_.release_host(buffer.host);
    if (buffer.device != nullptr) backend_.release(buffer.device);
    buffer.host = buffer.device = nullptr;
    buffer.bytes = 0;
    const std::size_t wanted = std::max(bytes, staging_bytes);
    SEXTANT_TRY(backend_.allocate_host(wanted, &buffer.host));
    SEXTANT_TRY(backend_.allocate(wanted, &buffer.device));
    buffer.bytes = wanted;
    return {};
  }

  Backend& backend_;
  Stream stream_ = nullptr;
  Buffer buffers_[2];
  unsigned next_ = 0;
};

/**
 * Angles `position · theta^(-2 i / head_size)`, rounded to float32 before the cosine is taken, as every implementation that
 * trained these models did.
 */
std::vector<float> rotary_numbers(const PlanTable& table) {
  const int half = table.head_size / 2;
  std::vector<float> numbers(2 * static_cast<std::size_t>(table.positions) * half);
  for (int i = 0; i < half; i++) {
    const auto exponent = static_cast<float>(2.0 * i / table.head_size);
    const auto frequency = static_cast<float>(1.0 / static_cast<float>(std::pow(table.theta, static_cast<double>(exponent))));
    for (int position = 0; position < table.positions; position++) {
      const auto angle = static_cast<float>(static_cast<double>(position) * frequency);
      float* turn = &numbers[2 * (static_cast<std::size_t>(position) * half + i)];
      turn[0] = static_cast<float>(std::cos(static_cast<double>(angle)));
      turn[1] = static_cast<float>(std::sin(static_cast<double>(angle)));
    }
  }
  return numbers;
}

}  // namespace

Weights::~Weights() {
  for (void* memory : tensors_) backend_.release(memory);
  for (void* memory : tables_) backend_.release(memory);
}

Status Weights::load(const std::vector<std::string>& paths) {
  std::deque<MappedFile> files;
  for (const std::string& path : paths) SEXTANT_TRY(files.emplace_back().open(path));
  Uploader uploader(backend_);
  SEXTANT_TRY(uploader.open());
  for (const PlanTensor& tensor : plan_.tensors) {
    const int ld = tensor.is_vector ? 1 : leading_dimension(tensor.columns);
    const std::size_t element = tensor.is_vector ? 4 : static_cast<std::size_t>(size_of(backend_.element()));
    const std::size_t bytes = static_cast<std::size_t>(tensor.rows) * static_cast<std::size_t>(ld) * element;
    void* memory = nullptr;
    SEXTANT_TRY(backend_.allocate(bytes, &memory));
    tensors_.push_back(memory);
    bytes_ += bytes;
    ConvertArguments convert{};
    convert.columns = tensor.columns;
    convert.order = tensor.order;
    convert.rows = tensor.rows;
    convert.ordered_rows = tensor.ordered_rows;
    convert.head_size = tensor.head_size;
    convert.output = memory;
    convert.ld_output = ld;
    convert.float_output = tensor.is_vector;
    int row = 0;
    for (const PlanSource& source : tensor.sources) {
      const std::uint64_t wanted = static_cast<std::uint64_t>(source.rows) * static_cast<std::uint64_t>(tensor.columns) *
                                   static_cast<std::uint64_t>(size_of(source.type));
      if (static_cast<std::size_t>(source.file) >= files.size()) return failure(Code::file, "A weights file is missing.");
      const MappedFile& file = files[static_cast<std::size_t>(source.file)];
      if (source.offset > file.size() || wanted > file.size() - source.offset) {
        return failure(Code::file, "The weights file is shorter than its tensors.");
      }
      SEXTANT_TRY(uploader.upload(file.data() + source.offset, source, convert, row));
      row += source.rows;
    }
  }
  SEXTANT_TRY(load_tables(uploader.stream()));
  return uploader.finish();
}

Status Weights::load_tables(Stream stream) {
  for (const PlanTable& table : plan_.tables) {
    const std::vector<float> numbers = rotary_numbers(table);
    void* memory = nullptr;
    SEXTANT_TRY(backend_.allocate(4 * numbers.size(), &memory));
    tables_.push_back(memory);
    bytes_ += 4 * numbers.size();
    SEXTANT_TRY(backend_.copy_in(memory, numbers.data(), 4 * numbers.size(), stream));
    // The numbers go when this turn ends.
    SEXTANT_TRY(backend_.wait(stream));
  }
  return {};
}

}  // namespace sextant
