#include "cloud_options.hpp"

#include <CLI/CLI.hpp>

#include "checks.hpp"
#include "ptattn/cloud/reference_system.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/bin_reader.hpp"
#include "ptattn/io/file_kind.hpp"
#include "target.hpp"
#include "text_file.hpp"

namespace ptattn::tools {
namespace {

/// "EPSG:2154" and WKT as they are, else what the file of that name holds.
std::string reference_system(const std::string& text) {
  if (text.starts_with("EPSG:") || text.find('[') != std::string::npos) return text;
  std::string wkt;
  try {
    wkt = read_text_file(text);
  } catch (const Error&) {
    throw Error(Fault::kUsage, "--crs",
                text + " is not a readable file, expected EPSG:CODE, WKT or a file with WKT");
  }
  while (!wkt.empty() && (wkt.back() == '\n' || wkt.back() == '\r' || wkt.back() == '\0')) {
    wkt.pop_back();
  }
  return wkt;
}

}  // namespace

ReadOptions read_options_for(const std::filesystem::path& output, const ReadOptions& options) {
  ReadOptions wanted = options;
  wanted.keep_compressed = has_extension(output, ".laz");
  return wanted;
}

void add_read_options(CLI::App& app, ReadOptions& options) {
  app.add_flag(
      "--salvage", options.salvage,
      "Read the intact points of a truncated or damaged LAS or LAZ file [refuse such files]");
  app.add_option_function<std::vector<std::string>>(
         "--bin-columns",
         [&options](const std::vector<std::string>& names) {
           io::check_bin_columns(names);
           options.bin_columns = names;
         },
         "Read the float32 numbers of a record in *.bin files as these fields, separated by "
         "commas, - for one to skip [x,y,z,intensity, and ring if it looks like one]")
      ->type_name("NAMES")
      ->delimiter(',')
      ->allow_extra_args(false);
}

void add_cloud_options(CLI::App& app, CloudOptions& options) {
  add_read_options(app, options.read);
  app.add_option("--las-scale", options.las.scale,
                 "Store coordinates in steps of X in LAS and LAZ files made from other formats "
                 "[0.001, finer where coordinates are in finer steps or the extent is below 10]")
      ->type_name("X")
      ->check(number(1e-12, 1e12));
  app.add_option_function<std::string>(
         "--crs", [&options](const std::string& text) { options.las.crs = reference_system(text); },
         "Give such files this reference system: EPSG:CODE, WKT, or a file with WKT [none]")
      ->type_name("CRS");
}

void tell_notes(const PointCloud& cloud, const std::string& path, Progress& progress) {
  tell_notes(cloud.metadata().notes, path, progress);
}

void tell_notes(const PointCloud& cloud, const LasOptions& las, const Job& job,
                Progress& progress) {
  const std::string path = job.input.path.string();
  tell_notes(cloud, path, progress);
  if (cloud.metadata().las == nullptr) return;
  if (las.scale > 0.0) progress.note(path, "keeps the scale that it has, without --las-scale");
  if (!las.crs.empty()) {
    progress.note(path, "keeps the reference system that it has, without --crs");
  }
  if (!has_cloud_extension(job.output)) return;
  const FileFormat format = file_format_of(job.output, Encoding::kBinary);
  const ReferenceSystem system = reference_system_of(*cloud.metadata().las);
  if (system.name.empty() || io::is_las_format(format)) return;
  progress.note(path, "is in " + system.name + ", which " + job.output.extension().string() +
                          " files do not keep: name it again with --crs where LAS is made of them");
}

void tell_notes(const std::vector<std::string>& notes, const std::string& path,
                Progress& progress) {
  constexpr std::size_t kMost = 8;  // a damaged file may give reason for many
  const std::size_t shown = notes.size() > kMost ? kMost - 1 : notes.size();
  for (std::size_t i = 0; i < shown; ++i) progress.note(path, notes[i]);
  if (notes.size() > shown) {
    progress.note(path, std::to_string(notes.size() - shown) + " more notes like these");
  }
}

void tell(const std::vector<std::string>& notes, const std::vector<Hint>& warnings,
          const std::string& path, Progress& progress) {
  for (const std::string& note : notes) progress.note(path, note);
  for (const Hint& warning : warnings) progress.warn(path, warning);
}

nlohmann::ordered_json as_json(const std::vector<Hint>& warnings) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const Hint& warning : warnings) {
    json.push_back({{"code", warning.code}, {"text", warning.text}});
  }
  return json;
}

}  // namespace ptattn::tools
