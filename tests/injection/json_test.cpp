// Memory ends at every single allocation of a JSON parser, whose destructors must not need any.

#include <gtest/gtest.h>

#include <new>

#include "allocation_events.hpp"
#include "ptattn/models/files/json_tree.hpp"

namespace ptattn::test {
namespace {

TEST(json_tree, outlives_the_end_of_memory_at_any_allocation) {
  constexpr const char* kText =
      R"({"a tensor with a name": {"shape": [1, 2, [3, {"a": [4]}]], "b": {}}, "c": [[[]], 5]})";
  std::uint64_t failures = 0;
  for (bool parsed = false; !parsed;) {
    arm(AllocationEvent::kFailsFromThen, failures + 1);
    try {
      const JsonTree tree = parse_json(kText, "input");
      parsed = true;
    } catch (const std::bad_alloc&) {
      ++failures;
    }
    (void)disarm();
  }
  EXPECT_GT(failures, 10U);
}

}  // namespace
}  // namespace ptattn::test
