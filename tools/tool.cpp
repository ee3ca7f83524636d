#include "tool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "checks.hpp"
#include "describe/command_options.hpp"
#include "describe/complete.hpp"
#include "describe/completion.hpp"
#include "describe/manual.hpp"
#include "interrupt.hpp"
#include "last_line.hpp"
#include "made_by.hpp"
#include "output.hpp"
#include "ptattn/core/cpu_level.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/stop.hpp"
#include "ptattn/core/version.hpp"
#include "suggest.hpp"
#include "talk.hpp"
#include "text.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kMaxThreads = 4096;
constexpr std::size_t kHelpColumns = 80;

/// The end of --help.
std::string exit_codes() {
  constexpr std::size_t kColumns = 5;
  std::string text = "Exit codes:\n";
  for (const ExitCode& code : kExitCodes) {
    std::string value = std::to_string(code.value);
    value.resize(kColumns, ' ');
    text += "  " + value + code.meaning + "\n";
  }
  return text;
}

/// One line on stderr, whatever a message holds.
int fail(const About& about, const std::string& message, int exit_code) {
  say(about.name, message, true);
  return exit_code;
}

/// What options of earlier versions are called now.
std::string renamed(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kNames{
      {{"--label-field", "--field"},
       {"--as", "--field"},
       {"--color", "--colorize"},
       {"--pca-color", "--colorize"},
       {"--no-color", "--no-colorize"},
       {"--k", "--neighbors"},
       {"--radii", "--radius"},
       {"--list", "--list-layers"},
       {"--report", "--format"},
       {"--screenshot", "--output"}}};
  const auto* const found = std::ranges::find(kNames, name, [](auto& pair) { return pair.first; });
  return found == kNames.end() ? "" : std::string(found->second);
}

/// What is wrong with an option that the command does not have.
std::string unknown_option(const CLI::App& app) {
  const std::vector<std::string> rest = app.remaining();
  const auto option = std::ranges::find_if(
      rest, [](const std::string& word) { return word.size() > 1 && word[0] == '-'; });
  if (option == rest.end()) return "too many arguments";
  const std::string name = option->substr(0, option->find('='));
  std::vector<std::string> known;
  for (const CLI::Option* shown : shown_options(app)) {
    std::ranges::copy_if(names(*shown), std::back_inserter(known),
                         [](const std::string& n) { return n.starts_with("--"); });
  }
  const std::string now = renamed(name);
  if (std::ranges::find(known, now) != known.end()) {
    return name + ": unknown option, it is called " + now + " now";
  }
  return name + ": unknown option" + did_you_mean(name, known);
}

/// `text` with line breaks between words, so that no line is longer than `columns`.
std::string wrapped(const std::string& text, std::size_t columns) {
  std::string_view rest = text;
  std::string lines;
  std::size_t used = 0;
  for (std::string_view word; take_word(rest, word); used += word.size()) {
    if (used > 0 && used + 1 + word.size() > columns) {
      lines += '\n';
      used = 0;
    } else if (used > 0) {
      lines += ' ';
      ++used;
    }
    lines += word;
  }
  return lines;
}

/// What --help says about environment variables.
std::string environment(const CLI::App& app) {
  constexpr std::size_t kColumns = 17;
  std::string text = "Environment:\n";
  for (const Variable& variable : variables(app)) {
    std::string name = std::string("  ") + variable.name;
    name.resize(kColumns, ' ');
    const std::string meaning = wrapped(variable.meaning, kHelpColumns - kColumns);
    std::string_view rest = meaning;
    for (std::string_view line; take_line(rest, line); name.assign(kColumns, ' ')) {
      text.append(name).append(line).append("\n");
    }
  }
  return text;
}

/// CLI11's layout within 80 columns, without its notes on which options exclude each other (the
/// descriptions say so where it matters).
class HelpFormat final : public CLI::Formatter {
 public:
  HelpFormat() { column_width(static_cast<int>(kNameColumns)); }

  std::string make_option_desc(const CLI::Option* option) const override {
    return wrapped(CLI::Formatter::make_option_desc(option), kHelpColumns - kNameColumns);
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string value = value_name(*option);
    return value.empty() ? "" : " " + value;
  }

 private:
  static constexpr std::size_t kNameColumns = 20;
};

/// Takes the CPU level that the environment asks for.
void choose_cpu_level() {
  if (const char* name = std::getenv("PTATTN_CPU")) limit_cpu_level(name, "PTATTN_CPU");
}

/// What is wrong, and where to look unless that says what was meant.
std::string with_advice(const std::string& problem) {
  return problem.ends_with('?') ? problem : problem + ", see --help";
}

