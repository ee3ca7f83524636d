// Standard streams that the caller closed.

#include "faults.hpp"

namespace ptattn::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Descriptors : public Faults {};

TEST_F(Descriptors, messages_do_not_land_in_the_output_when_standard_error_is_closed) {
  put_clouds("in", 2);
  put("in/bad.ply", "x\n");
  const Finished finished =
      shell("exec ptattn-classify in --model tiny --format jsonl --output o.jsonl 2>&-");
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_EQ(lines_of(get("o.jsonl")).size(), 3U) << get("o.jsonl");
  EXPECT_THAT(get("o.jsonl"), Not(HasSubstr("ptattn-classify:")));
}

TEST_F(Descriptors, a_cloud_is_whole_when_all_streams_are_closed) {
  put("a.ply", ply_shape(500));
  ASSERT_EQ(shell("exec ptattn-smooth a.ply -o open.ply").exit_code, 0);
  (void)shell("exec ptattn-smooth a.ply -o closed.ply <&- >&- 2>&-");
  ASSERT_TRUE(has("closed.ply"));
  EXPECT_EQ(get("closed.ply"), get("open.ply"));
}

TEST_F(Descriptors, results_for_a_closed_standard_output_are_an_error) {
  put("a.ply", ply_shape(500));
  expect_line(shell("exec ptattn-classify a.ply --model tiny >&-"), 3,
              "ptattn-classify: standard output: cannot be written, Bad file descriptor");
  EXPECT_EQ(shell("exec ptattn-classify --help >&- 2>&-").exit_code, 3);
}

TEST_F(Descriptors, a_closed_standard_input_is_no_list) {
  const Finished finished = shell("exec ptattn-classify - --model tiny --format jsonl <&-");
  EXPECT_NE(finished.exit_code, 1) << finished.err;
  EXPECT_EQ(finished.out, "");
  EXPECT_EQ(lines_of(finished.err).size(), 1U) << finished.err;
}

}  // namespace
}  // namespace ptattn::test
