#include "describe/completion.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "describe/command_options.hpp"

namespace ptattn::tools {
namespace {

constexpr const char* kBegin =
    R"sh(# Completion for bash, made by @COMMAND@ --generate bash-completion

@FUNCTION@() {
  COMPREPLY=()
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  # To bash, the = of --option=value is a word of its own.
  if [[ $word == = ]]; then
    word=
  elif [[ $before == = ]] && ((COMP_CWORD > 2)); then
    before=${COMP_WORDS[COMP_CWORD - 2]}
  fi

  local kind=words words=
  case $before in
)sh";

constexpr const char* kEnd = R"sh(    *)
      kind=clouds
      if [[ $word == -* ]]; then
        kind=words words='@OPTIONS@'
      fi
      ;;
  esac

  if [[ $kind == models ]]; then
    words=$(
@MODELS@
    )
  fi
  # Not compgen -W, which would expand what names hold.
  local name
  while read -r name; do
    [[ $name && $name == "$word"* ]] && COMPREPLY+=("$name")
  done <<<"${words// /$'\n'}"
  [[ $kind == words || ${#COMPREPLY[@]} -gt 0 ]] && return

  # Paths: readline adds quotes of its own, so they are taken off here.
  compopt -o filenames 2>/dev/null
  case $word in
    [\'\"]*) word=${word:1} ;;
    *) word=${word//\\/} ;;
  esac
  if [[ $kind == clouds ]]; then
    mapfile -t COMPREPLY < <(
      compgen -d -- "$word"
      compgen -f -X '!*.[Pp][Ll][Yy]' -- "$word"
      compgen -f -X '!*.[Pp][Cc][Dd]' -- "$word"
    )
  fi
  [[ ${#COMPREPLY[@]} -gt 0 ]] || mapfile -t COMPREPLY < <(compgen -f -- "$word")
} && complete -F @FUNCTION@ @COMMAND@
)sh";

/// Those that suit the command, when it can tell.
constexpr const char* kAskForModels =
    R"sh(      "$1" --list-models 2>/dev/null | cut -d ' ' -f 1)sh";
constexpr const char* kSearchModels =
    R"sh(      IFS=:
      for folder in ${PTATTN_MODELS-} "$(dirname -- "$(type -P "$1")")/../share/ptattn/models"; do
        for config in "$folder"/*/config.json; do
          [[ -f $config ]] && basename -- "${config%/config.json}"
        done
      done)sh";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  return CLI::detail::find_and_replace(std::move(text), what, by);
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  return CLI::detail::join(words, between);
}

/// What follows an option that takes a value.
std::string value_case(const CLI::Option& option) {
  const std::vector<std::string> values = choices(option);
  const std::string value = value_name(option);
  std::string action = "return ;;";  // numbers, names of fields: nothing to offer
  if (!values.empty()) action = "words='" + joined(values, " ") + "' ;;";
  if (value == "MODEL") action = "kind=models ;;";
  if (value == "FILE" || value == "PATH" || value == "FOLDER") action = "kind=files ;;";
  return "    " + joined(names(option), " | ") + ") " + action + "\n";
}

}  // namespace

std::string bash_completion(const About& about, const CLI::App& app) {
  std::vector<std::string> all;
  std::string cases;
  for (const CLI::Option* option : shown_options(app)) {
    for (const std::string& name : names(*option)) all.push_back(name);
    if (!value_name(*option).empty()) cases += value_case(*option);
  }
  const bool lists_models = app.get_option_no_throw("--list-models") != nullptr;
  std::string function = "_" + about.name;
  std::replace(function.begin(), function.end(), '-', '_');
  std::string script = kBegin + cases + kEnd;
  script = replaced(script, "@MODELS@", lists_models ? kAskForModels : kSearchModels);
  script = replaced(script, "@OPTIONS@", joined(all, " "));
  script = replaced(script, "@FUNCTION@", function);
  return replaced(script, "@COMMAND@", about.name);
}

}  // namespace ptattn::tools
