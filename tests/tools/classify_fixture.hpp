#pragma once

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tool_test.hpp"

namespace ptattn::test {

/// Runs ptattn-classify with the model "tiny".
class Classify : public ToolTest {
 protected:
  Classify() : ToolTest(PTATTN_CLASSIFY) {}

  /// ptattn-classify --model tiny ARGUMENTS...
  [[nodiscard]] Command command(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--model", "tiny"});
    return ToolTest::command(std::move(arguments));
  }
  [[nodiscard]] Finished classify(std::vector<std::string> arguments) const {
    return run(command(std::move(arguments)));
  }
  /// `count` clouds c00.ply, c01.ply, ... in the folder `name`.
  void put_clouds(const std::string& name, unsigned count) const {
    for (unsigned i = 0; i < count; ++i) {
      const std::string number = std::to_string(100 + i).substr(1);
      put(name + "/c" + number + ".ply", ply_shape(150 + i, i));
    }
  }
};

/// The objects of a JSON Lines text; a line that is none fails the test.
[[nodiscard]] inline std::vector<nlohmann::json> records_of(std::string_view text) {
  std::vector<nlohmann::json> records;
  for (const std::string& line : lines_of(text)) {
    records.push_back(nlohmann::json::parse(line, nullptr, false));
    EXPECT_TRUE(records.back().is_object()) << line;
  }
  return records;
}

}  // namespace ptattn::test
