#include "ptattn/core/cpu_level.hpp"

#define HWY_WANT_AVX3_DL  // as the kernels that have such a level
#include <hwy/targets.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

#if HWY_ARCH_X86_64 && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "ptattn/core/error.hpp"
#include "ptattn/core/text.hpp"

namespace ptattn {
namespace {

constexpr const char* kAmx = "amx";  // above all targets of Highway

std::atomic<bool> amx_excluded = false;

/// Asks the CPU for AMX with 8-bit products, and Linux for its registers, which a process gets on
/// request only.
bool get_amx() {
#if HWY_ARCH_X86_64 && defined(__linux__)
  constexpr unsigned kFeatures = 7;  // the leaf of extended features
  constexpr unsigned kTileAndInt8 = 1U << 24U | 1U << 25U;
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid_count(kFeatures, 0, &a, &b, &c, &d) != 0 &&
         (d & kTileAndInt8) == kTileAndInt8 &&
         ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

/// Asks the CPU for its maker.
bool is_of_intel() {
#if HWY_ARCH_X86_64 && defined(__linux__)
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid(0, &a, &b, &c, &d) != 0 && b == signature_INTEL_ebx &&
         d == signature_INTEL_edx && c == signature_INTEL_ecx;
#else
  return false;
#endif
}

/// Asks the CPU for the dot products of bfloat16.
bool get_bf16_unit() {
#if HWY_ARCH_X86_64 && defined(__linux__)
  constexpr unsigned kFeatures = 7;
  constexpr unsigned kMoreFeatures = 1;  // the leaf's second part
  constexpr unsigned kBf16 = 1U << 5U;
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid_count(kFeatures, kMoreFeatures, &a, &b, &c, &d) != 0 && (a & kBf16) != 0 &&
         !is_of_intel();
#else
  return false;
#endif
}

/// AMX hands its sums to the kernels of the best of Highway's levels on x86-64.
bool has_amx() {
  static const bool kHas = get_amx() && (hwy::SupportedTargets() & HWY_AVX3_DL) != 0;
  return kHas;
}

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

}  // namespace

std::vector<std::string> cpu_levels() {
  std::vector<std::string> names;
  if (uses_amx()) names.emplace_back(kAmx);
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    names.push_back(name_of(target));
  }
  return names;
}

void limit_cpu_level(const std::string& name, const std::string& subject) {
  const std::vector<std::string> levels = cpu_levels();
  const auto level = name == "baseline" ? levels.end() - 1 : std::ranges::find(levels, name);
  if (level == levels.end()) {
    throw Error(Fault::kUsage, subject,
                "no level `" + name + "` on this CPU, expected one of " + comma_joined(levels) +
                    " or baseline");
  }
  amx_excluded = *level != kAmx;
  if (*level == kAmx) return;
  // Better targets are lower bits.
  const std::vector<std::int64_t> targets = hwy::SupportedAndGeneratedTargets();
  const auto target = targets.end() - (levels.end() - level);
  hwy::DisableTargets(*target - 1);
}

void lift_cpu_limit() {
  amx_excluded = false;
  hwy::DisableTargets(0);
}

bool cpu_has_bf16() {
  static const bool kHas = get_bf16_unit();
  return kHas;
}

bool has_bf16_unit() {
#if HWY_ARCH_X86_64
  return cpu_has_bf16() && (hwy::SupportedTargets() & HWY_AVX3) != 0;
#else
  return cpu_has_bf16();
#endif
}

bool uses_amx() {
  return !amx_excluded && has_amx();
}

}  // namespace ptattn
