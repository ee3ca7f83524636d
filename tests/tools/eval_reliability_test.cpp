// Confidence against accuracy: ptattn-eval --reliability and --plot.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "eval_fixture.hpp"

namespace ptattn::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

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

}  // namespace
}  // namespace ptattn::test
