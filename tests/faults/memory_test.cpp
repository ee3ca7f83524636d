// Memory that is asked for and memory that is limited.

#include "faults.hpp"

namespace ptattn::test {
namespace {

class Memory : public Faults {};

TEST_F(Memory, probabilities_of_many_classes_are_bounded) {
  put("a.ply", ply_shape(40'000));
  const std::string segment = "exec ptattn-segment a.ply --model parts -o o.ply ";
  expect_line(
      shell(segment + "--probabilities --memory 20M"), 3,
      "ptattn-segment: a.ply: the probabilities of 94 classes take 29 MiB, more than the 20 "
      "MiB of memory allowed");
  EXPECT_FALSE(has("o.ply"));
  EXPECT_EQ(shell(segment + "--memory 20M").exit_code, 0);
  EXPECT_EQ(shell(segment + "--probabilities --memory 40M").exit_code, 0);
}

}  // namespace
}  // namespace ptattn::test
