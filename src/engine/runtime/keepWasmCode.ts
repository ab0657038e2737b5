import { setFlagsFromString } from 'node:v8';

// Threads share the machine code that V8 makes of WebAssembly, which parsers are, and parts of Node itself. V8 may free a piece of it
// that another thread has just taken up again, and then ends the process: «Check failed: jit_page_->allocations_.erase(addr) == 1»
// (nodejs/node#64500; seen with Node 24.21). So no piece is freed before its whole module is. To be imported before any thread starts.
setFlagsFromString('--no-wasm-code-gc');
