// Comparisons whose figures mean less than they look.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "eval_fixture.hpp"

namespace ptattn::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> warnings_of(const json& report) {
  std::vector<std::string> codes;
  if (!report.contains("warnings")) return codes;
  for (const json& warning : report["warnings"]) codes.push_back(warning.at("code"));
  return codes;
}

TEST_F(Eval, a_field_is_not_compared_with_itself) {
  put("a.ply", three_classes());
  const std::string line =
      "ptattn-eval: --truth: is the field label of a.ply, and so is --predicted: expected two "
      "fields, or two files\n";
  EXPECT_EQ(eval({"a.ply", "--truth", "label"}).err, line);
  EXPECT_EQ(eval({"a.ply", "--truth", "label"}).exit_code, 2);
  EXPECT_EQ(eval({"a.ply", "--truth", "label", "--truth-file", "./a.ply"}).err, line);
  put("b.ply", three_classes());
  EXPECT_EQ(eval({"a.ply", "--truth", "label", "--truth-file", "b.ply"}).exit_code, 0);
}

TEST_F(Eval, truth_that_a_model_made_is_warned_of) {
  const std::string format = "format ascii 1.0\n";
  std::string cloud = three_classes();
  put("human.ply", cloud);
  cloud.insert(cloud.find(format) + format.size(),
               "comment ptattn made by ptattn-segment 0.1.0\n"
               "comment ptattn model 0123456789abcdef0123456789abcdef aerial\n"
               "comment ptattn labels classification asprs\n"
               "comment ptattn class 2 2 ground\ncomment ptattn class 5 5 vegetation\n"
               "comment ptattn class 10 10 rail\n");
  put("made.ply", cloud);
  const std::vector<std::string> codes{"--predicted-codes", "asprs", "--truth-codes", "asprs"};
  const auto with_codes = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), codes.begin(), codes.end());
    return arguments;
  };
  EXPECT_THAT(eval(with_codes({"made.ply", "-q"})).err,
              HasSubstr("the true labels, classification in made.ply, were made by the model "
                        "aerial, so that agreement with them is no accuracy"));
  EXPECT_THAT(warnings_of(eval_json(with_codes({"made.ply"}))), testing::ElementsAre("truth"));
  EXPECT_EQ(eval(with_codes({"human.ply", "-q"})).err, "");
}

TEST_F(Eval, true_labels_that_seem_to_mean_none_are_pointed_out) {
  put("a.ply", labelled(repeated({{"0", "0", 3}, {"1", "1", 3}, {"255", "1", 2}})));
  EXPECT_THAT(eval({"a.ply", "-q"}).err,
              HasSubstr("2 of 8 points have the true label 255, which is never predicted: if it "
                        "means no label, leave them out by --ignore 255"));
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"a.ply", "-q", "--ignore", "255.0"},
        std::vector<std::string>{"b.ply", "-q"}}) {
    put("b.ply", labelled(repeated({{"0", "0", 3}, {"255", "255", 2}})));
    EXPECT_EQ(eval(arguments).err, "");
  }
}

TEST_F(Eval, results_that_name_a_cloud_twice_or_are_of_several_models_are_pointed_out) {
  const std::string line =
      R"({"path":"chair/1.ply","class":"chair","confidence":0.9,"model":"one"})"
      "\n";
  put("once.jsonl", line);
  put("twice.jsonl",
      line + R"({"path":"chair/1.ply","class":"lamp","confidence":0.9,"model":"two"})" + "\n");
  put("twice.csv", "path,class,model\nchair/1.ply,chair,one\nchair/1.ply,lamp,two\n");
  EXPECT_EQ(eval({"once.jsonl", "--truth-from", "folder", "-q"}).err, "");
  for (const char* const file : {"twice.jsonl", "twice.csv"}) {
    const std::string err = eval({file, "--truth-from", "folder", "-q"}).err;
    EXPECT_THAT(err, HasSubstr("the results name chair/1.ply more than once, and each counts"));
    EXPECT_THAT(err, HasSubstr("the results are of several models: one, two"));
  }
  EXPECT_THAT(eval({"once.jsonl", "once.jsonl", "--truth-from", "folder", "-q"}).err,
              HasSubstr("more than once"));
}

