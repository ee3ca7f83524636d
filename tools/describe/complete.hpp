#pragma once

#include <string>
#include <vector>

#include "tool.hpp"

namespace ptattn::tools {

/// What may stand at the end of a command line.
struct Completion {
  /// words: those of the list; files, clouds: files of any kind, of clouds; either: words, or where
  /// none fits, files.
  std::string kind = "words";
  std::vector<std::string> words{};
};

/// Completes a command line: names of options, values of options that have a set of them, names of
/// models, the layers and categories of the model that is named, the fields of the cloud that is
/// named. The scripts for bash, zsh and fish ask for this.
/// @param words  those behind the command; the last is the one to complete and may be empty
/// @return       words that begin like the last one, sorted
[[nodiscard]] Completion complete(const About& about, const CLI::App& app,
                                  const std::vector<std::string>& words);

/// Prints `complete` for --generate complete: the kind, then a word per line.
[[nodiscard]] std::string completion_text(const Completion& completion);

/// Reads the names of the fields of a cloud from the beginning of its file; none when that fails.
[[nodiscard]] std::vector<std::string> fields_of_file(const std::string& path);

}  // namespace ptattn::tools
