// ptattn-eval as a user meets it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tool_test.hpp"

namespace ptattn::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// An ASCII PLY cloud with two fields of labels, a pair (truth, predicted) each point.
std::string labelled(const std::vector<std::pair<std::string, std::string>>& labels,
                     const std::string& type = "int", const std::string& x = "0") {
  std::string text = "ply\nformat ascii 1.0\nelement vertex " + std::to_string(labels.size()) +
                     "\nproperty float x\nproperty float y\nproperty float z\nproperty " + type +
                     " classification\nproperty " + type + " label\nend_header\n";
  for (const auto& [truth, predicted] : labels) {
    text.append(x).append(" 0 0 ").append(truth).append(" ").append(predicted).append("\n");
  }
  return text;
}

std::vector<std::pair<std::string, std::string>> repeated(
    const std::vector<std::tuple<std::string, std::string, int>>& counts) {
  std::vector<std::pair<std::string, std::string>> labels;
  for (const auto& [truth, predicted, count] : counts) {
    labels.insert(labels.end(), static_cast<std::size_t>(count), {truth, predicted});
  }
  return labels;
}

class Eval : public ToolTest {
 protected:
  Eval() : ToolTest(PTATTN_EVAL) {}

  [[nodiscard]] Finished eval(std::vector<std::string> arguments,
                              const std::string& input = "") const {
    Command with_models = command(std::move(arguments));
    with_models.input = input;
    if (!models_.empty()) with_models.models = models_;
    return run(with_models);
  }
  [[nodiscard]] json eval_json(std::vector<std::string> arguments,
                               const std::string& input = "") const {
    arguments.insert(arguments.end(), {"--format", "json"});
    const Finished finished = eval(std::move(arguments), input);
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    return json::parse(finished.out, nullptr, false);
  }
  std::string models_;
};

/// Matrix [[5, 2, 0], [1, 3, 1], [0, 0, 8]] of the labels 2, 5, 10.
std::string three_classes() {
  return labelled(repeated({{"2", "2", 5},
                            {"2", "5", 2},
                            {"5", "2", 1},
                            {"5", "5", 3},
                            {"5", "10", 1},
                            {"10", "10", 8}}));
}

TEST_F(Eval, help_and_version_are_known) {
  expect_known_help_and_version();
}

/// Ten points of confidence 0.9, seven of them right, and ten of 0.5, five of them right.
std::string with_confidence(const std::string& last = "0.5") {
  std::string text =
      "ply\nformat ascii 1.0\nelement vertex 20\nproperty float x\nproperty float y\n"
      "property float z\nproperty int classification\nproperty int label\n"
      "property float confidence\nend_header\n";
  for (int i = 0; i < 20; ++i) {
    const bool right = i < 7 || (i >= 10 && i < 15);
    const std::string confidence = i < 10 ? "0.9" : i < 19 ? "0.5" : last;
    text += std::to_string(i) + " 0 0 1 " + (right ? "1 " : "2 ") + confidence + "\n";
  }
  return text;
}

TEST_F(Eval, reliability_sets_confidence_against_accuracy) {
  put("a.ply", with_confidence());
  const json report = eval_json({"a.ply", "--reliability"})["reliability"];
  EXPECT_NEAR(report["expected_calibration_error"].get<double>(), 0.1, 1e-6);
  EXPECT_NEAR(report["largest_calibration_error"].get<double>(), 0.2, 1e-6);
  ASSERT_EQ(report["bins"].size(), 2U);
  EXPECT_EQ(report["bins"][1]["items"], 10);
  EXPECT_NEAR(report["bins"][1]["confidence"].get<double>(), 0.9, 1e-6);
  EXPECT_NEAR(report["bins"][1]["accuracy"].get<double>(), 0.7, 1e-6);
  EXPECT_THAT(eval({"a.ply", "--reliability"}).out,
              HasSubstr("expected calibration error  10.00 %\n"));
  const Finished csv = eval({"a.ply", "--reliability", "--format", "csv"});
  EXPECT_EQ(lines_of(csv.out).front(), "low,high,items,confidence,accuracy");
  EXPECT_EQ(lines_of(csv.out).size(), 3U);
  EXPECT_EQ(eval_json({"a.ply"}).count("reliability"), 0U);
}

