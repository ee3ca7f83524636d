#include "program.hpp"

#include <fcntl.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "ptattn/core/cpu_level.hpp"
#include "ptattn/core/version.hpp"
#include "scratch.hpp"

namespace ptattn::test {
namespace {

constexpr const char* kInput = ".stdin";
constexpr const char* kOutput = ".stdout";
constexpr const char* kError = ".stderr";

void redirect(int descriptor, const char* path, int flags) {
  const int file = ::open(path, flags, 0600);
  if (file < 0 || ::dup2(file, descriptor) < 0) ::_exit(126);
  ::close(file);
}

/// What is ignored here, as in the background of a shell or under nohup, would be ignored there.
void take_signals() {
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ}) {
    ::signal(number, SIG_DFL);
  }
}

[[noreturn]] void become(const Command& command, int terminal) {
  take_signals();
  if (::chdir(command.folder.c_str()) != 0) ::_exit(126);
  redirect(STDIN_FILENO, kInput, O_RDONLY);
  const char* out = command.output_to.empty() ? kOutput : command.output_to.c_str();
  redirect(STDOUT_FILENO, out, O_WRONLY | O_CREAT | O_TRUNC);
  if (terminal >= 0) {
    ::dup2(terminal, STDERR_FILENO);
  } else {
    redirect(STDERR_FILENO, kError, O_WRONLY | O_CREAT | O_TRUNC);
  }
  if (!command.models.empty()) ::setenv("PTATTN_MODELS", command.models.c_str(), 1);
  if (!command.cpu.empty()) ::setenv("PTATTN_CPU", command.cpu.c_str(), 1);
  std::vector<char*> argv{const_cast<char*>(command.program.c_str())};
  for (const std::string& a : command.arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  ::execv(command.program.c_str(), argv.data());
  ::_exit(127);
}

}  // namespace

Process::Process(const Command& command) : folder_(command.folder) {
  write_file(folder_ / kInput, command.input);
  int slave = -1;
  if (command.stderr_is_terminal && ::openpty(&terminal_, &slave, nullptr, nullptr, nullptr) != 0) {
    throw std::runtime_error("openpty failed");
  }
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork failed");
  if (pid_ == 0) become(command, slave);
  if (slave >= 0) ::close(slave);
}

Process::~Process() {
  if (!ended_) (void)wait();
  if (terminal_ >= 0) ::close(terminal_);
}

void Process::signal(int number) const {
  ::kill(pid_, number);
}

bool Process::running() {
  if (!ended_ && ::waitpid(pid_, &status_, WNOHANG) == pid_) ended_ = true;
  return !ended_;
}

// Ends with an error once the last writer has closed the other side.
void Process::take_terminal_output() {
  std::array<char, 4096> block;
  for (ssize_t got = 1; got > 0;) {
    got = ::read(terminal_, block.data(), block.size());
    if (got > 0) terminal_output_.append(block.data(), static_cast<std::size_t>(got));
  }
}

Finished Process::wait() {
  if (terminal_ >= 0) take_terminal_output();
  while (!ended_ && (::waitpid(pid_, &status_, 0) == pid_ || errno != EINTR)) ended_ = true;
  Finished finished;
  if (WIFEXITED(status_)) finished.exit_code = WEXITSTATUS(status_);
  if (WIFSIGNALED(status_)) finished.signal = WTERMSIG(status_);
  if (std::filesystem::exists(folder_ / kOutput)) finished.out = read_file(folder_ / kOutput);
  finished.err = terminal_ >= 0 ? terminal_output_ : read_file(folder_ / kError);
  return finished;
}

Finished run(const Command& command) {
  return Process(command).wait();
}

std::string version_text(const std::string& program) {
  return program + " " + std::string(version()) + "\nCPU level " + cpu_levels().front() + "\n";
}

}  // namespace ptattn::test
