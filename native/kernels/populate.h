// Memory that will soon be filled, laid out before it is.
#pragma once

#include <napi.h>

#include <map>
#include <memory>

#include "native/node/environment.h"

namespace chronode {

class Layout;

// What one environment has being laid out.
class Populating final {
 public:
  explicit Populating(std::shared_ptr<Environment> environment) : environment_(std::move(environment)) {}

  // populate(memory): asks the system for the pages of a Float32Array, large ones where it has them, on a thread of its own; whoever writes
  // first to a page waits for it otherwise. What is in it stays, and may be written meanwhile.
  void Start(const Napi::CallbackInfo& info);

  // When the environment ends, and its memory with it.
  void StopAll();

 private:
  struct Call {
    std::shared_ptr<Layout> layout;
    Napi::ObjectReference memory;  // kept alive
  };

  const std::shared_ptr<Environment> environment_;
  std::map<uint32_t, Call> calls_;  // by ticket; JavaScript thread only
  uint32_t last_ticket_ = 0;
};

}  // namespace chronode
