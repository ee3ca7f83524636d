#pragma once

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "program.hpp"
#include "scratch.hpp"

namespace ptattn::test {

/// Runs ptattn-classify in a scratch folder with the model "tiny" on the search path.
class Classify : public testing::Test {
 protected:
  Classify() { write_tiny_model(models_ / "tiny"); }

  /// ptattn-classify --model tiny ARGUMENTS...
  [[nodiscard]] Command command(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--model", "tiny"});
    return {.program = PTATTN_CLASSIFY,
            .arguments = std::move(arguments),
            .folder = folder(),
            .models = models_.string()};
  }
  [[nodiscard]] Finished classify(std::vector<std::string> arguments) const {
    return run(command(std::move(arguments)));
  }

  [[nodiscard]] std::filesystem::path folder() const { return scratch_.path() / "work"; }
  [[nodiscard]] std::filesystem::path models() const { return models_; }
  void put(const std::string& name, std::string_view text) const {
    write_file(folder() / name, text);
  }
  [[nodiscard]] std::string get(const std::string& name) const {
    return read_file(folder() / name);
  }
  /// `count` clouds c00.ply, c01.ply, ... in the folder `name`.
  void put_clouds(const std::string& name, unsigned count) const {
    for (unsigned i = 0; i < count; ++i) {
      const std::string number = std::to_string(100 + i).substr(1);
      put(name + "/c" + number + ".ply", ply_shape(150 + i, i));
    }
  }

 private:
  Scratch scratch_;
  std::filesystem::path models_ = scratch_.path() / "models";
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
