#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/models/files/weights.hpp"

namespace ptattn::fuzz {

/// Weights of whatever shapes a network asks for, found by building it and reading in the error
/// what is missing or misshapen, until it is satisfied. Values depend on names and places alone.
class NegotiatedWeights final : public WeightSource {
 public:
  /// @param config  the text of a config.json
  /// Ends the process when the network cannot be satisfied.
  explicit NegotiatedWeights(std::string_view config);

  [[nodiscard]] std::vector<std::string> names() const override;
  [[nodiscard]] const std::vector<std::size_t>* shape(std::string_view name) const override;
  [[nodiscard]] std::vector<float> values(std::string_view name) const override;
  [[nodiscard]] std::string subject() const override { return "weights"; }

  /// All of them as a safetensors file.
  [[nodiscard]] std::string file() const;

 private:
  /// Adds or reshapes what `problems` names; false when that is nothing new.
  bool satisfy(const std::string& problems);

  std::map<std::string, std::vector<std::size_t>, std::less<>> shapes_;
};

}  // namespace ptattn::fuzz
