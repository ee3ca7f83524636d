#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "jobs.hpp"
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

/// Returns how a cloud is read of which `output` is made.
[[nodiscard]] ReadOptions read_options_for(const std::filesystem::path& output,
                                           const ReadOptions& options);

/// --salvage, --bin-columns
void add_read_options(CLI::App& app, ReadOptions& options);

/// The same, and for commands that write clouds --las-scale and --crs. `options` must outlive the
/// parsing.
void add_cloud_options(CLI::App& app, CloudOptions& options);

/// Says on standard error what was noticed about a file while it was read.
void tell_notes(const PointCloud& cloud, const std::string& path, Progress& progress);
void tell_notes(const std::vector<std::string>& notes, const std::string& path, Progress& progress);
/// The same for a command that writes clouds; and that options for LAS files made from other
/// formats do not change one that was LAS, and that other formats do not keep its reference system.
void tell_notes(const PointCloud& cloud, const LasOptions& las, const Job& job, Progress& progress);

/// Says what there is to say about the work on a file: notes, and warnings, which -q keeps.
void tell(const std::vector<std::string>& notes, const std::vector<Hint>& warnings,
          const std::string& path, Progress& progress);

/// Returns warnings as records hold them: [{"code": "up", "text": "..."}, ...].
[[nodiscard]] nlohmann::ordered_json as_json(const std::vector<Hint>& warnings);

}  // namespace ptattn::tools
