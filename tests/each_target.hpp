#pragma once

#include <gtest/gtest.h>

#include <hwy/targets.h>

#include "ptattn/core/cpu_level.hpp"

namespace ptattn::test {

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

/// The same for kernels that may use AMX as well.
template <class Body>
void for_each_level(const Body& body) {
  for (const std::string& level : cpu_levels()) {
    SCOPED_TRACE(level);
    limit_cpu_level(level, "test");
    body();
  }
  lift_cpu_limit();
}

}  // namespace ptattn::test
