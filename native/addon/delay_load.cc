/**
 * Windows only: the addon imports Node-API from “node.exe”, but in VS Code the process that offers it has another name.
 * The linker loads it late (`/delayload:node.exe`), and this hook answers with the running program.
 */
#if defined(_WIN32)
#define NOMINMAX
#include <windows.h>

#include <delayimp.h>

#include <cstring>

namespace {

FARPROC WINAPI running_program(unsigned event, DelayLoadInfo* info) {
  if (event != dliNotePreLoadLibrary || _stricmp(info->szDll, "node.exe") != 0) return nullptr;
  return reinterpret_cast<FARPROC>(GetModuleHandleW(nullptr));
}

}  // namespace

extern "C" const PfnDliHook __pfnDliNotifyHook2 = running_program;
#endif
