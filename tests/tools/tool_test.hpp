#pragma once

#include <gmock/gmock.h>

#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "program.hpp"
#include "scratch.hpp"

namespace ptattn::test {

/// A wrong command line, the line that it gets, and the exit code.
struct ExpectedError {
  std::vector<std::string> arguments;
  std::string line;
  int exit_code = 2;
};

/// Runs one command in a scratch folder. A tiny classifier called `tiny` is on the search path of
/// models.
class ToolTest : public testing::Test {
 protected:
  /// @param program  path of the command
  explicit ToolTest(const char* program)
      : program_(program), name_(std::filesystem::path(program).filename().string()) {
    std::filesystem::create_directories(folder());
    write_tiny_model(models() / "tiny");
  }
  /// Puts pretrained models on the search path as well.
  void link_models(std::initializer_list<const char*> names) const {
    for (const char* const name : names) {
      std::filesystem::create_directory_symlink(
          std::filesystem::path(PTATTN_SOURCE_DIR "/samples/models") / name, models() / name);
    }
  }

  [[nodiscard]] Command command(std::vector<std::string> arguments) const {
    return {.program = program_,
            .arguments = std::move(arguments),
            .folder = folder(),
            .models = models().string()};
  }
  /// @param input  standard input
  [[nodiscard]] Finished run_tool(std::vector<std::string> arguments,
                                  const std::string& input = "") const {
    Command with_input = command(std::move(arguments));
    with_input.input = input;
    return run(with_input);
  }

  /// Nothing on standard output, one line on standard error.
  void expect_error(const std::vector<std::string>& arguments, int exit_code,
                    const std::string& line) const {
    SCOPED_TRACE(testing::PrintToString(arguments));
    const Finished finished = run_tool(arguments);
    EXPECT_EQ(finished.exit_code, exit_code);
    EXPECT_EQ(finished.out, "");
    EXPECT_EQ(finished.err, name_ + ": " + line + "\n");
  }
  void expect_usage_error(const std::vector<std::string>& arguments,
                          const std::string& line) const {
    expect_error(arguments, 2, line);
  }
  void expect_errors(const std::vector<ExpectedError>& table) const {
    for (const ExpectedError& wrong : table) {
      expect_error(wrong.arguments, wrong.exit_code, wrong.line);
    }
  }
  /// --help is the text in tests/tools/golden and no wider than a terminal; --version is known.
  void expect_known_help_and_version() const {
    const Finished help = run_tool({"--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_EQ(help.err, "");
    EXPECT_EQ(help.out, read_file(PTATTN_TEST_DIR "/tools/golden/" + name_ + "_help.txt"));
    for (const std::string& line : lines_of(help.out)) EXPECT_LE(line.size(), 80U) << line;
    EXPECT_EQ(run_tool({"-V"}).out, version_text(name_));
  }

  [[nodiscard]] std::filesystem::path folder() const { return scratch_.path() / "work"; }
  [[nodiscard]] std::filesystem::path models() const { return scratch_.path() / "models"; }
  void put(const std::string& name, std::string_view text) const {
    write_file(folder() / name, text);
  }
  [[nodiscard]] std::string get(const std::string& name) const {
    return read_file(folder() / name);
  }
  [[nodiscard]] bool has(const std::string& name) const {
    return std::filesystem::exists(folder() / name);
  }

 private:
  std::string program_;
  std::string name_;
  Scratch scratch_;
};

}  // namespace ptattn::test