/// Adds the options that every command has.
void declare_common(CLI::App& app, Talk& talk, int& threads) {
  app.add_flag("-q,--quiet", talk.quiet,
               "Print only errors and warnings (reasons to doubt a result) on standard error");
  app.add_flag("-v,--verbose", talk.verbose, "Print notes for every file instead of once per run");
  app.add_flag_callback(
      "--no-progress", [&talk] { talk.progress = false; }, "Do not show progress");
  app.add_option("--threads", threads, "Use N threads, 0 for one per core [0]")
      ->type_name("N")
      ->check(whole_number(0, kMaxThreads));
}

/// What `--generate KIND` prints: the manual page, a completion script, or what such a script asks
/// for; nullopt for other command lines. No option like the others: it concerns packagers and
/// shells, and --help is for users.
std::optional<std::string> generated(const About& about, const CLI::App& app, int argc,
                                     char** argv) {
  if (argc < 3 || argv[1] != std::string_view("--generate")) return std::nullopt;
  const std::string_view kind = argv[2];
  if (kind == "complete") {
    return completion_text(complete(about, app, std::vector<std::string>(argv + 3, argv + argc)));
  }
  if (argc > 3) return std::nullopt;
  if (kind == "man") return manual_page(about, app);
  if (kind == "bash-completion") return bash_completion(about);
  if (kind == "zsh-completion") return zsh_completion(about);
  if (kind == "fish-completion") return fish_completion(about);
  return std::nullopt;
}

/// The arguments, those of axes that point down joined with their option: CLI11 takes the `-y` of
/// `--up -y` for an option.
std::vector<std::string> joined_axes(int argc, char** argv) {
  constexpr std::array<std::string_view, 3> kDown{"-x", "-y", "-z"};
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    if (!words.empty() && words.back() == "--up" && std::ranges::count(kDown, argv[i]) > 0) {
      words.back() += std::string("=") + argv[i];
    } else {
      words.emplace_back(argv[i]);
    }
  }
  std::ranges::reverse(words);  // as CLI11 takes them
  return words;
}

/// Parses and runs; everything it throws is caught by run_tool.
int parse_and_run(const About& about, int argc, char** argv,
                  const std::function<void(CLI::App&)>& declare, const std::function<int()>& body) {
  CLI::App app(about.summary, about.name);
  app.formatter(std::make_shared<HelpFormat>());
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.set_version_flag("-V,--version", about.name + " " + std::string(version()),
                       "Print the version and exit");
  declare(app);
  app.footer("Examples:\n" + about.examples + "\n" + environment(app) + "\n" + exit_codes());
  Talk talk;
  int threads = 0;
  declare_common(app, talk, threads);
  if (const auto text = generated(about, app, argc, argv)) {
    Output::to_stdout().write(*text);
    return 0;
  }
  try {
    app.parse(joined_axes(argc, argv));
  } catch (const CLI::CallForHelp&) {
    Output::to_stdout().write(app.help());
    return 0;
  } catch (const CLI::CallForVersion& version_line) {
    choose_cpu_level();
    Output::to_stdout().write(std::string(version_line.what()) + "\nCPU level " +
                              cpu_levels().front() + "\n");
    return 0;
  } catch (const CLI::ExtrasError&) {
    return fail(about, with_advice(unknown_option(app)), static_cast<int>(Fault::kUsage));
  } catch (const CLI::ParseError& wrong) {
    return fail(about, with_advice(wrong.what()), static_cast<int>(Fault::kUsage));
  }
  set_talk(talk);
  set_run(about.name, app);
  choose_cpu_level();
  const ThreadLimit limit(threads);
  return body();
}

/// Opens /dev/null for standard streams that the caller closed: the next file that is opened would
/// take their number, and messages would end up in it. Opened the wrong way round, so that reading
/// and writing them stay the errors that they were.
void fill_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
    (void)!::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace

int run_tool(const About& about, int argc, char** argv,
             const std::function<void(CLI::App&)>& declare, const std::function<int()>& body) {
  set_command_name(about.name);
  end_in_a_line_on_terminate();
  fill_standard_streams();
  // A write to a closed pipe should come back as an error that we can tell apart, not kill us.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // likewise a write past the limit on file sizes
  const InterruptWatch watch;
  try {
    return parse_and_run(about, argc, argv, declare, body);
  } catch (const ClosedPipe&) {
    return 0;
  } catch (const Stopped& stopped) {
    return fail(about, stopped.what(), kInterrupted);
  } catch (const Error& error) {
    return fail(about, error.what(), error.exit_code());
  } catch (const std::bad_alloc&) {
    return fail(about, kNoMemory, static_cast<int>(Fault::kInput));
  } catch (const std::system_error& error) {  // what the system refused: a thread, a file
    return fail(about, error.what(), static_cast<int>(Fault::kInput));
  } catch (const std::exception& error) {
    return fail(about, std::string("internal error: ") + error.what(), kInternalError);
  }
}

}  // namespace ptattn::tools
