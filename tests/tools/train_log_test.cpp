// What the log of a training run says of it.

#include <gmock/gmock.h>

#include <vector>

#include "../../tools/train/log.hpp"
#include "../io/temp_folder.hpp"

namespace ptattn::test {
namespace {

using ::testing::HasSubstr;

/// What the log of a run with such mean norms of gradients says, by the run itself and by one that
/// continues it.
std::string jumps_of(const std::vector<double>& norms) {
  const TempFolder folder;
  tools::TrainLog log(folder / "log.jsonl", 0, 0);
  std::uint64_t step = 0;
  for (const double norm : norms) log.add({.step = step += 50, .gradient_norm = norm});
  EXPECT_EQ(tools::TrainLog(folder / "log.jsonl", step, step).jumps(), log.jumps());
  return log.jumps();
}

TEST(train_log, says_nothing_of_a_run_whose_gradients_are_even) {
  EXPECT_EQ(jumps_of({}), "");
  EXPECT_EQ(jumps_of({3, 5, 2, 8, 3, 2}), "");
}

TEST(train_log, forgives_a_single_jump) {
  EXPECT_EQ(jumps_of({3, 5, 2, 800, 3, 2}), "");
}

TEST(train_log, says_that_gradients_jumped) {
  EXPECT_THAT(jumps_of({3, 163, 2, 10551, 45, 2, 3, 2, 5, 4}),
              HasSubstr("gradients jumped in 30.0 % of the run"));
}

}  // namespace
}  // namespace ptattn::test