TEST_F(Eval, reliability_leaves_ignored_points_out) {
  put("a.ply", with_confidence());
  const json report = eval_json({"a.ply", "--reliability", "--ignore", "2"})["reliability"];
  for (const json& bin : report["bins"]) EXPECT_EQ(bin["accuracy"], 1.0);
}

TEST_F(Eval, reliability_of_results_of_classify) {
  put("r.jsonl",
      "{\"path\": \"chair/1.ply\", \"class\": \"chair\", \"confidence\": 0.9}\n"
      "{\"path\": \"lamp/1.ply\", \"class\": \"chair\", \"confidence\": 0.9}\n");
  put("r.csv", "path,class,confidence\nchair/1.ply,chair,0.9\nlamp/1.ply,chair,0.9\n");
  put("bare.csv", "path,class\nchair/1.ply,chair\n");
  for (const char* const file : {"r.jsonl", "r.csv"}) {
    const json report = eval_json({file, "--truth-from", "folder", "--reliability"});
    EXPECT_NEAR(report["reliability"]["expected_calibration_error"].get<double>(), 0.4, 1e-6);
  }
  const Finished bare = eval({"bare.csv", "--truth-from", "folder", "--reliability"});
  EXPECT_EQ(bare.exit_code, 3);
  EXPECT_EQ(bare.err, "ptattn-eval: bare.csv: holds no confidence for chair/1.ply\n");
}

TEST_F(Eval, reliability_is_drawn) {
  put("a.ply", with_confidence());
  for (const char* const file : {"plot.svg", "plot.png"}) {
    const Finished finished = eval({"a.ply", "--plot", file});
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
  }
  const std::string svg = read_file(folder() / "plot.svg");
  EXPECT_THAT(svg, HasSubstr("calibration error 10.00 %"));
  EXPECT_THAT(svg, HasSubstr("<rect"));
  EXPECT_EQ(read_file(folder() / "plot.png").substr(1, 3), "PNG");
  EXPECT_EQ(eval({"a.ply", "--plot", "plot.gif"}).exit_code, 2);
  EXPECT_EQ(eval({"a.ply", "--plot", "a.svg", "-o", "a.svg"}).exit_code, 2);
}

TEST_F(Eval, unsure_points_are_of_no_class) {
  put("a.ply", labelled({{"0", "0"}, {"1", "-1"}}));
  const json report = eval_json({"a.ply", "--classes", "ground,tree"});
  EXPECT_EQ(report["overall_accuracy"], 0.5);
  EXPECT_EQ(report["confusion"][1][2], 1);
  put("b.ply", labelled({{"-1", "0"}}));
  EXPECT_EQ(eval({"b.ply", "--classes", "ground,tree"}).exit_code, 3);
}

TEST_F(Eval, reliability_refuses_what_is_no_confidence) {
  put("a.ply", with_confidence("50"));
  const Finished finished = eval({"a.ply", "--reliability"});
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_EQ(finished.err,
            "ptattn-eval: a.ply: the field confidence is 50 at point 19, expected a confidence "
            "from 0 to 1\n");
  put("b.ply", three_classes());
  EXPECT_EQ(eval({"b.ply", "--reliability"}).exit_code, 3);
}

