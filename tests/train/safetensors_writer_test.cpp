#include "ptattn/train/safetensors_writer.hpp"

#include <cmath>
#include <filesystem>
#include <limits>

#include <gtest/gtest.h>

#include "../io/temp_folder.hpp"
#include "ptattn/models/files/safetensors.hpp"

namespace ptattn::test {
namespace {

using namespace train;

namespace fs = std::filesystem;

TEST(to_half, rounds_to_the_nearest_and_ties_to_even) {
  EXPECT_EQ(to_half(0.0F), 0x0000);
  EXPECT_EQ(to_half(-0.0F), 0x8000);
  EXPECT_EQ(to_half(1.0F), 0x3c00);
  EXPECT_EQ(to_half(-2.0F), 0xc000);
  EXPECT_EQ(to_half(1.0F + 0x1p-11F), 0x3c00);
  EXPECT_EQ(to_half(1.0F + 0x1.8p-10F), 0x3c02);
  EXPECT_EQ(to_half(0x1.ffep-15F), 0x0400);  // up to the least normal number
  EXPECT_EQ(to_half(65504.0F), 0x7bff);
  EXPECT_EQ(to_half(65519.0F), 0x7bff);
  EXPECT_EQ(to_half(65520.0F), 0x7c00);
  EXPECT_EQ(to_half(std::numeric_limits<float>::infinity()), 0x7c00);
  EXPECT_GT(to_half(std::numeric_limits<float>::quiet_NaN()), 0x7c00);
}

TEST(to_half, keeps_subnormal_numbers) {
  EXPECT_EQ(to_half(0x1p-24F), 0x0001);
  EXPECT_EQ(to_half(0x1p-25F), 0x0000);
  EXPECT_EQ(to_half(0x1.8p-24F), 0x0002);
  EXPECT_EQ(to_half(-0x1.ff8p-15F), 0x83ff);
}

TEST(write_safetensors, halves_are_read_as_the_nearest_floats) {
  const TempFolder folder;
  const fs::path path = folder / "halves.safetensors";
  std::vector<float> values(999);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(std::ldexp(std::sin(static_cast<double>(i)), -(i % 13)));
  }
  const std::vector<float> large{1.0F, 1e6F};
  write_safetensors(path, std::vector<NamedTensor>{{"a", {999}, values, WeightType::kFloat16},
                                                   {"b", {2}, large, WeightType::kFloat16},
                                                   {"c", {2}, large}});
  const SafetensorsFile file(path);
  const std::vector<float> read = file.values("a");
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(read[i], values[i], std::max(std::abs(values[i]) * 0x1p-11F, 0x1p-25F)) << i;
  }
  EXPECT_EQ(file.values("b"), large);  // beyond the range of float16
  EXPECT_EQ(file.values("c"), large);
  EXPECT_LT(fs::file_size(path), 2500U);
}

}  // namespace
}  // namespace ptattn::test
