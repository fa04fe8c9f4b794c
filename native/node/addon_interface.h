#pragma once

namespace chronode {

// Raised whenever a function of an addon changes. src/native/addon-interface.ts has the same number and refuses another.
inline constexpr int kAddonInterface = 2;

}  // namespace chronode
