// ptattn-segment on clouds that are labelled piece by piece.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "ptattn/io/cloud_io.hpp"
#include "tool_test.hpp"

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

const std::string kCoast = PTATTN_SOURCE_DIR "/samples/scenes/aerial_coast.laz";
const std::string kTown = PTATTN_SOURCE_DIR "/samples/scenes/aerial_town.ply";

class Survey : public ToolTest {
 protected:
  Survey() : ToolTest(PTATTN_SEGMENT) {
    for (const char* const name : {"aerial", "parts"}) {
      fs::create_directory_symlink(fs::path(PTATTN_SOURCE_DIR "/samples/models") / name,
                                   models() / name);
    }
  }

  /// In pieces so small that there are many tiles.
  [[nodiscard]] static std::vector<std::string> in_pieces(std::vector<std::string> arguments) {
    for (const char* const more : {"--out-of-core", "--memory", "1M"}) arguments.emplace_back(more);
    return arguments;
  }
  [[nodiscard]] PointCloud cloud(const std::string& name) const {
    return read_cloud(folder() / name);
  }
  /// Of the points, how many have the same value in a field.
  static double agreement(const PointCloud& a, const PointCloud& b, const std::string& field) {
    const Field& x = *a.find(field);
    const Field& y = *b.find(field);
    EXPECT_EQ(a.size(), b.size());
    std::size_t same = 0;
    for (std::size_t i = 0; i < a.size(); ++i) same += x.as_double(i) == y.as_double(i) ? 1 : 0;
    return static_cast<double>(same) / static_cast<double>(a.size());
  }
};

TEST_F(Survey, pieces_are_labelled_as_the_whole_and_all_else_stays) {
  struct Case {
    std::string input;
    std::string ending;
    std::string field;
  };
  for (const Case& c :
       {Case{kCoast, ".laz", "classification"}, Case{kCoast, ".las", "classification"},
        Case{kTown, ".ply", "label"}, Case{kTown, ".pcd", "label"}}) {
    SCOPED_TRACE(c.input + " -> " + c.ending);
    const Finished whole = run_tool({c.input, "-o", "whole" + c.ending, "--format", "jsonl"});
    ASSERT_EQ(whole.exit_code, 0) << whole.err;
    const Finished pieces =
        run_tool(in_pieces({c.input, "-o", "pieces" + c.ending, "--format", "jsonl"}));
    ASSERT_EQ(pieces.exit_code, 0) << pieces.err;
    EXPECT_THAT(pieces.err, HasSubstr(", with up to "));
    const PointCloud a = cloud("whole" + c.ending);
    const PointCloud b = cloud("pieces" + c.ending);
    EXPECT_GE(agreement(a, b, c.field), 0.997);
    ASSERT_EQ(a.fields().size(), b.fields().size());
    for (std::size_t f = 0; f < a.fields().size(); ++f) {
      const Field& x = a.fields()[f];
      const Field& y = b.fields()[f];
      EXPECT_EQ(x.name(), y.name());
      EXPECT_EQ(x.type(), y.type());
      const bool is_new = x.name() == c.field || f + 3 >= a.fields().size();
      if (is_new) continue;
      EXPECT_TRUE(std::ranges::equal(x.bytes(), y.bytes())) << x.name();
    }
    const json of_whole = json::parse(whole.out);
    const json of_pieces = json::parse(pieces.out);
    for (const char* const key : {"points", "invalid", "voxels", "unusual"}) {
      EXPECT_EQ(of_whole[key], of_pieces[key]) << key;
    }
    EXPECT_NEAR(of_whole["mean_confidence"].get<double>(),
                of_pieces["mean_confidence"].get<double>(), 0.002);
    EXPECT_FALSE(has("pieces" + c.ending + ".scratch")) << "the scratch folder goes";
  }
}

TEST_F(Survey, same_bytes_for_any_number_of_threads) {
  for (const char* const threads : {"1", "2"}) {
    const Finished finished = run_tool(in_pieces(
        {kCoast, "-o", std::string(threads) + ".laz", "--threads", threads, "--probabilities"}));
    ASSERT_EQ(finished.exit_code, 0) << finished.err;
  }
  EXPECT_EQ(get("1.laz") == get("2.laz"), true);
}

TEST_F(Survey, one_tile_gives_the_bytes_of_the_whole) {
  const std::vector<std::string> more{"--memory", "2G", "--colorize",     "--probabilities",
                                      "--votes",  "2",  "--unsure-below", "0.5"};
  std::vector<std::string> whole{kTown, "-o", "whole.ply"};
  std::vector<std::string> pieces{kTown, "-o", "pieces.ply", "--out-of-core"};
  whole.insert(whole.end(), more.begin(), more.end());
  pieces.insert(pieces.end(), more.begin(), more.end());
  ASSERT_EQ(run_tool(whole).exit_code, 0);
  ASSERT_EQ(run_tool(pieces).exit_code, 0);
  EXPECT_EQ(get("pieces.ply") == get("whole.ply"), true);
}

