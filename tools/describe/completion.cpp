#include "describe/completion.hpp"

#include <algorithm>

namespace ptattn::tools {
namespace {

constexpr const char* kBash =
    R"sh(# Completion for bash, made by @COMMAND@ --generate bash-completion

@FUNCTION@() {
  COMPREPLY=()
  local word=${COMP_WORDS[COMP_CWORD]} part
  # To bash, the = of --option=value is a word of its own.
  local -a words=() lines
  for part in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
    [[ $part == = ]] || words+=("$part")
  done
  if [[ $word == = ]]; then word='' words+=(''); fi
  mapfile -t lines < <("$1" --generate complete "${words[@]}" 2>/dev/null)
  COMPREPLY=("${lines[@]:1}")
  case ${lines[0]-} in
    files | clouds) ;;
    either) [[ ${#COMPREPLY[@]} -gt 0 ]] && return ;;
    *) return ;;
  esac

  # Paths: readline adds quotes of its own, so they are taken off here.
  compopt -o filenames 2>/dev/null
  case $word in
    [\'\"]*) word=${word:1} ;;
    *) word=${word//\\/} ;;
  esac
  if [[ ${lines[0]} == clouds ]]; then
    mapfile -t COMPREPLY < <(
      compgen -d -- "$word"
      compgen -f -X '!*.[Pp][Ll][Yy]' -- "$word"
      compgen -f -X '!*.[Pp][Cc][Dd]' -- "$word"
      compgen -f -X '!*.[Ll][Aa][SsZz]' -- "$word"
    )
  fi
  [[ ${#COMPREPLY[@]} -gt 0 ]] || mapfile -t COMPREPLY < <(compgen -f -- "$word")
} && complete -F @FUNCTION@ @COMMAND@
)sh";

constexpr const char* kZsh = R"sh(#compdef @COMMAND@
# Completion for zsh, made by @COMMAND@ --generate zsh-completion

@FUNCTION@() {
  local -a lines
  lines=("${(@f)$("${words[1]}" --generate complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  local kind=$lines[1]
  lines=("${(@)lines[2,-1]}")
  [[ $words[CURRENT] == --*=* ]] && compset -P '*='
  case $kind in
    words) compadd -- "${(@)lines}" ;;
    either) if (( ${#lines} )) && [[ -n $lines[1] ]]; then compadd -- "${(@)lines}"; else _files; fi ;;
    clouds) _files -g '(#i)*.(ply|pcd|las|laz)(-.)' ;;
    *) _files ;;
  esac
}

if [[ $funcstack[1] == _@COMMAND@ ]]; then
  @FUNCTION@ "$@"
else
  compdef @FUNCTION@ @COMMAND@
fi
)sh";

constexpr const char* kFish =
    R"sh(# Completion for fish, made by @COMMAND@ --generate fish-completion

function @FUNCTION@
    set -l tokens (commandline -opc)
    set -l word (commandline -ct)
    set -l lines ($tokens[1] --generate complete $tokens[2..-1] "$word" 2>/dev/null)
    set -l option (string match -r -- '^--[^=]*=' $word)
    switch "$lines[1]"
        case words
            test (count $lines) -gt 1; and printf "$option%s\n" $lines[2..-1]
        case either
            if test (count $lines) -gt 1
                printf "$option%s\n" $lines[2..-1]
            else
                __fish_complete_path (string replace -r -- '^--[^=]*=' '' $word)
            end
        case '*'
            __fish_complete_path (string replace -r -- '^--[^=]*=' '' $word)
    end
end
complete -c @COMMAND@ -f -a '(@FUNCTION@)'
)sh";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
  return text;
}

std::string filled(const char* script, const About& about, const char* prefix) {
  std::string function = prefix + about.name;
  std::replace(function.begin(), function.end(), '-', '_');
  return replaced(replaced(script, "@FUNCTION@", function), "@COMMAND@", about.name);
}

}  // namespace

std::string bash_completion(const About& about) {
  return filled(kBash, about, "_");
}

std::string zsh_completion(const About& about) {
  return filled(kZsh, about, "_");
}

std::string fish_completion(const About& about) {
  return filled(kFish, about, "__");
}

}  // namespace ptattn::tools
