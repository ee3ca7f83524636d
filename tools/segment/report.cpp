#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "../text.hpp"
#include "ptattn/core/json.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kNumberColumns = 4;
constexpr std::size_t kConfidenceColumns = 12;
constexpr double kConfidenceUnit = 1e6;  // six decimals
constexpr std::size_t kCountColumns = 12;
constexpr std::size_t kShareColumns = 9;

}  // namespace

void add_piece(const Segmentation& piece, double unsure_below, SegmentRecord& record) {
  record.points += piece.labels.size();
  record.stray += piece.strays.size();
  record.invalid -= piece.strays.size();
  if (unsure_below > 0.0 && !record.unsure_points) record.unsure_points = 0;
  for (std::size_t i = 0; i < piece.labels.size(); ++i) {
    if (piece.valid[i] && piece.confidence[i] < unsure_below) {
      ++*record.unsure_points;
    } else if (piece.valid[i]) {
      ++record.counts[piece.labels[i]];
      record.confidence[piece.labels[i]] += piece.confidence[i];
    } else {
      ++record.invalid;
    }
  }
}

void average_confidences(SegmentRecord& record) {
  for (std::size_t c = 0; c < record.counts.size(); ++c) {
    if (record.counts[c] > 0) record.confidence[c] /= static_cast<double>(record.counts[c]);
  }
}

SegmentRecord make_record(std::string path, std::string output, const Segmentation& result,
                          const SegmenterDescription& model, double unsure_below) {
  SegmentRecord record{.path = std::move(path),
                       .output = std::move(output),
                       .voxels = result.voxels,
                       .tiles = result.tiles};
  if (result.category) record.category = model.categories[*result.category];
  record.category_share = result.category_share;
  record.mean_confidence = result.mean_confidence;
  record.unsure_share = result.unsure_share;
  record.distance = result.distance;
  record.unusual = result.unusual;
  record.counts.assign(model.classes.size(), 0);
  record.confidence.assign(model.classes.size(), 0.0);
  add_piece(result, unsure_below, record);
  average_confidences(record);
  return record;
}

namespace {

std::string title_of(const SegmentRecord& record) {
  return record.path + " -> " + record.output + ": " + std::to_string(record.points) + " points, " +
         std::to_string(record.voxels) + " voxels" +
         (record.votes > 1 ? ", " + std::to_string(record.votes) + " votes" : "") +
         (record.category.empty() ? "" : ", " + record.category) + "\n";
}

std::string confidence_line(const SegmentRecord& record) {
  return std::string(kNumberColumns + 2, ' ') + "confidence: mean " +
         percent_text(record.mean_confidence) + ", below " + percent_text(kUnsure, 0) + " for " +
         percent_text(record.unsure_share) + " of the points" +
         (record.unusual ? "; unusual\n" : "\n");
}

}  // namespace

std::string as_table(const SegmentRecord& record, const SegmenterDescription& model) {
  std::size_t width = text_width("class");
  for (const std::string& name : model.classes) width = std::max(width, text_width(name));
  std::string text = title_of(record);
  text += std::string(kNumberColumns, ' ') + left_aligned("  class", width + 2) +
          right_aligned("points", kCountColumns) + right_aligned("share", kShareColumns) +
          right_aligned("confidence", kConfidenceColumns) + "\n";
  const std::size_t valid = std::max<std::size_t>(record.points - record.invalid - record.stray, 1);
  const auto line = [&](const std::string& label, const std::string& name, std::size_t count) {
    text += right_aligned(label, kNumberColumns) + "  " + left_aligned(name, width) +
            right_aligned(std::to_string(count), kCountColumns);
  };
  for (std::size_t c = 0; c < record.counts.size(); ++c) {
    // Of a model's many parts, those of the object at hand.
    const bool proven = model.reliability.proves(c);
    if ((!record.category.empty() || !proven) && record.counts[c] == 0) continue;
    line(std::to_string(c), model.classes[c], record.counts[c]);
    const double share = static_cast<double>(record.counts[c]) / static_cast<double>(valid);
    text += right_aligned(percent_text(share), kShareColumns);
    if (record.counts[c] > 0) {
      text += right_aligned(percent_text(record.confidence[c]), kConfidenceColumns);
    }
    text += proven ? "\n" : "  not found in validation\n";
  }
  const auto count_without_class = [&](const char* name, std::size_t count) {
    line("", name, count);
    text += "\n";
  };
  if (record.unsure_points) count_without_class("unsure", *record.unsure_points);
  if (record.invalid > 0) count_without_class("invalid", record.invalid);
  if (record.stray > 0) count_without_class("stray", record.stray);
  for (const InstanceCount& count : record.instances) {
    text += std::string(kNumberColumns + 2, ' ') + std::to_string(count.things) + " instances of " +
            model.classes[count.class_number] + "\n";
  }
  return text + confidence_line(record);
}

nlohmann::ordered_json as_json(const SegmentRecord& record, const SegmenterDescription& model) {
  const auto rounded = [](double x) { return std::round(x * kConfidenceUnit) / kConfidenceUnit; };
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  json["output"] = record.output;
  json["points"] = record.points;
  json["invalid"] = record.invalid;
  if (record.stray > 0) json["stray"] = record.stray;
  if (!record.category.empty()) json["category"] = record.category;
  if (record.category_share) json["category_share"] = rounded(*record.category_share);
  json["voxels"] = record.voxels;
  json["tiles"] = record.tiles;
  if (record.votes > 1) json["votes"] = record.votes;
  for (std::size_t c = 0; c < record.counts.size(); ++c) {
    object_at(json, "classes")[model.classes[c]] = record.counts[c];
  }
  for (std::size_t c = 0; c < record.counts.size(); ++c) {
    object_at(json, "confidence")[model.classes[c]] =
        std::round(record.confidence[c] * kConfidenceUnit) / kConfidenceUnit;
  }
  for (const std::size_t c : model.reliability.unproven) {
    array_at(json, "unproven_classes").push_back(model.classes[c]);
  }
  json["mean_confidence"] = rounded(record.mean_confidence);
  json["unsure_share"] = rounded(record.unsure_share);
  if (record.distance) json["distance"] = rounded(*record.distance);
  json["unusual"] = record.unusual;
  for (const InstanceCount& count : record.instances) {
    object_at(json, "instances")[model.classes[count.class_number]] = count.things;
  }
  if (record.unsure_points) json["unsure_points"] = *record.unsure_points;
  return json;
}

}  // namespace ptattn::tools
