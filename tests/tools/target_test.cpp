#include "target.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>

#include "ptattn/core/error.hpp"
#include "scratch.hpp"

namespace ptattn::test {
namespace {

using namespace tools;

constexpr std::array<std::string_view, 3> kExtensions{".ply", ".pcd", ".npy"};

/// The exit code and the line of what `body` throws.
template <class Body>
std::string thrown(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    return std::to_string(error.exit_code()) + " " + error.what();
  }
  return "nothing";
}

TEST(target, must_have_a_known_ending) {
  const Scratch scratch;
  EXPECT_EQ(thrown([&] { check_target(scratch.path() / "a.PLY", kExtensions); }), "nothing");
  EXPECT_EQ(thrown([] { check_target("a.xyz", kExtensions); }),
            "2 a.xyz: expected a name ending in .ply, .pcd or .npy");
  EXPECT_EQ(thrown([] { check_target("ply", kExtensions); }),
            "2 ply: expected a name ending in .ply, .pcd or .npy");
}

TEST(target, must_be_writable_and_is_left_alone) {
  const Scratch scratch;
  EXPECT_EQ(thrown([] { check_target("/dev/null/no/a.ply", kExtensions); }),
            "3 /dev/null/no/a.ply: cannot be written: Not a directory");
  EXPECT_EQ(thrown([&] { check_target(scratch.path() / "new/b/a.ply", kExtensions); }), "nothing")
      << "missing folders are made later";
  EXPECT_FALSE(std::filesystem::exists(scratch.path() / "new"));
  const auto path = scratch.path() / "a.ply";
  write_file(path, "kept");
  EXPECT_EQ(thrown([&] { check_target(path, kExtensions); }), "nothing");
  EXPECT_EQ(read_file(path), "kept");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 1);
}

TEST(target, new_fields_need_free_names) {
  PointCloud cloud(1);
  cloud.add("f_001", FieldType::kFloat32);
  cloud.set_name("a.ply");
  const std::array<std::string, 2> taken{"f_000", "f_001"};
  EXPECT_EQ(thrown([&] { refuse_taken_fields(cloud, taken, "--prefix"); }),
            "2 a.ply: has a field f_001 already, choose another name with --prefix");
  EXPECT_EQ(thrown([&] { refuse_taken_fields(cloud, std::span(taken).first(1), "--prefix"); }),
            "nothing");
}

}  // namespace
}  // namespace ptattn::test
