#include "log.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <system_error>

#include <nlohmann/json.hpp>

#include "../output.hpp"
#include "../text.hpp"
#include "../text_file.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/json.hpp"

namespace ptattn::tools {
namespace {

using Json = nlohmann::ordered_json;

double rounded(double value, double digits = 1e6) {
  return std::round(value * digits) / digits;
}

}  // namespace

TrainLog::TrainLog(const std::filesystem::path& path, std::uint64_t last_step,
                   std::uint64_t last_validation)
    : path_(path) {
  std::error_code ignored;
  const std::string text = std::filesystem::exists(path, ignored) ? read_text_file(path) : "";
  std::string kept;
  std::string_view rest = text;
  for (std::string_view line; take_line(rest, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    const bool validation = json.is_object() && json.contains("score");
    const std::uint64_t last = validation ? last_validation : last_step;
    if (!json.is_object() || json.value("step", last + 1) > last) continue;
    if (json.value("final", false)) continue;  // measured anew at the end
    kept.append(line).append("\n");
    const std::uint64_t step = json.value("step", std::uint64_t{0});
    if (validation) {
      validations_.push_back({.step = step,
                              .minutes = json.value("minutes", 0.0),
                              .part = json.value("part", std::string("selection")),
                              .measure = json.value("measure", std::string()),
                              .score = json.value("score", 0.0),
                              .calibration_error = json.value("calibration_error", 0.0),
                              .ious = {}});
    } else {
      curve_.push_back({step, json.value("minutes", 0.0), json.value("loss", 0.0),
                        json.value("cross_entropy", 0.0), json.value("learning_rate", 0.0),
                        json.value("gradient_norm", 0.0), json.value("steps_per_second", 0.0)});
    }
  }
  Output output = Output::replacing(path);
  output.write(kept);
  output.commit();
}

void TrainLog::append(const std::string& line) {
  std::ofstream file(path_, std::ios::app);
  file << line << "\n" << std::flush;
  if (!file) {
    throw Error(Fault::kInput, path_.string(),
                "cannot be written: " + std::generic_category().message(errno));
  }
}

void TrainLog::add(const CurvePoint& point) {
  curve_.push_back(point);
  append(Json{{"step", point.step},
              {"minutes", rounded(point.minutes, 100)},
              {"loss", rounded(point.loss)},
              {"cross_entropy", rounded(point.cross_entropy)},
              {"learning_rate", rounded(point.learning_rate, 1e9)},
              {"gradient_norm", rounded(point.gradient_norm, 1e4)},
              {"steps_per_second", rounded(point.steps_per_second, 1e3)}}
             .dump());
}

std::string TrainLog::jumps() const {
  constexpr double kLargest = 25.0;
  constexpr std::size_t kRarely = 5;
  const auto large = static_cast<std::size_t>(std::ranges::count_if(
      curve_, [](const CurvePoint& point) { return !(point.gradient_norm < kLargest); }));
  if (large * kRarely < curve_.size() || large == 0) return "";
  return "gradients jumped in " +
         percent_text(static_cast<double>(large) / static_cast<double>(curve_.size())) +
         " of the run (norms above " + fixed_text(kLargest, 0) +
         "): parts of the network may have gone to waste, and a lower --learning-rate or "
         "--block-rate, or other weights to begin with, may give a better model";
}

void TrainLog::add(const ValidationPoint& point, const std::vector<std::string>& classes,
                   const std::vector<train::CloudScores>& clouds) {
  if (!point.is_final) validations_.push_back(point);
  Json json{{"step", point.step},
            {"minutes", rounded(point.minutes, 100)},
            {"part", point.part},
            {"measure", point.measure},
            {"score", rounded(point.score, 1e4)},
            {"calibration_error", rounded(point.calibration_error, 1e4)}};
  if (point.is_final) json["final"] = true;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    if (point.ious[c] >= 0.0) object_at(json, "iou")[classes[c]] = rounded(point.ious[c], 1e4);
  }
  for (const train::CloudScores& cloud : clouds) {
    object_at(json, "clouds")[cloud.name] = rounded(cloud.scores.mean_iou(), 1e4);
  }
  append(json.dump());
}

}  // namespace ptattn::tools
