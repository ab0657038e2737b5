#pragma once

#include <node_api.h>

#include <cstdint>
#include <string>
#include <vector>

#include "../core/status.hpp"

/** JavaScript values by Node-API. A call that fails leaves an exception pending, and the functions here return false. */
namespace sextant::addon {

/** Throws a TypeError unless the call went well. */
inline bool done(napi_env env, napi_status status) {
  if (status == napi_ok) return true;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_type_error(env, "invalid_argument", "The CUDA addon was called with wrong arguments.");
  return false;
}

inline napi_value text(napi_env env, const std::string& value) {
  napi_value result = nullptr;
  napi_create_string_utf8(env, value.c_str(), value.size(), &result);
  return result;
}

inline napi_value number(napi_env env, double value) {
  napi_value result = nullptr;
  napi_create_double(env, value, &result);
  return result;
}

inline void set(napi_env env, napi_value object, const char* name, napi_value value) {
  napi_set_named_property(env, object, name, value);
}

/** An Error whose `code` is the status's. */
inline napi_value error_of(napi_env env, const Status& status) {
  napi_value result = nullptr;
  napi_create_error(env, text(env, name_of(status.code)), text(env, status.message), &result);
  return result;
}

inline bool read_text(napi_env env, napi_value value, std::string* result) {
  std::size_t length = 0;
  if (!done(env, napi_get_value_string_utf8(env, value, nullptr, 0, &length))) return false;
  result->resize(length);
  return done(env, napi_get_value_string_utf8(env, value, result->data(), length + 1, &length));
}

inline bool read_texts(napi_env env, napi_value value, std::vector<std::string>* result) {
  std::uint32_t count = 0;
  if (!done(env, napi_get_array_length(env, value, &count))) return false;
  for (std::uint32_t i = 0; i < count; i++) {
    napi_value element = nullptr;
    if (!done(env, napi_get_element(env, value, i, &element)) || !read_text(env, element, &result->emplace_back())) return false;
  }
  return true;
}

inline bool read_number(napi_env env, napi_value value, double* result) {
  return done(env, napi_get_value_double(env, value, result));
}

/** A whole number that is small and not negative. */
inline bool read_count(napi_env env, napi_value value, int* result) {
  double read = 0;
  if (!read_number(env, value, &read)) return false;
  if (!(read >= 0 && read <= 1024)) return done(env, napi_invalid_arg);
  *result = static_cast<int>(read);
  return true;
}

/** Copies a typed array of exactly this type. */
template <class T>
bool read_array(napi_env env, napi_value value, napi_typedarray_type type, std::vector<T>* result) {
  bool is_array = false;
  if (!done(env, napi_is_typedarray(env, value, &is_array)) || !is_array) return done(env, napi_invalid_arg);
  napi_typedarray_type actual{};
  std::size_t count = 0;
  void* data = nullptr;
  if (!done(env, napi_get_typedarray_info(env, value, &actual, &count, &data, nullptr, nullptr))) return false;
  if (actual != type) return done(env, napi_invalid_arg);
  const T* first = static_cast<const T*>(data);
  result->assign(first, first + count);
  return true;
}

}  // namespace sextant::addon
