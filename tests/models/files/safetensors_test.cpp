#include "ptattn/models/files/safetensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "expect_error.hpp"
#include "model_files.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;

template <class T>
std::string bytes_of(std::initializer_list<T> values) {
  return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T)};
}

/// One tensor "x" with this description over these bytes.
std::string one_tensor(const std::string& dtype, const std::string& shape,
                       const std::string& offsets, const std::string& data) {
  return aligned_safetensors(R"({"x":{"dtype":")" + dtype + R"(","shape":)" + shape +
                                 R"(,"data_offsets":)" + offsets + "}}",
                             data);
}

class Safetensors : public testing::Test {
 protected:
  [[nodiscard]] SafetensorsFile read(const std::string& content) const {
    return SafetensorsFile(folder_.write("w.safetensors", content));
  }
  void expect_refused(const std::string& content, const std::vector<std::string>& parts) const {
    expect_model_error([&] { (void)read(content); }, parts);
  }

  TemporaryFolder folder_;
};

TEST_F(Safetensors, reads_float32) {
  const auto file =
      read(one_tensor("F32", "[2,2]", "[0,16]", bytes_of({1.5F, -2.0F, 0.0F, 3.25F})));
  EXPECT_THAT(file.names(), ElementsAre("x"));
  EXPECT_THAT(*file.shape("x"), ElementsAre(2, 2));
  EXPECT_THAT(file.values("x"), ElementsAre(1.5F, -2.0F, 0.0F, 3.25F));
  EXPECT_EQ(file.shape("y"), nullptr);
  EXPECT_FALSE(file.holds_integers("x"));
}

TEST_F(Safetensors, refuses_a_file_that_becomes_shorter_while_it_is_read) {
  constexpr std::size_t kCount = 50'000;
  const std::string name = folder_.path() / "w.safetensors";
  for (const auto& [type, size] : {std::pair{"F32", 4U}, {"F16", 2U}}) {
    const std::string bytes = std::to_string(kCount * size);
    const auto file =
        read(one_tensor(type, "[50000]", "[0," + bytes + "]", std::string(kCount * size, '\0')));
    EXPECT_EQ(file.values("x").size(), kCount);
    std::filesystem::resize_file(name, kCount * size);  // the header's length is missing
    expect_model_error([&] { (void)file.values("x"); },
                       {"w.safetensors: became shorter while it was read"});
  }
}

TEST_F(Safetensors, reads_every_kind_of_half) {
  const auto file = read(one_tensor("F16", "[9]", "[0,18]",
                                    bytes_of<std::uint16_t>({0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001,
                                                             0x83ff, 0x8000, 0x7c00, 0x3555})));
  EXPECT_THAT(file.values("x"),
              ElementsAre(1.0F, -2.0F, 65504.0F, 0x1p-14F, 0x1p-24F, -0x1.ff8p-15F, -0.0F,
                          std::numeric_limits<float>::infinity(), 0.333251953125F));
  EXPECT_TRUE(std::signbit(file.values("x")[6]));
}

TEST_F(Safetensors, reads_nan_of_half) {
  EXPECT_TRUE(std::isnan(
      read(one_tensor("F16", "[]", "[0,2]", bytes_of<std::uint16_t>({0x7e01}))).values("x")[0]));
}

TEST_F(Safetensors, reads_bfloat) {
  const auto file =
      read(one_tensor("BF16", "[3]", "[0,6]", bytes_of<std::uint16_t>({0x3f80, 0xc049, 0x7f80})));
  EXPECT_THAT(file.values("x"),
              ElementsAre(1.0F, -3.140625F, std::numeric_limits<float>::infinity()));
}

TEST_F(Safetensors, reads_integers) {
  const auto small = read(one_tensor("I32", "[2]", "[0,8]", bytes_of<std::int32_t>({-5, 7})));
  EXPECT_THAT(small.integers("x"), ElementsAre(-5, 7));
  EXPECT_TRUE(small.holds_integers("x"));
  const auto large =
      read(one_tensor("I64", "[1]", "[0,8]", bytes_of<std::int64_t>({-(1LL << 40)})));
  EXPECT_THAT(large.integers("x"), ElementsAre(-(1LL << 40)));
  expect_model_error([&] { (void)large.values("x"); }, {"tensor x", "integers"});
  expect_model_error([&] { (void)large.integers("y"); }, {"tensor y", "missing"});
}

TEST_F(Safetensors, reads_metadata_empty_tensors_and_empty_files) {
  EXPECT_TRUE(read(aligned_safetensors("{}", "")).names().empty());
  EXPECT_TRUE(read(aligned_safetensors(R"({"__metadata__":{"format":"pt"}})", "")).names().empty());
  EXPECT_TRUE(read(one_tensor("F32", "[0,3]", "[0,0]", "")).values("x").empty());
}

