// libtorch as a whole: its settings, its version, its devices; without its headers.
#pragma once

#include <string>
#include <vector>

namespace chronode {

// Once, before the first model is loaded.
void PrepareProcess();

// On each thread that runs models.
void PrepareThread();

const char* TorchVersion();

// "cpu", then "cuda:0", ... May take a while the first time.
std::vector<std::string> TorchDevices();

struct SelfTest {
  std::string error;    // empty: all is well
  std::string library;  // the file that libtorch was loaded from
};

// Compiles, saves, loads and runs a model of one line.
SelfTest RunSelfTest();

}  // namespace chronode
