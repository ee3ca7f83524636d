// Memory ends at any moment of a program: the same bytes, or one line and a documented exit code,
// also where the standard library or a dependency lets an exception out of a destructor or a
// thread.

#include <algorithm>
#include <cstdlib>

#include "faults.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;
using ::testing::ContainsRegex;

/// A command that writes standard output and, where it is named, a file.
struct Work {
  const char* name;
  const char* command;
  const char* output;
};

constexpr Work kWork[] = {
    {"classify", "ptattn-classify a.ply --model tiny --format json --no-timing --output o.json",
     "o.json"},
    {"classify_list", "ptattn-classify - --model tiny --format csv --no-timing <list", ""},
    {"classify_resume",
     "ptattn-classify a.ply --model tiny --format jsonl --no-timing --resume --output "
     "earlier.jsonl",
     "earlier.jsonl"},
    {"segment", "ptattn-segment a.ply --model parts --format json --no-timing -o o.ply", "o.ply"},
    {"features", "ptattn-features a.ply --format csv --no-timing -o o.safetensors",
     "o.safetensors"},
    {"attention", "ptattn-attention a.ply --model tiny --format json --no-timing -o o.pcd",
     "o.pcd"},
    {"attention_matrix",
     "ptattn-attention a.ply --model tiny --format json --no-timing --matrix o.png", "o.png"},
    {"smooth", "ptattn-smooth a.ply --format json --no-timing -o o.las", "o.las"},
    {"eval", "ptattn-eval labels.ply --map map.json --format json --output o.json", "o.json"},
    {"eval_text_map", "ptattn-eval labels.ply --map map.txt", ""},
    {"eval_results", "ptattn-eval results.jsonl --truth-table truth.csv --format json", ""},
    {"info", "ptattn-info a.ply --format json --no-timing", ""},
    {"train",
     "ptattn-train scenes -o model --size tiny --steps 1 --voxels-per-step 300 --select none "
     "--maps maps.json --classes classes.txt",
     "model/model.safetensors"},
};

class EndOfMemory : public Faults, public testing::WithParamInterface<Work> {
 protected:
  EndOfMemory() {
    put("a.ply", ply_shape(300));
    put("list", "a.ply\n");
    put("map.json", R"({"1": "ground", "2": "a class of a longer name", "3": null})");
    put("map.txt", "1 ground\n2 a class of a longer name\n3 ignore\n");
    put("truth.csv", "path,class\na.ply,cone\nb.ply,lamp\n");
    put("results.jsonl",
        "{\"path\":\"a.ply\",\"class\":\"cone\"}\n{\"path\":\"b.ply\",\"class\":\"cone\"}\n");
    put("classes.txt", "1 ground\n2 building\n3 ignore\n");
    put("maps.json", R"({"a": {"map": {"1": "ground", "2": "not_ground", "3": "ignore"}}})");
    std::string labels =
        "ply\nformat ascii 1.0\nelement vertex 400\nproperty float x\nproperty float y\n"
        "property float z\nproperty int classification\nproperty int label\nend_header\n";
    for (int i = 0; i < 400; ++i) {
      labels += std::to_string(i % 20) + " " + std::to_string(i / 20) + " 0 " +
                std::to_string(1 + i % 3) + " " + std::to_string(1 + i % 3) + "\n";
    }
    put("labels.ply", labels);
    put("scenes/a.ply", labels);
  }

  /// Runs the work, `how` memory may end.
  [[nodiscard]] Finished run_work(const std::string& how) const {
    for (const char* made : {"o.json", "o.ply", "o.pcd", "o.png", "o.las", "o.safetensors"}) {
      fs::remove(folder() / made);
    }
    fs::remove_all(folder() / "model");
    return shell("LD_PRELOAD=" PTATTN_END_OF_MEMORY " END_OF_MEMORY=" + how + " exec " +
                 GetParam().command + " --quiet --threads 2");
  }
  [[nodiscard]] std::string output() const {
    const std::string name = GetParam().output;
    return name.empty() || !has(name) ? "" : get(name);
  }
  void expect_good_end(const Finished& finished) const {
    EXPECT_EQ(finished.signal, 0);
    EXPECT_TRUE(leftovers().empty());
    if (finished.exit_code == 0) {
      EXPECT_EQ(finished.err, whole_.err);
      EXPECT_TRUE(finished.out == whole_.out) << finished.out;
      EXPECT_TRUE(output() == whole_output_);
      return;
    }
    EXPECT_TRUE(finished.exit_code == 3 || finished.exit_code == 4) << finished.exit_code;
    // One line, perhaps behind what there was to say of the input.
    ASSERT_THAT(finished.err, ContainsRegex("(^|\n)ptattn-[a-z]*: [^\n]*memory[^\n]*\n$"));
    const std::string before = finished.err.substr(0, finished.err.rfind("ptattn-"));
    EXPECT_TRUE(whole_.err.starts_with(before)) << finished.err;
    const bool is_told = finished.out.find("memory") != std::string::npos;  // as a record
    EXPECT_TRUE(is_told || whole_.out.starts_with(finished.out)) << finished.out;
    const bool is_listed = output().find("memory") != std::string::npos;
    EXPECT_TRUE(is_listed || output().empty() || output() == whole_output_) << output();
  }

  Finished whole_;  ///< with all the memory that it asked for
  std::string whole_output_;
};

/// Of each kind and work; PTATTN_FAULT_ROUNDS makes longer runs.
int rounds() {
  constexpr int kRounds = 4;
  const char* const asked = std::getenv("PTATTN_FAULT_ROUNDS");
  return kRounds * (asked == nullptr ? 1 : std::max(1, std::atoi(asked)));
}

TEST_P(EndOfMemory, is_one_line_or_the_same_bytes) {
  if (kSanitized) GTEST_SKIP() << "sanitizers have an allocator that comes before this one";
  const std::string earlier =
      "exec ptattn-classify a.ply --model tiny --format jsonl --no-timing -q --output "
      "earlier.jsonl";
  ASSERT_EQ(shell(earlier).exit_code, 0);
  whole_ = run_work((folder() / "count").string());
  ASSERT_EQ(whole_.exit_code, 0) << whole_.err;
  whole_output_ = output();
  ASSERT_TRUE(!whole_output_.empty() || !whole_.out.empty());
  const std::uint64_t all = std::strtoull(get("count").c_str(), nullptr, 10);
  ASSERT_GT(all, 100U);
  int ended_early = 0;
  Random random(all);
  for (int round = 0; round < rounds(); ++round) {
    // Every other time in the last tenth, where results are written.
    const std::uint64_t range = round % 2 == 0 ? all : all / 10;
    const std::string n = std::to_string(all - random.below(range));
    for (const std::string how : {"from:", "once:"}) {
      SCOPED_TRACE(how + n + " of " + std::to_string(all));
      const Finished finished = run_work(how + n);
      expect_good_end(finished);
      ended_early += finished.exit_code != 0 ? 1 : 0;
    }
  }
  EXPECT_GT(ended_early, 0);  // the end was felt
}

INSTANTIATE_TEST_SUITE_P(of, EndOfMemory, testing::ValuesIn(kWork),
                         [](const auto& work) { return std::string(work.param.name); });

}  // namespace
}  // namespace ptattn::test
