#include "ptattn/io/file_kind.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "parse_text.hpp"

namespace ptattn::test {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

TEST(other_kinds, are_named_with_what_to_do) {
  const std::vector<std::pair<std::string, std::string>> kinds{
      {"version https://git-lfs.github.com/spec/v1\noid sha256:01\nsize 2\n",
       "is a Git LFS pointer, not the file itself, fetch the file with git lfs pull"},
      {"PK\3\4....", "is a zip archive, unpack it first"},
      {"BZh91AY", "is bzip2 data, unpack it first"},
      {"\xfd"
       "7zXZ\0"s,
       "is xz data, unpack it first"},
      {"\x28\xb5\x2f\xfd....", "is zstd data, unpack it first"},
      {std::string(257, 'a') + "ustar", "is a tar archive, unpack it first"},
      {"ASTM-E57\1\0"s,
       "is an E57 file, which is not supported, convert it to PLY, PCD or LAS first"},
      {"%PDF-1.7\n", "is a PDF document"},
      {"\x89PNG\r\n\x1a\n", "is a PNG picture"},
      {"glTF\2\0"s, "is a glTF model"},
      {"NGSP....", "is a packed Gaussian splat"},
      {"\x93NUMPY\1\0"s, "is a NumPy array"},
      {"\0\5\x16\7\0\2\0\0Mac OS X"s, "is an AppleDouble file"},
      {"\xff\xfep\0l\0y\0\n\0"s, "is text in UTF-16"},
      {"p\0l\0y\0\n\0f\0"s, "is text in UTF-16"},
      {"\xfe\xff\0p\0l\0y"s, "is text in UTF-16"},
      {"<!DOCTYPE html>\n<html>", "is an HTML page"},
      {"\n  <HTML><body>", "is an HTML page"},
      {"<?xml version=\"1.0\"?>", "is an XML file"},
      {"{\"points\": [1, 2]}", "is a JSON file"},
      {"\xef\xbb\xbf[[1, 2, 3]]", "is a JSON file"},
      {"# Blender\nmtllib a.mtl\no Cube\nv 1 2 3\n", "is an OBJ model"},
      {"v 1 2 3\nv 2 3 4\n", "is an OBJ model"},
      {"solid cube\nfacet normal 0 0 1\n", "is an STL model"},
      {"OFF\n8 6 12\n", "is an OFF mesh"},
      {"1.5 2.5 3.5\n1 2 3\n3 4 5\n", "is a table of numbers"},
      {"X,Y,Z\n1,2,3\n3;4;5\n", "is a table of numbers"},
      {std::string(5000, '\0'), "holds nothing but zeros"},
  };
  for (const auto& [bytes, expected] : kinds) {
    const std::string message = refusal(bytes);
    EXPECT_THAT(message, HasSubstr("a.ply: " + expected)) << bytes.substr(0, 30);
    EXPECT_EQ(message.find('\n'), std::string::npos);
  }
}

TEST(other_kinds, what_is_not_known_is_not_guessed) {
  for (const std::string& bytes :
       {"Dear reader,\nthis is a letter.\n"s, "\1\2\3\4"s, "plywood\n"s}) {
    EXPECT_EQ(refusal(bytes), "a.ply: is not a PLY, PCD or LAS file");
  }
}

TEST(other_kinds, a_packed_splat_has_no_coordinates_and_says_so) {
  const PointCloud cloud = parse(
      "ply\nformat ascii 1.0\nelement vertex 1\nproperty uint packed_position\nend_header\n7\n");
  try {
    (void)cloud.positions();
    ADD_FAILURE() << "no exception";
  } catch (const Error& e) {
    EXPECT_THAT(
        e.what(),
        HasSubstr(
            "a.ply: is a compressed Gaussian splat (packed_position), which is not supported"));
  }
}

}  // namespace
}  // namespace ptattn::test
