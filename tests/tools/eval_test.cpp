// ptattn-eval as a user meets it: inputs, reports and messages.

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "eval_fixture.hpp"

namespace ptattn::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST_F(Eval, help_and_version_are_known) {
  expect_known_help_and_version();
}

TEST_F(Eval, points_of_two_files_are_matched_by_coordinates) {
  const auto cloud = [](const std::vector<std::string>& points, const std::string& field) {
    std::string text = "ply\nformat ascii 1.0\nelement vertex " + std::to_string(points.size()) +
                       "\nproperty double x\nproperty double y\nproperty double z\nproperty int " +
                       field + "\nend_header\n";
    for (const std::string& point : points) text += point + "\n";
    return text;
  };
  put("p.ply", cloud({"0 0 0 1", "5 0 0 2", "0 5 0 3", "5 5 1 4"}, "label"));
  put("t.ply", cloud({"5 5 1 4", "0 5 0 3", "0 0 0 1", "5 0 0 9"}, "class"));
  const std::vector<std::string> arguments{"p.ply", "--truth-file", "t.ply", "--truth", "class"};
  const Finished finished = eval(arguments);
  EXPECT_THAT(finished.err, HasSubstr("p.ply: its points are in a different order from those of "
                                      "t.ply, matched by coordinates\n"));
  EXPECT_EQ(eval_json(arguments)["overall_accuracy"], 0.75);
  put("t.ply", cloud({"70005 5 1 4", "70000 5 0 3", "70000 0 0 1", "70005 0 0 2"}, "class"));
  EXPECT_THAT(eval(arguments).err, HasSubstr("matched by coordinates, moved by -70000, 0, 0\n"));
  EXPECT_EQ(eval_json(arguments)["overall_accuracy"], 1.0);
  std::vector<std::string> a;
  std::vector<std::string> b;
  for (int i = 0; i < 100; ++i) {
    a.push_back(std::to_string(i % 10) + " " + std::to_string(i / 10) + " 0 1");
    b.push_back(std::to_string(9 - i % 10) + " " + std::to_string(9 - i / 10) + ".4 0 1");
  }
  put("p.ply", cloud(a, "label"));
  put("t.ply", cloud(b, "class"));
  EXPECT_EQ(eval(arguments).exit_code, 0) << "the whole cloud is moved by 0.4";
  b[50] = "4 3.9 0 1";
  put("t.ply", cloud(b, "class"));
  expect_error(arguments, 3,
               "p.ply: has as many points as t.ply, but not the same: no one-to-one match within "
               "0.25");
}

TEST_F(Eval, reports_say_what_made_them) {
  put("a.ply", labelled({{"2", "2"}}));
  const json made_by = eval_json({"a.ply", "--ignore", "7"})["made_by"];
  EXPECT_EQ(made_by["tool"], "ptattn-eval");
  EXPECT_EQ(made_by["options"], json({"ignore=7"}));
}

TEST_F(Eval, csv_is_the_table_of_classes) {
  put("a.ply", labelled({{"1", "1"}, {"1", "2"}, {"2", "2"}}));
  EXPECT_EQ(eval({"a.ply", "-o", "o.csv"}).exit_code, 0);
  EXPECT_EQ(get("o.csv"),
            "class,truth,predicted,iou,precision,recall,f1\n"
            "1,2,1,0.500000000,1.000000000,0.500000000,0.666666667\n"
            "2,1,2,0.500000000,0.500000000,1.000000000,0.666666667\n");
}

