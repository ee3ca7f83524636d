#include "ptattn/core/cpu_level.hpp"

#define HWY_WANT_AVX3_DL  // as the kernels that have such a level
#include <hwy/targets.h>

#include <algorithm>
#include <cstdint>

#include "ptattn/core/error.hpp"

namespace ptattn {
namespace {

/// Highway's name in lower case; its AVX3 is everybody's AVX-512.
std::string name_of(std::int64_t target) {
  std::string name = hwy::TargetName(target);
  if (name == "EMU128") return "scalar";
  if (name.starts_with("AVX3")) name.replace(0, 4, "AVX512");
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return name;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

std::vector<std::string> cpu_levels() {
  std::vector<std::string> names;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    names.push_back(name_of(target));
  }
  return names;
}

void limit_cpu_level(const std::string& name, const std::string& subject) {
  const std::vector<std::string> levels = cpu_levels();
  const auto level = name == "baseline" ? levels.end() - 1 : std::ranges::find(levels, name);
  if (level == levels.end()) {
    throw Error(
        Fault::kUsage, subject,
        "no level `" + name + "` on this CPU, expected one of " + joined(levels) + " or baseline");
  }
  // Better targets are lower bits.
  const std::int64_t target =
      hwy::SupportedAndGeneratedTargets()[static_cast<std::size_t>(level - levels.begin())];
  hwy::DisableTargets(target - 1);
}

}  // namespace ptattn
