#pragma once

#include <string>
#include <vector>

#include "progress.hpp"
#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace CLI {
class App;
}

namespace ptattn::tools {

/// How a command reads and writes clouds.
struct CloudOptions {
  ReadOptions read;
  LasOptions las;
};

/// --salvage, --bin-columns
void add_read_options(CLI::App& app, ReadOptions& options);

/// The same, and for commands that write clouds --las-scale and --crs. `options` must outlive the
/// parsing.
void add_cloud_options(CLI::App& app, CloudOptions& options);

/// Says on standard error what was noticed about a file while it was read.
void tell_notes(const PointCloud& cloud, const std::string& path, Progress& progress);
void tell_notes(const std::vector<std::string>& notes, const std::string& path, Progress& progress);

}  // namespace ptattn::tools
