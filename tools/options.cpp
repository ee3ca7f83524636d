#include "options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>

#include "ptattn/core/error.hpp"

namespace ptattn::tools {

void add_up_option(CLI::App& app, std::optional<Axis>& up) {
  app.add_option_function<std::string>(
         "--up",
         [&up](const std::string& name) {
           up = name == "x"   ? std::optional(Axis::kX)
                : name == "y" ? std::optional(Axis::kY)
                : name == "z" ? std::optional(Axis::kZ)
                              : std::nullopt;
         },
         "Axis that points upwards: z, y, x or auto (the one with the highest confidence) [z]")
      ->type_name("AXIS")
      ->check(CLI::IsMember({"z", "y", "x", "auto"}));
}

std::string refuse_blanks(const std::string& name) {
  const bool plain =
      std::ranges::all_of(name, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  return name.empty() || !plain ? "expected a name of printable ASCII without blanks" : "";
}

std::size_t find_category(const std::string& name, std::span<const std::string> categories,
                          const std::string& model) {
  const auto alike = [](unsigned char a, unsigned char b) {
    return std::tolower(a) == std::tolower(b);
  };
  const auto found = std::ranges::find_if(
      categories, [&](const std::string& c) { return std::ranges::equal(c, name, alike); });
  if (found != categories.end()) return static_cast<std::size_t>(found - categories.begin());
  std::string known;
  for (const std::string& category : categories) known += (known.empty() ? "" : ", ") + category;
  throw Error(Fault::kUsage, "--category",
              known.empty() ? model + " does not tell objects apart"
                            : "is none of those that " + model + " knows: " + known);
}

}  // namespace ptattn::tools
