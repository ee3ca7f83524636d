#include "ptattn/io/matrix_io.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>

#include "ptattn/core/error.hpp"
#include "temp_folder.hpp"

namespace ptattn::test {
namespace {

/// The middle two columns of [2, 4]: rows that are not packed.
const float kValues[] = {0, 1, -2, 0, 0, 3.5F, 4, 0};
const MatrixView kStrided{kValues + 1, 2, 2, 4};
const float kPacked[] = {1, -2, 3.5F, 4};

std::string bytes_of_packed() {
  return {reinterpret_cast<const char*>(kPacked), sizeof kPacked};
}

TEST(npy, is_what_numpy_documents) {
  const TempFolder folder;
  write_npy(folder / "a.npy", kStrided);
  std::string expected("\x93NUMPY\x01\x00\x76\x00", 10);
  expected += "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
  expected.append(127 - expected.size(), ' ').append("\n").append(bytes_of_packed());
  EXPECT_EQ(contents(folder / "a.npy"), expected);
}

TEST(npy, headers_of_any_shape_end_on_a64th_byte) {
  const TempFolder folder;
  for (const std::size_t rows : {0U, 1U, 12U, 123456U}) {
    const Matrix empty(rows, 0);
    write_npy(folder / "a.npy", empty);
    const std::string text = contents(folder / "a.npy");
    EXPECT_EQ(text.size() % 64, 0U);
    EXPECT_EQ(text.back(), '\n');
    EXPECT_EQ(static_cast<unsigned char>(text[8]) + 10U, text.size());
  }
}

TEST(safetensors, holds_one_tensor_and_the_metadata) {
  const TempFolder folder;
  write_safetensors(folder / "a.safetensors", "features", kStrided,
                    {{"names", "[\"a\"]"}, {"source", "x\xff\"y"}});
  const std::string text = contents(folder / "a.safetensors");
  std::uint64_t length = 0;
  std::memcpy(&length, text.data(), sizeof length);
  EXPECT_EQ(length % 8, 0U);
  ASSERT_EQ(text.size(), 8 + length + sizeof kPacked);
  EXPECT_EQ(text.substr(8 + length), bytes_of_packed());
  const auto header = nlohmann::json::parse(text.substr(8, length));
  EXPECT_EQ(header.size(), 2U);
  EXPECT_EQ(header["__metadata__"]["names"], "[\"a\"]");
  EXPECT_EQ(header["__metadata__"]["source"], "x\xef\xbf\xbd\"y");
  EXPECT_EQ(header["features"]["dtype"], "F32");
  EXPECT_EQ(header["features"]["shape"], nlohmann::json({2, 2}));
  EXPECT_EQ(header["features"]["data_offsets"], nlohmann::json({0, 16}));
}

TEST(matrix_files, cannot_be_written_nowhere) {
  for (const auto& write :
       {+[](const std::string& path) { write_npy(path, kStrided); },
        +[](const std::string& path) { write_safetensors(path, "features", kStrided); }}) {
    try {
      write("/nowhere/a");
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kInput);
    }
  }
}

}  // namespace
}  // namespace ptattn::test