TEST_F(Eval, points_without_a_label_do_not_count_for_the_reliability) {
  std::string text =
      "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\n"
      "property float z\nproperty float classification\nproperty float label\n"
      "property float confidence\nend_header\n";
  put("a.ply", text + "0 0 0 1 1 0.9\n1 0 0 nan 1 0.9\n2 0 0 1 nan 0.9\n3 0 0 2 2 0.9\n");
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{}, std::vector<std::string>{"--classes", "none,a,b"}}) {
    std::vector<std::string> arguments{"a.ply", "--reliability"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const json bins = eval_json(arguments)["reliability"]["bins"];
    ASSERT_EQ(bins.size(), 1U);
    EXPECT_EQ(bins[0]["items"], 2);
    EXPECT_EQ(bins[0]["accuracy"], 1.0);
  }
}

TEST_F(Eval, labels_that_are_numbered_differently_are_pointed_out) {
  put("renumbered.ply",
      labelled(repeated({{"2", "0", 8}, {"5", "1", 5}, {"6", "2", 3}, {"2", "2", 1}})));
  EXPECT_THAT(eval({"renumbered.ply", "-q"}).err,
              HasSubstr("8 of 8 points with the predicted label 0 have the true label 2: the two "
                        "sides seem to number their classes differently"));
  EXPECT_THAT(warnings_of(eval_json({"renumbered.ply"})), testing::ElementsAre("numbering"));
  put("good.ply", labelled(repeated({{"2", "2", 8}, {"5", "2", 5}, {"6", "6", 3}})));
  put("one_class.ply", labelled(repeated({{"2", "6", 8}, {"5", "6", 5}, {"6", "6", 3}})));
  for (const char* const file : {"good.ply", "one_class.ply"})
    EXPECT_EQ(eval({file, "-q"}).err, "");
  put("map.txt", "0 ground\n1 ground\n2 other\n5 other\n6 other\n");
  EXPECT_EQ(eval({"renumbered.ply", "--map", "map.txt", "-q"}).err, "");
}

TEST_F(Eval, nothing_left_to_compare_is_said) {
  put("a.ply", three_classes());
  put("map.txt", "2 ignore\n* ignore\n");
  EXPECT_EQ(eval({"a.ply", "--truth-map", "map.txt", "-q"}).err,
            "ptattn-eval: all 20 points are ignored: nothing was compared\n");
  put("large.txt", "99999999999 ground\n* ignore\n");
  EXPECT_EQ(eval({"a.ply", "--truth-map", "large.txt"}).exit_code, 3);
}

TEST_F(Eval, true_classes_that_the_model_lacks_are_pointed_out) {
  const auto record = [](const char* path, const char* name) {
    return std::string(R"({"path":")") + path + R"(","class":")" + name +
           R"(","confidence":0.9,"model":"pct-modelnet40"})";
  };
  put("a.jsonl", record("1.ply", "chair") + "\n" + record("2.ply", "lamp") + "\n");
  put("a.json", "[\n" + record("1.ply", "chair") + ",\n" + record("2.ply", "lamp") + "\n]\n");
  put("typo.csv", "path,class\n1.ply,chiar\n2.ply,lamp\n");
  put("right.csv", "path,class\n1.ply,chair\n2.ply,lamp\n");
  for (const char* const results : {"a.jsonl", "a.json"}) {
    EXPECT_EQ(eval({results, "--truth-table", "typo.csv", "-q"}).err,
              "ptattn-eval: the true class chiar (1 cloud) is none of the classes of "
              "pct-modelnet40, did you mean chair?\n");
    EXPECT_EQ(eval({results, "--truth-table", "right.csv", "-q"}).err, "");
    EXPECT_EQ(eval_json({results, "--truth-table", "right.csv"})["overall_accuracy"], 1.0);
  }
}

}  // namespace
}  // namespace ptattn::test
