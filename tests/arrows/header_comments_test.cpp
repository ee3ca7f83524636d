#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string without_indent(const std::string& line) {
  const std::size_t first = line.find_first_not_of(' ');
  return first == std::string::npos ? "" : line.substr(first);
}

bool is_comment(const std::string& line) {
  const std::string text = without_indent(line);
  return text.starts_with("///") && !text.starts_with("///<");
}

/// True when a declaration is that of a type or a function; data members and constants are said by
/// nouns.
bool is_said_by_a_verb(const std::string& declaration) {
  static const std::regex kData(R"(^(inline |static )*constexpr [^({]*[={].*)");
  const std::string head = declaration.substr(0, declaration.find_first_of(";{"));
  for (const char* const word : {"struct ", "class ", "enum ", "using "}) {
    if (head.starts_with(word)) return true;
  }
  return head.find('(') != std::string::npos && !std::regex_match(declaration, kData);
}

/// True for "Returns the rows ...": a verb in the third person begins the sentence.
bool begins_with_a_verb(const std::string& sentence) {
  static const std::regex kVerb(R"(^[A-Z][a-z]+(s|does)\b.*)");
  static const std::regex kNoVerb(R"(^(This|Its|As|Is|Has|Was|Thus|Less|Always|Perhaps)\b.*)");
  // "Names a cell" says what it does, "Names of cells" does not.
  static const std::regex kNoun(R"(^[A-Z][a-z]+s (of|with|per|in|along|between|for which)\b.*)");
  static const std::regex kVerbOf(
      R"(^(Reports|Consists|Refers|Depends|Listens|Works|Looks|Ends|Begins|Starts) .*)");
  if (!std::regex_match(sentence, kVerb) || std::regex_match(sentence, kNoVerb)) return false;
  return !std::regex_match(sentence, kNoun) || std::regex_match(sentence, kVerbOf);
}

/// First lines of comments of types and functions that begin with something else than a verb.
std::vector<std::string> weak_comments(const std::string& header) {
  std::vector<std::string> weak;
  const std::vector<std::string> lines = lines_of(header);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!is_comment(lines[i]) || (i > 0 && is_comment(lines[i - 1]))) continue;
    std::size_t behind = i;
    while (behind < lines.size() && is_comment(lines[behind])) ++behind;
    std::string declaration;
    for (std::size_t j = behind; j < std::min(behind + 6, lines.size()); ++j) {
      if (without_indent(lines[j]).starts_with("template ") ||
          without_indent(lines[j]).starts_with("requires")) {
        continue;
      }
      declaration += without_indent(lines[j]) + " ";
    }
    std::string sentence = without_indent(lines[i]).substr(3);
    sentence = without_indent(sentence);
    if (sentence.starts_with('@') || !is_said_by_a_verb(declaration)) continue;
    if (!begins_with_a_verb(sentence)) weak.push_back(sentence);
  }
  return weak;
}

/// The headers that the modules install: what stands behind HEADERS.
std::set<fs::path> installed_headers(const fs::path& lib) {
  static const std::regex kHeader(R"(([A-Za-z0-9_/-]+\.hpp))");
  std::set<fs::path> headers;
  for (const auto& entry : fs::directory_iterator(lib / "ptattn")) {
    if (!entry.is_directory()) continue;
    const std::string text = text_of(entry.path() / "CMakeLists.txt");
    const std::size_t begin = text.find("HEADERS");
    if (text.find("NOT_INSTALLED") != std::string::npos || begin == std::string::npos) continue;
    const std::string listed = text.substr(begin);
    for (std::sregex_iterator found(listed.begin(), listed.end(), kHeader), end; found != end;
         ++found) {
      headers.insert(entry.path() / (*found)[1].str());
    }
  }
  return headers;
}

TEST(header_comments, weak_ones_are_found) {
  EXPECT_THAT(weak_comments("/// The rows of a matrix.\n[[nodiscard]] Rows rows(int i);\n"),
              ElementsAre("The rows of a matrix."));
  EXPECT_THAT(weak_comments("/// Rows of a matrix.\nstruct Rows {\n"),
              ElementsAre("Rows of a matrix."));
  EXPECT_THAT(weak_comments("/// Returns the rows.\n/// The last.\nRows rows();\n"), IsEmpty());
  EXPECT_THAT(weak_comments("struct A {\n  /// Bytes of a row.\n  std::size_t bytes = 0;\n};\n"),
              IsEmpty())
      << "data is said by nouns";
}

TEST(header_comments, of_installed_headers_begin_with_a_verb) {
  const std::set<fs::path> headers = installed_headers(fs::path(PTATTN_SOURCE_DIR) / "lib");
  EXPECT_GT(headers.size(), 50U);
  for (const fs::path& header : headers) {
    const std::string text = text_of(header);
    EXPECT_NE(text.find("///"), std::string::npos) << header << " explains nothing";
    for (const std::string& sentence : weak_comments(text)) {
      ADD_FAILURE() << header << ": " << sentence;
    }
  }
}

/// Words of identifiers that have better names now.
TEST(names, old_ones_do_not_come_back) {
  static const std::regex kOld(
      R"(\b(PointModel|load_point_model|PointModelDescription|Preprocessing|AnyModel|Looker|NetworkFrame|Advance|TileProgress|ForwardPass|VoxelScoring|AttentionQuestion|AttentionAnswer|ScaleShift|Column2d|Ptv3Lifted|Ptv3Step|ptv3_steps|ptv3_cuts|ptv3_regrouped|LayerPlace|kCrowd|softmax_scores|neighbour_key|no_index|half_of_memory)\b)");
  for (const char* const folder : {"lib", "tools", "tests", "samples"}) {
    for (const auto& entry :
         fs::recursive_directory_iterator(fs::path(PTATTN_SOURCE_DIR) / folder)) {
      const std::string extension = entry.path().extension().string();
      if ((extension != ".hpp" && extension != ".cpp") ||
          entry.path().filename() == "header_comments_test.cpp") {
        continue;
      }
      std::smatch found;
      const std::string text = text_of(entry.path());
      if (std::regex_search(text, found, kOld)) {
        ADD_FAILURE() << entry.path() << " has " << found[1];
      }
    }
  }
}

}  // namespace
}  // namespace ptattn::test
