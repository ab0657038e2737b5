/**
 * Every kernel against its scalar reference, over shapes, tails, NaN and infinity. Outputs start as NaN and have rows past
 * the last that must stay as they are; each case runs twice and must give the same bits: in the emulation with another
 * order of threads, on a device with another order of blocks.
 *
 *   kernel_tests [--quick] [--only NAME]    one JSON line a case, then a summary; exit 1 if a case failed
 */
#include <cstring>

#include "../check/self_check.hpp"
#include "suites.hpp"

#if defined(SEXTANT_EMULATION)
#include "../emulation/emulated_backend.hpp"
#else
#include "../kernels/cuda_backend.hpp"
#endif

namespace sextant::test {
namespace {

struct Suite {
  const char* name;
  void (*run)(const Bench&);
};

constexpr Suite suites[] = {{"linear", test_linear}, {"attention", test_attention}, {"first_attention", test_first_attention},
                            {"rows", test_rows},     {"pool", test_pool},           {"convert", test_convert}};

/** What the product holds a device to before it uses it. */
void test_self_check(const Bench& bench, int multiprocessors) {
  const Status status = check_operations(*bench.backend, multiprocessors);
  const std::string shape = "multiprocessors=" + std::to_string(multiprocessors) + (status.ok() ? "" : ": " + status.message);
  bench.report->add("self_check " + bench.name, shape, status.ok() ? 0 : 1, 0, true, true);
}

void run_suites(Bench& bench, int multiprocessors, const char* only) {
  require(bench.backend->enter());
  // As many blocks as a thousand multiprocessors want take the emulation a minute.
  if (multiprocessors < 1000 && (only == nullptr || std::strcmp(only, "linear") == 0)) test_self_check(bench, multiprocessors);
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
  // One multiprocessor: the largest cut always. A thousand: the smallest. Between: the middle one. Capability 90: Hopper's own,
  // whose blocks of threads make one block of the output after another: one of them all, or three in turn.
  struct Pretended {
    int multiprocessors, capability;
  };
  constexpr Pretended all[] = {{1, 80}, {4, 80}, {1000, 80}, {1, 90}, {3, 90}};
  for (const auto& [multiprocessors, capability] : all) {
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
      run_suites(bench, multiprocessors, suite);
    }
  }
#else
  std::vector<DeviceFacts> devices;
  require(list_cuda_devices(&devices));
  // With the device's own number of multiprocessors small products never reach the large cuts.
  for (int multiprocessors : {devices.front().multiprocessors, 1, 3}) {
    const bool own = multiprocessors == devices.front().multiprocessors;
    const char* suite = own ? only : "linear";
    if (only != nullptr && std::strcmp(only, suite) != 0) continue;
    Bench bench;
    require(open_cuda_backend(0, any_generation, &bench.backend, multiprocessors));
    bench.element = bench.backend->element();
    bench.name = std::string(bench.element == Element::bf16 ? "bf16" : "f16") + "/" + std::to_string(multiprocessors);
    bench.quick = quick;
    bench.report = &report;
    run_suites(bench, multiprocessors, suite);
  }
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
