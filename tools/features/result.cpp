#include "result.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "../format.hpp"
#include "../made_by.hpp"
#include "../target.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/matrix_io.hpp"
#include "ptattn/tasks/features/pca.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kLeastDigits = 3;
constexpr std::size_t kGrain = 4096;  // points a task

/// Colours of all points of the cloud.
std::vector<Rgb> colors_of(const PointCloud& cloud, const FeatureResult& result) {
  const std::vector<Rgb> found = pca_colors(result.values);
  std::vector<Rgb> colors(cloud.size(), Rgb{0, 0, 0});
  for (std::size_t i = 0; i < found.size(); ++i) colors[result.points[i]] = found[i];
  return colors;
}

void add_fields(PointCloud& cloud, std::span<const std::string> names,
                const FeatureResult& result) {
  std::vector<std::span<float>> fields;
  for (const std::string& name : names) {
    fields.push_back(cloud.add(name, FieldType::kFloat32).values<float>());
  }
  parallel_each(result.points.size(), kGrain, [&](std::size_t i) {
    for (std::size_t c = 0; c < fields.size(); ++c) {
      fields[c][result.points[i]] = result.values(i, c);
    }
  });
}

/// Says what the channels mean. LAS keeps of comments only those of the run, and describes fields
/// by what these say.
void add_comments(PointCloud& cloud, std::span<const std::string> names,
                  const FeatureResult& result, const FeatureSettings& settings,
                  const std::string& path) {
  std::vector<std::string>& comments = cloud.metadata().comments;
  Provenance origin = settings.made_by;
  const bool las = has_extension(path, ".las") || has_extension(path, ".laz");
  for (const std::string& note : result.notes) comments.push_back("ptattn-features: " + note);
  for (std::size_t c = 0; c < names.size(); ++c) {
    if (las) {
      origin.fields.push_back({names[c], result.meanings[c]});
    } else {
      comments.push_back(names[c] + " " + result.meanings[c]);
    }
  }
  add_provenance(cloud.metadata(), origin);
}

/// The rows of all points, zeros for those without features.
Matrix with_gaps(Matrix values, std::span<const std::size_t> points, std::size_t size) {
  if (points.size() == size) return values;
  Matrix all(size, values.cols());
  std::ranges::fill(all.values(), 0.0F);
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::copy_n(values.row(i), values.cols(), all.row(points[i]));
  }
  return all;
}

bool is_matrix(const std::string& path) {
  return has_extension(path, ".npy") || has_extension(path, ".safetensors");
}

}  // namespace

std::vector<std::string> field_names(const std::string& prefix, std::size_t count) {
  const std::size_t needed = std::to_string(count > 0 ? count - 1 : 0).size();
  const std::size_t digits = std::max(kLeastDigits, needed);
  std::vector<std::string> names;
  for (std::size_t c = 0; c < count; ++c) {
    const std::string number = std::to_string(c);
    names.push_back(prefix + std::string(digits - number.size(), '0') + number);
  }
  return names;
}

std::string name_lines(std::span<const std::string> fields, std::span<const std::string> meanings) {
  std::string lines;
  for (std::size_t c = 0; c < fields.size(); ++c) {
    lines.append(fields[c]).append("\t").append(meanings[c]).append("\n");
  }
  return lines;
}

void check_result(const FeatureSettings& settings, const Job& job, const PointCloud& cloud,
                  std::span<const std::string> fields) {
  const std::string path = job.output.string();
  if (is_matrix(path)) {
    if (!settings.colorize) return;
    throw Error(
        Fault::kUsage, "--colorize",
        "a matrix has no colours, expected a name ending in " + extension_list(kCloudExtensions));
  }
  refuse_taken_fields(cloud, fields, "--prefix");
  check_format(path, cloud, Encoding::kBinary, settings.clouds.las);
}

void write_result(const FeatureSettings& settings, const std::string& path, PointCloud& cloud,
                  FeatureResult result) {
  make_parent_folders(path);
  if (is_matrix(path)) {
    const Matrix all = with_gaps(std::move(result.values), result.points, cloud.size());
    if (has_extension(path, ".npy")) return write_npy(path, all);
    const auto replace = nlohmann::json::error_handler_t::replace;
    const std::string names = nlohmann::json(result.meanings).dump(-1, ' ', false, replace);
    const std::string origin = json_line(as_json(settings.made_by));
    return write_safetensors(path, "features", all, {{"names", names}, {"made_by", origin}});
  }
  const auto names = field_names(settings.prefix, result.values.cols());
  add_fields(cloud, names, result);
  add_comments(cloud, names, result, settings, path);
  if (settings.colorize) paint(cloud, colors_of(cloud, result), color_layout_of(path));
  result.values = Matrix();  // not needed while the file is written
  write_cloud(path, cloud, Encoding::kBinary, settings.clouds.las);
}

}  // namespace ptattn::tools