TEST_F(Survey, other_axes_and_units_are_taken_as_they_are_in_the_whole) {
  const std::vector<std::string> frame{"--up", "auto", "--unit", "auto"};
  std::vector<std::string> whole{kTown, "-o", "whole.ply"};
  std::vector<std::string> pieces = in_pieces({kTown, "-o", "pieces.ply"});
  whole.insert(whole.end(), frame.begin(), frame.end());
  pieces.insert(pieces.end(), frame.begin(), frame.end());
  ASSERT_EQ(run_tool(whole).exit_code, 0);
  ASSERT_EQ(run_tool(pieces).exit_code, 0);
  EXPECT_GE(agreement(cloud("whole.ply"), cloud("pieces.ply"), "label"), 0.997);
}

TEST_F(Survey, what_needs_the_whole_is_refused) {
  put("text.ply", ply_text({{0, 0, 0}, {1, 0, 0}, {0, 1, 0}}));
  const auto refusal = [&](std::vector<std::string> arguments) {
    arguments.emplace_back("--out-of-core");
    const Finished finished = run_tool(std::move(arguments));
    EXPECT_EQ(finished.exit_code, 2);
    EXPECT_EQ(lines_of(finished.err).size(), 1U) << finished.err;
    return finished.err;
  };
  EXPECT_THAT(refusal({"text.ply", "-o", "o.ply"}), HasSubstr("it is read as a whole (text"));
  EXPECT_THAT(refusal({kTown, "-o", "o.ply", "--instances", "building"}),
              HasSubstr("--instances numbers the things of a whole cloud"));
  EXPECT_THAT(refusal({kTown, "-o", "o.laz"}), HasSubstr("a LAS file of another cloud"));
  EXPECT_THAT(refusal({kTown, "-o", "o.ply", "--model", "parts"}),
              HasSubstr("parts takes whole objects"));
}

TEST_F(Survey, a_cloud_that_takes_more_than_memory_goes_to_scratch_by_itself) {
  const Finished finished = run_tool({kTown, "-o", "o.ply", "--memory", "8M"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr(", with up to "));
  const Finished roomy = run_tool({kTown, "-o", "o.ply", "--memory", "1G"});
  EXPECT_THAT(roomy.err, testing::Not(HasSubstr(", with up to ")));
  const Finished whole =
      run_tool({kTown, "-o", "o.ply", "--memory", "8M", "--instances", "building"});
  EXPECT_EQ(whole.exit_code, 0);
  EXPECT_THAT(whole.err, HasSubstr("cannot be labelled piece by piece: --instances"));
}

TEST_F(Survey, sparse_clouds_are_taken_for_the_voxels_that_they_are) {
  const auto goes_to_scratch = [&](const std::string& cloud, const std::string& memory) {
    const Finished finished = run_tool({cloud, "-o", "o.ply", "--memory", memory});
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    return finished.err.find(", with up to ") != std::string::npos;
  };
  // 16 054 voxels of 16 383 points, and 15 177 of 58 716
  EXPECT_TRUE(goes_to_scratch(kCoast, "16M")) << "its points alone would fit twice";
  EXPECT_FALSE(goes_to_scratch(kCoast, "64M"));
  EXPECT_FALSE(goes_to_scratch(kTown, "64M")) << "as a voxel a point they would not fit";
}

TEST_F(Survey, scratch_folders_lie_where_they_are_wanted) {
  const Finished nowhere =
      run_tool(in_pieces({kTown, "-o", "o.ply", "--scratch", "/proc/nowhere"}));
  EXPECT_EQ(nowhere.exit_code, 3);
  EXPECT_THAT(nowhere.err, HasSubstr("cannot be made"));
  ASSERT_EQ(run_tool(in_pieces({kTown, "-o", "o.ply", "--scratch", "fast"})).exit_code, 0);
  EXPECT_TRUE(has("o.ply"));
  EXPECT_TRUE(fs::is_empty(folder() / "fast"));
}

TEST_F(Survey, a_killed_run_goes_on_from_its_finished_tiles) {
  const std::vector<std::string> arguments = in_pieces({kTown, "-o", "o.ply"});
  ASSERT_EQ(run_tool(arguments).exit_code, 0);
  const std::string expected = get("o.ply");
  fs::remove(folder() / "o.ply");
  for (const int signal : {SIGKILL, SIGINT}) {
    SCOPED_TRACE(signal);
    {
      Process process(command(arguments));
      while (process.running() && !has("o.ply.scratch/labels-2")) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      }
      ASSERT_TRUE(process.running()) << "ended too early";
      process.signal(signal);
      const Finished finished = process.wait();
      if (signal == SIGINT) {
        EXPECT_EQ(finished.exit_code, 130);
        EXPECT_THAT(finished.err, HasSubstr("continue with --resume"));
      }
    }
    ASSERT_TRUE(has("o.ply.scratch/plan.json"));
    EXPECT_FALSE(has("o.ply"));
    const auto first = fs::last_write_time(folder() / "o.ply.scratch/labels-1");
    const auto plan = fs::last_write_time(folder() / "o.ply.scratch/plan.json");
    {  // what is done already is not done again
      std::vector<std::string> resumed = arguments;
      resumed.emplace_back("--resume");
      Process process(command(resumed));
      while (process.running() && !has("o.ply.scratch/labels-3")) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      }
      if (has("o.ply.scratch/labels-1")) {
        EXPECT_EQ(fs::last_write_time(folder() / "o.ply.scratch/labels-1"), first);
        EXPECT_EQ(fs::last_write_time(folder() / "o.ply.scratch/plan.json"), plan);
      }
      const Finished finished = process.wait();
      EXPECT_EQ(finished.exit_code, 0) << finished.err;
    }
    EXPECT_EQ(get("o.ply") == expected, true);
    EXPECT_FALSE(has("o.ply.scratch"));
    fs::remove(folder() / "o.ply");
  }
}

