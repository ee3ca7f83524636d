// What the labels that ptattn-eval compares mean: codes, numbers of classes, maps, names.

#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "eval_fixture.hpp"

namespace ptattn::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST_F(Eval, asprs_codes_lead_to_the_classes_of_the_model) {
  models_ = PTATTN_SOURCE_DIR "/samples/models";
  // Ground, three heights of vegetation, a building; a road, which is other; noise and what nobody
  // classified, which are ignored.
  put("a.ply", labelled({{"2", "0"},
                         {"3", "1"},
                         {"4", "1"},
                         {"5", "1"},
                         {"6", "2"},
                         {"11", "3"},
                         {"7", "0"},
                         {"1", "0"}}));
  const json report = eval_json({"a.ply", "--model", "aerial", "--truth-codes", "asprs"});
  EXPECT_EQ(report["points"], 6);
  EXPECT_EQ(report["ignored"], 2);
  EXPECT_EQ(report["overall_accuracy"], 1.0);
  put("b.ply", labelled({{"2", "2"}, {"4", "5"}, {"6", "2"}, {"12", "1"}}));
  const json codes = eval_json(
      {"b.ply", "--model", "aerial", "--truth-codes", "asprs", "--predicted-codes", "asprs"});
  EXPECT_NEAR(codes["overall_accuracy"].get<double>(), 2.0 / 3.0, 1e-6);
  EXPECT_EQ(codes["ignored"], 1) << "overlap of strips";
  const json by_name = eval_json({"a.ply", "--model", "aerial"});
  EXPECT_EQ(by_name["confusion"], report["confusion"]) << "a classification holds ASPRS codes";
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
  EXPECT_THAT(finished.err, HasSubstr("label holds class numbers, classification holds ASPRS "
                                      "codes: compared as ground, vegetation, building, ...\n"));
  EXPECT_EQ(eval_json({"a.ply", "--truth", "label", "--predicted", "classification"})["points"], 7);
}

TEST_F(Eval, labels_of_a_pipe_are_not_compared_against_what_it_says_of_them) {
  const std::string cloud = with_origin(labelled({{"2", "0"}, {"5", "1"}}), kAerialClasses);
  ASSERT_EQ(::mkfifo((folder() / "pipe").c_str(), 0600), 0);
  const auto eval_pipe = [&](const std::vector<std::string>& arguments) {
    std::thread writer([&] { put("pipe", cloud); });
    Finished finished = eval(arguments);
    writer.join();
    return finished;
  };
  const Finished finished = eval_pipe({"pipe"});
  EXPECT_EQ(finished.exit_code, 3) << finished.out;
  EXPECT_THAT(finished.err, HasSubstr("pipe: says what its labels are, which is heard too late"));
  EXPECT_EQ(eval_pipe({"pipe", "--predicted-codes", "class"}).exit_code, 0);
}

TEST_F(Eval, the_field_that_a_tool_wrote_is_what_was_predicted) {
  put("a.ply", with_origin(labelled({{"2", "2"}, {"6", "2"}, {"6", "6"}}),
                           {"labels classification asprs", "class 2 2 ground", "class 6 6 roof"}));
  put("truth.ply", labelled({{"2", "0"}, {"2", "0"}, {"2", "0"}}));
  EXPECT_THAT(
      eval({"a.ply", "--truth-file", "truth.ply"}).err,
      HasSubstr("classification holds ASPRS codes on both sides: compared as ground, roof\n"));
  EXPECT_NEAR(eval_json({"a.ply", "--truth-file", "truth.ply"})["overall_accuracy"].get<double>(),
              1.0 / 3.0, 1e-6);
  const json other = eval_json({"a.ply", "--truth", "label", "--truth-codes", "asprs"});
  EXPECT_NEAR(other["overall_accuracy"].get<double>(), 2.0 / 3.0, 1e-6);
  const json same = eval_json({"a.ply", "--predicted-codes", "asprs"});
  EXPECT_EQ(same["confusion"][1], json({1, 1, 0})) << "the truth of one file is not its prediction";
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
               "--predicted-codes: contradicts the file, whose label holds class numbers");
  put("b.ply", with_origin(cloud, {"labels label class", "class 0 2 earth"}));
  expect_error({"a.ply", "b.ply"}, 3, "b.ply: label holds other classes or codes than in a.ply");
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
               "classes: the truth's start with building, the prediction's with 2, and none is on "
               "both sides; a map of both, --classes or --model can name them");
}

TEST_F(Eval, keys_of_maps_are_labels) {
  put("a.ply", labelled({{"2", "2"}, {"6", "6"}, {"10", "10"}}));
  put("map.txt",
      "\xef\xbb\xbf"
      "2.0 ground\r\n06 building\n1e1 rail\r\n");
  const json report = eval_json({"a.ply", "--map", "map.txt"});
  EXPECT_EQ(report["classes"][0]["name"], "ground");
  EXPECT_EQ(report["classes"][0]["truth"], 1);
  put("map.json",
      "\xef\xbb\xbf"
      R"({"2": "ground", "6.0": "building", "10": "rail"})");
  EXPECT_EQ(eval_json({"a.ply", "--map", "map.json"})["classes"], report["classes"]);
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

TEST_F(Eval, unsure_points_are_of_no_class_where_the_file_names_the_classes) {
  std::string cloud = labelled({{"2", "0"}, {"5", "1"}, {"6", "-1"}, {"6", "2"}});
  const std::string format = "format ascii 1.0\n";
  cloud.insert(cloud.find(format) + format.size(),
               "comment ptattn made by ptattn-segment 0.1.0\n"
               "comment ptattn model 0123456789abcdef0123456789abcdef aerial\n"
               "comment ptattn labels label class\n"
               "comment ptattn class 0 2 ground\ncomment ptattn class 1 5 vegetation\n"
               "comment ptattn class 2 6 building\n");
  put("a.ply", cloud);
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"a.ply"}, {"a.ply", "--truth-codes", "asprs"}}) {
    const json report = eval_json(arguments);
    EXPECT_EQ(report["points"], 4);
    EXPECT_EQ(report["overall_accuracy"], 0.75);
  }
}

TEST_F(Eval, unsure_points_are_of_no_class) {
  put("a.ply", labelled({{"0", "0"}, {"1", "-1"}}));
  const json report = eval_json({"a.ply", "--classes", "ground,tree"});
  EXPECT_EQ(report["overall_accuracy"], 0.5);
  EXPECT_EQ(report["confusion"][1][2], 1);
  put("b.ply", labelled({{"-1", "0"}}));
  EXPECT_EQ(eval({"b.ply", "--classes", "ground,tree"}).exit_code, 3);
}

TEST_F(Eval, whole_numbers_may_be_floats) {
  put("a.ply", labelled(repeated({{"1", "-1", 3}}), "float"));
  EXPECT_EQ(eval_json({"a.ply"})["confusion"], json({{0, 0, 0}, {3, 0, 0}}));
}

TEST_F(Eval, fields_are_found_in_the_spelling_of_other_programs) {
  std::string text = three_classes();
  text.replace(text.find("int classification"), 18, "float scalar_Classification");
  put("a.ply", text);
  EXPECT_EQ(eval_json({"a.ply"})["points"], 20);
  EXPECT_EQ(eval_json({"a.ply", "--truth", "Classification"})["points"], 20);
}

}  // namespace
}  // namespace ptattn::test
