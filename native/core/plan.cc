#include "plan.hpp"

#include <cmath>

namespace sextant {
namespace {

constexpr double plan_magic = 0x53585450;
constexpr double plan_version = 1;
constexpr int largest_size = 1 << 24;

/** Reads words in order; the first one that cannot be right is remembered and everything after it is 0. */
class Reader {
 public:
  Reader(const double* words, std::size_t count) : words_(words), count_(count) {}

  double number() {
    if (at_ >= count_) return fail("it ends early");
    const double word = words_[at_++];
    if (!std::isfinite(word)) return fail("a number is not finite");
    return word;
  }

  /** A whole number within bounds. */
  int whole(int from, int to) {
    const double word = number();
    if (word != std::floor(word) || word < from || word > to) return static_cast<int>(fail("a number is out of bounds"));
    return static_cast<int>(word);
  }

  int size() { return whole(1, largest_size); }
  bool flag() { return whole(0, 1) == 1; }

  template <class T>
  T one_of(int count) {
    return static_cast<T>(whole(0, count - 1));
  }

  std::uint64_t offset() {
    const double word = number();
    if (word != std::floor(word) || word < 0 || word > 9007199254740991.0) return static_cast<std::uint64_t>(fail("an offset is out of bounds"));
    return static_cast<std::uint64_t>(word);
  }

  double fail(const char* why) {
    if (why_ == nullptr) why_ = why;
    at_ = count_;
    return 0;
  }

  bool failed() const { return why_ != nullptr; }
  bool ended() const { return at_ == count_; }
  const char* why() const { return why_; }

 private:
  const double* words_;
  std::size_t count_;
  std::size_t at_ = 0;
  const char* why_ = nullptr;
};

class Decoder {
 public:
  Decoder(Reader& reader, Plan& plan) : reader_(reader), plan_(plan) {}

  void decode() {
    if (reader_.number() != plan_magic) reader_.fail("it is no plan");
    if (reader_.number() != plan_version) reader_.fail("it is of another version");
    plan_.vocabulary = reader_.size();
    plan_.longest_sequence = reader_.size();
    plan_.result_columns = reader_.size();
    plan_.result_per_sequence = reader_.flag();
    plan_.result_format = reader_.one_of<Format>(4);
    const int tensors = reader_.whole(0, 65536);
    const int tables = reader_.whole(0, 256);
    const int slots = reader_.whole(0, 65536);
    const int operations = reader_.whole(1, 65536);
    for (int i = 0; i < tensors && !reader_.failed(); i++) plan_.tensors.push_back(tensor());
    for (int i = 0; i < tables && !reader_.failed(); i++) plan_.tables.push_back(table());
    for (int i = 0; i < slots && !reader_.failed(); i++) plan_.slots.push_back({reader_.flag(), reader_.size()});
    for (int i = 0; i < operations && !reader_.failed(); i++) plan_.operations.push_back(operation());
    if (!reader_.failed() && !reader_.ended()) reader_.fail("numbers are left over");
    if (!reader_.failed() && results_ != 1) reader_.fail("it does not make exactly one result");
    if (plan_.result_format == Format::element) reader_.fail("results are no elements");
  }

 private:
  PlanTensor tensor() {
    PlanTensor t{};
    t.is_vector = reader_.flag();
    t.rows = reader_.size();
    t.columns = reader_.size();
    t.order = reader_.one_of<RowOrder>(3);
    t.ordered_rows = reader_.whole(0, t.rows);
    t.head_size = reader_.whole(0, 4096);
    int rows = 0;
    const int sources = reader_.whole(1, 64);
    for (int i = 0; i < sources && !reader_.failed(); i++) {
      PlanSource source{};
      source.file = reader_.whole(0, 255);
      source.offset = reader_.offset();
      source.type = reader_.one_of<Element>(3);
      source.rows = reader_.size();
      rows += source.rows;
      t.sources.push_back(source);
    }
    if (reader_.failed()) return t;
    if (rows != t.rows || (t.is_vector && t.columns != 1)) reader_.fail("a tensor's parts do not add up");
    if (t.order == RowOrder::interleaved && t.rows % 2 != 0) reader_.fail("an odd number of rows has no halves");
    if (t.order == RowOrder::rotary && (t.head_size < 2 || t.head_size % 2 != 0 || t.ordered_rows % t.head_size != 0)) {
      reader_.fail("rotary rows make no whole heads");
    }
    return t;
  }

