#pragma once

#include <string>
#include <utility>

namespace sextant {

enum class Code { ok, invalid_argument, unsupported, file, out_of_memory, no_driver, no_device, device, closed };

/** Outcome of anything that can fail. Nothing in this library throws, aborts or exits. */
struct [[nodiscard]] Status {
  Code code = Code::ok;
  std::string message;

  bool ok() const { return code == Code::ok; }
};

inline Status failure(Code code, std::string message) { return {code, std::move(message)}; }

/** The name under which JavaScript sees a code. */
inline const char* name_of(Code code) {
  switch (code) {
    case Code::ok: return "ok";
    case Code::invalid_argument: return "invalid_argument";
    case Code::unsupported: return "unsupported";
    case Code::file: return "file";
    case Code::out_of_memory: return "out_of_memory";
    case Code::no_driver: return "no_driver";
    case Code::no_device: return "no_device";
    case Code::device: return "device";
    case Code::closed: return "closed";
  }
  return "device";
}

}  // namespace sextant

/** Returns the status of an expression from the enclosing function unless it is ok. */
#define SEXTANT_TRY(expression)                                     \
  do {                                                              \
    if (auto status_ = (expression); !status_.ok()) return status_; \
  } while (0)
