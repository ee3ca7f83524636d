#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "../cloud_options.hpp"
#include "../format.hpp"
#include "../made_by.hpp"
#include "../text.hpp"
#include "ptattn/core/json.hpp"

namespace ptattn::tools {
namespace {

constexpr double kFractionUnit = 1e9;  // nine decimals
constexpr int kCsvDecimals = 9;
constexpr const char* kGap = "  ";

/// Rows of cells: the first column to the left, the others to the right, each as wide as its
/// widest cell.
std::string grid(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows) {
    for (std::size_t j = 0; j < row.size(); ++j) {
      widths[j] = std::max(widths[j], text_width(row[j]));
    }
  }
  std::string text;
  for (const auto& row : rows) {
    text += left_aligned(row[0], widths[0]);
    for (std::size_t j = 1; j < row.size(); ++j) text += kGap + right_aligned(row[j], widths[j]);
    text += '\n';
  }
  return text;
}

std::string percent(std::optional<double> fraction) {
  return fraction ? percent_text(*fraction, 2) : "-";
}

std::string kappa(const Metrics& metrics) {
  return metrics.kappa ? fixed_text(*metrics.kappa, 4) : "-";
}

bool predicts_none(const ConfusionMatrix& confusion) {
  for (std::size_t i = 0; i < confusion.classes(); ++i) {
    if (confusion(i, confusion.none()) > 0) return true;
  }
  return false;
}

std::string summary(const Report& report, const Metrics& metrics) {
  std::vector<std::vector<std::string>> rows{
      {report.items, std::to_string(metrics.items)},
      {"ignored " + report.items, std::to_string(report.ignored)},
      {"overall accuracy", percent(metrics.overall_accuracy)},
      {"mean accuracy", percent(metrics.mean_accuracy)},
      {"mean IoU", percent(metrics.mean_iou)},
      {"mean F1", percent(metrics.mean_f1)},
      {"kappa", kappa(metrics)}};
  if (report.ground) {
    const GroundErrors errors = ground_errors(report.confusion, *report.ground);
    rows.push_back({"type I error (ground lost)", percent(errors.type1)});
    rows.push_back({"type II error (objects kept)", percent(errors.type2)});
    rows.push_back({"total error", percent(errors.total)});
  }
  return grid(rows);
}

std::string class_table(const Report& report, const Metrics& metrics) {
  std::vector<std::vector<std::string>> rows{
      {"class", "truth", "predicted", "IoU", "precision", "recall", "F1"}};
  for (std::size_t i = 0; i < report.classes.size(); ++i) {
    const ClassMetrics& c = metrics.classes[i];
    rows.push_back({report.classes[i], std::to_string(c.truth), std::to_string(c.predicted),
                    percent(c.iou), percent(c.precision), percent(c.recall), percent(c.f1)});
  }
  return grid(rows);
}

std::string confusion_table(const Report& report) {
  const ConfusionMatrix& confusion = report.confusion;
  const std::size_t columns = confusion.classes() + (predicts_none(confusion) ? 1 : 0);
  std::vector<std::vector<std::string>> rows{{"truth \\ predicted"}};
  rows[0].insert(rows[0].end(), report.classes.begin(), report.classes.end());
  if (columns > confusion.classes()) rows[0].emplace_back("(none)");
  for (std::size_t i = 0; i < confusion.classes(); ++i) {
    std::vector<std::string>& row = rows.emplace_back(1, report.classes[i]);
    for (std::size_t j = 0; j < columns; ++j) row.push_back(std::to_string(confusion(i, j)));
  }
  return grid(rows);
}

std::string input_table(const Report& report) {
  std::vector<std::vector<std::string>> rows{{"input", report.items, "ignored", "accuracy", "IoU"}};
  for (const InputReport& input : report.inputs) {
    rows.push_back({input.name, std::to_string(input.metrics.items), std::to_string(input.ignored),
                    percent(input.metrics.overall_accuracy), percent(input.metrics.mean_iou)});
  }
  return grid(rows);
}

/// A bin of a reliability table with the range that it stands for.
struct BinRange {
  double low;
  double high;
  const ReliabilityTable::Bin& bin;
};

std::vector<BinRange> filled_bins(const ReliabilityTable& table) {
  constexpr auto kBins = static_cast<double>(ReliabilityTable::kBins);
  std::vector<BinRange> ranges;
  for (std::size_t b = 0; b < ReliabilityTable::kBins; ++b) {
    const auto low = static_cast<double>(b);
    if (table.bins()[b].items > 0) {
      ranges.push_back({low / kBins, (low + 1.0) / kBins, table.bins()[b]});
    }
  }
  return ranges;
}

std::string reliability_table(const ReliabilityTable& table, const std::string& items) {
  std::vector<std::vector<std::string>> rows{{"confidence", items, "mean confidence", "accuracy"}};
  for (const BinRange& range : filled_bins(table)) {
    rows.push_back({percent_text(range.low, 0) + " to " + percent_text(range.high, 0),
                    std::to_string(range.bin.items), percent(range.bin.mean_confidence()),
                    percent(range.bin.accuracy())});
  }
  return grid(rows) + "expected calibration error  " + percent(table.expected_error()) +
         "\nlargest calibration error  " + percent(table.largest_error()) + "\n";
}

std::string reliability_csv(const ReliabilityTable& table) {
  std::string text = "low,high,items,confidence,accuracy\n";
  for (const BinRange& range : filled_bins(table)) {
    text += fixed_text(range.low, kCsvDecimals) + "," + fixed_text(range.high, kCsvDecimals) + "," +
            std::to_string(range.bin.items) + "," +
            fixed_text(range.bin.mean_confidence(), kCsvDecimals) + "," +
            fixed_text(range.bin.accuracy(), kCsvDecimals) + "\n";
  }
  return text;
}

nlohmann::ordered_json fraction(std::optional<double> value) {
  if (!value) return nullptr;
  return std::round(*value * kFractionUnit) / kFractionUnit;
}

nlohmann::ordered_json overall(const Metrics& metrics) {
  return {{"overall_accuracy", fraction(metrics.overall_accuracy)},
          {"mean_accuracy", fraction(metrics.mean_accuracy)},
          {"mean_iou", fraction(metrics.mean_iou)},
          {"mean_f1", fraction(metrics.mean_f1)},
          {"kappa", fraction(metrics.kappa)}};
}

nlohmann::ordered_json class_objects(const Report& report, const Metrics& metrics) {
  nlohmann::ordered_json classes = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < report.classes.size(); ++i) {
    const ClassMetrics& c = metrics.classes[i];
    classes.push_back({{"name", report.classes[i]},
                       {"truth", c.truth},
                       {"predicted", c.predicted},
                       {"iou", fraction(c.iou)},
                       {"precision", fraction(c.precision)},
                       {"recall", fraction(c.recall)},
                       {"f1", fraction(c.f1)}});
  }
  return classes;
}

