#include "reference.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <vector>

#include "../core/half.hpp"
#include "../core/rows.hpp"

namespace sextant::reference {
namespace {

const float* row_of(const void* matrix, int row, int ld) {
  return static_cast<const float*>(matrix) + static_cast<std::size_t>(row) * ld;
}

float* row_of(void* matrix, int row, int ld) { return static_cast<float*>(matrix) + static_cast<std::size_t>(row) * ld; }

/** Biased variance, as torch.nn.LayerNorm. */
void layer_norm(const double* x, int width, const float* weight, const float* bias, float epsilon, float* output) {
  double mean = 0;
  for (int i = 0; i < width; i++) mean += x[i];
  mean /= width;
  double variance = 0;
  for (int i = 0; i < width; i++) variance += (x[i] - mean) * (x[i] - mean);
  const double scale = 1 / std::sqrt(variance / width + epsilon);
  for (int i = 0; i < width; i++) {
    output[i] = static_cast<float>((x[i] - mean) * scale * weight[i] + (bias != nullptr ? bias[i] : 0));
  }
}

double activate(double x, Activation activation) {
  switch (activation) {
    case Activation::gelu: return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
    // Hendrycks & Gimpel 2016, the tanh approximation.
    case Activation::gelu_tanh: return 0.5 * x * (1 + std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
    case Activation::silu: return x / (1 + std::exp(-x));
    // NaN stays NaN.
    case Activation::relu: return x < 0 ? 0 : x;
    case Activation::tanh: return std::tanh(x);
  }
  return x;
}

/** One query against keys `[begin, end)` of its sequence, each at `ld` floats from the one before. */
void attend(const float* query, const float* key, const float* value, int ld, KeyRange keys, int head_size, float scale,
            float* output) {
  std::vector<double> shares(static_cast<std::size_t>(keys.end - keys.begin));
  double largest = -INFINITY;
  for (int j = keys.begin; j < keys.end; j++) {
    double score = 0;
    for (int i = 0; i < head_size; i++) score += static_cast<double>(query[i]) * key[static_cast<std::size_t>(j) * ld + i];
    score *= scale;
    shares[j - keys.begin] = score;
    largest = std::isnan(score) || score > largest ? score : largest;
  }
  double sum = 0;
  for (double& share : shares) sum += share = std::exp(share - largest);
  for (int i = 0; i < head_size; i++) {
    double total = 0;
    for (int j = keys.begin; j < keys.end; j++) {
      total += shares[j - keys.begin] * value[static_cast<std::size_t>(j) * ld + i];
    }
    output[i] = static_cast<float>(total / sum);
  }
}

float stored_value(const void* source, Element type, std::size_t index) {
  if (type == Element::f32) {
    float value;
    std::memcpy(&value, static_cast<const char*>(source) + 4 * index, 4);
    return value;
  }
  std::uint16_t bits;
  std::memcpy(&bits, static_cast<const char*>(source) + 2 * index, 2);
  return type == Element::bf16 ? float_of_bf16(bits) : float_of_f16(bits);
}

void write_pooled(const std::vector<double>& row, const PoolArguments& a, int sequence) {
  auto* bytes = static_cast<std::uint8_t*>(a.output) + static_cast<std::size_t>(sequence) * a.ld_output;
  double largest = 0;
  for (double x : row) largest = std::max(largest, std::fabs(x));
  for (int i = 0; i < a.dimension; i++) {
    const double x = row[i];
    switch (a.format) {
      case Format::element:
      case Format::f32: row_of(a.output, sequence, a.ld_output)[i] = static_cast<float>(x); break;
      case Format::int8:
        bytes[i] = static_cast<std::uint8_t>(static_cast<std::int8_t>(largest == 0 ? 0 : std::lrint(x / largest * 127)));
        break;
      case Format::sign:
        if (i % 8 == 0) bytes[i / 8] = 0;
        if (x > 0) bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] | (1 << (i % 8)));
        break;
    }
  }
}

}  // namespace

void embed(const EmbedArguments& a) {
  std::vector<double> sum(a.width);
  for (int t = 0; t < a.tokens; t++) {
    const float* token = row_of(a.token_table, a.ids[t], a.ld_table);
    for (int i = 0; i < a.width; i++) sum[i] = token[i];
    if (a.position_table != nullptr) {
      const float* position = row_of(a.position_table, a.position_offset + a.positions[t], a.ld_table);
      for (int i = 0; i < a.width; i++) sum[i] += position[i];
    }
    if (a.type_table != nullptr) {
      const float* type = row_of(a.type_table, a.types[t], a.ld_table);
      for (int i = 0; i < a.width; i++) sum[i] += type[i];
    }
    float* output = row_of(a.output, t, a.ld_output);
    if (a.norm_weight != nullptr) {
      layer_norm(sum.data(), a.width, a.norm_weight, a.norm_bias, a.epsilon, output);
    } else {
      for (int i = 0; i < a.width; i++) output[i] = static_cast<float>(sum[i]);
    }
  }
}

