/**
 * The addon's functions, typed in `src/engine/runtime/cuda/addon.ts`:
 *
 *   probe()                                                            what driver and devices there are; throws
 *   check(kind, device, generation)                                    compares kernels with their reference; throws
 *   open(kind, device, generation, memoryBytes, weightsPaths, plan)    Promise of a session
 *   encode(session, ids, cuSeqlens, types, urgent)                     Promise of { rows: ArrayBuffer, milliseconds }
 *   close(session)                                                     Promise of nothing
 *   weightBytes(session)
 *
 * What is thrown and rejected are Errors whose `code` is a name of `status.hpp`. Only `probe` and `check` block JavaScript's
 * thread: they are for a process of their own.
 */
#include <memory>
#include <set>

#include "../check/self_check.hpp"
#include "../core/session.hpp"
#include "backends.hpp"
#include "values.hpp"

namespace sextant::addon {
namespace {

/** An answer on its way from a worker's thread to JavaScript's. */
struct Answer {
  napi_deferred deferred;
  Encoded encoded;
};

struct Handle;

/** What one environment (a process, or a worker thread of it) owns. */
struct Instance {
  napi_threadsafe_function answers = nullptr;
  /** Answers that are awaited; while there are any, the process stays alive. */
  int awaited = 0;
  std::set<Handle*> handles;
};

/** A session as JavaScript holds it. It may be collected after the environment has let its own data go. */
struct Handle {
  std::shared_ptr<Session> session;
  std::shared_ptr<Instance> instance;
};

const std::shared_ptr<Instance>& instance_of(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return *static_cast<std::shared_ptr<Instance>*>(data);
}

napi_value result_of(napi_env env, const Encoded& encoded) {
  void* memory = nullptr;
  napi_value rows = nullptr;
  // A copy: VS Code's Node takes no foreign memory.
  if (napi_create_arraybuffer(env, encoded.rows.size(), &memory, &rows) != napi_ok) return nullptr;
  if (!encoded.rows.empty()) std::copy(encoded.rows.begin(), encoded.rows.end(), static_cast<unsigned char*>(memory));
  napi_value result = nullptr;
  napi_create_object(env, &result);
  set(env, result, "rows", rows);
  set(env, result, "milliseconds", number(env, encoded.milliseconds));
  return result;
}

/** On JavaScript's thread; `env` is null when it is being torn down. */
void settle(napi_env env, napi_value, void*, void* data) {
  const std::unique_ptr<Answer> answer(static_cast<Answer*>(data));
  if (env == nullptr) return;
  Instance& instance = *instance_of(env);
  if (--instance.awaited == 0) napi_unref_threadsafe_function(env, instance.answers);
  Status status = answer->encoded.status;
  napi_value result = status.ok() ? result_of(env, answer->encoded) : nullptr;
  if (status.ok() && result == nullptr) status = failure(Code::out_of_memory, "There is no memory for the results.");
  if (status.ok()) napi_resolve_deferred(env, answer->deferred, result);
  else napi_reject_deferred(env, answer->deferred, error_of(env, status));
}

/** Work off JavaScript's thread, and the promise of its end. */
struct Task {
  virtual ~Task() = default;
  virtual Status run() = 0;
  virtual napi_value result(napi_env env) = 0;

  napi_async_work work = nullptr;
  napi_deferred deferred = nullptr;
  Status status;
};

napi_value start(napi_env env, std::unique_ptr<Task> task) {
  napi_value promise = nullptr;
  if (!done(env, napi_create_promise(env, &task->deferred, &promise))) return nullptr;
  const auto execute = [](napi_env, void* data) {
    Task& running = *static_cast<Task*>(data);
    running.status = running.run();
  };
  const auto complete = [](napi_env at, napi_status, void* data) {
    const std::unique_ptr<Task> ended(static_cast<Task*>(data));
    napi_value result = ended->status.ok() ? ended->result(at) : nullptr;
    if (ended->status.ok()) napi_resolve_deferred(at, ended->deferred, result);
    else napi_reject_deferred(at, ended->deferred, error_of(at, ended->status));
    napi_delete_async_work(at, ended->work);
  };
  if (!done(env, napi_create_async_work(env, nullptr, text(env, "sextant"), execute, complete, task.get(), &task->work))) return nullptr;
  if (!done(env, napi_queue_async_work(env, task->work))) return nullptr;
  task.release();
  return promise;
}

struct OpenTask final : Task {
  std::string kind;
  int device = 0;
  int generation = 0;
  SessionOptions options;
  std::vector<std::string> weights_paths;
  Plan plan;
  std::unique_ptr<Session> session;

