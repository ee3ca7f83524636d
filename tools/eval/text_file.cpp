#include "text_file.hpp"

#include <fstream>
#include <iostream>
#include <iterator>

#include "ptattn/core/error.hpp"
#include "ptattn/core/stop.hpp"

namespace ptattn::tools {

std::string read_text_file(const std::filesystem::path& path) {
  if (path == "-") {
    std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    throw_if_stopped();  // which cut it short
    return text;
  }
  std::ifstream file(path, std::ios::binary);
  std::error_code ignored;
  if (!file || std::filesystem::is_directory(path, ignored)) {
    throw Error(Fault::kInput, path.string(), "cannot be read, expected a text file");
  }
  std::string text{std::istreambuf_iterator<char>(file), {}};
  throw_if_stopped();
  if (file.bad()) throw Error(Fault::kInput, path.string(), "cannot be read");
  return text;
}

}  // namespace ptattn::tools
