// What ptattn-classify makes of the files and folders it is given.

#include <sys/stat.h>

#include <cstdlib>

#include "classify_fixture.hpp"

namespace ptattn::test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

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

TEST_F(Inputs, bad_files_are_refused_in_one_line) {
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

TEST_F(Inputs, points_of_a_refused_cloud_are_reported) {
  put("three.ply", ply_text({{0, 0, 0}, {1, 0, 0}, {0, 1, 0}}));
  const auto records = records_of(classify({"three.ply", "--format", "jsonl"}).out);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0]["points"], 3);
}

TEST_F(Inputs, the_rest_goes_on_after_a_bad_file) {
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

TEST_F(Inputs, fail_fast_ends_at_the_first_bad_file) {
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

TEST_F(Inputs, an_early_end_closes_the_document) {
  put("a.ply", ply_shape(200));
  for (const auto& [files, records] :
       {std::pair{std::vector<std::string>{"a.ply", "missing.ply"}, 1U},
        std::pair{std::vector<std::string>{"missing.ply"}, 0U}}) {
    std::vector<std::string> arguments = files;
    for (const char* const more : {"--format", "json", "--fail-fast"}) arguments.emplace_back(more);
    const Finished finished = classify(arguments);
    EXPECT_EQ(finished.exit_code, 3);
    const auto document = nlohmann::json::parse(finished.out, nullptr, false);
    ASSERT_TRUE(document.is_array()) << finished.out;
    EXPECT_EQ(document.size(), records);
  }
}

TEST_F(Inputs, folders_are_searched_and_sorted) {
  for (const char* name :
       {"f/b.ply", "f/a/z.PLY", "f/a/y.txt", "f/c.pcd.bak", "f/A.Ply", "top.ply"}) {
    put(name, ply_shape(150));
  }
  std::filesystem::create_directory(folder() / "f/folder.ply");
  EXPECT_THAT(paths_of({"top.ply", "f"}),
              ElementsAre("top.ply", "f/A.Ply", "f/a/z.PLY", "f/b.ply"));
  EXPECT_THAT(paths_of({"f/"}), ElementsAre("f/A.Ply", "f/a/z.PLY", "f/b.ply"));
}

TEST_F(Inputs, linked_folders_do_not_loop) {
  put("f/a.ply", ply_shape(150));
  std::filesystem::create_directory_symlink(folder() / "f", folder() / "f/self");
  std::filesystem::create_symlink(folder() / "f/a.ply", folder() / "f/link.ply");
  EXPECT_THAT(paths_of({"f"}), ElementsAre("f/a.ply", "f/link.ply"));
}

TEST_F(Inputs, dash_reads_a_list) {
  put("f/a.ply", ply_shape(150));
  put("b c.ply", ply_shape(150));
  EXPECT_THAT(paths_of({"-"}, "b c.ply\r\n\n\r\nf\nf/a.ply"),
              ElementsAre("b c.ply", "f/a.ply", "f/a.ply"));
  const Finished empty = classify({"-"});
  EXPECT_EQ(empty.exit_code, 0);
  EXPECT_EQ(empty.err, "ptattn-classify: the list of inputs is empty\n");
}

TEST_F(Inputs, any_file_name_is_fine) {
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

TEST_F(Inputs, bad_names_stay_on_one_line_of_stderr) {
  const Finished finished = classify({"no\nsuch\x1b[31m.ply"});
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_EQ(lines_of(finished.err).size(), 1U);
  EXPECT_EQ(finished.err.find('\x1b'), std::string::npos);
}

TEST_F(Inputs, invalid_points_are_left_out) {
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

TEST_F(Inputs, what_macos_leaves_beside_files_is_skipped_in_folders) {
  put("f/a.ply", ply_shape(150));
  put("f/._a.ply", std::string("\0\5\26\7\0\2\0\0Mac OS X", 16));
  EXPECT_THAT(paths_of({"f"}), ElementsAre("f/a.ply"));
  EXPECT_EQ(classify({"f"}).exit_code, 0);
  expect_refused("f/._a.ply", "is an AppleDouble file");
}

TEST_F(Inputs, pipes_in_folders_are_not_waited_for) {
  put("f/a.ply", ply_shape(150));
  ASSERT_EQ(::mkfifo((folder() / "f/b.ply").c_str(), 0600), 0);
  const Finished finished = classify({"f"});
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_THAT(finished.err, HasSubstr("f/b.ply: is not a regular file"));
}

TEST_F(Inputs, a_list_may_begin_with_a_byte_order_mark) {
  put("a.ply", ply_shape(150));
  EXPECT_THAT(paths_of({"-"},
                       "\xef\xbb\xbf"
                       "a.ply\r\n"),
              ElementsAre("a.ply"));
}

TEST_F(Inputs, a_list_with_zero_bytes_between_needs_an_option_and_says_so) {
  put("a\nb.ply", ply_shape(150));
  put("c.ply", ply_shape(150));
  const std::string list("a\nb.ply\0c.ply\0", 14);
  EXPECT_THAT(paths_of({"-", "-0"}, list), ElementsAre("a\nb.ply", "c.ply"));
  Command command = this->command({"-"});
  command.input = list;
  const Finished finished = run(command);
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_THAT(lines_of(finished.err),
              ElementsAre(HasSubstr("holds NUL bytes, expected a list of paths")));
  EXPECT_THAT(finished.err, HasSubstr("-0"));
}

TEST_F(Inputs, a_cloud_given_for_a_list_is_noticed_in_one_line) {
  const std::string pcd = "# .PCD v0.7\nVERSION 0.7\nFIELDS x\nWIDTH 0\nDATA ascii\n";
  for (const auto& [bytes, kind] :
       {std::pair<std::string, std::string>{ply_shape(1000), "a PLY cloud"},
        {pcd, "a PCD cloud"},
        {"LASF" + std::string(300, '\0'), "a LAS cloud"},
        {"\x1f\x8b\x08" + std::string(100, 'a'), "gzip data"}}) {
    Command command = this->command({"-"});
    command.input = bytes;
    const Finished finished = run(command);
    EXPECT_EQ(finished.exit_code, 3) << kind;
    EXPECT_EQ(finished.out, "");
    EXPECT_THAT(
        lines_of(finished.err),
        ElementsAre("ptattn-classify: standard input: holds " + kind +
                    ", expected a list of paths, name /dev/stdin to read a cloud from there"));
  }
}

TEST_F(Inputs, standard_input_is_read_as_a_cloud_where_it_is_named) {
  put("a.ply", ply_shape(150));
  Command command = this->command({"/dev/stdin", "--format", "jsonl", "--no-timing"});
  command.input = get("a.ply");
  const auto records = records_of(run(command).out);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0]["top_k"],
            records_of(classify({"a.ply", "--format", "jsonl"}).out)[0]["top_k"]);
}

TEST_F(Inputs, compressed_clouds_are_found_in_folders) {
  put("f/a.ply", ply_shape(150));
  put("f/b.ply", ply_shape(160));
  ASSERT_EQ(std::system(("gzip " + (folder() / "f/b.ply").string()).c_str()), 0);
  EXPECT_THAT(paths_of({"f"}), ElementsAre("f/a.ply", "f/b.ply.gz"));
  EXPECT_EQ(classify({"f"}).exit_code, 0);
}

TEST_F(Inputs, notes_of_the_reader_are_said) {
  put("a.ply", ply_shape(150) + "0 0 0\n");
  const Finished finished = classify({"a.ply"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_THAT(finished.err,
              HasSubstr("ptattn-classify: a.ply: line 158: continues after the last value"));
}

TEST_F(Inputs, truncated_las_files_are_refused_or_salvaged) {
  const std::string tile = read_file(PTATTN_SOURCE_DIR "/samples/scenes/aerial_coast.laz");
  put("cut.laz", tile.substr(0, tile.size() - 1000));
  EXPECT_EQ(classify({"cut.laz"}).exit_code, 3);
  const Finished saved = classify({"cut.laz", "--salvage"});
  EXPECT_EQ(saved.exit_code, 0) << saved.err;
  EXPECT_THAT(saved.err, HasSubstr("cut.laz: is truncated or damaged"));
}

}  // namespace
}  // namespace ptattn::test
