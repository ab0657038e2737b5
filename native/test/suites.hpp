#pragma once

#include "bench.hpp"

/** The tests of every kernel; each is defined in the file that is named for it. */
namespace sextant::test {

void test_linear(const Bench& bench);
void test_attention(const Bench& bench);
void test_first_attention(const Bench& bench);
void test_rows(const Bench& bench);
void test_pool(const Bench& bench);
void test_convert(const Bench& bench);

/** Every row of a weight goes somewhere, and no two to the same place. */
void test_row_orders(Report& report);

/** The keys of a tile are those that some query of it sees, found one by one. */
void test_visible_keys(Report& report);

}  // namespace sextant::test