TEST_F(Eval, asprs_codes_lead_to_the_classes_of_the_model) {
  models_ = PTATTN_SOURCE_DIR "/samples/models";
  // Ground, three heights of vegetation, a building; a road, which is other; noise and what nobody
  // classified, which are ignored.
  put("a.ply", labelled({{"2", "0"},
                         {"3", "1"},
                         {"4", "1"},
                         {"5", "1"},
                         {"6", "2"},
                         {"11", "5"},
                         {"7", "0"},
                         {"1", "0"}}));
  const json report = eval_json({"a.ply", "--model", "aerial", "--truth-codes", "asprs"});
  EXPECT_EQ(report["points"], 6);
  EXPECT_EQ(report["ignored"], 2);
  EXPECT_EQ(report["overall_accuracy"], 1.0);
  put("b.ply", labelled({{"2", "2"}, {"4", "5"}, {"6", "2"}, {"12", "1"}}));
  EXPECT_EQ(eval_json({"b.ply", "--model", "aerial", "--truth-codes", "asprs", "--predicted-codes",
                       "asprs"})["overall_accuracy"],
            0.75);
  const json by_name = eval_json({"a.ply", "--model", "aerial"});
  EXPECT_EQ(by_name["confusion"], report["confusion"]) << "a classification holds ASPRS codes";
}

/// The same labels in a cloud that says what made them.
std::string with_origin(const std::string& cloud, const std::vector<std::string>& lines) {
  std::string comments = "comment ptattn made by ptattn-segment 0.1.0\n";
  for (const std::string& line : lines) comments += "comment ptattn " + line + "\n";
  const std::string format = "format ascii 1.0\n";
  std::string text = cloud;
  return text.insert(text.find(format) + format.size(), comments);
}

const std::vector<std::string> kAerialClasses{"labels label class", "class 0 2 ground",
                                              "class 1 5 vegetation", "class 2 6 building",
                                              "class 3 1 other"};

