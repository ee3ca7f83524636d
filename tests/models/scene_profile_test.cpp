#include "ptattn/models/scene_profile.hpp"

#include <string>

#include <gtest/gtest.h>

#include "ptattn/core/error.hpp"

namespace ptattn::test {
namespace {

SceneProfile read(const std::string& kind, const std::string& more) {
  const std::string unit = kind == "scene" ? "metre" : "radius";
  return read_scene_profile(R"({"kind": ")" + kind + R"(", "unit": ")" + unit +
                                R"(", "voxel": 0.5, "features": ["count"], )" + more + "}",
                            "config.json");
}

TEST(scene_profile, says_from_how_many_sides_a_cloud_is_seen) {
  const SceneProfile usual = read("object", R"("up": "z")");
  EXPECT_FALSE(usual.any_side_up);
  EXPECT_EQ(usual.votes, 1U);
  const SceneProfile any = read("object", R"("up": "any", "votes": 8)");
  EXPECT_TRUE(any.any_side_up);
  EXPECT_EQ(any.votes, 8U);
  EXPECT_EQ(read("scene", R"("up": "z", "votes": 4)").votes, 4U);
}

TEST(scene_profile, scenes_stand_and_have_four_headings) {
  for (const std::string wrong :
       {R"("up": "any")", R"("up": "z", "votes": 5)", R"("up": "z", "votes": 0)"}) {
    EXPECT_THROW((void)read("scene", wrong), Error) << wrong;
  }
  EXPECT_THROW((void)read("object", R"("up": "z", "votes": 65)"), Error);
}

}  // namespace
}  // namespace ptattn::test