  PlanTable table() {
    PlanTable t{};
    t.theta = reader_.number();
    t.head_size = reader_.whole(2, 4096);
    t.positions = reader_.size();
    if (t.theta < 1 || t.head_size % 2 != 0) reader_.fail("a rotary table cannot be made");
    return t;
  }

  int tensor_index() {
    const int index = reader_.whole(0, static_cast<int>(plan_.tensors.size()) - 1);
    return reader_.failed() ? 0 : index;
  }

  /** A matrix `[rows, columns]`; fewer than 0 rows means any number from `least_rows` on. */
  int matrix(int rows, int columns, int least_rows = 1) {
    const int index = tensor_index();
    if (reader_.failed()) return 0;
    const PlanTensor& t = plan_.tensors[static_cast<std::size_t>(index)];
    if (t.is_vector || t.columns != columns || (rows >= 0 ? t.rows != rows : t.rows < least_rows)) reader_.fail("a matrix has another shape");
    return index;
  }

  int optional_matrix(int columns, int least_rows) {
    const bool there = reader_.flag();
    return there ? matrix(-1, columns, least_rows) : -1;
  }

  int vector(int rows) {
    const int index = tensor_index();
    if (reader_.failed()) return 0;
    const PlanTensor& t = plan_.tensors[static_cast<std::size_t>(index)];
    if (!t.is_vector || t.rows != rows) reader_.fail("a vector has another length");
    return index;
  }

  int optional_vector(int rows) {
    const bool there = reader_.flag();
    return there ? vector(rows) : -1;
  }

  int slot(int width) {
    const int index = reader_.whole(0, static_cast<int>(plan_.slots.size()) - 1);
    if (reader_.failed()) return 0;
    if (plan_.slots[static_cast<std::size_t>(index)].width < width) reader_.fail("a value is wider than its buffer");
    return index;
  }

  bool per_sequence(int index) const {
    return index < 0 ? plan_.result_per_sequence : plan_.slots.empty() || plan_.slots[static_cast<std::size_t>(index)].per_sequence;
  }

  void require_rows_alike(int a, int b) {
    if (!reader_.failed() && per_sequence(a) != per_sequence(b)) reader_.fail("an operation mixes tokens and sequences");
  }

  int output(int width, bool may_be_result) {
    const bool is_result = reader_.flag();
    if (!is_result) return slot(width);
    if (!may_be_result || width != plan_.result_columns) reader_.fail("the result has another width");
    results_++;
    return -1;
  }

  PlanOperation operation() {
    switch (reader_.whole(1, 5)) {
      case 1: return embed();
      case 2: return norm();
      case 3: return linear();
      case 4: return attention();
      default: return pool();
    }
  }

  PlanEmbed embed() {
    PlanEmbed o{};
    o.width = reader_.size();
    o.output = output(o.width, false);
    o.tokens = matrix(-1, o.width, plan_.vocabulary);
    o.position_offset = reader_.whole(0, largest_size);
    o.positions = optional_matrix(o.width, o.position_offset + plan_.longest_sequence);
    o.types = optional_matrix(o.width, 1);
    if (o.types >= 0 && !reader_.failed()) plan_.type_count = plan_.tensors[static_cast<std::size_t>(o.types)].rows;
    const bool normed = reader_.flag();
    o.norm_weight = normed ? vector(o.width) : -1;
    o.norm_bias = normed ? optional_vector(o.width) : -1;
    o.epsilon = normed ? static_cast<float>(reader_.number()) : 0;
    if (!reader_.failed() && per_sequence(o.output)) reader_.fail("embeddings are of tokens");
    return o;
  }

