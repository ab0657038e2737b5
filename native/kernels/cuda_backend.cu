#include "cuda_backend.hpp"

#include <cuda_runtime.h>

#include "kernel_backend.hpp"

namespace sextant {
namespace {

Status status_of(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return {};
  // Clears an error that passes; one that stays comes back at the next call.
  static_cast<void>(cudaGetLastError());
  const std::string message = std::string(what) + ": " + cudaGetErrorString(error);
  switch (error) {
    case cudaErrorMemoryAllocation: return failure(Code::out_of_memory, message);
    case cudaErrorInsufficientDriver: return failure(Code::no_driver, message);
    case cudaErrorNoDevice: return failure(Code::no_device, message);
    default: return failure(Code::device, message);
  }
}

/** What is missing where no driver is found, or one that is older than the runtime in here. */
Status no_driver(int runtime) {
  const std::string wanted = "one for CUDA " + std::to_string(runtime / 1000) + " or newer is needed.";
  return failure(Code::no_driver, "There is no usable NVIDIA driver; " + wanted);
}

/** Memory, streams, events and graphs of one CUDA device. */
class CudaMemory : public Backend {
 public:
  explicit CudaMemory(int device) : device_(device) {}

  Status enter() override { return status_of(cudaSetDevice(device_), "the GPU cannot be used"); }

  Status allocate(std::size_t bytes, void** memory) override { return status_of(cudaMalloc(memory, bytes), "GPU memory"); }
  void release(void* memory) override { static_cast<void>(cudaFree(memory)); }
  Status allocate_host(std::size_t bytes, void** memory) override {
    return status_of(cudaMallocHost(memory, bytes), "pinned memory");
  }
  void release_host(void* memory) override { static_cast<void>(cudaFreeHost(memory)); }

  Status open_stream(bool urgent, Stream* stream) override {
    int least = 0;
    int greatest = 0;
    SEXTANT_TRY(status_of(cudaDeviceGetStreamPriorityRange(&least, &greatest), "a stream"));
    cudaStream_t opened = nullptr;
    SEXTANT_TRY(status_of(cudaStreamCreateWithPriority(&opened, cudaStreamNonBlocking, urgent ? greatest : least), "a stream"));
    *stream = opened;
    return {};
  }
  void close_stream(Stream stream) override { static_cast<void>(cudaStreamDestroy(stream_of(stream))); }
  Status wait(Stream stream) override { return status_of(cudaStreamSynchronize(stream_of(stream)), "the GPU"); }
  Status copy_in(void* device, const void* host, std::size_t bytes, Stream stream) override {
    return status_of(cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, stream_of(stream)), "a copy to the GPU");
  }
  Status copy_out(void* host, const void* device, std::size_t bytes, Stream stream) override {
    return status_of(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, stream_of(stream)), "a copy from the GPU");
  }

  Status open_event(bool urgent, Event* event) override {
    cudaEvent_t opened = nullptr;
    // Otherwise the waiting thread sleeps: the cores are the editor's.
    const unsigned flags = urgent ? cudaEventDefault : cudaEventBlockingSync;
    SEXTANT_TRY(status_of(cudaEventCreateWithFlags(&opened, flags), "an event"));
    *event = opened;
    return {};
  }
  void close_event(Event event) override { static_cast<void>(cudaEventDestroy(event_of(event))); }
  Status record(Event event, Stream stream) override {
    return status_of(cudaEventRecord(event_of(event), stream_of(stream)), "an event");
  }
  Status await_event(Event event) override { return status_of(cudaEventSynchronize(event_of(event)), "the GPU"); }
  Status elapsed(Event from, Event to, float* milliseconds) override {
    return status_of(cudaEventElapsedTime(milliseconds, event_of(from), event_of(to)), "the GPU's clock");
  }

  bool has_graphs() const override { return true; }
  Status begin_capture(Stream stream) override {
    return status_of(cudaStreamBeginCapture(stream_of(stream), cudaStreamCaptureModeThreadLocal), "a CUDA graph");
  }
  Status end_capture(Stream stream, Graph* graph) override {
    cudaGraph_t captured = nullptr;
    SEXTANT_TRY(status_of(cudaStreamEndCapture(stream_of(stream), &captured), "a CUDA graph"));
    cudaGraphExec_t executable = nullptr;
    const Status status = status_of(cudaGraphInstantiate(&executable, captured, 0), "a CUDA graph");
    static_cast<void>(cudaGraphDestroy(captured));
    *graph = executable;
    return status;
  }
  Status launch(Graph graph, Stream stream) override {
    return status_of(cudaGraphLaunch(static_cast<cudaGraphExec_t>(graph), stream_of(stream)), "a CUDA graph");
  }
  void close_graph(Graph graph) override { static_cast<void>(cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(graph))); }

 private:
  static cudaStream_t stream_of(Stream stream) { return static_cast<cudaStream_t>(stream); }
  static cudaEvent_t event_of(Event event) { return static_cast<cudaEvent_t>(event); }

  int device_;
};

using CudaBackend = kernels::KernelOperations<CudaMemory>;

Status facts_of(int device, DeviceFacts* facts) {
  cudaDeviceProp properties{};
  SEXTANT_TRY(status_of(cudaGetDeviceProperties(&properties, device), "the GPU"));
  *facts = {properties.name, properties.major, properties.minor, properties.multiProcessorCount, properties.totalGlobalMem};
  return {};
}

}  // namespace

void cuda_versions(int* driver, int* runtime) {
  if (cudaDriverGetVersion(driver) != cudaSuccess) *driver = 0;
  if (cudaRuntimeGetVersion(runtime) != cudaSuccess) *runtime = 0;
}

Status list_cuda_devices(std::vector<DeviceFacts>* devices) {
  devices->clear();
  int driver = 0;
  int runtime = 0;
  cuda_versions(&driver, &runtime);
  if (driver == 0) return no_driver(runtime);
  int count = 0;
  const Status counted = status_of(cudaGetDeviceCount(&count), "NVIDIA's driver");
  if (counted.code == Code::no_driver) return no_driver(runtime);
  SEXTANT_TRY(counted);
  if (count == 0) return failure(Code::no_device, "NVIDIA's driver finds no GPU.");
  for (int device = 0; device < count; device++) {
    DeviceFacts facts;
    SEXTANT_TRY(facts_of(device, &facts));
    devices->push_back(std::move(facts));
  }
  return {};
}

Status open_cuda_backend(int device, int generation, std::unique_ptr<Backend>* backend, int pretended_multiprocessors) {
  std::vector<DeviceFacts> devices;
  SEXTANT_TRY(list_cuda_devices(&devices));
  if (device < 0 || device >= static_cast<int>(devices.size())) {
    return failure(Code::no_device, "There is no GPU number " + std::to_string(device) + ".");
  }
  const DeviceFacts& facts = devices[static_cast<std::size_t>(device)];
  const int capability = 10 * facts.major + facts.minor;
  if (capability < 75) return failure(Code::unsupported, facts.name + " is older than compute capability 7.5.");
  const kernels::Target target{capability >= 80 ? Element::bf16 : Element::f16,
                               pretended_multiprocessors > 0 ? pretended_multiprocessors : facts.multiprocessors,
                               capability < generation ? capability : generation};
  *backend = std::make_unique<CudaBackend>(target, device);
  return (*backend)->enter();
}

}  // namespace sextant
