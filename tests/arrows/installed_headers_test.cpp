#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Everything that `pattern` captures in a text.
std::set<std::string> captured(const std::string& text, const std::regex& pattern) {
  std::set<std::string> all;
  for (std::sregex_iterator found(text.begin(), text.end(), pattern), end; found != end; ++found) {
    all.insert((*found)[1]);
  }
  return all;
}

/// The headers that the modules install, as they are included: what stands behind HEADERS.
std::set<std::string> installed_headers(const fs::path& lib) {
  static const std::regex kHeader(R"(([A-Za-z0-9_/-]+\.hpp))");
  std::set<std::string> headers;
  for (const auto& entry : fs::directory_iterator(lib / "ptattn")) {
    if (!entry.is_directory()) continue;
    const std::string text = text_of(entry.path() / "CMakeLists.txt");
    if (text.find("NOT_INSTALLED") != std::string::npos) continue;
    const std::size_t begin = text.find("HEADERS");
    if (begin == std::string::npos) continue;
    for (const std::string& header : captured(text.substr(begin), kHeader)) {
      headers.insert("ptattn/" + entry.path().filename().string() + "/" + header);
    }
  }
  return headers;
}

TEST(installed_headers, exist_and_include_nothing_that_is_not_installed) {
  static const std::regex kInclude(R"re(#include "(ptattn/[^"]+)")re");
  const fs::path lib = fs::path(PTATTN_SOURCE_DIR) / "lib";
  const std::set<std::string> installed = installed_headers(lib);
  EXPECT_TRUE(installed.contains("ptattn/models/model_folder.hpp"));
  EXPECT_FALSE(installed.contains("ptattn/nn/kernels/rows.hpp")) << "no door";
  for (const std::string& header : installed) {
    EXPECT_TRUE(fs::exists(lib / header)) << header;
    for (const std::string& included : captured(text_of(lib / header), kInclude)) {
      EXPECT_TRUE(installed.contains(included)) << header << " includes " << included;
    }
  }
}

}  // namespace
}  // namespace ptattn::test
