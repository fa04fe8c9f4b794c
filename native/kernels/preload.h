#pragma once

#include <memory>
#include <string>

#include "native/node/environment.h"

namespace chronode {

// Loads a shared library, and all that it needs, on a thread of its own: libtorch takes 0.6-1.2 s, which would be a pause
// of the event loop if the addon that needs it were simply required. Loading it again costs nothing, so the addon is
// required afterwards in the usual way.
//
// @returns a promise of undefined; it rejects with the dynamic linker's words.
Napi::Promise Preload(Napi::Env env, const std::shared_ptr<Environment>& environment, const std::string& path);

// To be called when this process may end before the library is there; harmless otherwise. The library's static
// constructors and destructors would run at the same time.
void GuardExitWhileLoading(int exit_code);

}  // namespace chronode
