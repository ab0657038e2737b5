#pragma once

#include <string>
#include <vector>

#include "backend.hpp"
#include "plan.hpp"

namespace sextant {

/** The tensors of a plan on its device, for as long as this lives. */
class Weights {
 public:
  Weights(Backend& backend, const Plan& plan) : backend_(backend), plan_(plan) {}
  Weights(const Weights&) = delete;
  Weights& operator=(const Weights&) = delete;
  ~Weights();

  /** Reads the tensors from safetensors files, converts and reorders them on the device, and makes the rotary tables. */
  Status load(const std::vector<std::string>& paths);

  const void* matrix(int tensor) const { return tensor < 0 ? nullptr : tensors_[static_cast<std::size_t>(tensor)]; }
  const float* vector(int tensor) const { return static_cast<const float*>(matrix(tensor)); }
  const float* table(int index) const { return index < 0 ? nullptr : static_cast<const float*>(tables_[static_cast<std::size_t>(index)]); }
  int ld(int tensor) const { return leading_dimension(plan_.tensors[static_cast<std::size_t>(tensor)].columns); }
  std::size_t bytes() const { return bytes_; }

 private:
  Status load_tables(Stream stream);

  Backend& backend_;
  const Plan& plan_;
  std::vector<void*> tensors_;
  std::vector<void*> tables_;
  std::size_t bytes_ = 0;
};

}  // namespace sextant
