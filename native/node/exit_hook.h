// What must happen when the process ends while a thread of ours is inside libtorch: static destructors would run under
// it. Then the rest of the process's clean-up is skipped, with the exit code kept and what was printed flushed.
#pragma once

#include <cstdio>
#include <cstdlib>

#include <unistd.h>

namespace chronode {

// Handlers run last in, first out: registered after libtorch was loaded, this one runs before libtorch's destructors.
template <bool (*is_busy)()>
void AddExitHook([[maybe_unused]] int exit_code = 0) {
#ifdef __GLIBC__
  on_exit(
      [](int status, void*) {
        if (!is_busy()) return;
        std::fflush(nullptr);
        _exit(status);
      },
      nullptr);
#else
  // Elsewhere a handler is not told the exit code: it is what the last process 'exit' event said.
  static int code = 0;
  code = exit_code;
  std::atexit([] {
    if (!is_busy()) return;
    std::fflush(nullptr);
    _exit(code);
  });
#endif
}

}  // namespace chronode
