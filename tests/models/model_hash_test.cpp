#include "ptattn/models/model_hash.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "expect_error.hpp"
#include "model_files.hpp"

namespace ptattn::test {
namespace {

using testing::MatchesRegex;

TEST(model_hash, of_nothing_is_the_published_one) {
  EXPECT_EQ(hash_text(""), "99aa06d3014798d86001c324468d497f");  // xxh128sum of an empty file
}

class HashOfModel : public testing::Test {
 protected:
  HashOfModel() {
    folder_.write("config.json", "{}");
    folder_.write("model.safetensors", std::string(600'000, 'w'));
  }
  [[nodiscard]] std::string hash() const { return hash_model(folder_.path()); }

  TemporaryFolder folder_;
};

TEST_F(HashOfModel, is_the_same_wherever_the_files_lie) {
  folder_.write("other/config.json", "{}");
  folder_.write("other/model.safetensors", std::string(600'000, 'w'));
  folder_.write("other/README.md", "more");
  EXPECT_THAT(hash(), MatchesRegex("[0-9a-f]{32}"));
  EXPECT_EQ(hash_model(folder_.path() / "other"), hash());
}

TEST_F(HashOfModel, sees_every_byte_of_both_files) {
  const std::string before = hash();
  std::string weights(600'000, 'w');
  weights[299'999] = 'v';
  folder_.write("model.safetensors", weights);
  const std::string one_byte = hash();
  EXPECT_NE(one_byte, before);
  folder_.write("config.json", "{} ");
  EXPECT_NE(hash(), one_byte);
}

TEST_F(HashOfModel, tells_bytes_that_moved_from_one_file_to_the_other) {
  folder_.write("config.json", "ab");
  folder_.write("model.safetensors", "c");
  const std::string before = hash();
  folder_.write("config.json", "a");
  folder_.write("model.safetensors", "bc");
  EXPECT_NE(hash(), before);
}

TEST_F(HashOfModel, needs_both_files) {
  std::filesystem::remove(folder_.path() / "model.safetensors");
  expect_model_error([&] { (void)hash(); }, {"model.safetensors"});
}

}  // namespace
}  // namespace ptattn::test