TEST_F(Survey, another_command_line_does_not_go_on_from_there) {
  {
    Process process(command(in_pieces({kTown, "-o", "o.ply"})));
    while (process.running() && !has("o.ply.scratch/labels-1")) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    process.signal(SIGKILL);
    (void)process.wait();
  }
  ASSERT_TRUE(has("o.ply.scratch/plan.json"));
  const Finished other =
      run_tool(in_pieces({kTown, "-o", "o.ply", "--resume", "--neighbors", "1"}));
  ASSERT_EQ(other.exit_code, 0) << other.err;
  ASSERT_EQ(run_tool(in_pieces({kTown, "-o", "p.ply", "--neighbors", "1"})).exit_code, 0);
  EXPECT_EQ(get("o.ply") == get("p.ply"), true);
}

TEST_F(Survey, steps_of_many_machines_give_the_bytes_of_a_single_run) {
  const std::vector<std::string> survey{kTown, "-o", "o.ply", "--memory", "1M", "--scratch", "s"};
  const auto step = [&](std::vector<std::string> more) {
    more.insert(more.begin(), survey.begin(), survey.end());
    return run_tool(std::move(more));
  };
  ASSERT_EQ(run_tool({kTown, "-o", "single.ply", "--memory", "1M", "--out-of-core"}).exit_code, 0);
  const Finished planned = step({"--plan", "--format", "jsonl"});
  ASSERT_EQ(planned.exit_code, 0) << planned.err;
  const std::size_t tiles = json::parse(planned.out)["tiles"];
  ASSERT_GE(tiles, 4U);
  const Finished again = step({"--plan", "--format", "jsonl", "--no-timing"});
  EXPECT_EQ(json::parse(again.out)["tiles"], tiles) << "a plan that stands is kept";
  const Finished early = step({"--merge"});
  EXPECT_EQ(early.exit_code, 3);
  EXPECT_THAT(early.err, HasSubstr("tiles, expected those of --tile 1,2,"));
  EXPECT_FALSE(has("o.ply"));
  ASSERT_EQ(step({"--tile", "2/2"}).exit_code, 0);
  ASSERT_EQ(step({"--tile", "1-" + std::to_string(tiles - 1)}).exit_code, 0);
  ASSERT_EQ(step({"--tile", std::to_string(tiles)}).exit_code, 0);
  const Finished merged = step({"--merge"});
  ASSERT_EQ(merged.exit_code, 0) << merged.err;
  EXPECT_EQ(get("o.ply") == get("single.ply"), true);
  EXPECT_TRUE(fs::is_empty(folder() / "s"));
}

TEST_F(Survey, tiles_of_other_work_are_refused) {
  ASSERT_EQ(run_tool({kTown, "-o", "o.ply", "--plan"}).exit_code, 0);
  const Finished other = run_tool({kTown, "-o", "o.ply", "--tile", "1", "--neighbors", "2"});
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_THAT(other.err,
              HasSubstr(": was made with no options, now neighbors=2; --plan makes it anew\n"));
  const Finished foreign = run_tool({kCoast, "-o", "o.ply", "--tile", "1"});
  EXPECT_EQ(foreign.exit_code, 3);
  EXPECT_THAT(foreign.err, HasSubstr(": was made with another input; --plan makes it anew\n"));
  const Finished none = run_tool({kTown, "-o", "p.ply", "--tile", "1"});
  EXPECT_EQ(none.exit_code, 3);
  EXPECT_THAT(none.err, HasSubstr("holds no plan, expected one of --plan"));
  expect_errors({
      {{kTown, "-o", "o.ply", "--plan", "--merge"},
       "--plan, --tile, --merge: are steps, expected one at a time",
       2},
      {{kTown, kCoast, "-o", "out/", "--plan"},
       "--plan: is a step of the work on one cloud, expected one input",
       2},
      {{kTown, "-o", "o.ply", "--tile", "99"}, "--tile: there is no tile 99, the plan has 1", 2},
      {{kTown, "-o", "o.ply", "--tile", "2-1"},
       "--tile: 2-1 is no list of tiles, expected K/N, or numbers and ranges such as 2,5-7, see "
       "--help",
       2},
  });
}

}  // namespace
}  // namespace ptattn::test
