// The parity program as a user meets it: exit codes and lines.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "formula_weights.hpp"
#include "ptattn/core/cpu_level.hpp"

namespace ptattn::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct Outcome {
  int exit_code;
  std::string output;  // both streams
};

class Parity : public testing::Test {
 protected:
  Parity() { std::filesystem::create_directories(folder_); }
  ~Parity() override { std::filesystem::remove_all(folder_); }

  static Outcome run(const std::string& arguments) {
    std::FILE* pipe = ::popen((PTATTN_PARITY " " + arguments + " 2>&1").c_str(), "r");
    std::string output;
    char buffer[4096];
    for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
      output.append(buffer, n);
    }
    return {WEXITSTATUS(::pclose(pipe)), output};
  }

  /// A case of this description beside the data of the committed one.
  [[nodiscard]] std::string edited_case(const std::string& from, const std::string& to,
                                        const std::string& name = "pct_cls") const {
    const std::string golden = PTATTN_TEST_DIR "/golden/" + name;
    std::ifstream in(golden + ".json");
    std::string text{std::istreambuf_iterator<char>(in), {}};
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    const std::filesystem::path path = folder_ / "edited.json";
    std::ofstream(path) << text.replace(at, from.size(), to);
    std::filesystem::copy_file(golden + ".safetensors", folder_ / "edited.safetensors",
                               std::filesystem::copy_options::overwrite_existing);
    return path.string();
  }

  /// Replaces the first `from` behind `place` in the header of the edited case's data.
  void edit_data(const std::string& place, const std::string& from, const std::string& to) const {
    const std::filesystem::path path = folder_ / "edited.safetensors";
    std::ifstream in(path, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    const std::size_t at = bytes.find(from, bytes.find(place));
    ASSERT_NE(at, std::string::npos) << from;
    std::ofstream(path, std::ios::binary) << bytes.replace(at, from.size(), to);
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("ptattn_parity_" + std::to_string(::getpid()));
  const std::string good_ = PTATTN_TEST_DIR "/golden/pct_cls.json";
};

TEST_F(Parity, committed_cases_agree) {
  const auto [code, output] = run(good_ + " " PTATTN_TEST_DIR "/golden/pct_cls_posenc.json");
  EXPECT_EQ(code, 0) << output;
  EXPECT_THAT(output,
              AllOf(HasSubstr("out.logits"), HasSubstr("act.pt_last.sa4"), HasSubstr("fps512"),
                    Not(HasSubstr("FAIL")), Not(HasSubstr("not compared"))));
}

TEST_F(Parity, every_cpu_level_agrees) {
  for (const std::string& level : cpu_levels()) {
    SCOPED_TRACE(level);
    ::setenv("PTATTN_CPU", level.c_str(), 1);
    const auto [code, output] = run(good_ + " " PTATTN_TEST_DIR "/golden/utonia_tiny_enc.json " +
                                    PTATTN_TEST_DIR "/golden/ptv3_fewer_points_than_patch.json");
    EXPECT_EQ(code, 0) << output;
    EXPECT_THAT(output, Not(HasSubstr("FAIL")));
  }
  ::setenv("PTATTN_CPU", "avx9", 1);
  EXPECT_EQ(run(good_).exit_code, 64);
  ::unsetenv("PTATTN_CPU");
}

TEST_F(Parity, finds_the_orders_that_the_original_shuffled) {
  const auto [code, output] = run(PTATTN_TEST_DIR "/golden/ptv3_rpe_seg.json");
  EXPECT_EQ(code, 0) << output;
  EXPECT_THAT(output, AllOf(HasSubstr("out.logits"), HasSubstr("serialized_code"),
                            HasSubstr("orders found: z | z | z | hilbert z | z-trans\n"),
                            Not(HasSubstr("FAIL")), Not(HasSubstr("not compared"))));
}

TEST_F(Parity, a_case_that_no_order_explains_fails) {
  // Other weights than those that made the outputs.
  const std::string path = edited_case(R"("weights_salt": "")", R"("weights_salt": "x")",
                                       "ptv3_fewer_points_than_patch");
  const auto [code, output] = run(path);
  EXPECT_EQ(code, 1) << output;
  EXPECT_THAT(output, HasSubstr("FAIL"));
}

TEST_F(Parity, orders_that_the_case_states_are_not_searched) {
  const std::string shuffled =
      edited_case(R"("in_channels": 6,)", R"("in_channels": 6, "shuffle_orders": false,)",
                  "ptv3_fewer_points_than_patch");
  const auto [code, output] = run(shuffled);
  EXPECT_EQ(code, 1) << output;  // this case's were shuffled
  EXPECT_THAT(output, HasSubstr("orders found: z | z | z | z z-trans | z\n"));
  const std::string stated = edited_case(
      R"("in_channels": 6,)",
      R"("in_channels": 6, "stage_orders": [["z"], ["z"], ["z"], ["z", "hilbert"], ["z"]],)",
      "ptv3_rpe_seg");
  EXPECT_EQ(run(stated).exit_code, 1);
}

TEST_F(Parity, layers_of_another_shape_fail) {
  const std::string path = edited_case("\"pct_cls\"", "\"pct_cls\"");
  edit_data(R"("act.pt_last.sa1")", "[64, 256]", "[256, 64]");
  const auto [code, output] = run(path);
  EXPECT_EQ(code, 1) << output;
  EXPECT_THAT(output, HasSubstr("FAIL: shape differs from the traced [256, 256]"));
}

TEST_F(Parity, a_case_without_outputs_fails) {
  const std::string path = edited_case("\"pct_cls\"", "\"pct_cls\"");
  edit_data("", "out.logits", "act.nobody");
  const auto [code, output] = run(path);
  EXPECT_EQ(code, 1) << output;
  EXPECT_THAT(output, HasSubstr("FAIL: the case has no out.*"));
}

TEST_F(Parity, differences_beyond_the_tolerance_fail) {
  EXPECT_EQ(run("--tolerance 1e-9 " + good_).exit_code, 1);
  const auto [code, output] = run(edited_case("\"weights_salt\": \"\"", "\"weights_salt\": \"x\""));
  EXPECT_EQ(code, 1);
  EXPECT_THAT(output, HasSubstr("FAIL"));
}

TEST_F(Parity, unknown_architectures_do_not_keep_others_from_running) {
  const auto [code, output] = run(edited_case("\"pct_cls\"", "\"pct_dance\"") + " " + good_);
  EXPECT_EQ(code, 2);
  EXPECT_THAT(output, AllOf(HasSubstr("\"pct_dance\" is unknown"), HasSubstr("out.logits")));
}

TEST_F(Parity, broken_files_are_one_line) {
  for (const std::string& path :
       {edited_case("\"architecture\"", "architecture"), (folder_ / "none.json").string(),
        std::string("/dev/null"), folder_.string()}) {
    const auto [code, output] = run(path);
    EXPECT_EQ(code, 4) << output;
    EXPECT_EQ(std::count(output.begin(), output.end(), '\n'), 1) << output;
  }
  // A key that nobody knows may ask for something that is not computed.
  const auto [code, output] =
      run(edited_case(R"("weights_salt": "")", R"("weights_salt": "", "drop_rate": 0.5)"));
  EXPECT_EQ(code, 4) << output;
  EXPECT_THAT(output, HasSubstr("drop_rate is not a known key"));
  for (const char* size : {R"("large")", "0", "-0.02"}) {
    const std::string grid = std::string(R"("weights_salt": "", "grid_size": )") + size;
    EXPECT_EQ(run(edited_case(R"("weights_salt": "")", grid)).exit_code, 4) << size;
  }
  EXPECT_EQ(
      run(edited_case(R"("weights_salt": "")", R"("weights_salt": "", "grid_size": 2)")).exit_code,
      0);
  const std::string path = edited_case("\"pct_cls\"", "\"pct_cls\"");
  std::filesystem::resize_file(folder_ / "edited.safetensors", 1000);
  EXPECT_EQ(run(path).exit_code, 4);
}

TEST_F(Parity, wrong_usage) {
  EXPECT_EQ(run("").exit_code, 64);
  EXPECT_EQ(run("--tolerance x " + good_).exit_code, 64);
}

TEST(formula_weights, values_of_the_first_elements) {
  // Computed with a separate implementation in Python.
  const FormulaWeights weights({{"bn1.running_var", {2}},
                                {"conv1.weight", {64, 3, 1}},
                                {"q_conv.weight", {2, 2, 1}},
                                {"k_conv.weight", {2, 2, 1}}},
                               "", "");
  EXPECT_EQ(weights.values("conv1.weight").size(), 192U);
  EXPECT_EQ(weights.values("q_conv.weight"), weights.values("k_conv.weight"));
  EXPECT_FLOAT_EQ(weights.values("bn1.running_var")[0], 1.14230758F);
  EXPECT_FLOAT_EQ(weights.values("conv1.weight")[5], -0.104474902F);
}

}  // namespace
}  // namespace ptattn::test
