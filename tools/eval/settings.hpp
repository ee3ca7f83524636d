#pragma once

#include <string>
#include <vector>

#include "../options.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace ptattn::tools {

/// What the command line of ptattn-eval says.
struct EvalSettings {
  FileOptions files;
  std::string predicted;  ///< empty until it is settled: as the first cloud says
  std::string truth = "classification";
  std::string truth_file;
  std::string truth_table;
  std::string truth_from;
  std::string map;
  std::string truth_map;
  std::string predicted_map;
  std::vector<std::string> classes;
  std::string model;
  std::vector<std::string> ignored;
  std::string ground;
  Codes truth_codes = Codes::kByField;
  Codes predicted_codes = Codes::kByField;
  bool list_models = false;
  bool per_file = false;
  ReadOptions read;
  std::string confidence = "confidence";
  bool reliability = false;
  std::string plot;

  /// True: the inputs are results of ptattn-classify, not clouds.
  [[nodiscard]] bool evaluates_results() const {
    return !truth_table.empty() || !truth_from.empty();
  }
};

}  // namespace ptattn::tools
