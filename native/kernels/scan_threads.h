#pragma once

#include <memory>

#include "native/kernels/scan.h"

namespace chronode {

// Lets up to `count` of our own threads take part in a scan; never libuv's. They are started when they are first needed, wait for
// the next scan, and end with the process. Where none can be started, the scan is done before this returns.
void ScanOnThreads(const std::shared_ptr<Scan>& scan, int count);

}  // namespace chronode