  PlanNorm norm() {
    PlanNorm o{};
    o.width = reader_.size();
    o.input = slot(o.width);
    o.output = output(o.width, false);
    o.weight = vector(o.width);
    o.bias = optional_vector(o.width);
    o.epsilon = static_cast<float>(reader_.number());
    require_rows_alike(o.input, o.output);
    return o;
  }

  PlanLinear linear() {
    PlanLinear o{};
    o.columns = reader_.size();
    o.inner = reader_.size();
    o.epilogue = reader_.one_of<Epilogue>(5);
    o.activation = reader_.one_of<Activation>(5);
    const bool gated = o.epilogue == Epilogue::gated;
    const int width = gated ? o.columns / 2 : o.columns;
    o.input = slot(o.inner);
    o.output = output(width, !gated && o.epilogue != Epilogue::residual);
    o.weight = matrix(o.columns, o.inner);
    o.bias = optional_vector(o.columns);
    o.residual = o.epilogue == Epilogue::residual ? slot(o.columns) : -1;
    o.table = -1;
    if (gated && o.columns % 2 != 0) reader_.fail("an odd number of columns has no halves");
    if (o.epilogue == Epilogue::rotary) read_rotary(o);
    require_rows_alike(o.input, o.output);
    if (o.residual >= 0) require_rows_alike(o.residual, o.output);
    if (!reader_.failed() && o.input == o.output) reader_.fail("a product cannot overwrite what it reads");
    return o;
  }

  void read_rotary(PlanLinear& o) {
    o.table = reader_.whole(0, static_cast<int>(plan_.tables.size()) - 1);
    o.rotary_columns = reader_.whole(0, o.columns);
    o.head_size = reader_.whole(2, 4096);
    if (reader_.failed()) return;
    const PlanTable& table = plan_.tables[static_cast<std::size_t>(o.table)];
    if (table.head_size != o.head_size || table.positions < plan_.longest_sequence) reader_.fail("a rotary table is too small");
    // Eight neighbouring columns turn together, so they may not cross into another head or out of the rotated part.
    if (o.head_size % 8 != 0 || o.rotary_columns % o.head_size != 0) reader_.fail("rotary columns make no whole heads");
    if (per_sequence(o.input)) reader_.fail("sequences have no positions");
  }

  PlanAttention attention() {
    PlanAttention o{};
    o.heads = reader_.whole(1, 4096);
    o.head_size = reader_.whole(1, 4096);
    const int width = o.heads * o.head_size;
    const bool first_only = reader_.flag();
    o.input = slot(first_only ? 2 * width : 3 * width);
    o.query = first_only ? slot(width) : -1;
    o.output = output(width, false);
    o.scale = static_cast<float>(reader_.number());
    o.window = reader_.whole(-1, largest_size);
    if (reader_.failed()) return o;
    if (per_sequence(o.input) || per_sequence(o.output) != first_only || (first_only && !per_sequence(o.query))) {
      reader_.fail("attention mixes tokens and sequences");
    }
    if (o.input == o.output) reader_.fail("attention cannot overwrite what it reads");
    return o;
  }

  PlanPool pool() {
    PlanPool o{};
    o.width = reader_.size();
    o.dimension = reader_.whole(1, o.width);
    o.pooling = reader_.one_of<Pooling>(3);
    o.normalize = reader_.flag();
    o.input = slot(o.width);
    o.output = output(o.dimension, true);
    if (reader_.failed()) return o;
    if (o.pooling == Pooling::rows) require_rows_alike(o.input, o.output);
    else if (per_sequence(o.input) || !per_sequence(o.output)) reader_.fail("pooling makes sequences of tokens");
    if (o.input == o.output) reader_.fail("pooling cannot overwrite what it reads");
    return o;
  }

  Reader& reader_;
  Plan& plan_;
  int results_ = 0;
};

}  // namespace

Status decode_plan(const double* words, std::size_t count, Plan* plan) {
  Reader reader(words, count);
  Decoder(reader, *plan).decode();
  if (!reader.failed()) return {};
  return failure(Code::invalid_argument, std::string("The plan of the network is damaged: ") + reader.why() + ".");
}

}  // namespace sextant
