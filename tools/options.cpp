#include "options.hpp"

#include <CLI/CLI.hpp>
#include <string>

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
      ->check(CLI::IsMember({"z", "y", "x", "auto"}).description(""));
}

}  // namespace ptattn::tools
