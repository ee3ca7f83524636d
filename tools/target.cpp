#include "target.hpp"

#include <algorithm>
#include <cctype>

#include "ptattn/core/error.hpp"
#include "ptattn/io/atomic_file.hpp"

namespace ptattn::tools {

bool has_extension(const std::filesystem::path& path, std::string_view extension) {
  const std::string own = path.extension().string();
  return std::ranges::equal(own, extension, [](unsigned char a, char b) {
    return static_cast<char>(std::tolower(a)) == b;
  });
}

void check_target(const std::filesystem::path& path, std::span<const std::string_view> extensions) {
  const auto fits = [&](std::string_view extension) { return has_extension(path, extension); };
  if (std::ranges::none_of(extensions, fits)) {
    std::string names;
    for (std::size_t i = 0; i < extensions.size(); ++i) {
      if (i > 0) names += i + 1 == extensions.size() ? " or " : ", ";
      names += extensions[i];
    }
    throw Error(Fault::kUsage, path.string(), "expected a name ending in " + names);
  }
  // Begins to write and gives up: nothing is left behind.
  const io::AtomicFile attempt(path);
}

void refuse_taken_fields(const PointCloud& cloud, std::span<const std::string> names,
                         std::string_view subject, std::string_view option) {
  for (const std::string& name : names) {
    if (cloud.find(name) == nullptr) continue;
    throw Error(
        Fault::kUsage, subject,
        "has a field " + name + " already, choose another name with " + std::string(option));
  }
}

}  // namespace ptattn::tools
