#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tool_test.hpp"

namespace ptattn::test {

/// An ASCII PLY cloud with two fields of labels, a pair (truth, predicted) each point.
inline std::string labelled(const std::vector<std::pair<std::string, std::string>>& labels,
                            const std::string& type = "int", const std::string& x = "0") {
  std::string text = "ply\nformat ascii 1.0\nelement vertex " + std::to_string(labels.size()) +
                     "\nproperty float x\nproperty float y\nproperty float z\nproperty " + type +
                     " classification\nproperty " + type + " label\nend_header\n";
  for (const auto& [truth, predicted] : labels) {
    text.append(x).append(" 0 0 ").append(truth).append(" ").append(predicted).append("\n");
  }
  return text;
}

inline std::vector<std::pair<std::string, std::string>> repeated(
    const std::vector<std::tuple<std::string, std::string, int>>& counts) {
  std::vector<std::pair<std::string, std::string>> labels;
  for (const auto& [truth, predicted, count] : counts) {
    labels.insert(labels.end(), static_cast<std::size_t>(count), {truth, predicted});
  }
  return labels;
}

/// Runs ptattn-eval; `models_` replaces the search path of models.
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
  [[nodiscard]] nlohmann::json eval_json(std::vector<std::string> arguments,
                                         const std::string& input = "") const {
    arguments.insert(arguments.end(), {"--format", "json"});
    const Finished finished = eval(std::move(arguments), input);
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    return nlohmann::json::parse(finished.out, nullptr, false);
  }
  std::string models_;
};

/// Matrix [[5, 2, 0], [1, 3, 1], [0, 0, 8]] of the labels 2, 5, 10.
inline std::string three_classes() {
  return labelled(repeated({{"2", "2", 5},
                            {"2", "5", 2},
                            {"5", "2", 1},
                            {"5", "5", 3},
                            {"5", "10", 1},
                            {"10", "10", 8}}));
}

}  // namespace ptattn::test