  Status run() override {
    std::unique_ptr<Backend> backend;
    SEXTANT_TRY(open_backend(kind, device, generation, &backend));
    return Session::open(std::move(backend), std::move(plan), weights_paths, options, &session);
  }

  napi_value result(napi_env env) override {
    auto* handle = new Handle{std::move(session), instance_of(env)};
    handle->instance->handles.insert(handle);
    const auto finalize = [](napi_env, void* data, void*) {
      const std::unique_ptr<Handle> held(static_cast<Handle*>(data));
      held->instance->handles.erase(held.get());
    };
    napi_value external = nullptr;
    napi_create_external(env, handle, finalize, nullptr, &external);
    return external;
  }
};

struct CloseTask final : Task {
  std::shared_ptr<Session> session;

  Status run() override {
    session.reset();
    return {};
  }

  napi_value result(napi_env env) override {
    napi_value undefined = nullptr;
    napi_get_undefined(env, &undefined);
    return undefined;
  }
};

template <std::size_t count>
bool arguments_of(napi_env env, napi_callback_info info, napi_value (&values)[count]) {
  std::size_t given = count;
  return done(env, napi_get_cb_info(env, info, &given, values, nullptr, nullptr)) && done(env, given == count ? napi_ok : napi_invalid_arg);
}

bool handle_of(napi_env env, napi_value value, Handle** handle) {
  void* data = nullptr;
  if (!done(env, napi_get_value_external(env, value, &data))) return false;
  *handle = static_cast<Handle*>(data);
  return true;
}

napi_value probe_devices(napi_env env, napi_callback_info) {
  ProbeResult found;
  const Status status = probe(&found);
  if (!status.ok()) {
    napi_throw(env, error_of(env, status));
    return nullptr;
  }
  napi_value devices = nullptr;
  napi_create_array(env, &devices);
  for (std::size_t i = 0; i < found.devices.size(); i++) {
    const DeviceFacts& facts = found.devices[i];
    napi_value device = nullptr;
    napi_create_object(env, &device);
    set(env, device, "name", text(env, facts.name));
    set(env, device, "capability", text(env, std::to_string(facts.major) + "." + std::to_string(facts.minor)));
    set(env, device, "multiprocessors", number(env, facts.multiprocessors));
    set(env, device, "memoryBytes", number(env, static_cast<double>(facts.memory_bytes)));
    napi_set_element(env, devices, static_cast<std::uint32_t>(i), device);
  }
  napi_value result = nullptr;
  napi_create_object(env, &result);
  set(env, result, "driver", number(env, found.driver));
  set(env, result, "runtime", number(env, found.runtime));
  set(env, result, "devices", devices);
  return result;
}

Status check_device(const std::string& kind, int device, int generation) {
  ProbeResult found;
  SEXTANT_TRY(probe(&found));
  if (device >= static_cast<int>(found.devices.size())) return failure(Code::no_device, "There is no such GPU.");
  std::unique_ptr<Backend> backend;
  SEXTANT_TRY(open_backend(kind, device, generation, &backend));
  return check_operations(*backend, found.devices[static_cast<std::size_t>(device)].multiprocessors);
}

napi_value check(napi_env env, napi_callback_info info) {
  napi_value given[3];
  std::string kind;
  int device = 0;
  int generation = 0;
  if (!arguments_of(env, info, given) || !read_text(env, given[0], &kind) || !read_count(env, given[1], &device) ||
      !read_count(env, given[2], &generation)) {
    return nullptr;
  }
  const Status status = check_device(kind, device, generation);
  if (!status.ok()) napi_throw(env, error_of(env, status));
  return nullptr;
}

napi_value open_session(napi_env env, napi_callback_info info) {
  napi_value given[6];
  if (!arguments_of(env, info, given)) return nullptr;
  auto task = std::make_unique<OpenTask>();
  double memory = 0;
  std::vector<double> words;
  if (!read_text(env, given[0], &task->kind) || !read_count(env, given[1], &task->device) ||
      !read_count(env, given[2], &task->generation) || !read_number(env, given[3], &memory) ||
      !read_texts(env, given[4], &task->weights_paths) || !read_array(env, given[5], napi_float64_array, &words)) {
    return nullptr;
  }
  if (!(memory >= 0 && memory < 1e15)) {
    done(env, napi_invalid_arg);
    return nullptr;
  }
  const Status decoded = decode_plan(words.data(), words.size(), &task->plan);
  if (!decoded.ok()) {
    napi_throw(env, error_of(env, decoded));
    return nullptr;
  }
  task->options.memory_bytes = static_cast<std::size_t>(memory);
  return start(env, std::move(task));
}

napi_value encode(napi_env env, napi_callback_info info) {
  napi_value given[5];
  Handle* handle = nullptr;
  if (!arguments_of(env, info, given) || !handle_of(env, given[0], &handle)) return nullptr;
  Batch batch;
  if (!read_array(env, given[1], napi_int32_array, &batch.ids) || !read_array(env, given[2], napi_int32_array, &batch.cu_seqlens)) {
    return nullptr;
  }
  napi_valuetype kind{};
  if (!done(env, napi_typeof(env, given[3], &kind))) return nullptr;
  if (kind != napi_undefined && !read_array(env, given[3], napi_int32_array, &batch.types)) return nullptr;
  bool urgent = false;
  if (!done(env, napi_get_value_bool(env, given[4], &urgent))) return nullptr;
  napi_deferred deferred = nullptr;
  napi_value promise = nullptr;
  if (!done(env, napi_create_promise(env, &deferred, &promise))) return nullptr;
  if (handle->session == nullptr) {
    napi_reject_deferred(env, deferred, error_of(env, failure(Code::closed, "The encoder was closed.")));
    return promise;
  }
  Instance& instance = *instance_of(env);
  if (instance.awaited++ == 0) napi_ref_threadsafe_function(env, instance.answers);
  handle->session->encode(std::move(batch), urgent, [answers = instance.answers, deferred](Encoded encoded) {
    auto answer = std::make_unique<Answer>(Answer{deferred, std::move(encoded)});
    // Fails while JavaScript is torn down, when nobody waits any more.
    if (napi_call_threadsafe_function(answers, answer.get(), napi_tsfn_blocking) == napi_ok) static_cast<void>(answer.release());
  });
  return promise;
}

napi_value close_session(napi_env env, napi_callback_info info) {
  napi_value given[1];
  Handle* handle = nullptr;
  if (!arguments_of(env, info, given) || !handle_of(env, given[0], &handle)) return nullptr;
  auto task = std::make_unique<CloseTask>();
  task->session = std::move(handle->session);
  return start(env, std::move(task));
}

napi_value weight_bytes(napi_env env, napi_callback_info info) {
  napi_value given[1];
  Handle* handle = nullptr;
  if (!arguments_of(env, info, given) || !handle_of(env, given[0], &handle)) return nullptr;
  return number(env, handle->session == nullptr ? 0 : static_cast<double>(handle->session->weight_bytes()));
}

/** Sessions end before the environment does: their threads must not outlive it. */
void close_instance(void* data) {
  for (Handle* handle : (*static_cast<std::shared_ptr<Instance>*>(data))->handles) handle->session.reset();
}

}  // namespace

napi_value initialize(napi_env env, napi_value exports) {
  auto* held = new std::shared_ptr<Instance>(std::make_shared<Instance>());
  const auto release = [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<Instance>*>(data); };
  napi_set_instance_data(env, held, release, nullptr);
  napi_threadsafe_function& answers = (*held)->answers;
  napi_create_threadsafe_function(env, nullptr, nullptr, text(env, "sextant"), 0, 1, nullptr, nullptr, nullptr, settle, &answers);
  napi_unref_threadsafe_function(env, answers);
  napi_add_env_cleanup_hook(env, close_instance, held);
  const struct {
    const char* name;
    napi_callback function;
  } functions[] = {{"probe", probe_devices},
                   {"check", check},
                   {"open", open_session},
                   {"encode", encode},
                   {"close", close_session},
                   {"weightBytes", weight_bytes}};
  for (const auto& [name, function] : functions) {
    napi_value value = nullptr;
    if (!done(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value))) return nullptr;
    set(env, exports, name, value);
  }
  return exports;
}

}  // namespace sextant::addon

NAPI_MODULE_INIT() { return sextant::addon::initialize(env, exports); }
