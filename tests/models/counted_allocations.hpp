#pragma once

namespace ptattn::test {

/// Calls of the global operator new by all threads, which the source beside this header replaces.
[[nodiscard]] long allocations_so_far();

}  // namespace ptattn::test
