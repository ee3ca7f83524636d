#include "ptattn/core/cpu_level.hpp"

#include <gmock/gmock.h>

#include "ptattn/core/error.hpp"

namespace ptattn::test {
namespace {

using testing::HasSubstr;

/// Takes the limit off again.
class CpuLevel : public testing::Test {
 protected:
  ~CpuLevel() override { lift_cpu_limit(); }
};

TEST_F(CpuLevel, levels_are_those_of_this_cpu_best_first) {
  const std::vector<std::string> all{"amx",       "avx10_2", "avx512_spr", "avx512_zen4",
                                     "avx512_dl", "avx512",  "avx2",       "sse4",
                                     "ssse3",     "sse2",    "scalar",     "neon"};
  const std::vector<std::string> levels = cpu_levels();
  ASSERT_FALSE(levels.empty());
  auto place = all.begin();
  for (const std::string& level : levels) {
    place = std::find(place, all.end(), level);
    ASSERT_NE(place, all.end()) << level << " is unknown or in the wrong order";
  }
#if defined(__x86_64__)
  EXPECT_THAT(levels.back(), testing::AnyOf("scalar", "sse2"));  // sse2 since Highway 1.2
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    EXPECT_THAT(levels, testing::Contains("avx2"));
  }
  EXPECT_EQ(__builtin_cpu_supports("avx512bw") > 0,
            std::find(levels.begin(), levels.end(), "avx512") != levels.end());
  const bool dot_products =
      __builtin_cpu_supports("avx512vnni") > 0 && __builtin_cpu_supports("avx512vbmi2") > 0 &&
      __builtin_cpu_supports("avx512bitalg") > 0 && __builtin_cpu_supports("vpclmulqdq") > 0;
  EXPECT_EQ(dot_products, std::find(levels.begin(), levels.end(), "avx512_dl") != levels.end());
#endif
}

TEST_F(CpuLevel, limits_are_reached_and_leave_the_lower_ones) {
  const std::vector<std::string> levels = cpu_levels();
  for (std::size_t i = 0; i < levels.size(); ++i) {
    limit_cpu_level(levels[i], "test");
    EXPECT_EQ(cpu_levels(), std::vector<std::string>(
                                levels.begin() + static_cast<std::ptrdiff_t>(i), levels.end()));
  }
}

TEST_F(CpuLevel, limits_are_lifted) {
  const std::vector<std::string> levels = cpu_levels();
  limit_cpu_level("baseline", "test");
  lift_cpu_limit();
  EXPECT_EQ(cpu_levels(), levels);
}

TEST_F(CpuLevel, amx_is_used_at_its_own_level_only) {
  const std::vector<std::string> levels = cpu_levels();
  EXPECT_EQ(uses_amx(), levels.front() == "amx");
  for (const std::string& level : levels) {
    limit_cpu_level(level, "test");
    EXPECT_EQ(uses_amx(), level == "amx");
  }
}

TEST_F(CpuLevel, baseline_is_the_lowest) {
  const std::string lowest = cpu_levels().back();
  limit_cpu_level("baseline", "test");
  EXPECT_EQ(cpu_levels(), std::vector<std::string>{lowest});
}

TEST_F(CpuLevel, what_the_cpu_does_not_have_is_a_usage_error) {
  for (const std::string name : {"", "avx9", "AVX2", "wasm"}) {
    try {
      limit_cpu_level(name, "PTATTN_CPU");
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kUsage);
      EXPECT_THAT(error.what(), testing::StartsWith("PTATTN_CPU: no level `" + name + "`"));
      EXPECT_THAT(error.what(), HasSubstr(cpu_levels().back() + " or baseline"));
    }
  }
}

}  // namespace
}  // namespace ptattn::test
