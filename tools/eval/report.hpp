#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ptattn/cloud/provenance.hpp"
#include "ptattn/tasks/evaluation.hpp"
#include "ptattn/tasks/geometry/hint.hpp"
#include "ptattn/tasks/reliability_table.hpp"

namespace ptattn::tools {

/// What is said about one input.
struct InputReport {
  std::string name;
  Metrics metrics;
  std::uint64_t ignored = 0;
};

/// What is said about all of them together.
struct Report {
  std::string items = "points";  ///< what was labelled: "points" or "clouds"
  std::vector<std::string> classes;
  ConfusionMatrix confusion{0};
  std::uint64_t ignored = 0;
  std::optional<std::size_t> ground;              ///< class whose filter errors are asked for
  std::vector<InputReport> inputs{};              ///< empty: not asked for
  std::optional<ReliabilityTable> reliability{};  ///< absent: not asked for
  std::vector<Hint> warnings{};                   ///< why the figures are doubtful
  Provenance made_by{};                           ///< this run; without a tool it is not told
};

/// Quotients in percent with two decimals, kappa with four; `-` where there is none.
[[nodiscard]] std::string table_text(const Report& report);

/// The table of the classes, or of the reliability where it is asked for, as comma-separated
/// values: fractions have nine decimals.
[[nodiscard]] std::string csv_text(const Report& report);

/// One JSON object on one line; fractions have nine decimals, absent ones are null.
[[nodiscard]] std::string json_text(const Report& report);

}  // namespace ptattn::tools
