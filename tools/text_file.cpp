#include "text_file.hpp"

#include <fstream>
#include <iostream>
#include <iterator>
#include <utility>

#include "ptattn/core/byte_order_mark.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/stop.hpp"

namespace ptattn::tools {

namespace {

/// The text as it is meant: without a byte-order mark.
std::string plain_text(std::string text, const std::string& subject) {
  if (is_utf16(text)) throw Error(Fault::kInput, subject, "is text in UTF-16, expected UTF-8");
  text.erase(0, text.size() - without_byte_order_mark(text).size());
  return text;
}

}  // namespace

std::string read_text_file(const std::filesystem::path& path) {
  if (path == "-") {
    std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    throw_if_stopped();  // which cut it short
    return plain_text(std::move(text), "standard input");
  }
  std::ifstream file(path, std::ios::binary);
  std::error_code ignored;
  if (!file || std::filesystem::is_directory(path, ignored)) {
    throw Error(Fault::kInput, path.string(), "cannot be read, expected a text file");
  }
  std::string text{std::istreambuf_iterator<char>(file), {}};
  throw_if_stopped();
  if (file.bad()) throw Error(Fault::kInput, path.string(), "cannot be read");
  return plain_text(std::move(text), path.string());
}

}  // namespace ptattn::tools