TEST_F(Eval, numbers_of_classes_are_never_compared_with_asprs_codes) {
  const std::string cloud = labelled(
      {{"2", "0"}, {"3", "1"}, {"5", "1"}, {"6", "2"}, {"11", "3"}, {"1", "2"}, {"2", "2"}});
  put("a.ply", with_origin(cloud, kAerialClasses));
  const Finished finished = eval({"a.ply", "--format", "json"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  const json report = json::parse(finished.out);
  EXPECT_EQ(report["points"], 6);
  EXPECT_EQ(report["ignored"], 1);
  EXPECT_EQ(report["classes"][1]["name"], "vegetation");
  EXPECT_DOUBLE_EQ(report["overall_accuracy"], 0.833333333);
  EXPECT_THAT(finished.err, HasSubstr("label holds numbers of classes, classification holds ASPRS "
                                      "codes: compared as ground, vegetation, building, ...\n"));
  EXPECT_EQ(eval_json({"a.ply", "--truth", "label", "--predicted", "classification"})["points"], 7);
}

TEST_F(Eval, classes_without_asprs_codes_are_refused_where_the_truth_has_such) {
  const std::string cloud = labelled({{"2", "0"}, {"6", "1"}});
  put("parts.ply", with_origin(cloud, {"labels label class", "class 0 - Airplane.wing",
                                       "class 1 - Airplane.body"}));
  expect_error({"parts.ply"}, 3,
               "classification: holds ASPRS codes, which do not lead to Airplane.wing, "
               "Airplane.body; expected a map");
  EXPECT_EQ(eval_json({"parts.ply", "--truth-codes", "class", "--ignore", "2,6"})["points"], 0);
}

TEST_F(Eval, other_classes_than_those_of_the_file_are_refused) {
  models_ = PTATTN_SOURCE_DIR "/samples/models";
  const std::string cloud = labelled({{"2", "0"}});
  put("parts.ply", with_origin(cloud, {"labels label class", "class 0 - Airplane.wing"}));
  expect_error({"parts.ply", "--classes", "ground,roof"}, 3,
               "--classes: has other classes than label, which holds Airplane.wing");
  put("a.ply", with_origin(cloud, kAerialClasses));
  expect_error({"a.ply", "--predicted-codes", "asprs"}, 2,
               "--predicted-codes: contradicts the file, whose label holds numbers of classes");
  put("b.ply", with_origin(cloud, {"labels label class", "class 0 2 earth"}));
  expect_error({"a.ply", "b.ply"}, 3, "b.ply: label holds other classes or codes than in a.ply");
}

TEST_F(Eval, asprs_codes_need_no_model) {
  put("a.ply", labelled({{"2", "2"}, {"4", "5"}, {"6", "6"}, {"13", "14"}, {"0", "2"}}));
  const json report = eval_json(
      {"a.ply", "--truth-codes", "asprs", "--predicted-codes", "asprs", "--ground", "ground"});
  EXPECT_EQ(report["points"], 4);
  EXPECT_EQ(report["overall_accuracy"], 1.0);
  EXPECT_EQ(report["ground"]["class"], "ground");
  put("b.ply", labelled({{"2", "0"}, {"4", "1"}, {"6", "2"}, {"11", "2"}}));
  const json named =
      eval_json({"b.ply", "--truth-codes", "asprs", "--classes", "Ground,trees,buildings"});
  EXPECT_EQ(named["points"], 3) << "a road is none of the classes";
  EXPECT_EQ(named["overall_accuracy"], 1.0);
  expect_error({"b.ply", "--truth-codes", "asprs"}, 2,
               "--predicted-codes: label holds numbers that nothing explains, expected "
               "--predicted-codes asprs, --model, --classes or a map");
  expect_error({"b.ply", "--truth-codes", "asprs", "--classes", "floor,wall,chair"}, 2,
               "--truth-codes: asprs does not lead to floor, wall, chair; expected a map");
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
  EXPECT_THAT(finished.err, HasSubstr("p.ply: its points stand in another order than those of "
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

TEST_F(Eval, names_that_are_not_there_are_refused) {
  put("a.ply", labelled({{"2", "2"}, {"6", "5"}}));
  put("map.txt", "2 ground\n6 building\n5 other\n");
  expect_error({"a.ply", "--map", "map.txt", "--ignore", "othr"}, 2,
               "--ignore: \"othr\" is neither a class nor a label, did you mean other?");
  expect_error({"a.ply", "--ignore", "othr"}, 2,
               "--ignore: \"othr\" is neither a class nor a label");
  expect_error({"a.ply", "--ignore", "2.5"}, 2, "--ignore: \"2.5\" is neither a class nor a label");
  EXPECT_EQ(eval_json({"a.ply", "--map", "map.txt", "--ignore", "other,255,2.0"})["points"], 1);
  expect_error({"a.ply", "--map", "map.txt", "--ground", "grund"}, 2,
               "--ground: \"grund\" is none of the classes, did you mean ground?");
  expect_error({"a.ply", "--ground", "grund"}, 2, "--ground: \"grund\" is none of the classes");
  EXPECT_EQ(eval_json({"a.ply", "--ground", "2.0"})["ground"]["class"], "2");
  expect_error({"a.ply", "--truth-map", "map.txt", "--classes", "ground,building,others"}, 2,
               "--map: leads to \"other\", which is no named class, did you mean others?");
  expect_error({"a.ply", "--truth-map", "map.txt"}, 3,
               "classes: the truth's begin with building, the prediction's with 2, none is on both "
               "sides; a map of both, --classes or --model can name them");
}

TEST_F(Eval, keys_of_maps_are_labels) {
  put("a.ply", labelled({{"2", "2"}, {"6", "6"}}));
  put("map.txt",
      "\xef\xbb\xbf"
      "2.0 ground\n06 building\n");
  const json report = eval_json({"a.ply", "--map", "map.txt"});
  EXPECT_EQ(report["classes"][0]["name"], "ground");
  EXPECT_EQ(report["classes"][0]["truth"], 1);
  put("map.json",
      "\xef\xbb\xbf"
      R"({"2": "ground", "6.0": "building"})");
  EXPECT_EQ(eval_json({"a.ply", "--map", "map.json"})["classes"].size(), 2U);
  for (const char* const key : {"2.5", "two"}) {
    put("map.txt", std::string("2 ground\n6 building\n") + key + " other\n");
    expect_error(
        {"a.ply", "--map", "map.txt"}, 3,
        std::string("map.txt: names the label ") + key + ", expected a whole number, nan or *");
  }
  put("map.txt", "2 a\n2.0 b\n");
  expect_error({"a.ply", "--map", "map.txt"}, 3, "map.txt: names the label 2 twice");
  put("map.txt", std::string("\xff\xfe"
                             "2\0 \0a\0",
                             8));
  expect_error({"a.ply", "--map", "map.txt"}, 3, "map.txt: is text in UTF-16, expected UTF-8");
}

TEST_F(Eval, labels_of_results_are_names) {
  put("r.csv", "\xef\xbb\xbfpath,class\nchair/1.ply,chair\nlamp/2.ply,lamp\n");
  const std::vector<std::string> start{"r.csv", "--truth-from", "folder"};
  EXPECT_EQ(eval_json(start)["overall_accuracy"], 1.0);
  put("map.txt", "chiar furniture\n* other\n");
  expect_error({"r.csv", "--truth-from", "folder", "--map", "map.txt"}, 2,
               "--map: names the label \"chiar\", which no input has, did you mean chair?");
  expect_error({"r.csv", "--truth-from", "folder", "--ignore", "lmap"}, 2,
               "--ignore: \"lmap\" is neither a class nor a label, did you mean lamp?");
  EXPECT_EQ(eval_json({"r.csv", "--truth-from", "folder", "--ignore", "lamp"})["clouds"], 1);
}

TEST_F(Eval, points_whose_label_is_nan_have_none) {
  put("a.ply", labelled({{"2", "2"}, {"nan", "2"}, {"6", "nan"}}, "float"));
  const json report = eval_json({"a.ply", "--ignore", "nan"});
  EXPECT_EQ(report["points"], 2);
  EXPECT_EQ(report["ignored"], 1);
  EXPECT_DOUBLE_EQ(report["overall_accuracy"], 0.5);
  EXPECT_EQ(eval_json({"a.ply"})["points"], 2);
  put("map.txt", "2 a\n6 b\nnan b\n");
  EXPECT_EQ(eval_json({"a.ply", "--map", "map.txt"})["points"], 3);
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

TEST_F(Eval, whole_numbers_may_be_floats) {
  put("a.ply", labelled(repeated({{"1", "-1", 3}}), "float"));
  EXPECT_EQ(eval_json({"a.ply"})["confusion"], json({{0, 0, 0}, {3, 0, 0}}));
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

TEST_F(Eval, maps_names_and_ignored) {
  put("a.ply", labelled(repeated({{"2", "0", 4}, {"6", "1", 3}, {"7", "0", 2}, {"6", "3", 1}})));
  put("truth.txt", "# ASPRS\n2 ground\n6 building and roof # the rest of the line\n* ignore\n");
  put("predicted.json", R"({"0": "ground", "1": "building and roof", "3": null})");
  const std::vector<std::string> arguments = {"a.ply", "--truth-map", "truth.txt",
                                              "--predicted-map", "predicted.json"};
  const json report = eval_json(arguments);
  EXPECT_EQ(report["points"], 8);
  EXPECT_EQ(report["ignored"], 2);
  EXPECT_EQ(report["classes"][1]["name"], "building and roof");
  EXPECT_EQ(report["confusion"], json({{4, 0, 0}, {0, 3, 1}})) << "an ignored prediction is wrong";
  EXPECT_THAT(eval(arguments).out, HasSubstr("(none)"));

  put("b.ply", labelled(repeated({{"0", "0", 4}, {"1", "0", 3}, {"255", "1", 2}})));
  const json named =
      eval_json({"--classes", "floor,wall,chair", "--ignore", "255", "b.ply", "--ground", "0"});
  EXPECT_EQ(named["points"], 7);
  EXPECT_EQ(named["confusion"], json({{4, 0, 0, 0}, {3, 0, 0, 0}, {0, 0, 0, 0}}));
  EXPECT_TRUE(named["classes"][2]["iou"].is_null());
  EXPECT_EQ(named["ground"]["class"], "floor");
  EXPECT_DOUBLE_EQ(named["mean_iou"], 0.285714286) << "(4/7 + 0) / 2: no chair on either side";
}

TEST_F(Eval, classes_of_a_model) {
  write_tiny_model(folder() / "tiny");
  put("a.ply", labelled({{"1", "1"}, {"4", "0"}}));
  const json report = eval_json({"a.ply", "--model", "tiny"});
  EXPECT_EQ(report["classes"].size(), 5U);
  EXPECT_EQ(report["classes"][1]["name"], "chair");
  const json points = eval_json({"a.ply", "--model", PTATTN_SOURCE_DIR "/samples/models/aerial"});
  EXPECT_EQ(points["classes"][0]["name"], "ground");
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

TEST_F(Eval, nan_is_no_label_left_out_as_truth_and_wrong_as_prediction) {
  put("a.ply",
      labelled({{"nan", "1"}, {"nan", "2"}, {"1", "1"}, {"2", "2"}, {"2", "nan"}}, "float"));
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{"a.ply"}, {"a.ply", "--ignore", "nan"}}) {
    const json report = eval_json(options);
    EXPECT_EQ(report["points"], 3);
    EXPECT_EQ(report["ignored"], 2);
    EXPECT_NEAR(report["overall_accuracy"].get<double>(), 2.0 / 3.0, 1e-9);
  }
}

TEST_F(Eval, fields_are_found_in_the_spelling_of_other_programs) {
  std::string text = three_classes();
  text.replace(text.find("int classification"), 18, "float scalar_Classification");
  put("a.ply", text);
  EXPECT_EQ(eval_json({"a.ply"})["points"], 20);
  EXPECT_EQ(eval_json({"a.ply", "--truth", "Classification"})["points"], 20);
}

TEST_F(Eval, maps_may_begin_with_a_byte_order_mark_and_write_labels_as_decimals) {
  put("a.ply", three_classes());
  put("plain.map", "2 ground\n5 tree\n10 rail\n");
  put("odd.map",
      "\xef\xbb\xbf"
      "2.000 ground\r\n05 tree\r\n1e1 rail\r\n");
  put("odd.json", "\xef\xbb\xbf{\"2.0\": \"ground\", \"5\": \"tree\", \"10\": \"rail\"}");
  const json plain = eval_json({"a.ply", "--map", "plain.map"})["classes"];
  EXPECT_EQ(eval_json({"a.ply", "--map", "odd.map"})["classes"], plain);
  EXPECT_EQ(eval_json({"a.ply", "--map", "odd.json"})["classes"], plain);
  put("half.map", "2.5 ground\n");
  EXPECT_THAT(eval({"a.ply", "--map", "half.map"}).err,
              HasSubstr("half.map: names the label 2.5, expected a whole number"));
  put("wide.map",
      "\xff\xfe"
      "2");
  EXPECT_THAT(eval({"a.ply", "--map", "wide.map"}).err, HasSubstr("wide.map: is text in UTF-16"));
}

TEST_F(Eval, truncated_las_files_are_refused_or_salvaged_and_notes_are_said) {
  const std::string tile = read_file(PTATTN_SOURCE_DIR "/samples/scenes/aerial_coast.laz");
  put("cut.laz", tile.substr(0, tile.size() / 2));
  const std::vector<std::string> fields{"cut.laz", "--predicted", "classification"};
  EXPECT_EQ(eval(fields).exit_code, 3);
  std::vector<std::string> salvaged = fields;
  salvaged.push_back("--salvage");
  const Finished saved = eval(salvaged);
  EXPECT_EQ(saved.exit_code, 0) << saved.err;
  EXPECT_THAT(saved.err, HasSubstr("cut.laz: is truncated or damaged"));
}

}  // namespace
}  // namespace ptattn::test
