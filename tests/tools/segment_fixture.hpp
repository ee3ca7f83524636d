#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "ptattn/io/cloud_io.hpp"
#include "tool_test.hpp"

namespace ptattn::test {

inline const std::string kTown = PTATTN_TEST_DIR "/golden/aerial_town.ply";

/// Runs ptattn-segment with the pretrained models.
class Segment : public ToolTest {
 protected:
  Segment() : ToolTest(PTATTN_SEGMENT) { link_models({"aerial", "parts", "pct-modelnet40"}); }

  [[nodiscard]] Finished segment(std::vector<std::string> arguments,
                                 const std::string& input = "") const {
    return run_tool(std::move(arguments), input);
  }
  [[nodiscard]] PointCloud cloud(const std::string& name) const {
    return read_cloud(folder() / name);
  }
  void put_town(const std::string& name) const {
    std::filesystem::create_directories((folder() / name).parent_path());
    std::filesystem::copy_file(kTown, folder() / name);
  }
};

}  // namespace ptattn::test
