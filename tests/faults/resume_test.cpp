// Runs that go on where an earlier one ended.

#include "faults.hpp"

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class ResumeOf : public Faults {};

TEST_F(ResumeOf, many_outputs_cost_no_more_than_their_number) {
  // 4000 took 38 s when every output was compared with every input; 10 s are a hundred times what
  // one look at each takes.
  const Finished finished = shell(
      "mkdir in out; touch in/{1..4000}.ply out/{1..4000}.ply\n"
      "ulimit -t 10; exec ptattn-segment in -o out --model parts --resume");
  expect_line(finished, 0, "ptattn-segment: 4000 of 4000 outputs are there already");
}

TEST_F(ResumeOf, a_path_that_cannot_be_looked_at_fails_alone) {
  put("in/a.ply", ply_shape(300));
  put("in/loop.ply", ply_shape(300));
  std::string name(250, 'x');  // a temporary name would fit, this one does not
  name += ".ply";
  put("in/" + name, ply_shape(300));
  fs::create_directories(folder() / "out");
  fs::create_symlink("loop.ply", folder() / "out/loop.ply");
  Finished finished = shell("exec ptattn-segment in -o out --model parts --resume");
  EXPECT_EQ(finished.exit_code, 3) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("out/loop.ply: cannot be written: Too many levels of"));
  EXPECT_THAT(finished.err, HasSubstr("1 of 3 inputs failed"));
  EXPECT_TRUE(has("out/a.ply"));
  EXPECT_TRUE(fs::is_symlink(folder() / "out/loop.ply"));
  std::string path = "out";
  while (path.size() < 4200) path += "/" + std::string(200, 'y');
  finished = shell("exec ptattn-segment in -o " + path + " --model parts --resume");
  EXPECT_EQ(finished.exit_code, 3) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("3 of 3 inputs failed"));
}

}  // namespace
}  // namespace ptattn::test
