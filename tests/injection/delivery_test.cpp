// The run of ptattn-classify with an output that fails at some record: others are in flight then.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tbb/task_arena.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "../../tools/classify/run.hpp"
#include "../tools/scratch.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/stop.hpp"

namespace ptattn::test {
namespace {

constexpr std::size_t kClouds = 24;

/// JSON Lines that fail, or request a stop, at one record.
class FailingFormat : public tools::RecordFormat {
 public:
  FailingFormat(std::size_t at, bool stop) : at_(at), stop_(stop) {}
  [[nodiscard]] std::string header() const override { return ""; }
  [[nodiscard]] std::string line(const tools::Record& record) const override {
    if (written_ == at_ && !stop_) throw Error(Fault::kInput, "output", "cannot be written");
    if (written_ == at_) request_stop();
    ++written_;
    return format_->line(record);
  }

 private:
  std::size_t at_;
  bool stop_;
  mutable std::size_t written_ = 0;
  std::unique_ptr<tools::RecordFormat> format_ =
      tools::make_jsonl_format({"tiny", Precision::kFloat32});
};

class Delivery : public testing::TestWithParam<int> {
 protected:
  Delivery() {
    write_tiny_model(scratch_.path() / "tiny");
    model_ = load_classifier(scratch_.path() / "tiny");
    for (unsigned i = 0; i < kClouds; ++i) {
      const auto path = scratch_.path() / (std::to_string(i) + ".ply");
      write_file(path, ply_shape(200 + 40 * i, i));
      inputs_.push_back({path, ""});
    }
  }
  ~Delivery() override { withdraw_stop(); }

  /// The lines that reach the output; `result` gets how the run ended.
  std::string lines(const tools::RecordFormat& format, tools::RunResult& result) {
    const auto path = scratch_.path() / "out.jsonl";
    tools::Output output = tools::Output::appending(path);
    output.keep(0);
    tools::Progress progress("test", kClouds);
    const tools::RunOptions options{
        .classify = {.votes = 3}, .top_k = 2, .batch = 16, .timing = false};
    tbb::task_arena(GetParam()).execute([&] {
      result = tools::run_classify(inputs_, model_, options, format, output, progress);
    });
    return read_file(path);
  }

  ThreadLimit limit_{GetParam()};
  Scratch scratch_;
  ClassifierModel model_;
  std::vector<tools::Input> inputs_;
};

TEST_P(Delivery, a_failing_output_ends_the_run_with_its_error_and_the_records_before_it) {
  tools::RunResult result;
  const std::string whole = lines(FailingFormat(kClouds, false), result);
  EXPECT_EQ(result.done, kClouds);
  for (std::size_t round = 0; round < 3 * kClouds; ++round) {
    const std::size_t at = round % kClouds;
    EXPECT_THROW(lines(FailingFormat(at, false), result), Error);
    const std::string written = read_file(scratch_.path() / "out.jsonl");
    EXPECT_EQ(lines_of(written).size(), at);
    EXPECT_TRUE(whole.starts_with(written));
  }
}

TEST_P(Delivery, a_stop_ends_the_run_with_whole_records) {
  tools::RunResult result;
  const std::string whole = lines(FailingFormat(kClouds, false), result);
  for (std::size_t round = 0; round < kClouds; ++round) {
    const std::string written = lines(FailingFormat(round, true), result);
    withdraw_stop();
    EXPECT_EQ(lines_of(written).size(), result.done);
    EXPECT_GT(result.done, round);
    EXPECT_EQ(result.interrupted, result.done < kClouds);
    EXPECT_EQ(result.failed, 0U);
    EXPECT_TRUE(whole.starts_with(written));
  }
}

INSTANTIATE_TEST_SUITE_P(threads, Delivery, testing::Values(1, 2, 8));

}  // namespace
}  // namespace ptattn::test
