// Scans as JavaScript asks for them.
#pragma once

#include <napi.h>

#include <map>
#include <memory>

#include "native/kernels/scan.h"
#include "native/node/environment.h"

namespace chronode {

// The scans of one environment.
class ScanCalls final {
 public:
  explicit ScanCalls(std::shared_ptr<Environment> environment) : environment_(std::move(environment)) {}

  // scan(request, threads, ticket): as RawScanRequest in src/native/addon-interface.ts has it; 0 threads: before this returns.
  // @returns a promise of what was found, or of undefined when the scan was stopped.
  Napi::Value Start(const Napi::CallbackInfo& info);

  // stop(ticket)
  void Stop(const Napi::CallbackInfo& info);

  // When the environment ends, and its memory with it.
  void StopAll();

 private:
  struct Call {
    std::shared_ptr<Scan> scan;
    Napi::ObjectReference request;  // keeps the arrays alive
  };

  void Answer(Napi::Env env, uint32_t ticket, Napi::Promise::Deferred deferred);

  const std::shared_ptr<Environment> environment_;
  std::map<uint32_t, Call> calls_;  // by ticket; JavaScript thread only
};

// streamPass(numbers, threads): the sum of all, by the widest instructions. What a scan is measured against.
Napi::Value StreamPass(const Napi::CallbackInfo& info);

}  // namespace chronode
