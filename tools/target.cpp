#include "target.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/text.hpp"
#include "ptattn/io/atomic_file.hpp"
#include "suggest.hpp"

namespace ptattn::tools {
namespace fs = std::filesystem;

bool has_extension(const fs::path& path, std::string_view extension) {
  const std::string own = path.extension().string();
  return std::ranges::equal(own, extension, [](unsigned char a, char b) {
    return static_cast<char>(std::tolower(a)) == b;
  });
}

std::string extension_list(std::span<const std::string_view> extensions) {
  std::string names;
  for (std::size_t i = 0; i < extensions.size(); ++i) {
    if (i > 0) names += i + 1 == extensions.size() ? " or " : ", ";
    names += extensions[i];
  }
  return names;
}

void check_target(const fs::path& path, std::span<const std::string_view> extensions) {
  const auto fits = [&](std::string_view extension) { return has_extension(path, extension); };
  if (!extensions.empty() && std::ranges::none_of(extensions, fits)) {
    throw Error(Fault::kUsage, path.string(),
                "expected a name ending in " + extension_list(extensions));
  }
  std::error_code ignored;
  const bool is_device = fs::exists(path, ignored) && !fs::is_regular_file(path, ignored);
  if (extensions.empty() && is_device) return;  // written in place
  fs::path folder = path.parent_path();
  if (folder.empty() || fs::exists(folder, ignored)) {
    const io::AtomicFile attempt(path);  // begins to write and gives up: nothing is left behind
    return;
  }
  while (!folder.empty() && !fs::exists(folder, ignored) && folder != folder.parent_path()) {
    folder = folder.parent_path();
  }
  const fs::path above = folder.empty() ? fs::path(".") : folder;
  if (fs::is_directory(above, ignored) && ::access(above.c_str(), W_OK | X_OK) == 0) return;
  const int reason = fs::is_directory(above, ignored) ? errno : ENOTDIR;
  throw Error(Fault::kInput, path.string(),
              std::string("cannot be written: ") + std::strerror(reason));
}

void make_parent_folders(const fs::path& path) {
  if (!path.has_parent_path()) return;
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (!error) return;
  throw Error(Fault::kInput, path.parent_path().string(), "cannot be made: " + error.message());
}

void refuse_taken_fields(const PointCloud& cloud, std::span<const std::string> names,
                         std::string_view option) {
  for (const std::string& name : names) {
    if (cloud.find(name) == nullptr) continue;
    throw Error(
        Fault::kUsage, cloud.name(),
        "has a field " + name + " already, choose another name with " + std::string(option));
  }
}

std::vector<std::string> field_names_of(const PointCloud& cloud) {
  std::vector<std::string> names;
  for (const Field& field : cloud.fields()) names.push_back(field.name());
  return names;
}

const Field& require_field(const PointCloud& cloud, const std::string& name) {
  if (const Field* const field = find_alike(cloud, name)) return *field;
  const std::vector<std::string> names = field_names_of(cloud);
  throw Error(Fault::kInput, cloud.name(),
              "has no field " + name + ", its fields are " + comma_joined(names) +
                  did_you_mean(name, names));
}

}  // namespace ptattn::tools
