#include "format.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "../sanitizers.hpp"
#include "ptattn/core/error.hpp"
#include "scratch.hpp"

namespace ptattn::test {
namespace {

using namespace tools;
using Json = nlohmann::ordered_json;

/// What a writer makes of records.
std::string written(Format format, const std::vector<Json>& records) {
  const Scratch scratch;
  const auto path = scratch.path() / "out";
  {
    Output output = Output::appending(path);
    RecordWriter writer(format, output);
    for (const Json& record : records) writer.write(record, "row\n");
    writer.finish();
  }
  return read_file(path);
}

const std::vector<Json> kRecords{
    {{"path", "a"}, {"error", "is bad, really"}},
    {{"path", "b"}, {"points", 3}, {"classes", {{"x", 1}, {"y", nullptr}}}},
    {{"path", "c"}, {"error", "is worse"}}};

TEST(format, follows_the_extension_of_the_output) {
  EXPECT_EQ(choose_format(std::nullopt, ""), Format::kTable);
  EXPECT_EQ(choose_format(std::nullopt, "a.CSV"), Format::kCsv);
  EXPECT_EQ(choose_format(std::nullopt, "a.json"), Format::kJson);
  EXPECT_EQ(choose_format(std::nullopt, "a.jsonl"), Format::kJsonl);
  EXPECT_EQ(choose_format(Format::kJson, "a.txt"), Format::kJson);
  EXPECT_EQ(choose_format(Format::kJsonl, "a.ndjson"), Format::kJsonl);
}

TEST(format, refuses_a_contradiction) {
  try {
    (void)choose_format(Format::kJsonl, "a.csv");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kUsage);
    EXPECT_STREQ(error.what(), "--format: jsonl contradicts the name a.csv");
  }
}

TEST(format, refuses_names_of_files_of_another_kind) {
  for (const char* const name : {"a.ply", "names.csv.gz", "a.XLSX", "a.png", "a.tsv"}) {
    try {
      require_result_name(name);
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kUsage);
      EXPECT_EQ(error.what(),
                std::string(name) +
                    ": is no name for results, expected one ending in .csv, .json, .jsonl or "
                    ".txt");
    }
  }
  for (const char* const name : {"", "a.csv", "a.jsonl", "a.txt", "a.log"}) {
    EXPECT_NO_THROW(require_result_name(name));
  }
  EXPECT_EQ(choose_format(std::nullopt, "a.log"), Format::kTable);
}

TEST(format, writes_one_json_document) {
  EXPECT_EQ(Json::parse(written(Format::kJson, kRecords)), Json(kRecords));
  EXPECT_EQ(written(Format::kJson, {}), "[]\n");
}

TEST(format, writes_a_json_object_per_line) {
  EXPECT_EQ(lines_of(written(Format::kJsonl, kRecords)).size(), 3U);
}

TEST(format, takes_csv_columns_from_the_first_good_record) {
  EXPECT_EQ(written(Format::kCsv, kRecords),
            "path,points,classes.x,classes.y,error\n"
            "a,,,,\"is bad, really\"\n"
            "b,3,1,,\n"
            "c,,,,is worse\n");
  EXPECT_EQ(written(Format::kCsv, {kRecords[0]}), "path,error\na,\"is bad, really\"\n");
}

TEST(format, of_many_keys_takes_the_time_of_their_number) {
  // A look at each key before it takes minutes.
  constexpr int kKeys = 100'000;
  Json::object_t keys;
  for (int i = 0; i < kKeys; ++i) keys.emplace_back("key " + std::to_string(i), i);
  const Json record{{"path", "a"}, {"classes", keys}};
  const auto start = std::chrono::steady_clock::now();
  const std::string text = written(Format::kCsv, {record, record});
  EXPECT_TRUE(test::lines_of(text).at(2).ends_with(",99999,"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5 * test::kSlowdown));
}

TEST(format, writes_tables_as_they_come) {
  EXPECT_EQ(written(Format::kTable, kRecords), "row\nrow\nrow\n");
}

}  // namespace
}  // namespace ptattn::test