void norm(const NormArguments& a) {
  std::vector<double> x(a.width);
  for (int r = 0; r < a.rows; r++) {
    const float* input = row_of(a.input, r, a.ld_input);
    std::copy(input, input + a.width, x.begin());
    layer_norm(x.data(), a.width, a.weight, a.bias, a.epsilon, row_of(a.output, r, a.ld_output));
  }
}

void linear(const LinearArguments& a) {
  std::vector<double> sums(a.columns);
  for (int r = 0; r < a.rows; r++) {
    const float* input = row_of(a.input, r, a.ld_input);
    for (int c = 0; c < a.columns; c++) {
      const float* weight = row_of(a.weight, c, a.ld_weight);
      double sum = 0;
      for (int k = 0; k < a.inner; k++) sum += static_cast<double>(input[k]) * weight[k];
      sums[c] = sum + (a.bias != nullptr ? a.bias[c] : 0);
    }
    float* output = row_of(a.output, r, a.ld_output);
    for (int c = 0; c < a.columns; c++) {
      switch (a.epilogue) {
        case Epilogue::none: output[c] = static_cast<float>(sums[c]); break;
        case Epilogue::residual: output[c] = static_cast<float>(sums[c] + row_of(a.residual, r, a.ld_residual)[c]); break;
        case Epilogue::activation: output[c] = static_cast<float>(activate(sums[c], a.activation)); break;
        case Epilogue::gated:
          if (c % 2 == 0) output[c / 2] = static_cast<float>(activate(sums[c], a.activation) * sums[c + 1]);
          break;
        case Epilogue::rotary: {
          if (c >= a.rotary_columns) {
            output[c] = static_cast<float>(sums[c]);
            break;
          }
          const int half = a.head_size / 2;
          const int pair = c % a.head_size / 2;
          const float* turn = a.rotary_table + 2 * (static_cast<std::size_t>(a.positions[r]) * half + pair);
          const double other = c % 2 == 0 ? -sums[c + 1] : sums[c - 1];
          output[c] = static_cast<float>(sums[c] * turn[0] + other * turn[1]);
          break;
        }
      }
    }
  }
}

void attention(const AttentionArguments& a) {
  for (int tile = 0; tile < a.tile_count; tile++) {
    const auto [start, length, first, unused] = a.tiles[tile];
    static_cast<void>(unused);
    for (int q = first; q < std::min(first + attention_tile_queries, length); q++) {
      const KeyRange keys = visible_keys(q, 1, length, a.window);
      for (int head = 0; head < a.heads; head++) {
        const int column = head * a.head_size;
        attend(row_of(a.query, start + q, a.ld_input) + column, row_of(a.key, start, a.ld_input) + column,
               row_of(a.value, start, a.ld_input) + column, a.ld_input, keys, a.head_size, a.scale,
               row_of(a.output, start + q, a.ld_output) + column);
      }
    }
  }
}

void first_attention(const FirstAttentionArguments& a) {
  for (int b = 0; b < a.sequences; b++) {
    const int start = a.cu_seqlens[b];
    const int length = a.cu_seqlens[b + 1] - start;
    float* output = row_of(a.output, b, a.ld_output);
    if (length == 0) {
      std::fill(output, output + a.heads * a.head_size, 0.0f);
      continue;
    }
    const KeyRange keys = visible_keys(0, 1, length, a.window);
    for (int head = 0; head < a.heads; head++) {
      const int column = head * a.head_size;
      attend(row_of(a.query, b, a.ld_query) + column, row_of(a.key, start, a.ld_input) + column,
             row_of(a.value, start, a.ld_input) + column, a.ld_input, keys, a.head_size, a.scale, output + column);
    }
  }
}

void pool(const PoolArguments& a) {
  std::vector<double> row(a.dimension);
  for (int b = 0; b < a.sequences; b++) {
    const int begin = a.pooling == Pooling::rows ? b : a.cu_seqlens[b];
    const int end = a.pooling == Pooling::rows ? b + 1 : a.cu_seqlens[b + 1];
    const int last = a.pooling == Pooling::mean ? end : std::min(begin + 1, end);
    std::fill(row.begin(), row.end(), 0.0);
    for (int t = begin; t < last; t++) {
      const float* input = row_of(a.input, t, a.ld_input);
      for (int i = 0; i < a.dimension; i++) row[i] += input[i];
    }
    for (double& x : row) x /= std::max(1, last - begin);
    if (a.normalize != 0) {
      double squares = 0;
      for (double x : row) squares += x * x;
      for (double& x : row) x = squares == 0 ? 0 : x / std::sqrt(squares);
    }
    write_pooled(row, a, b);
  }
}

void convert(const ConvertArguments& a) {
  for (int r = 0; r < a.row_count; r++) {
    const int to = ordered_row(a.order, a.first_row + r, a.rows, a.ordered_rows, a.head_size);
    float* output = row_of(a.output, to, a.ld_output);
    for (int c = 0; c < a.ld_output; c++) {
      const std::size_t index = static_cast<std::size_t>(r) * a.columns + c;
      output[c] = c < a.columns ? stored_value(a.source, a.source_type, index) : 0.0f;
    }
  }
}

}  // namespace sextant::reference
