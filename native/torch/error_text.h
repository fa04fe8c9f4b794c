#pragma once

#include <string>

namespace chronode {

// The one line of a TorchScript error that tells what is wrong: the last that is neither empty nor a pointer into source.
// Whole errors run to 1,500 characters.
inline std::string TellingLine(const std::string& text) {
  constexpr size_t kLengthMax = 300;
  std::string found;
  for (size_t end = text.size(); found.empty() && end > 0;) {
    const size_t newline = text.rfind('\n', end - 1);
    const size_t start = newline == std::string::npos ? 0 : newline + 1;
    const size_t first = text.find_first_not_of(" \t\r", start);
    const bool is_blank = first == std::string::npos || first >= end;
    if (!is_blank) {
      const std::string line = text.substr(first, end - first);
      if (line.find("<--- HERE") == std::string::npos && line.compare(0, 5, "frame") != 0) found = line;
    }
    end = newline == std::string::npos ? 0 : newline;
  }
  if (found.empty()) found = "no reason was given";
  return found.size() > kLengthMax ? found.substr(0, kLengthMax) + "..." : found;
}

}  // namespace chronode
