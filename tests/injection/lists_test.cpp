// Memory ends at one allocation while a list or a map is read: a stream would take that for the end
// of the text, and the rest of it would be missing without a word.

#include <gtest/gtest.h>

#include <functional>
#include <new>
#include <sstream>
#include <string>

#include "../../tools/eval/label_map.hpp"
#include "../../tools/inputs.hpp"
#include "../tools/scratch.hpp"
#include "allocation_events.hpp"
#include "ptattn/core/error.hpp"

namespace ptattn::test {
namespace {

constexpr std::size_t kLines = 20;

/// Reads with memory that ends at each allocation in turn, once; what is read is whole each time or
/// an exception says that it is not.
void expect_whole_or_error(const std::function<std::size_t()>& read) {
  std::uint64_t failures = 0;
  for (std::uint64_t n = 1;; ++n) {
    std::size_t count = kLines;
    bool failed = false;
    arm(AllocationEvent::kFailsOnce, n);
    try {
      count = read();
    } catch (const std::bad_alloc&) {
      failed = true;
    } catch (const Error&) {
      failed = true;
    }
    const std::uint64_t allocations = disarm();
    ASSERT_EQ(count, kLines) << "allocation " << n;
    failures += failed ? 1 : 0;
    if (allocations < n) break;
  }
  EXPECT_GT(failures, kLines);
}

std::string numbered(const std::string& text) {
  std::string lines;
  for (std::size_t i = 0; i < kLines; ++i) lines += std::to_string(i) + text + "\n";
  return lines;
}

TEST(lists, of_inputs_are_whole_or_refused) {
  const std::string text = numbered("_a_name_that_needs_memory.ply");
  expect_whole_or_error([&] {
    std::istringstream list(text);
    return tools::expand_inputs({"-"}, list, '\n').size();
  });
}

TEST(lists, of_labels_are_whole_or_refused) {
  const Scratch scratch;
  const auto path = scratch.path() / "map.txt";
  write_file(path, numbered(" a_class_whose_name_needs_memory"));
  expect_whole_or_error(
      [&] { return tools::LabelMap(path, tools::LabelKind::kNumbers).labels().size(); });
}

}  // namespace
}  // namespace ptattn::test
