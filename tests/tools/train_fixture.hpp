#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "ptattn/core/random.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "tool_test.hpp"

namespace ptattn::test {

/// Ground with houses on it, `side` metres, with a classification: 2 and 6, at times 1.
inline PointCloud village(std::size_t side, std::uint64_t seed) {
  Random random(seed);
  const std::size_t n = 4 * side * side;
  PointCloud cloud(n);
  for (const char* name : {"x", "y", "z"}) cloud.add(name, FieldType::kFloat64);
  cloud.add("classification", FieldType::kUInt8);
  const auto x = cloud.fields()[0].values<double>();
  const auto y = cloud.fields()[1].values<double>();
  const auto z = cloud.fields()[2].values<double>();
  const auto label = cloud.fields()[3].values<std::uint8_t>();
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = static_cast<double>(side) * random.uniform();
    y[i] = static_cast<double>(side) * random.uniform();
    const bool house = std::fmod(x[i], 24.0) < 10.0 && std::fmod(y[i], 24.0) < 10.0;
    z[i] = house ? 6.0 : 0.1 * random.uniform();
    label[i] = house ? 6 : random.uniform() < 0.02 ? 1 : 2;
    x[i] += 500'000.0;
  }
  return cloud;
}

/// Runs ptattn-train on clouds in the folder data.
class Train : public ToolTest {
 protected:
  Train() : ToolTest(PTATTN_TRAIN) {
    link_models({"aerial"});
    std::filesystem::create_directories(folder() / "data");
  }

  [[nodiscard]] Finished train(std::vector<std::string> arguments) const {
    return run_tool(std::move(arguments));
  }
  /// A run so small that it takes seconds.
  [[nodiscard]] static std::vector<std::string> small_run(const std::string& output) {
    return {"data", "-o", output, "--size", "tiny", "--voxels-per-step", "600", "--steps", "6"};
  }
  void put_village(const std::string& name, std::uint64_t seed = 1) const {
    write_cloud(folder() / "data" / name, village(80, seed));
  }
};

}  // namespace ptattn::test
