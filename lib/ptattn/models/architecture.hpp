#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/core/text.hpp"
#include "ptattn/models/files/weights.hpp"

namespace ptattn {

/// Names a network to build and its hyper-parameters, in the words of a config.json.
///
/// The hyper-parameters are JSON text, dumped by what reads config.json and parsed again by the
/// network that they are for: so a config.json may also come from elsewhere, each network checks
/// its own keys, and no public header shows the JSON library.
struct ArchitectureConfig {
  std::string architecture;      ///< such as "pct_cls"
  std::string hyper_parameters;  ///< a JSON object; absent keys have the published network's values
  std::string subject;           ///< what error messages call it, such as the path of config.json
};

/// Maps the names of architectures to what builds their networks, all of one kind.
/// @param Choices  what else a network is made of
template <class Network, class... Choices>
using ArchitectureTable = std::map<std::string,
                                   std::unique_ptr<Network> (*)(const ArchitectureConfig&,
                                                                const WeightSource&, Choices...),
                                   std::less<>>;

/// Lists the names of a table, sorted.
template <class Network, class... Choices>
[[nodiscard]] std::vector<std::string> names_of(
    const ArchitectureTable<Network, Choices...>& table) {
  std::vector<std::string> names;
  names.reserve(table.size());
  for (const auto& [name, factory] : table) names.push_back(name);
  return names;
}

/// Builds the network of a configuration.
/// @throws Error(Fault::kModel) when the table does not have the architecture
template <class Network, class... Choices>
[[nodiscard]] std::unique_ptr<Network> make_network(
    const ArchitectureTable<Network, Choices...>& table, const ArchitectureConfig& config,
    const WeightSource& weights, Choices... choices) {
  const auto found = table.find(config.architecture);
  if (found == table.end()) {
    const std::string known =
        comma_joined(table, [](const auto& entry) { return std::string(entry.first); });
    throw Error(
        Fault::kModel, config.subject,
        "architecture \"" + config.architecture + "\" is unknown, expected one of " + known);
  }
  return found->second(config, weights, choices...);
}

}  // namespace ptattn
