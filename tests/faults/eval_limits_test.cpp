// Maps, tables and labels that are larger or deeper than any that mean something.

#include <nlohmann/json.hpp>

#include "faults.hpp"

namespace ptattn::test {
namespace {

class EvalLimits : public Faults {
 protected:
  /// A cloud of `n` points; point i has the labels i and `predicted`(i).
  void put_labels(const std::string& name, int n, int different) const {
    std::string text = "ply\nformat ascii 1.0\nelement vertex " + std::to_string(n) +
                       "\nproperty float x\nproperty float y\nproperty float z\n"
                       "property int classification\nproperty int label\nend_header\n";
    for (int i = 0; i < n; ++i) {
      text += "0 0 0 " + std::to_string(i % different) + " " + std::to_string(i / 2 % different);
      text += '\n';
    }
    put(name, text);
  }
  /// Within 5 s of processor time and 2 GB; what is linear needs a tenth of it.
  [[nodiscard]] Finished eval(const std::string& arguments) const {
    return shell(limit_seconds(5) + limit_kilobytes(2'000'000) + "exec ptattn-eval " + arguments);
  }
};

TEST_F(EvalLimits, a_map_that_nests_is_one_line) {
  put_labels("a.ply", 4, 2);
  put("deep.json", "{\"1\":" + std::string(200'000, '[') + std::string(200'000, ']') + "}");
  expect_line(
      eval("a.ply --map deep.json"), 3,
      "ptattn-eval: deep.json: maps \"1\" to an array, expected the name of a class or null");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"1\":";
  put("deep.json", objects);
  expect_line(
      eval("a.ply --map deep.json"), 3,
      "ptattn-eval: deep.json: maps \"1\" to an object, expected the name of a class or null");
  put("deep.jsonl", "{\"path\":" + std::string(200'000, '[') + std::string(200'000, ']') + "}\n");
  EXPECT_EQ(eval("deep.jsonl --truth-from folder").exit_code, 3);
}

TEST_F(EvalLimits, more_labels_than_classes_exist_are_refused) {
  put_labels("a.ply", 60'000, 60'000);
  expect_line(
      eval("a.ply"), 3,
      "ptattn-eval: classes: there are 60000, expected at most 2000; a map can join labels");
  std::string map;
  for (int i = 0; i < 60'000; ++i) map += std::to_string(i) + " class_" + std::to_string(i) + "\n";
  put("map.txt", map);
  expect_line(eval("a.ply --map map.txt"), 2,
              "ptattn-eval: classes: there are 60000, expected at most 2000");
}

TEST_F(EvalLimits, many_labels_of_few_classes_take_the_time_of_their_number) {
  put_labels("a.ply", 200'000, 100'000);
  std::string text;
  std::string json = "{";
  for (int i = 0; i < 100'000; ++i) {
    const std::string label = std::to_string(i);
    text += label + " class_" + std::to_string(i % 1000) + "\n";
    json += (i > 0 ? ",\"" : "\"") + label + "\":\"class_" + std::to_string(i % 1000) + "\"";
  }
  put("map.txt", text);
  put("map.json", json + "}");
  const Finished by_text = eval("a.ply --map map.txt");
  EXPECT_EQ(by_text.exit_code, 0) << by_text.err << by_text.signal;
  const Finished by_json = eval("a.ply --map map.json");
  EXPECT_EQ(by_json.exit_code, 0) << by_json.err << by_json.signal;
  EXPECT_NE(by_json.out.find("class_999"), std::string::npos);
  EXPECT_TRUE(by_json.out == by_text.out);  // too long to be shown
}

TEST_F(EvalLimits, many_results_take_the_time_of_their_number) {
  std::string truth = "path,class\n";
  std::string results;
  for (int i = 0; i < 100'000; ++i) {
    const std::string path = "f/c" + std::to_string(i) + ".ply";
    truth += path + ",k" + std::to_string(i % 40) + "\n";
    results += "{\"path\":\"" + path + "\",\"class\":\"k" + std::to_string(i % 41) + "\"}\n";
  }
  put("truth.csv", truth);
  put("results.jsonl", results);
  const Finished finished = eval("results.jsonl --truth-table truth.csv");
  EXPECT_EQ(finished.exit_code, 0) << finished.err << finished.signal;
}

TEST_F(EvalLimits, a_model_of_many_categories_takes_the_time_of_their_number) {
  put_labels("a.ply", 4, 2);
  const auto source = std::filesystem::path(PTATTN_TEST_DIR) / "fuzz/corpus/model_folder";
  auto config = nlohmann::json::parse(read_file(source / "spct_partseg.json"));
  config.erase("categories");
  config["classes"] = nlohmann::json::array();
  for (int i = 0; i < 100'000; ++i) {
    config["classes"].push_back("c" + std::to_string(i) + ".part");
  }
  put("model/config.json", config.dump());
  // Each was looked for among all before it: five seconds.
  const Finished finished = shell(limit_seconds(2) + "exec ptattn-eval a.ply --model model");
  expect_line(finished, 2, "ptattn-eval: classes: there are 100000, expected at most 2000");
}

}  // namespace
}  // namespace ptattn::test