TEST_F(Safetensors, refuses_files_that_are_none) {
  expect_refused("", {"too short"});
  expect_refused("1234567", {"too short"});
  expect_refused("ply\nformat ascii 1.0\n", {"header of"});
  expect_refused(safetensors("[1, 2]", ""), {"not a JSON object"});
  expect_refused(safetensors("{", ""), {"not valid JSON"});
  expect_refused(safetensors("\xff\xfe", ""), {"not valid JSON"});
  expect_model_error([&] { SafetensorsFile(folder_.path() / "none"); }, {"none", "No such file"});
  expect_model_error([&] { SafetensorsFile(folder_.path().string()); }, {"not a regular file"});
}

TEST_F(Safetensors, refuses_headers_longer_than_the_file) {
  std::string file = aligned_safetensors("{}", "");
  for (const std::uint64_t length : {std::uint64_t{9}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    std::memcpy(file.data(), &length, sizeof(length));
    expect_refused(file, {"claims a header of " + std::to_string(length)});
  }
}

TEST_F(Safetensors, refuses_repeated_names_and_deep_nesting) {
  const std::string x = R"("x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  expect_refused(aligned_safetensors("{" + x + "," + x + "}", "abcd"), {"\"x\" twice"});
  expect_refused(safetensors(std::string(100'000, '['), ""), {"nests deeper"});
}

TEST_F(Safetensors, refuses_descriptions_that_make_no_sense) {
  const std::string four = "abcd";
  expect_refused(one_tensor("F31", "[1]", "[0,4]", four), {"tensor x.dtype", "F31", "BF16"});
  expect_refused(one_tensor("F32", "[-1]", "[0,4]", four), {"tensor x.shape"});
  expect_refused(one_tensor("F32", "[1.5]", "[0,4]", four), {"tensor x.shape"});
  expect_refused(one_tensor("F32", "1", "[0,4]", four), {"tensor x.shape"});
  expect_refused(one_tensor("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]", four), {"tensor x.shape"});
  expect_refused(one_tensor("F32", "[4294967296,4294967296]", "[0,4]", four), {"tensor x.shape"});
  expect_refused(one_tensor("F32", "[1]", "[0]", four), {"tensor x.data_offsets"});
  expect_refused(one_tensor("F32", "[1]", "[4,0]", four), {"tensor x.data_offsets"});
  expect_refused(one_tensor("F32", "[1]", "[-4,0]", four), {"tensor x.data_offsets"});
  expect_refused(one_tensor("F32", "[2]", "[0,8]", four), {"ends at byte 8", "has 4"});
  expect_refused(one_tensor("F32", "[2]", "[0,4]", four), {"spans 4 bytes", "make 8"});
  expect_refused(aligned_safetensors(R"({"x":3})", ""), {"tensor x", "not a JSON object"});
  expect_refused(
      aligned_safetensors(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"a":1}})", four),
      {"tensor x.a", "not a known key"});
}

TEST_F(Safetensors, refuses_overlaps_gaps_and_unclaimed_bytes) {
  const auto two = [](const std::string& first, const std::string& second) {
    return R"({"a":{"dtype":"F32","shape":[1],"data_offsets":)" + first +
           R"(},"b":{"dtype":"F32","shape":[1],"data_offsets":)" + second + "}}";
  };
  const std::string twelve(12, 'x');
  expect_refused(aligned_safetensors(two("[0,4]", "[0,4]"), "abcd"), {"overlap"});
  expect_refused(aligned_safetensors(two("[0,4]", "[8,12]"), twelve), {"gap"});
  expect_refused(aligned_safetensors(two("[4,8]", "[8,12]"), twelve), {"gap"});
  expect_refused(aligned_safetensors(two("[0,4]", "[4,8]"), twelve), {"4 bytes at the end"});
}

TEST_F(Safetensors, reads_misaligned_data) {
  std::string header = R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  while (header.size() % 8 != 1) header += ' ';
  EXPECT_THAT(read(safetensors(header, bytes_of({2.5F}))).values("x"), ElementsAre(2.5F));
}

TEST_F(Safetensors, survives_every_truncation) {
  const std::string whole = one_tensor("F32", "[2]", "[0,8]", bytes_of({1.0F, 2.0F}));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    expect_refused(whole.substr(0, length), {"w.safetensors"});
  }
}

TEST_F(Safetensors, survives_every_flipped_byte) {
  const std::string whole = one_tensor("F32", "[2]", "[0,8]", bytes_of({1.0F, 2.0F}));
  for (std::size_t i = 0; i + 8 < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
    try {
      (void)read(damaged);  // a changed name is as good as the old one
    } catch (const Error& e) {
      EXPECT_EQ(e.fault(), Fault::kModel);
    }
  }
}

}  // namespace
}  // namespace ptattn::test
