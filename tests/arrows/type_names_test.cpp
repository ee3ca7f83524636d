#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../io/temp_folder.hpp"

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;

/// The headers that define a type of each name outside of all other types.
using Definitions = std::map<std::string, std::vector<std::string>>;

void add_types_of(const fs::path& header, const std::string& name, Definitions& types) {
  // At the beginning of a line: inside of namespaces only, which are not indented. A declaration
  // that ends there, and a member type that is defined outside, are none.
  static const std::regex kDefinition(
      R"(^(?:class|struct|union|enum class|enum) (?:alignas\(\w+\) )?(\w+)\b(?!.*;$)(?!::).*$)");
  static const std::regex kInOneLine(
      R"(^(?:class|struct|union|enum class|enum) (?:alignas\(\w+\) )?(\w+)\b(?!::)[^;]*\{.*$)");
  static const std::regex kAlias(R"(^using (\w+) =.*$)");
  std::ifstream file(header);
  std::smatch match;
  for (std::string line; std::getline(file, line);) {
    if (std::regex_match(line, match, kDefinition) || std::regex_match(line, match, kInOneLine) ||
        std::regex_match(line, match, kAlias)) {
      types[match[1]].push_back(name);
    }
  }
}

Definitions types_below(const fs::path& root) {
  Definitions types;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const std::string file = entry.path().filename().string();
    // What kernels include once for each CPU level is private to them.
    if (!file.ends_with(".hpp") || file.ends_with("-inl.hpp")) continue;
    add_types_of(entry.path(), entry.path().lexically_relative(root).string(), types);
  }
  return types;
}

std::string repeated(const Definitions& types) {
  std::string text;
  for (const auto& [name, headers] : types) {
    if (headers.size() < 2) continue;
    text += name + ":";
    for (const std::string& header : headers) text += " " + header;
    text += "\n";
  }
  return text;
}

TEST(type_names, of_the_library_occur_once) {
  const Definitions types = types_below(fs::path(PTATTN_SOURCE_DIR) / "lib");
  EXPECT_GT(types.size(), 100U);
  EXPECT_EQ(repeated(types), "");
}

TEST(type_names, of_two_headers_are_found) {
  const TempFolder folder;
  const fs::path root = folder.path();
  std::ofstream(root / "a.hpp") << "class Window;\nstruct Window {\n  struct Inner {};\n};\n";
  std::ofstream(root / "b.hpp")
      << "enum class Window : int { kA };\nstruct Inner final {\n};\nclass Inner::Deep {\n};\n";
  const Definitions types = types_below(root);
  EXPECT_EQ(types.size(), 2U);
  EXPECT_EQ(types.at("Window").size(), 2U);
  EXPECT_EQ(types.at("Inner").size(), 1U);
}

}  // namespace
}  // namespace ptattn::test
