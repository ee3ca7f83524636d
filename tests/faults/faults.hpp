#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "../tools/program.hpp"
#include "../tools/scratch.hpp"

namespace ptattn::test {

/// Runs command lines of bash in a scratch folder: the programs of this build are on the PATH, the
/// pretrained models and a tiny classifier called `tiny` on the search path of models.
class Faults : public testing::Test {
 protected:
  Faults() {
    std::filesystem::create_directories(folder());
    write_tiny_model(models() / "tiny");
    for (const char* name : {"aerial", "parts", "pct-modelnet40"}) {
      std::filesystem::create_directory_symlink(
          std::filesystem::path(PTATTN_SOURCE_DIR "/samples/models") / name, models() / name);
    }
  }

  /// What `bash -c script` prints and how it ends; `exec` in front of the last command passes a
  /// signal's death through.
  [[nodiscard]] Finished shell(const std::string& script) const { return run(command(script)); }
  [[nodiscard]] Command command(const std::string& script) const {
    return {.program = "/bin/bash",
            .arguments = {"-c", "PATH=" PTATTN_PROGRAMS ":$PATH\n" + script},
            .folder = folder(),
            .models = models().string()};
  }

  [[nodiscard]] std::filesystem::path folder() const { return scratch_.path() / "work"; }
  [[nodiscard]] std::filesystem::path models() const { return scratch_.path() / "models"; }
  void put(const std::string& name, std::string_view text) const {
    write_file(folder() / name, text);
  }
  [[nodiscard]] std::string get(const std::string& name) const {
    return read_file(folder() / name);
  }
  [[nodiscard]] bool has(const std::string& name) const {
    return std::filesystem::exists(folder() / name);
  }
  /// `count` clouds c00.ply, c01.ply, ... in the folder `name`.
  void put_clouds(const std::string& name, unsigned count, std::size_t points = 200) const {
    for (unsigned i = 0; i < count; ++i) {
      const std::string number = std::to_string(100 + i).substr(1);
      put(name + "/c" + number + ".ply", ply_shape(points + i, i));
    }
  }
  /// Temporary files that were left anywhere below the scratch folder.
  [[nodiscard]] std::vector<std::string> leftovers() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder())) {
      if (entry.path().extension() == ".tmp") found.push_back(entry.path().filename().string());
    }
    return found;
  }

 private:
  Scratch scratch_;
};

/// Ended by itself with `code` and that one line on standard error.
inline void expect_line(const Finished& finished, int code, const std::string& line) {
  EXPECT_EQ(finished.exit_code, code) << "signal " << finished.signal;
  EXPECT_EQ(finished.err, line + "\n");
}

}  // namespace ptattn::test