nlohmann::ordered_json reliability_object(const ReliabilityTable& table) {
  nlohmann::ordered_json bins = nlohmann::ordered_json::array();
  for (const BinRange& range : filled_bins(table)) {
    bins.push_back({{"low", fraction(range.low)},
                    {"high", fraction(range.high)},
                    {"items", range.bin.items},
                    {"confidence", fraction(range.bin.mean_confidence())},
                    {"accuracy", fraction(range.bin.accuracy())}});
  }
  return {{"expected_calibration_error", fraction(table.expected_error())},
          {"largest_calibration_error", fraction(table.largest_error())},
          {"bins", std::move(bins)}};
}

nlohmann::ordered_json confusion_rows(const ConfusionMatrix& confusion) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < confusion.classes(); ++i) {
    nlohmann::ordered_json row = nlohmann::ordered_json::array();
    for (std::size_t j = 0; j <= confusion.classes(); ++j) row.push_back(confusion(i, j));
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

std::string table_text(const Report& report) {
  const Metrics metrics = evaluate(report.confusion);
  std::string text = summary(report, metrics) + "\n" + class_table(report, metrics) + "\n" +
                     confusion_table(report);
  if (report.reliability) {
    text.append("\n").append(reliability_table(*report.reliability, report.items));
  }
  if (!report.inputs.empty()) text.append("\n").append(input_table(report));
  return text;
}

std::string csv_text(const Report& report) {
  if (report.reliability) return reliability_csv(*report.reliability);
  std::string text = "class,truth,predicted,iou,precision,recall,f1\n";
  const Metrics metrics = evaluate(report.confusion);
  const auto cell = [](std::optional<double> value) {
    std::string shown(1, ',');
    return value ? shown.append(fixed_text(*value, kCsvDecimals)) : shown;
  };
  for (std::size_t i = 0; i < report.classes.size(); ++i) {
    const ClassMetrics& c = metrics.classes[i];
    text += csv_field(report.classes[i]) + "," + std::to_string(c.truth) + "," +
            std::to_string(c.predicted) + cell(c.iou) + cell(c.precision) + cell(c.recall) +
            cell(c.f1) + "\n";
  }
  return text;
}

std::string json_text(const Report& report) {
  const Metrics metrics = evaluate(report.confusion);
  nlohmann::ordered_json object{{report.items, metrics.items}, {"ignored", report.ignored}};
  object.update(overall(metrics));
  if (report.ground) {
    const GroundErrors errors = ground_errors(report.confusion, *report.ground);
    object["ground"] = {{"class", report.classes[*report.ground]},
                        {"type_1_error", fraction(errors.type1)},
                        {"type_2_error", fraction(errors.type2)},
                        {"total_error", fraction(errors.total)}};
  }
  object["classes"] = class_objects(report, metrics);
  object["confusion"] = confusion_rows(report.confusion);
  if (report.reliability) object["reliability"] = reliability_object(*report.reliability);
  for (const InputReport& input : report.inputs) {
    nlohmann::ordered_json entry{
        {"path", input.name}, {report.items, input.metrics.items}, {"ignored", input.ignored}};
    entry.update(overall(input.metrics));
    array_at(object, "inputs").push_back(std::move(entry));
  }
  if (!report.warnings.empty()) object["warnings"] = as_json(report.warnings);
  if (!report.made_by.tool.empty()) object["made_by"] = as_json(report.made_by);
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace ptattn::tools
