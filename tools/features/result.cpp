#include "result.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "../format.hpp"
#include "../made_by.hpp"
#include "../target.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/cloud_writer.hpp"
#include "ptattn/io/matrix_io.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kLeastDigits = 3;
constexpr std::size_t kGrain = 4096;  // points a task
constexpr const char* kTensor = "features";

/// Colours of all points of the cloud.
std::vector<Rgb> colors_of(const PointCloud& cloud, const FeatureResult& result,
                           const PcaColors& by) {
  const std::vector<Rgb> found = by(result.values);
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

namespace {

/// Returns whether the output is a cloud, whose fields are new.
bool is_new_cloud(const FeatureSettings& settings, const std::string& path, const PointCloud& cloud,
                  std::span<const std::string> fields) {
  if (is_matrix(path)) {
    if (!settings.colorize) return false;
    throw Error(
        Fault::kUsage, "--colorize",
        "a matrix has no colours, expected a name ending in " + extension_list(kCloudExtensions));
  }
  refuse_taken_fields(cloud, fields, "--prefix");
  return true;
}

/// What a safetensors file says beside the values.
std::map<std::string, std::string> texts_of(const FeatureSettings& settings,
                                            const FeatureResult& result) {
  const auto replace = nlohmann::json::error_handler_t::replace;
  return {{"names", nlohmann::json(result.meanings).dump(-1, ' ', false, replace)},
          {"made_by", json_line(as_json(settings.made_by))}};
}

}  // namespace

void check_result(const FeatureSettings& settings, const Job& job, const PointCloud& cloud,
                  std::span<const std::string> fields) {
  const std::string path = job.output.string();
  if (!is_new_cloud(settings, path, cloud, fields)) return;
  check_format(path, cloud, Encoding::kBinary, settings.clouds.las);
}

void check_pieces(const FeatureSettings& settings, const Job& job, const PointCloud& head,
                  const CloudShape& shape, std::span<const std::string> fields) {
  const std::string path = job.output.string();
  if (!is_new_cloud(settings, path, head, fields)) return;
  check_piecewise_format(path, head, shape, settings.clouds.las);
}

void write_result(const FeatureSettings& settings, const std::string& path, PointCloud& cloud,
                  FeatureResult result) {
  make_parent_folders(path);
  if (is_matrix(path)) {
    const Matrix all = with_gaps(std::move(result.values), result.points, cloud.size());
    if (has_extension(path, ".npy")) return write_npy(path, all);
    return write_safetensors(path, kTensor, all, texts_of(settings, result));
  }
  const auto names = field_names(settings.prefix, result.values.cols());
  add_fields(cloud, names, result);
  add_comments(cloud, names, result, settings, path);
  if (settings.colorize) {
    paint(cloud, colors_of(cloud, result, PcaColors(result.values)), color_layout_of(path));
  }
  result.values = Matrix();  // not needed while the file is written
  write_cloud(path, cloud, Encoding::kBinary, settings.clouds.las);
}

struct ResultWriter::Parts {
  std::vector<std::string> names;  // of the fields
  const PcaColors* colors;
  ColorLayout layout;
  std::optional<MatrixWriter> matrix{};
  std::optional<CloudWriter> cloud{};

  Parts(std::vector<std::string> fields, const PcaColors* by, ColorLayout of_colors)
      : names(std::move(fields)), colors(by), layout(of_colors) {}

  void add_to(PointCloud& piece, const FeatureResult& result) const {
    add_fields(piece, names, result);
    if (colors != nullptr) paint(piece, colors_of(piece, result, *colors), layout);
  }
};

ResultWriter::ResultWriter(const FeatureSettings& settings, const std::string& path,
                           PointCloud head, const CloudShape& shape, const FeatureResult& result,
                           const PcaColors* colors)
    : parts_(std::make_unique<Parts>(field_names(settings.prefix, result.meanings.size()), colors,
                                     color_layout_of(path))) {
  make_parent_folders(path);
  const auto rows = static_cast<std::size_t>(shape.size());
  if (has_extension(path, ".npy")) {
    parts_->matrix.emplace(path, rows, parts_->names.size());
  } else if (is_matrix(path)) {
    parts_->matrix.emplace(path, rows, parts_->names.size(), kTensor, texts_of(settings, result));
  } else {
    parts_->add_to(head, result);
    add_comments(head, parts_->names, result, settings, path);
    parts_->cloud.emplace(path, head, shape, settings.clouds.las);
  }
}

ResultWriter::~ResultWriter() = default;

void ResultWriter::append(PointCloud& piece, std::span<const std::size_t> points, Matrix values) {
  if (parts_->matrix) {
    parts_->matrix->append(with_gaps(std::move(values), points, piece.size()));
    return;
  }
  parts_->add_to(piece,
                 {.meanings = {}, .notes = {}, .points = points, .values = std::move(values)});
  parts_->cloud->append(piece);
}

void ResultWriter::commit() {
  if (parts_->matrix) parts_->matrix->commit();
  if (parts_->cloud) parts_->cloud->commit();
}

}  // namespace ptattn::tools
