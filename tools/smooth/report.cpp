#include "report.hpp"

#include <array>
#include <charconv>

#include "../text.hpp"
#include "ptattn/core/json.hpp"

namespace ptattn::tools {
namespace {

using Json = nlohmann::ordered_json;

/// Four significant digits.
std::string digits(double value) {
  std::array<char, 32> text;
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, 4);
  return {text.data(), end.ptr};
}

FileReport general(const Job& job, std::size_t points) {
  FileReport report{.points = points};
  report.json["output"] = job.output.string();
  report.json["points"] = points;
  report.table = job.input.path.string() + " -> " + job.output.string() + ": " +
                 std::to_string(points) + " points\n";
  return report;
}

std::string origin(const SmoothSettings& s) {
  return s.bandwidth ? "given" : "by leave-one-out";
}

std::string text_of(const SmoothSettings& s, const SmoothedRecord& r) {
  if (!(r.bandwidth > 0.0)) return r.what + ": nothing to smooth";
  if (r.labels > 0) {
    const auto of = static_cast<double>(r.labels);
    return r.what + ": labels, smoothed by a vote; bandwidth " + digits(r.bandwidth) + " (" +
           origin(s) + "), " + percent_text(static_cast<double>(r.changed) / of, 2) + " of " +
           std::to_string(r.labels) + " labels changed";
  }
  const bool coordinates = r.what == "coordinates";
  std::string text = r.what + ": bandwidth " + digits(r.bandwidth) + " (" + origin(s) +
                     "), leave-one-out " + (coordinates ? "distance " : "error ") +
                     digits(r.leave_one_out);
  if (coordinates) text += ", points moved by " + digits(r.moved);
  return text;
}

std::string text_of(const SmoothSettings& s, const TransferRecord& r) {
  std::string text = r.field + ": bandwidth " + digits(r.bandwidth) + " (" + origin(s) +
                     "), heights weigh " + digits(r.vertical);
  for (const auto& [name, weight] : r.features) text += ", " + name + " " + digits(weight);
  text += r.categorical ? "; leave-one-out " + percent_text(r.leave_one_out, 2) + " right"
                        : "; leave-one-out error " + digits(r.leave_one_out);
  if (r.unknown > 0) text += "; " + std::to_string(r.unknown) + " points unknown";
  return text;
}

}  // namespace

FileReport report_of(const SmoothSettings& s, const Job& job, std::size_t points,
                     const std::vector<SmoothedRecord>& records) {
  FileReport report = general(job, points);
  report.json["smoothed"] = Json::array();
  for (const SmoothedRecord& r : records) {
    Json item = Json::object();
    item["what"] = r.what;
    item["bandwidth"] = r.bandwidth;
    item["bandwidth_given"] = s.bandwidth.has_value();
    item["leave_one_out"] = r.leave_one_out;
    if (r.what == "coordinates") item["moved"] = r.moved;
    if (r.labels > 0) {
      item["labels"] = r.labels;
      item["changed"] = r.changed;
    }
    array_at(report.json, "smoothed").push_back(item);
    report.table += "  " + text_of(s, r) + "\n";
  }
  return report;
}

FileReport report_of(const SmoothSettings& s, const Job& job, std::size_t points,
                     const TransferRecord& r) {
  FileReport report = general(job, points);
  Json& json = report.json;
  json["from"] = s.from;
  json["field"] = r.field;
  json["kind"] = r.categorical ? "categorical" : "numeric";
  json["known_points"] = r.known;
  if (r.categorical) json["classes"] = r.classes;
  json["bandwidth"] = r.bandwidth;
  json["bandwidth_given"] = s.bandwidth.has_value();
  json["vertical"] = r.vertical;
  json["features"] = Json::object();
  for (const auto& [name, weight] : r.features) object_at(json, "features")[name] = weight;
  json[r.categorical ? "leave_one_out_right" : "leave_one_out_error"] = r.leave_one_out;
  json["unknown_points"] = r.unknown;
  report.table += "  " + text_of(s, r) + "\n";
  return report;
}

}  // namespace ptattn::tools
