#pragma once

#include <cstddef>
#include <string>

#include "status.hpp"

namespace sextant {

/** A file in memory as long as this lives, read only. */
class MappedFile {
 public:
  MappedFile() = default;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  /** `path` in UTF-8. */
  Status open(const std::string& path);

  const unsigned char* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  const unsigned char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace sextant
