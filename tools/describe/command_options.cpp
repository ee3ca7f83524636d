#include "describe/command_options.hpp"

#include <CLI/CLI.hpp>

namespace ptattn::tools {
namespace {

// CLI11 appends what checks say of themselves: "FORMAT:{table,json}".
constexpr const char* kChoicesBegin = ":{";

}  // namespace

std::string value_name(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  return type.substr(0, type.find(kChoicesBegin));
}

std::vector<std::string> choices(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t begin = type.find(kChoicesBegin);
  if (begin == std::string::npos) return {};
  const std::size_t end = type.find('}', begin);
  return CLI::detail::split(type.substr(begin + 2, end - begin - 2), ',');
}

std::vector<std::string> names(const CLI::Option& option) {
  std::vector<std::string> all;
  for (const std::string& name : option.get_snames()) all.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) all.push_back("--" + name);
  return all;
}

std::vector<const CLI::Option*> shown_options(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) {
    return !option->get_positional() && !option->get_group().empty();
  });
}

std::vector<Variable> variables(const CLI::App& app) {
  if (app.get_option_no_throw("--model") == nullptr) return {kCpuVariable};
  return {kCpuVariable, kModelsVariable};
}

std::vector<const CLI::Option*> positionals(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return option->get_positional(); });
}

}  // namespace ptattn::tools
