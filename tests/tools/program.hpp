#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace ptattn::test {

/// A command line to run and what surrounds it.
struct Command {
  std::string program;
  std::vector<std::string> arguments;
  std::filesystem::path folder;     ///< working directory; standard streams are kept in it
  std::string input = "";           ///< standard input
  std::string models = "";          ///< PTATTN_MODELS
  std::string cpu = "";             ///< PTATTN_CPU
  std::string output_to = "";       ///< a file to open as standard output instead of capturing it
  bool stderr_is_terminal = false;  ///< captured through a pseudo terminal
};

struct Finished {
  int exit_code = -1;  ///< -1 when a signal ended it
  int signal = 0;
  std::string out;
  std::string err;
};

/// A program that was started; waits for its end at the latest when destroyed.
class Process {
 public:
  explicit Process(const Command& command);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void signal(int number) const;
  /// False once it has ended.
  [[nodiscard]] bool running();
  [[nodiscard]] Finished wait();

 private:
  void take_terminal_output();

  std::filesystem::path folder_;
  pid_t pid_ = -1;
  int terminal_ = -1;
  std::string terminal_output_;
  int status_ = 0;
  bool ended_ = false;
};

[[nodiscard]] Finished run(const Command& command);

/// What `program` --version prints.
[[nodiscard]] std::string version_text(const std::string& program);

}  // namespace ptattn::test
