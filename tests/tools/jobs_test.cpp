#include "jobs.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/core/error.hpp"
#include "scratch.hpp"
#include "target.hpp"

namespace ptattn::test {
namespace {

using namespace tools;

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class Jobs : public testing::Test {
 protected:
  Jobs() {
    for (const char* const name : {"in/a.ply", "in/deep/b.pcd", "c.ply"}) put(name);
    fs::current_path(scratch_.path());
  }
  ~Jobs() override { fs::current_path("/"); }

  void put(const std::string& name) const { write_file(scratch_.path() / name, "x"); }
  [[nodiscard]] static std::vector<std::string> outputs(const std::vector<std::string>& arguments,
                                                        const std::string& output,
                                                        std::string_view new_extension = {},
                                                        const std::string& list = "",
                                                        char delimiter = '\n') {
    std::istringstream stream(list);
    std::vector<std::string> paths;
    const InputList inputs = list_inputs(arguments, stream, delimiter, output);
    for (const Job& job : plan_jobs(
             inputs, output, {.extensions = kCloudExtensions, .new_extension = new_extension})) {
      paths.push_back(job.output.string());
    }
    return paths;
  }
  static std::string refused(const std::vector<std::string>& arguments, const std::string& output) {
    try {
      (void)outputs(arguments, output);
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kUsage);
      return error.what();
    }
    return "";
  }

 private:
  Scratch scratch_;
};

TEST_F(Jobs, sweeps_become_clouds_of_a_format_that_is_written) {
  put("1.bin");
  put("2.pcd.bin");
  EXPECT_THAT(outputs({"1.bin", "2.pcd.bin"}, "out/"), ElementsAre("out/1.ply", "out/2.pcd"));
}

TEST_F(Jobs, a_single_file_goes_to_a_file_or_into_a_folder) {
  EXPECT_THAT(outputs({"c.ply"}, "new/o.pcd"), ElementsAre("new/o.pcd"));
  EXPECT_THAT(outputs({"c.ply"}, "new/"), ElementsAre("new/c.ply"));
  EXPECT_THAT(outputs({"in/a.ply"}, "."), ElementsAre("./a.ply"));
}

TEST_F(Jobs, paths_below_an_input_folder_stay) {
  EXPECT_THAT(outputs({"in", "c.ply"}, "o/"), ElementsAre("o/a.ply", "o/deep/b.pcd", "o/c.ply"));
  EXPECT_THAT(outputs({"in"}, "o/", ".png"), ElementsAre("o/a.png", "o/deep/b.png"));
}

TEST_F(Jobs, paths_of_a_list_stay_unless_they_lead_upwards) {
  EXPECT_THAT(outputs({"-"}, "o/", {}, "in/a.ply\n../x.ply\n"),
              ElementsAre("o/in/a.ply", "o/x.ply"));
}

TEST_F(Jobs, lists_may_have_nul_between_paths) {
  EXPECT_THAT(outputs({"-"}, "o/", {}, std::string("a\nb.ply\0c.ply\0", 14), '\0'),
              ElementsAre("o/a\nb.ply", "o/c.ply"));
}

TEST_F(Jobs, several_inputs_need_a_folder) {
  EXPECT_EQ(refused({"in"}, "o.ply"),
            "o.ply: expected a folder, which exists or ends in /, for several inputs");
  EXPECT_EQ(refused({"in/a.ply", "c.ply"}, "o"),
            "o: expected a folder, which exists or ends in /, for several inputs");
  EXPECT_THAT(refused({"in"}, "c.ply"), HasSubstr("is a file, expected a folder"));
}

TEST_F(Jobs, names_without_a_known_ending_are_refused) {
  EXPECT_EQ(refused({"c.ply"}, "o.txt"),
            "o.txt: expected a name ending in .ply, .pcd, .las or .laz, or a folder, which exists "
            "or ends in /");
}

TEST_F(Jobs, what_lies_in_the_output_folder_is_no_input) {
  put("in/out/a.ply");
  EXPECT_THAT(outputs({"in"}, "in/out/"), ElementsAre("in/out/a.ply", "in/out/deep/b.pcd"));
}

TEST_F(Jobs, an_output_is_never_an_input_or_made_twice) {
  EXPECT_THAT(refused({"in"}, "in/"), HasSubstr("is an input, --output would overwrite it"));
  put("other/a.ply");
  EXPECT_THAT(refused({"in/a.ply", "other/a.ply"}, "o/"), HasSubstr("would be made from both"));
}

}  // namespace
}  // namespace ptattn::test
