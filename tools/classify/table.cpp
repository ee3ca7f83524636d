#include <algorithm>
#include <array>
#include <cstdio>

#include "../text.hpp"
#include "record.hpp"

namespace ptattn::tools {
namespace {

constexpr const char* kGap = "  ";
constexpr std::size_t kPercentWidth = 7;  // "100.0 %"
constexpr std::size_t kPointsWidth = 9;

/// `text` on one line: control characters, quotes and backslashes as JSON escapes them.
std::string printable(const std::string& text) {
  const bool plain = std::none_of(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f || c >= 0x80; });
  if (plain) return text;
  std::string shown;
  for (const char c : as_json_text(text)) {
    const auto code = static_cast<unsigned char>(c);
    if (code >= 0x20 && code != 0x7f) {
      shown += c;
    } else {
      std::array<char, 8> escape;
      std::snprintf(escape.data(), escape.size(), "\\x%02x", code);
      shown += escape.data();
    }
  }
  return shown;
}

std::string percent(double probability) {
  return right_aligned(percent_text(probability), kPercentWidth);
}

/// The longest folder "a/b/" that every one of several paths starts with; empty when there is none.
std::string common_folder(const std::vector<std::string>& paths) {
  if (paths.size() < 2) return {};
  std::string common = paths.front().substr(0, paths.front().rfind('/') + 1);
  for (const std::string& path : paths) {
    while (!path.starts_with(common)) {
      common.pop_back();
      common.resize(common.rfind('/') + 1);
    }
  }
  return common;
}

class TableFormat final : public RecordFormat {
 public:
  TableFormat(const std::vector<std::string>& paths, const std::vector<std::string>& classes,
              std::size_t top_k)
      : folder_(common_folder(paths)), top_k_(top_k) {
    path_width_ = text_width(path_title());
    for (const std::string& path : paths) {
      path_width_ = std::max(path_width_, text_width(below_folder(path)));
    }
    class_width_ = text_width("runner-up");
    for (const std::string& name : classes) class_width_ = std::max(class_width_, text_width(name));
  }

  std::string header() const override {
    std::string text = left_aligned(path_title(), path_width_);
    for (std::size_t rank = 0; rank < top_k_; ++rank) {
      text += kGap + left_aligned(rank == 0 ? "class" : rank == 1 ? "runner-up" : "", class_width_);
      text += std::string(" ") + std::string(kPercentWidth, ' ');
    }
    return text + kGap + right_aligned("points", kPointsWidth) + "\n";
  }

  std::string line(const Record& record) const override {
    std::string text = left_aligned(below_folder(record.path), path_width_);
    if (record.failed()) return text + kGap + "failed: " + printable(record.error) + "\n";
    for (const auto& [name, probability] : record.top_k) {
      const bool best = &name == &record.top_k.front().first;
      text += kGap + left_aligned(best ? record.class_name() : name, class_width_) + " " +
              percent(probability);
    }
    return text + kGap + right_aligned(std::to_string(record.points.value_or(0)), kPointsWidth) +
           "\n";
  }

 private:
  std::string path_title() const {
    return folder_.empty() ? "path" : "path in " + printable(folder_);
  }
  std::string below_folder(const std::string& path) const {
    return printable(path.substr(folder_.size()));
  }

  std::string folder_;
  std::size_t top_k_;
  std::size_t path_width_ = 0;
  std::size_t class_width_ = 0;
};

}  // namespace

std::unique_ptr<RecordFormat> make_table_format(const std::vector<std::string>& paths,
                                                const std::vector<std::string>& classes,
                                                std::size_t top_k) {
  return std::make_unique<TableFormat>(paths, classes, top_k);
}

}  // namespace ptattn::tools
