#pragma once

#include <gtest/gtest.h>

#include <hwy/targets.h>

namespace ptattn_test {

/// Calls `body()` once for every CPU level that this machine can run and the library holds.
template <class Body>
void for_each_target(const Body& body) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    body();
  }
  hwy::SetSupportedTargetsForTest(0);
}

}  // namespace ptattn_test
