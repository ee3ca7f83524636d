#include "describe/manual.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <string_view>

#include "describe/command_options.hpp"
#include "ptattn/core/version.hpp"
#include "text.hpp"

namespace ptattn::tools {
namespace {

/// What roff would take for its own, and what it would make typographic.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += "\\-";
        break;
      case '\'':
        out += "\\(aq";
        break;
      case '`':
        out += "\\(ga";
        break;
      case '^':
        out += "\\(ha";
        break;
      case '~':
        out += "\\(ti";
        break;
      default:
        out += c;
    }
  }
  return !out.empty() && out.front() == '.' ? "\\&" + out : out;
}

std::string bold(const std::string& text) {
  return "\\fB" + escaped(text) + "\\fR";
}
std::string italic(const std::string& text) {
  return "\\fI" + escaped(text) + "\\fR";
}

/// `text` filled as a paragraph; options in it are bold.
std::string prose(const std::string& text) {
  std::string_view rest = text;
  std::string out;
  for (std::string_view next; take_word(rest, next);) {
    const std::string word(next);
    const bool option =
        word.size() > 1 && word[0] == '-' && (word[1] == '-' || std::isalpha(word[1]));
    const std::size_t length =
        option ? std::min(word.find_first_of(",.;:)"), word.size()) : std::size_t{0};
    out += (out.empty() ? "" : " ") + (option ? bold(word.substr(0, length)) : "") +
           escaped(word.substr(length));
  }
  return out + "\n";
}

std::string section(const std::string& title) {
  return ".SH " + title + "\n";
}

std::string verbatim(const std::string& lines) {
  return ".PP\n.nf\n" + lines + ".fi\n";
}

/// The text of a section: lines that begin with a blank as they are, the others as paragraphs
/// between empty lines.
std::string paragraphs(const std::string& text) {
  std::string_view rest = text;
  std::string out;
  std::string filled;
  std::string kept;
  const auto end_paragraph = [&] {
    if (!filled.empty()) out += ".PP\n" + prose(filled);
    if (!kept.empty()) out += verbatim(kept);
    filled.clear();
    kept.clear();
  };
  for (std::string_view next; take_line(rest, next);) {
    const std::string line(next);
    const bool as_it_is = line.starts_with(' ');
    if (line.empty() || (as_it_is ? kept.empty() : !kept.empty())) end_paragraph();
    if (as_it_is) kept += escaped(line) + "\n";
    if (!line.empty() && !as_it_is) filled += line + "\n";
  }
  end_paragraph();
  return out.substr(
      std::min(out.size(), std::string_view(".PP\n").size()));  // the first needs none
}

/// The first sentence, as whatis(1) shows it.
std::string one_line(const std::string& summary) {
  std::string line = summary.substr(0, summary.find(".\n"));
  line = line.substr(0, line.find(". "));
  line.front() = static_cast<char>(std::tolower(line.front()));
  std::replace(line.begin(), line.end(), '\n', ' ');
  return escaped(line) + "\n";
}

std::string synopsis(const About& about, const CLI::App& app) {
  std::string line = bold(about.name) + " [" + italic("OPTIONS") + "]";
  for (const CLI::Option* input : positionals(app)) {
    const bool several = input->get_expected_max() > 1;
    line += " [" + italic(input->get_name()) + (several ? "..." : "") + "]";
  }
  return line + "\n";
}

std::string options(const CLI::App& app) {
  std::string out;
  std::string group = "Options";
  for (const CLI::Option* option : shown_options(app)) {
    if (option->get_group() != group) {
      group = option->get_group();
      out += ".SS " + escaped(group) + "\n";
    }
    out += ".TP\n";
    std::string comma;
    for (const std::string& name : names(*option)) {
      out += comma + bold(name);
      comma = ", ";
    }
    const std::string value = value_name(*option);
    out += (value.empty() ? "" : " " + italic(value)) + "\n" + prose(option->get_description());
  }
  return out;
}

std::string arguments(const CLI::App& app) {
  std::string out;
  for (const CLI::Option* input : positionals(app)) {
    out += ".TP\n" + italic(input->get_name()) + "\n" + prose(input->get_description());
  }
  return out;
}

std::string exit_status() {
  std::string out;
  for (const ExitCode& code : kExitCodes) {
    out += ".TP\n" + bold(std::to_string(code.value)) + "\n" + prose(code.meaning);
  }
  return out;
}

std::string environment(const CLI::App& app) {
  std::string out = section("ENVIRONMENT");
  for (const Variable& variable : variables(app)) {
    out += ".TP\n" + bold(variable.name) + "\n" + prose(variable.meaning);
  }
  return out;
}

}  // namespace

std::string manual_page(const About& about, const CLI::App& app) {
  std::string title = about.name;
  std::transform(title.begin(), title.end(), title.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const std::size_t end_of_examples = std::min(about.examples.find("\n\n"), about.examples.size());
  const std::string notes = paragraphs(about.examples.substr(end_of_examples));
  return ".\\\" Made by " + about.name + " --generate man\n.TH " + escaped(title) +
         " 1 \"\" \"ptattn " + std::string(version()) + "\" \"User Commands\"\n" + section("NAME") +
         escaped(about.name) + " \\- " + one_line(about.summary) + section("SYNOPSIS") +
         synopsis(about, app) + section("DESCRIPTION") + paragraphs(about.summary) +
         section("ARGUMENTS") + arguments(app) + section("OPTIONS") + options(app) +
         section("EXIT STATUS") + exit_status() + environment(app) +
         (notes.empty() ? "" : section("NOTES") + notes) + section("EXAMPLES") +
         paragraphs(about.examples.substr(0, end_of_examples));
}

}  // namespace ptattn::tools
