#pragma once

#include "../core/operations.hpp"

/**
 * Every operation of `operations.hpp`, one scalar loop after another, on float32 values: the oracle of the kernels. Sums
 * are taken in double precision, so that the reference's own rounding never hides a kernel's.
 */
namespace sextant::reference {

void embed(const EmbedArguments& arguments);
void norm(const NormArguments& arguments);
void linear(const LinearArguments& arguments);
void attention(const AttentionArguments& arguments);
void first_attention(const FirstAttentionArguments& arguments);
void pool(const PoolArguments& arguments);
void convert(const ConvertArguments& arguments);

}  // namespace sextant::reference
