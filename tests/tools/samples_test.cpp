// The clouds of samples/, with the model that is found by default.

#include "classify_fixture.hpp"

namespace ptattn::test {
namespace {

using testing::SizeIs;

constexpr const char* kSamples = PTATTN_SOURCE_DIR "/samples";

class Samples : public testing::Test {
 protected:
  Samples() { std::filesystem::copy(kSamples + std::string("/clouds"), folder() / "clouds"); }

  [[nodiscard]] std::filesystem::path folder() const { return scratch_.path(); }

 private:
  Scratch scratch_;
};

TEST_F(Samples, are_named) {
  const Finished finished = run({.program = PTATTN_CLASSIFY,
                                 .arguments = {"clouds", "--format", "jsonl"},
                                 .folder = folder()});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  const auto records = records_of(finished.out);
  EXPECT_GE(records.size(), 12U);
  // A file is called after its class: chair_coloured.ply.
  std::size_t right = 0;
  std::string wrong;
  for (const auto& record : records) {
    const std::string name = std::filesystem::path(record["path"].get<std::string>()).filename();
    if (name.substr(0, name.find_first_of("_.")) == record["class"].get<std::string>()) {
      ++right;
    } else {
      wrong += record.dump() + "\n";
    }
  }
  EXPECT_GE(right * 4, records.size() * 3) << wrong;
}

TEST_F(Samples, are_named_alike_in_eight_bits) {
  const auto records_in = [&](const char* precision) {
    const Finished finished =
        run({.program = PTATTN_CLASSIFY,
             .arguments = {"clouds", "--format", "jsonl", "--precision", precision},
             .folder = folder()});
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    return records_of(finished.out);
  };
  const auto expected = records_in("float32");
  const auto actual = records_in("int8");
  EXPECT_THAT(expected, SizeIs(16));
  ASSERT_EQ(actual.size(), expected.size());
  bool equal = true;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(actual[i]["class"], expected[i]["class"]) << actual[i]["path"];
    EXPECT_NEAR(actual[i]["confidence"].get<double>(), expected[i]["confidence"].get<double>(),
                0.05);
    equal = equal && actual[i]["confidence"] == expected[i]["confidence"];
  }
  EXPECT_FALSE(equal) << "8 bits are not so exact";
}

}  // namespace
}  // namespace ptattn::test
