#pragma once

#include <cstddef>
#include <functional>

namespace ptattn {

/// Told now and then how many more points are done; may be empty. Called by one thread at a time.
using Advance = std::function<void(std::size_t points)>;

}  // namespace ptattn
