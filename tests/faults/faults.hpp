#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "../sanitizers.hpp"
#include "../tools/tool_test.hpp"

namespace ptattn::test {

/// Runs command lines of bash: the programs of this build are on the PATH, the pretrained models on
/// the search path of models.
class Faults : public ToolTest {
 protected:
  Faults() : ToolTest("/bin/bash") {
    for (const char* name : {"aerial", "parts", "pct-modelnet40"}) {
      std::filesystem::create_directory_symlink(
          std::filesystem::path(PTATTN_SOURCE_DIR "/samples/models") / name, models() / name);
    }
  }

  /// What `bash -c script` prints and how it ends; `exec` in front of the last command passes a
  /// signal's death through.
  [[nodiscard]] Finished shell(const std::string& script) const { return run(command(script)); }
  [[nodiscard]] Command command(const std::string& script) const {
    return ToolTest::command({"-c", "PATH=" PTATTN_PROGRAMS ":$PATH\n" + script});
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
};

/// For scripts: the programs behind it may take so much processor time; more under sanitizers.
inline std::string limit_seconds(int seconds) {
  return "ulimit -t " + std::to_string(seconds * kSlowdown) + "; ";
}
/// For scripts: the programs behind it get so much address space; sanitizers reserve terabytes.
inline std::string limit_kilobytes(int kilobytes) {
  return kSanitized ? "" : "ulimit -v " + std::to_string(kilobytes) + "; ";
}

/// Ended by itself with `code` and that one line on standard error.
inline void expect_line(const Finished& finished, int code, const std::string& line) {
  EXPECT_EQ(finished.exit_code, code) << "signal " << finished.signal;
  EXPECT_EQ(finished.err, line + "\n");
}

}  // namespace ptattn::test
