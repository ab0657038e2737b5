#!/usr/bin/env bash
# Everything that needs a GPU, in one command: builds, kernel tests, sanitizers, benchmark.
#
#   OUT=folder bash native/bench/gpuSession.sh [check|bench|all]      needs nvcc, a C++ compiler, python3 with torch and transformers
#
# Node is not needed: plans lie in native/bench/plans (native/bench/makePlans.ts writes them). Ends within ten minutes on a
# large card: MINUTES (default 4.5) bounds the benchmark, each sanitizer has 75 seconds. Raw results go to $OUT.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
OUT=${OUT:-$PWD/build/session}
part=${1:-all}
arch=${ARCH:-$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -1 | tr -d '. ')}
# Hopper's and Blackwell's own instructions are in the variants marked “a”.
case "$arch" in 90 | 100) code="arch=compute_${arch}a,code=sm_${arch}a" ;; *) code="arch=compute_$arch,code=sm_$arch" ;; esac
build=build/session-$arch
mkdir -p "$OUT" "$build"
core=(core/{plan,mapped_file,weights,lane,worker,session}.cc)
kernels=(kernels/{linear,linear_hopper,attention,rows,cuda_backend}.cu kernels/tensor_map.cc)
tests=(test/*.cc)
others=(addon/cuda_backends.cc bench/c_api.cc)
checks=(reference/reference.cc check/self_check.cc)
nvidia-smi >"$OUT/nvidia-smi.txt" 2>&1

compile() { # source
  nvcc -std=c++17 -O3 -lineinfo -gencode "$code" -Xcompiler -fPIC -Xptxas -v -c "$1" -o "$build/$(basename "$1").o" >"$build/$(basename "$1").log" 2>&1 ||
    { cat "$build/$(basename "$1").log"; return 1; }
}
export -f compile
export code build
echo "== build for sm_$arch"
printf '%s\n' "${core[@]}" "${kernels[@]}" "${others[@]}" "${checks[@]}" "${tests[@]}" | xargs -P "$(nproc)" -I{} bash -c 'compile {}' || exit 1
library_objects=()
for source in "${core[@]}" "${kernels[@]}" addon/cuda_backends.cc bench/c_api.cc; do library_objects+=("$build/$(basename "$source").o"); done
nvcc -shared -cudart static "${library_objects[@]}" -o "$build/libsextant_bench.so" || exit 1
test_objects=()
for source in "${tests[@]}" "${checks[@]}" "${kernels[@]}"; do test_objects+=("$build/$(basename "$source").o"); done
nvcc -cudart static "${test_objects[@]}" -o "$build/kernel_tests" || exit 1
grep -h -A1 -E "Compiling entry|registers" "$build"/*.cu.log >"$OUT/ptxas.txt"

if [ "$part" != bench ]; then
  echo "== kernel tests"
  timeout 200 "$build/kernel_tests" >"$OUT/kernels.jsonl" 2>"$OUT/kernels.err"
  echo "exit $?: $(tail -1 "$OUT/kernels.jsonl")"
  grep '"ok":false' "$OUT/kernels.jsonl" | head -20
  head -5 "$OUT/kernels.err"
  for tool in memcheck racecheck initcheck synccheck; do
    command -v compute-sanitizer >/dev/null || { echo "compute-sanitizer is not there"; break; }
    timeout 75 compute-sanitizer --tool "$tool" --error-exitcode 9 "$build/kernel_tests" --quick >"$OUT/$tool.txt" 2>&1
    echo "$tool: exit $? (0 clean, 9 findings, 124 out of time)  $(grep -E 'SUMMARY' "$OUT/$tool.txt" | head -2 | tr '\n' ' ')"
  done
fi
if [ "$part" != check ]; then
  echo "== benchmark"
  python3 bench/bench.py --library "$build/libsextant_bench.so" --out "$OUT" --minutes "${MINUTES:-4.5}" 2>"$OUT/bench.err"
  echo "exit $?"
  tail -3 "$OUT/bench.err"
fi
