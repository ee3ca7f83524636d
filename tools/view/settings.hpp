#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "../options.hpp"
#include "ptattn/cloud/provenance.hpp"
#include "viewer.hpp"

namespace ptattn::tools {

/// What the command line of ptattn-view says.
struct ViewSettings {
  FileOptions files;
  std::string model;
  bool list_models = false;
  Codes codes = Codes::kByField;
  std::size_t width = 1280;
  std::size_t height = 800;
  std::optional<Axis> up = Axis::kZ;
  SceneSettings scene{.most_points = 5'000'000};
  ViewerSettings viewer;
  Provenance made_by;  ///< what pictures say of this run
};

/// Declares the options.
/// @param s  must outlive the parsing
void declare_view(CLI::App& app, ViewSettings& s);

}  // namespace ptattn::tools
