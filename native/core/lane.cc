#include "lane.hpp"

#include <algorithm>
#include <cstring>

namespace sextant {
namespace {

constexpr int largest_graph = 512;
constexpr int smallest_graph = 16;

int tile_count(const Batch& batch) {
  int tiles = 0;
  for (int b = 0; b < batch.sequences(); b++) {
    tiles += (batch.cu_seqlens[b + 1] - batch.cu_seqlens[b] + attention_tile_queries - 1) / attention_tile_queries;
  }
  return tiles;
}

/** Tiles that any cut of so many tokens into so many sequences fits into. */
int most_tiles(int tokens, int sequences) { return tokens / attention_tile_queries + sequences; }

std::size_t aligned(std::size_t words) { return (words + 3) / 4 * 4; }

}  // namespace

Status check_batch(const Plan& plan, const Batch& batch) {
  const auto bad = [](const char* why) { return failure(Code::invalid_argument, std::string("The batch is damaged: ") + why + "."); };
  if (batch.cu_seqlens.size() < 2 || batch.cu_seqlens.front() != 0 || batch.cu_seqlens.back() != batch.tokens()) {
    return bad("its sequences do not cover its tokens");
  }
  for (int b = 0; b < batch.sequences(); b++) {
    const int length = batch.cu_seqlens[b + 1] - batch.cu_seqlens[b];
    if (length < 1) return bad("a sequence is empty");
    if (length > plan.longest_sequence) return bad("a sequence is longer than the model's positions");
  }
  for (int id : batch.ids) {
    if (id < 0 || id >= plan.vocabulary) return bad("a token is not in the vocabulary");
  }
  if (!batch.types.empty() && batch.types.size() != batch.ids.size()) return bad("not every token has a type");
  for (int type : batch.types) {
    if (type < 0 || type >= plan.type_count) return bad("a token is of an unknown type");
  }
  return {};
}

Lane::~Lane() {
  if (stream_ != nullptr) static_cast<void>(backend_.wait(stream_));
  release_buffers();
  for (Place& place : places_) {
    if (place.begun != nullptr) backend_.close_event(place.begun);
    if (place.done != nullptr) backend_.close_event(place.done);
  }
  if (stream_ != nullptr) backend_.close_stream(stream_);
}

Status Lane::open() {
  SEXTANT_TRY(backend_.open_stream(options_.urgent, &stream_));
  for (Place& place : places_) {
    SEXTANT_TRY(backend_.open_event(options_.urgent, &place.begun));
    SEXTANT_TRY(backend_.open_event(options_.urgent, &place.done));
  }
  if (!options_.urgent) return {};
  // Two sequences: the query, and what fills its graph up.
  return reserve(layout_of(largest_graph, 2, most_tiles(largest_graph, 2)));
}

Lane::Layout Lane::layout_of(int tokens, int sequences, int tiles) const {
  Layout layout{tokens, sequences, tiles, 0, 0, 0, 0, 0};
  const auto count = static_cast<std::size_t>(tokens);
  layout.positions = aligned(count);
  layout.types = layout.positions + aligned(count);
  layout.cu_seqlens = layout.types + (plan_.type_count > 0 ? aligned(count) : 0);
  layout.first_tile = layout.cu_seqlens + aligned(static_cast<std::size_t>(sequences) + 1);
  layout.words = layout.first_tile + 4 * static_cast<std::size_t>(tiles);
  return layout;
}

std::size_t Lane::bytes_for(int tokens, int sequences) const {
  const auto element = static_cast<std::size_t>(size_of(backend_.element()));
  std::size_t bytes = 4 * layout_of(tokens, sequences, most_tiles(tokens, sequences)).words;
  for (const PlanSlot& slot : plan_.slots) {
    bytes += static_cast<std::size_t>(slot.per_sequence ? sequences : tokens) * static_cast<std::size_t>(leading_dimension(slot.width)) * element;
  }
  return bytes + static_cast<std::size_t>(plan_.result_per_sequence ? sequences : tokens) * static_cast<std::size_t>(plan_.result_row_bytes());
}

void Lane::drop_graphs() {
  for (auto& [key, recorded] : graphs_) {
    if (recorded.graph != nullptr) backend_.close_graph(recorded.graph);
  }
  graphs_.clear();
}

void Lane::release_buffers() {
  drop_graphs();
  for (void* slot : slots_) backend_.release(slot);
  slots_.clear();
  for (void** memory : {&input_, &result_}) {
    if (*memory != nullptr) backend_.release(*memory);
    *memory = nullptr;
  }
  for (Place& place : places_) {
    for (void** memory : {&place.input, &place.result}) {
      if (*memory != nullptr) backend_.release_host(*memory);
      *memory = nullptr;
    }
  }
  token_capacity_ = sequence_capacity_ = 0;
}

/** Makes every buffer large enough. What is under way is waited for first, but its results must have been read. */
Status Lane::reserve(const Layout& layout) {
  if (layout.tokens <= token_capacity_ && layout.sequences <= sequence_capacity_) return {};
  const int tokens = std::max(layout.tokens, token_capacity_);
  const int sequences = std::max(layout.sequences, sequence_capacity_);
  if (bytes_for(tokens, sequences) > options_.memory_bytes) {
    return failure(Code::out_of_memory, "The batch needs more GPU memory than the setting allows.");
  }
  SEXTANT_TRY(backend_.wait(stream_));
  release_buffers();
  const auto allocate = [&]() -> Status {
    const auto element = static_cast<std::size_t>(size_of(backend_.element()));
    for (const PlanSlot& slot : plan_.slots) {
      void* memory = nullptr;
      const auto rows = static_cast<std::size_t>(slot.per_sequence ? sequences : tokens);
      SEXTANT_TRY(backend_.allocate(rows * static_cast<std::size_t>(leading_dimension(slot.width)) * element, &memory));
      slots_.push_back(memory);
    }
    const std::size_t input_bytes = 4 * layout_of(tokens, sequences, most_tiles(tokens, sequences)).words;
    const auto rows = static_cast<std::size_t>(plan_.result_per_sequence ? sequences : tokens);
    const std::size_t result_bytes = rows * static_cast<std::size_t>(plan_.result_row_bytes());
    SEXTANT_TRY(backend_.allocate(input_bytes, &input_));
    SEXTANT_TRY(backend_.allocate(result_bytes, &result_));
    for (Place& place : places_) {
      SEXTANT_TRY(backend_.allocate_host(input_bytes, &place.input));
      SEXTANT_TRY(backend_.allocate_host(result_bytes, &place.result));
    }
    return {};
  };
  const Status status = allocate();
  if (!status.ok()) {
    release_buffers();
    return status;
  }
  token_capacity_ = tokens;
  sequence_capacity_ = sequences;
  return {};
}

/** A batch, filled up to the layout's tokens with one more sequence and to its tiles with empty ones. */
void Lane::write_input(const Batch& batch, const Layout& layout, bool uses_types, int* words) {
  std::memset(words, 0, 4 * layout.words);
  std::copy(batch.ids.begin(), batch.ids.end(), words);
  if (uses_types) std::copy(batch.types.begin(), batch.types.end(), words + layout.types);
  int* ends = words + layout.cu_seqlens;
  std::copy(batch.cu_seqlens.begin(), batch.cu_seqlens.end(), ends);
  for (int b = batch.sequences() + 1; b <= layout.sequences; b++) ends[b] = layout.tokens;
  int* tile = words + layout.first_tile;
  for (int b = 0; b < layout.sequences; b++) {
    const int length = ends[b + 1] - ends[b];
    for (int i = 0; i < length; i++) words[layout.positions + static_cast<std::size_t>(ends[b] + i)] = i;
    for (int query = 0; query < length; query += attention_tile_queries, tile += 4) {
      tile[0] = ends[b];
      tile[1] = length;
      tile[2] = query;
    }
  }
}

bool Lane::fits(const Batch& batch) const {
  return batch.tokens() <= token_capacity_ && batch.sequences() <= sequence_capacity_;
}

int Lane::bucket_of(const Batch& batch) const {
  if (!options_.urgent || !backend_.has_graphs() || batch.sequences() != 1 || batch.tokens() > largest_graph) return 0;
  int bucket = smallest_graph;
  while (bucket < batch.tokens()) bucket *= 2;
  return bucket;
}

Status Lane::start(const Batch& batch, int place) {
  const int bucket = bucket_of(batch);
  if (bucket > 0) return start_graph(batch, bucket, place);
  const Layout layout = layout_of(batch.tokens(), batch.sequences(), tile_count(batch));
  SEXTANT_TRY(reserve(layout));
  places_[place].rows = plan_.result_per_sequence ? batch.sequences() : batch.tokens();
  write_input(batch, layout, plan_.type_count > 0, static_cast<int*>(places_[place].input));
  SEXTANT_TRY(backend_.record(places_[place].begun, stream_));
  SEXTANT_TRY(put_on_stream(layout, place));
  return backend_.record(places_[place].done, stream_);
}

Status Lane::start_graph(const Batch& batch, int bucket, int place) {
  const Layout layout = layout_of(bucket, 2, most_tiles(bucket, 2));
  SEXTANT_TRY(reserve(layout));
  places_[place].rows = plan_.result_per_sequence ? 1 : batch.tokens();
  write_input(batch, layout, plan_.type_count > 0, static_cast<int*>(places_[place].input));
  Recorded& recorded = graphs_[{bucket, place}];
  if (recorded.seen && recorded.graph == nullptr) {
    SEXTANT_TRY(backend_.begin_capture(stream_));
    const Status status = put_on_stream(layout, place);
    // The capture must end even if something in it failed.
    const Status ended = backend_.end_capture(stream_, &recorded.graph);
    SEXTANT_TRY(status);
    SEXTANT_TRY(ended);
  }
  SEXTANT_TRY(backend_.record(places_[place].begun, stream_));
  if (recorded.graph != nullptr) SEXTANT_TRY(backend_.launch(recorded.graph, stream_));
  else SEXTANT_TRY(put_on_stream(layout, place));
  recorded.seen = true;
  return backend_.record(places_[place].done, stream_);
}

Status Lane::put_on_stream(const Layout& layout, int place) {
  SEXTANT_TRY(backend_.copy_in(input_, places_[place].input, 4 * layout.words, stream_));
  SEXTANT_TRY(run(layout));
  const auto rows = static_cast<std::size_t>(plan_.result_per_sequence ? layout.sequences : layout.tokens);
  return backend_.copy_out(places_[place].result, result_, rows * static_cast<std::size_t>(plan_.result_row_bytes()), stream_);
}

Status Lane::finish(int place, std::vector<unsigned char>* rows, float* milliseconds) {
  const Place& at = places_[place];
  SEXTANT_TRY(backend_.await_event(at.done));
  SEXTANT_TRY(backend_.elapsed(at.begun, at.done, milliseconds));
  const auto* bytes = static_cast<const unsigned char*>(at.result);
  rows->assign(bytes, bytes + static_cast<std::size_t>(at.rows) * static_cast<std::size_t>(plan_.result_row_bytes()));
  return {};
}

int Lane::rows_of(int slot, const Layout& layout) const {
  return plan_.slots[static_cast<std::size_t>(slot)].per_sequence ? layout.sequences : layout.tokens;
}

Status Lane::run(const Layout& layout) {
  for (const PlanOperation& operation : plan_.operations) {
    SEXTANT_TRY(std::visit([&](const auto& each) { return run(each, layout); }, operation));
  }
  return {};
}

Status Lane::run(const PlanEmbed& o, const Layout& layout) {
  EmbedArguments a{};
  a.tokens = layout.tokens;
  a.width = o.width;
  a.ids = input(0);
  a.positions = input(layout.positions);
  a.types = input(layout.types);
  a.token_table = weights_.matrix(o.tokens);
  a.position_table = weights_.matrix(o.positions);
  a.position_offset = o.position_offset;
  a.type_table = weights_.matrix(o.types);
  a.ld_table = weights_.ld(o.tokens);
  a.norm_weight = weights_.vector(o.norm_weight);
  a.norm_bias = weights_.vector(o.norm_bias);
  a.epsilon = o.epsilon;
  a.output = value(o.output);
  a.ld_output = ld(o.output);
  return backend_.embed(a, stream_);
}

Status Lane::run(const PlanNorm& o, const Layout& layout) {
  const NormArguments a{rows_of(o.input, layout), o.width,   value(o.input),   ld(o.input), weights_.vector(o.weight),
                        weights_.vector(o.bias),  o.epsilon, value(o.output), ld(o.output)};
  return backend_.norm(a, stream_);
}

Status Lane::run(const PlanLinear& o, const Layout& layout) {
  LinearArguments a{};
  a.rows = rows_of(o.input, layout);
  a.columns = o.columns;
  a.inner = o.inner;
  a.input = value(o.input);
  a.ld_input = ld(o.input);
  a.weight = weights_.matrix(o.weight);
  a.ld_weight = weights_.ld(o.weight);
  a.bias = weights_.vector(o.bias);
  a.epilogue = o.epilogue;
  a.activation = o.activation;
  if (o.residual >= 0) {
    a.residual = value(o.residual);
    a.ld_residual = ld(o.residual);
  }
  a.positions = input(layout.positions);
  a.rotary_table = weights_.table(o.table);
  a.rotary_columns = o.rotary_columns;
  a.head_size = o.head_size;
  a.output = o.output < 0 ? result_ : value(o.output);
  a.ld_output = o.output < 0 ? plan_.result_columns : ld(o.output);
  a.float_output = o.output < 0;
  return backend_.linear(a, stream_);
}

Status Lane::run(const PlanAttention& o, const Layout& layout) {
  const int width = o.heads * o.head_size;
  const auto column = [&](int columns) {
    return static_cast<const char*>(value(o.input)) + static_cast<std::size_t>(columns) * static_cast<std::size_t>(size_of(backend_.element()));
  };
  if (o.query >= 0) {
    const FirstAttentionArguments a{layout.sequences, input(layout.cu_seqlens), o.heads,       o.head_size, o.scale,
                                    o.window,         value(o.query),           ld(o.query),   column(0),   column(width),
                                    ld(o.input),      value(o.output),          ld(o.output)};
    return backend_.first_attention(a, stream_);
  }
  AttentionArguments a{};
  a.tiles = reinterpret_cast<const AttentionTile*>(input(layout.first_tile));
  a.tile_count = layout.tiles;
  a.heads = o.heads;
  a.head_size = o.head_size;
  a.scale = o.scale;
  a.window = o.window;
  a.query = column(0);
  a.key = column(width);
  a.value = column(2 * width);
  a.ld_input = ld(o.input);
  a.output = value(o.output);
  a.ld_output = ld(o.output);
  return backend_.attention(a, stream_);
}

Status Lane::run(const PlanPool& o, const Layout& layout) {
  const bool is_result = o.output < 0;
  PoolArguments a{};
  a.sequences = o.pooling == Pooling::rows ? rows_of(o.input, layout) : layout.sequences;
  a.cu_seqlens = input(layout.cu_seqlens);
  a.input = value(o.input);
  a.ld_input = ld(o.input);
  a.pooling = o.pooling;
  a.dimension = o.dimension;
  a.normalize = o.normalize;
  a.format = is_result ? plan_.result_format : Format::element;
  a.output = is_result ? result_ : value(o.output);
  const bool bytes = is_result && plan_.result_format != Format::f32;
  a.ld_output = is_result ? (bytes ? plan_.result_row_bytes() : plan_.result_columns) : ld(o.output);
  return backend_.pool(a, stream_);
}

}  // namespace sextant
