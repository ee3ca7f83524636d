#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/models/files/weights.hpp"
#include "ptattn/models/registry.hpp"

namespace ptattn {

/// Networks of one kind by the names of their architectures.
/// @param Choices  what else a network is made of
template <class Network, class... Choices>
using ArchitectureTable = std::map<std::string,
                                   std::unique_ptr<Network> (*)(const ArchitectureConfig&,
                                                                const WeightSource&, Choices...),
                                   std::less<>>;

/// All names, sorted.
template <class Network, class... Choices>
[[nodiscard]] std::vector<std::string> names_of(
    const ArchitectureTable<Network, Choices...>& table) {
  std::vector<std::string> names;
  names.reserve(table.size());
  for (const auto& [name, factory] : table) names.push_back(name);
  return names;
}

/// @throws Error(Fault::kModel) when the table does not have the architecture
template <class Network, class... Choices>
[[nodiscard]] std::unique_ptr<Network> make_network(
    const ArchitectureTable<Network, Choices...>& table, const ArchitectureConfig& config,
    const WeightSource& weights, Choices... choices) {
  const auto found = table.find(config.architecture);
  if (found == table.end()) {
    std::string known;
    for (const auto& [name, factory] : table) known += (known.empty() ? "" : ", ") + name;
    throw Error(
        Fault::kModel, config.subject,
        "architecture \"" + config.architecture + "\" is unknown, expected one of " + known);
  }
  return found->second(config, weights, choices...);
}

}  // namespace ptattn
