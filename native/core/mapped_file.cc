#include "mapped_file.hpp"

#if defined(_WIN32)
#define NOMINMAX
#include <windows.h>
#else
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#endif

namespace sextant {

#if defined(_WIN32)

namespace {

Status cannot_open() {
  return failure(Code::file, "The weights file cannot be read (Windows error " + std::to_string(GetLastError()) + ").");
}

}  // namespace

Status MappedFile::open(const std::string& path) {
  std::wstring wide(path.size() + 1, L'\0');
  if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path.c_str(), -1, wide.data(), static_cast<int>(wide.size())) == 0) {
    return cannot_open();
  }
  const HANDLE file = CreateFileW(wide.c_str(), GENERIC_READ, FILE_SHARE_READ, nullptr, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr);
  if (file == INVALID_HANDLE_VALUE) return cannot_open();
  LARGE_INTEGER size{};
  const bool sized = GetFileSizeEx(file, &size) != 0;
  const HANDLE mapping = sized ? CreateFileMappingW(file, nullptr, PAGE_READONLY, 0, 0, nullptr) : nullptr;
  void* view = mapping == nullptr ? nullptr : MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0);
  const Status status = view == nullptr ? cannot_open() : Status{};
  if (mapping != nullptr) CloseHandle(mapping);
  CloseHandle(file);
  data_ = static_cast<const unsigned char*>(view);
  size_ = view == nullptr ? 0 : static_cast<std::size_t>(size.QuadPart);
  return status;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) UnmapViewOfFile(data_);
}

#else

Status MappedFile::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat facts {};
  const bool sized = file >= 0 && fstat(file, &facts) == 0 && facts.st_size > 0;
  void* view = sized ? mmap(nullptr, static_cast<std::size_t>(facts.st_size), PROT_READ, MAP_PRIVATE, file, 0) : MAP_FAILED;
  const int error = errno;
  if (file >= 0) close(file);
  if (view == MAP_FAILED) return failure(Code::file, std::string("The weights file cannot be read: ") + std::strerror(error) + ".");
  data_ = static_cast<const unsigned char*>(view);
  size_ = static_cast<std::size_t>(facts.st_size);
  return {};
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<unsigned char*>(data_), size_);
}

#endif

}  // namespace sextant
