// What ptattn-classify makes of the files and folders it is given.

#include "classify_fixture.hpp"

namespace ptattn::test {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Inputs : public Classify {
 protected:
  /// A single bad input: its record, one line on stderr, exit code 3.
  void expect_refused(const std::string& path, const std::string& problem) const {
    const Finished finished = classify({path, "--format", "jsonl", "--no-timing"});
    EXPECT_EQ(finished.exit_code, 3);
    EXPECT_THAT(lines_of(finished.err),
                ElementsAre(StartsWith("ptattn-classify: " + path + ": " + problem)));
    const auto records = records_of(finished.out);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0]["path"], path);
    EXPECT_THAT(records[0]["error"].get<std::string>(), StartsWith(problem));
    EXPECT_FALSE(records[0].contains("class"));
    EXPECT_FALSE(records[0].contains("top_k"));
    EXPECT_EQ(records[0]["model"], "tiny");
  }

  [[nodiscard]] std::vector<std::string> paths_of(std::vector<std::string> arguments,
                                                  const std::string& list = "") const {
    arguments.insert(arguments.end(), {"--format", "jsonl"});
    Command with_list = command(arguments);
    with_list.input = list;
    std::vector<std::string> paths;
    for (const auto& record : records_of(run(with_list).out)) paths.push_back(record["path"]);
    return paths;
  }
};

TEST_F(Inputs, BadFilesAreRefusedInOneLine) {
  put("empty.ply", "");
  expect_refused("empty.ply", "");
  put("three.ply", ply_text({{0, 0, 0}, {1, 0, 0}, {0, 1, 0}}));
  expect_refused("three.ply", "has 3 points, at least 128 are needed");
  put("same.ply", ply_text(std::vector<std::array<double, 3>>(500, {1, 2, 3})));
  expect_refused("same.ply", "all points coincide");
  put("notes.ply", "Dear diary,\n\ntoday I renamed a text file.\n");
  expect_refused("notes.ply", "");
  put("cut.ply", ply_shape(500).substr(0, 5000));
  expect_refused("cut.ply", "");
  expect_refused("missing.ply", "");
  put("no_clouds/readme.txt", "nothing here");
  expect_refused("no_clouds", "no *.ply, *.pcd, *.las or *.laz file in this folder");
}

TEST_F(Inputs, PointsOfARefusedCloudAreReported) {
  put("three.ply", ply_text({{0, 0, 0}, {1, 0, 0}, {0, 1, 0}}));
  const auto records = records_of(classify({"three.ply", "--format", "jsonl"}).out);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0]["points"], 3);
}

TEST_F(Inputs, TheRestGoesOnAfterABadFile) {
  put("a.ply", ply_shape(200));
  put("c.ply", ply_shape(200, 2));
  const Finished finished = classify({"a.ply", "b.ply", "c.ply", "--format", "jsonl"});
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_THAT(
      lines_of(finished.err),
      ElementsAre(StartsWith("ptattn-classify: b.ply: "), "ptattn-classify: 1 of 3 inputs failed",
                  StartsWith("ptattn-classify: 2 files, 400 points, ")));
  const auto records = records_of(finished.out);
  ASSERT_EQ(records.size(), 3U);
  EXPECT_TRUE(records[0].contains("class"));
  EXPECT_TRUE(records[1].contains("error"));
  EXPECT_TRUE(records[2].contains("class"));
}

TEST_F(Inputs, FailFastEndsAtTheFirstBadFile) {
  put("a.ply", ply_shape(200));
  put("c.ply", ply_shape(200, 2));
  const Finished finished =
      classify({"a.ply", "missing.ply", "c.ply", "other.ply", "--format", "jsonl", "--fail-fast"});
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_THAT(lines_of(finished.err), ElementsAre(StartsWith("ptattn-classify: missing.ply: ")));
  const auto records = records_of(finished.out);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0]["path"], "a.ply");
}

TEST_F(Inputs, FoldersAreSearchedAndSorted) {
  for (const char* name :
       {"f/b.ply", "f/a/z.PLY", "f/a/y.txt", "f/c.pcd.bak", "f/A.Ply", "top.ply"}) {
    put(name, ply_shape(150));
  }
  std::filesystem::create_directory(folder() / "f/folder.ply");
  EXPECT_THAT(paths_of({"top.ply", "f"}),
              ElementsAre("top.ply", "f/A.Ply", "f/a/z.PLY", "f/b.ply"));
  EXPECT_THAT(paths_of({"f/"}), ElementsAre("f/A.Ply", "f/a/z.PLY", "f/b.ply"));
}

TEST_F(Inputs, LinkedFoldersDoNotLoop) {
  put("f/a.ply", ply_shape(150));
  std::filesystem::create_directory_symlink(folder() / "f", folder() / "f/self");
  std::filesystem::create_symlink(folder() / "f/a.ply", folder() / "f/link.ply");
  EXPECT_THAT(paths_of({"f"}), ElementsAre("f/a.ply", "f/link.ply"));
}

TEST_F(Inputs, DashReadsAList) {
  put("f/a.ply", ply_shape(150));
  put("b c.ply", ply_shape(150));
  EXPECT_THAT(paths_of({"-"}, "b c.ply\r\n\n\r\nf\nf/a.ply"),
              ElementsAre("b c.ply", "f/a.ply", "f/a.ply"));
  const Finished empty = classify({"-"});
  EXPECT_EQ(empty.exit_code, 0);
  EXPECT_EQ(empty.err, "ptattn-classify: the list of inputs is empty\n");
}

TEST_F(Inputs, AnyFileNameIsFine) {
  const std::vector<std::string> names{"with space.ply", "two\nlines.ply", "quote\"comma,.ply",
                                       "b\xff\xfe.ply",  "\xc3\xa4.ply",   "-dash.ply"};
  for (const std::string& name : names) put("f/" + name, ply_shape(150));
  const Finished finished = classify({"f", "--format", "jsonl"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  std::vector<std::string> paths;
  for (const auto& record : records_of(finished.out)) paths.push_back(record["path"]);
  EXPECT_THAT(paths,
              ElementsAre("f/-dash.ply", "f/b\xef\xbf\xbd\xef\xbf\xbd.ply", "f/quote\"comma,.ply",
                          "f/two\nlines.ply", "f/with space.ply", "f/\xc3\xa4.ply"));
  const Finished table = classify({"f"});
  EXPECT_EQ(lines_of(table.out).size(), 1 + names.size());
  EXPECT_THAT(table.out, HasSubstr("two\\x0alines.ply"));
}

TEST_F(Inputs, BadNamesStayOnOneLineOfStderr) {
  const Finished finished = classify({"no\nsuch\x1b[31m.ply"});
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_EQ(lines_of(finished.err).size(), 1U);
  EXPECT_EQ(finished.err.find('\x1b'), std::string::npos);
}

TEST_F(Inputs, InvalidPointsAreLeftOut) {
  std::string text = ply_shape(300);
  const auto vertex_line = text.find("vertex 300");
  text.replace(vertex_line, 10, "vertex 302");
  put("clean.ply", ply_shape(300));
  put("nan.ply", text + "nan 0 0\n0 nan nan\n");
  const auto records = records_of(classify({"clean.ply", "nan.ply", "--format", "jsonl"}).out);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[1]["points"], 302);
  EXPECT_EQ(records[1]["top_k"], records[0]["top_k"]);
}

}  // namespace
}  // namespace ptattn::test
