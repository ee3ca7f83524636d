#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/models/files/weights.hpp"

namespace ptattn::test {

/// Weights that nobody stored: every value is a formula of its tensor's name and its place in it.
///
/// With h = FNV-1a of salt + name, z_i = splitmix64's finaliser of (h + i + 0x9e3779b97f4a7c15) and
/// u_i = (z_i >> 40) / 2^23 - 1, the last part of the name decides: running_var 1 + 0.5 u;
/// running_mean, bias, mask_token 0.1 u; gamma 0.5 + 0.25 u; rpe_table 0.5 u; a weight of one
/// dimension 1 + 0.25 u; others u sqrt(3 / product of all dimensions but the first).
class FormulaWeights final : public WeightSource {
 public:
  using Shapes = std::map<std::string, std::vector<std::size_t>, std::less<>>;

  FormulaWeights(Shapes shapes, std::string salt, std::string subject);

  [[nodiscard]] std::vector<std::string> names() const override;
  [[nodiscard]] const std::vector<std::size_t>* shape(std::string_view name) const override;
  [[nodiscard]] std::vector<float> values(std::string_view name) const override;
  [[nodiscard]] std::string subject() const override { return subject_; }

 private:
  Shapes shapes_;
  std::string salt_;
  std::string subject_;
};

}  // namespace ptattn::test