TEST_F(Eval, table_of_fields_of_one_file) {
  put("a.ply", three_classes());
  const Finished finished = eval({"a.ply"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(finished.out, read_file(PTATTN_TEST_DIR "/tools/golden/ptattn-eval_table.txt"));
}

TEST_F(Eval, json_of_fields_of_one_file) {
  put("a.ply", three_classes());
  const json report = eval_json({"a.ply"});
  EXPECT_EQ(report["points"], 20);
  EXPECT_DOUBLE_EQ(report["overall_accuracy"], 0.8);
  EXPECT_DOUBLE_EQ(report["kappa"], 0.693486590);
  EXPECT_DOUBLE_EQ(report["mean_iou"], 0.647486772);
  EXPECT_EQ(report["confusion"], json({{5, 2, 0, 0}, {1, 3, 1, 0}, {0, 0, 8, 0}}));
  EXPECT_EQ(report["classes"][2]["name"], "10") << "numbers sort by value";
  EXPECT_FALSE(report.contains("ground"));
}

TEST_F(Eval, points_without_coordinates_count) {
  put("a.ply", labelled(repeated({{"1", "1", 3}, {"1", "2", 1}}), "uchar", "nan"));
  EXPECT_EQ(eval_json({"a.ply"})["points"], 4);
}

TEST_F(Eval, ground_errors) {
  put("a.ply",
      labelled(repeated({{"2", "2", 180}, {"2", "6", 20}, {"5", "2", 6}, {"5", "6", 94}})));
  const json ground = eval_json({"a.ply", "--ground", "2"})["ground"];
  EXPECT_EQ(ground["class"], "2");
  EXPECT_DOUBLE_EQ(ground["type_1_error"], 0.1);
  EXPECT_DOUBLE_EQ(ground["type_2_error"], 0.06);
  EXPECT_DOUBLE_EQ(ground["total_error"], 0.086666667);
  EXPECT_THAT(eval({"a.ply", "--ground", "2"}).out,
              HasSubstr("total error                    8.67 %"));
}

TEST_F(Eval, two_files_and_folders) {
  put("p/a.ply", labelled({{"0", "1"}, {"0", "2"}}));
  put("t/a.ply", labelled({{"1", "0"}, {"1", "0"}}));
  put("p/sub/b.ply", labelled({{"0", "2"}}));
  put("t/sub/b.pcd",
      "VERSION .7\nFIELDS x y z classification\nSIZE 4 4 4 4\nTYPE F F F U\nCOUNT 1 1 1 1\nWIDTH "
      "1\n"
      "HEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS 1\nDATA ascii\n0 0 0 2\n");
  EXPECT_EQ(eval_json({"p/a.ply", "--truth-file", "t/a.ply"})["confusion"],
            json({{1, 1, 0}, {0, 0, 0}}));
  EXPECT_EQ(eval_json({"p/a.ply", "--truth-file", "t"})["points"], 2);
  const json report = eval_json({"p", "--truth-file", "t", "--per-file"});
  EXPECT_EQ(report["confusion"], json({{1, 1, 0}, {0, 1, 0}}));
  EXPECT_EQ(report["inputs"].size(), 2U);
  EXPECT_EQ(report["inputs"][1]["path"], "p/sub/b.ply");
  EXPECT_DOUBLE_EQ(report["inputs"][0]["overall_accuracy"], 0.5);
  put("p/c.ply", labelled({{"0", "1"}}));
  expect_error({"p", "--truth-file", "t"}, 3, "p/c.ply: has no partner c.ply in t");
  expect_error({"p", "--truth-file", "t/a.ply"}, 2,
               "--truth-file: is one file for 3 inputs, expected a folder");
}

TEST_F(Eval, classify_results) {
  const std::string jsonl = R"({"path":"s/chair/1.ply","class":"chair","model":"m"})"
                            "\n"
                            R"({"path":"s/chair/2.ply","class":"lamp","model":"m"})"
                            "\n"
                            R"({"path":"s/lamp/3.ply","error":"broken","model":"m"})"
                            "\n";
  const json folders = eval_json({"-", "--truth-from", "folder"}, jsonl);
  EXPECT_EQ(folders["clouds"], 3);
  EXPECT_EQ(folders["confusion"], json({{1, 1, 0}, {0, 0, 1}}));

  put("r.csv", "path,points,class\n\"a, b_01.ply\",5,\"a, b\"\nnight_stand_0002.ply,5,bed\n");
  const json files = eval_json({"r.csv", "--truth-from", "file"});
  EXPECT_EQ(files["confusion"], json({{1, 0, 0, 0}, {0, 0, 0, 0}, {0, 1, 0, 0}}));

  put("t.csv", "class,path\r\nbed,x/night_stand_0002.ply\r\nlamp,\"./a, b_01.ply\"\r\n");
  const json table = eval_json({"r.csv", "--truth-table", "t.csv"});
  EXPECT_EQ(table["classes"][0]["name"], "a, b");
  EXPECT_DOUBLE_EQ(table["overall_accuracy"], 0.5);
  put("t.csv", "path,class\nother.ply,bed\n");
  expect_error({"r.csv", "--truth-table", "t.csv"}, 3, "t.csv: has no class for a, b_01.ply");
  put("bad.jsonl", "{\"path\":\"a.ply\"}\n");
  expect_error({"bad.jsonl", "--truth-from", "file"}, 3,
               "bad.jsonl: line 1 is not a record of ptattn-classify");
}

TEST_F(Eval, bad_input) {
  put("a.ply", labelled({{"1", "7"}}));
  put("f.ply", labelled({{"1", "1"}, {"1.5", "1"}, {"1", "1"}}, "float"));
  put("two.ply", labelled({{"1", "1"}, {"1", "1"}}));
  put("map.txt", "1 ground\n");
  put("twice.txt", "1 a\n1 b\n");
  expect_error({"none.ply"}, 3, "none.ply: cannot be opened: No such file or directory");
  expect_error(
      {"a.ply", "--truth", "class"}, 3,
      "a.ply: has no field class, its fields are x, y, z, classification, label, did you mean "
      "classification?");
  expect_error({"f.ply"}, 3,
               "f.ply: the field classification is 1.5 at point 1, expected an integer label");
  expect_error({"a.ply", "--truth-file", "two.ply"}, 3,
               "a.ply: has 1 points, two.ply has 2, expected the same points");
  expect_error({"a.ply", "--map", "map.txt"}, 3,
               "a.ply: the prediction holds the label 7, which the map does not name");
  expect_error({"a.ply", "--classes", "x,y"}, 3,
               "a.ply: the prediction holds the label 7, which is none of the 2 classes");
  expect_error({"a.ply", "--map", "twice.txt"}, 3, "twice.txt: names the label 1 twice");
  expect_error({"a.ply", "--map", "none.txt"}, 3, "none.txt: cannot be read, expected a text file");
}

TEST_F(Eval, wrong_usage) {
  put("a.ply", labelled({{"1", "1"}}));
  put("map.txt", "1 ground\n");
  expect_error({}, 2, "INPUT: missing, name files, folders or -, see --help");
  expect_error({"a.ply", "--classes", "a", "--model", "m"}, 2,
               "--classes excludes --model, see --help");
  expect_error({"a.ply", "--truth-table", "t", "--truth-file", "f"}, 2,
               "--truth-file excludes --truth-table, see --help");
  expect_error({"a.ply", "--map", "map.txt", "--ground", "floor"}, 2,
               "--ground: \"floor\" is none of the classes");
  expect_error({"a.ply", "--map", "map.txt", "--classes", "a,b"}, 2,
               "--map: leads to \"ground\", which is no named class");
  expect_error({"a.ply", "--output", "a.ply"}, 2,
               "a.ply: is an input, --output would overwrite it");
  expect_error({"a.ply", "--output", "b.csv.gz"}, 2,
               "b.csv.gz: is no name for results, expected one ending in .csv, .json, .jsonl or "
               ".txt");
  EXPECT_EQ(eval({"a.ply", "--model", "nowhere"}).exit_code, 4);
}

TEST_F(Eval, same_bytes_for_any_thread_count) {
  std::vector<std::pair<std::string, std::string>> labels;
  for (int i = 0; i < 30000; ++i) labels.emplace_back(std::to_string(i % 7), std::to_string(i % 5));
  put("a.ply", labelled(labels));
  const std::string one = eval({"a.ply", "--threads", "1", "--format", "json"}).out;
  EXPECT_EQ(one, eval({"a.ply", "--threads", "8", "--format", "json"}).out);
  EXPECT_EQ(eval({"a.ply", "--output", "out.json", "--format", "json"}).out, "");
  EXPECT_EQ(one, read_file(folder() / "out.json"));
}

TEST_F(Eval, truncated_las_files_are_refused_or_salvaged_and_notes_are_said) {
  const std::string tile = read_file(PTATTN_SOURCE_DIR "/samples/scenes/aerial_coast.laz");
  put("cut.laz", tile.substr(0, tile.size() / 2));
  const std::vector<std::string> fields{"cut.laz", "--predicted", "return_number", "--truth",
                                        "number_of_returns"};
  EXPECT_EQ(eval(fields).exit_code, 3);
  std::vector<std::string> salvaged = fields;
  salvaged.push_back("--salvage");
  const Finished saved = eval(salvaged);
  EXPECT_EQ(saved.exit_code, 0) << saved.err;
  EXPECT_THAT(saved.err, HasSubstr("cut.laz: is truncated or damaged"));
}

}  // namespace
}  // namespace ptattn::test
