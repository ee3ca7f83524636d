#include "record.hpp"

#include <cmath>

#include "../cloud_options.hpp"
#include "../format.hpp"
#include "../made_by.hpp"
#include "../text.hpp"

namespace ptattn::tools {
namespace {

constexpr double kProbabilityUnit = 1e6;  // six decimals
constexpr double kSecondsUnit = 1e4;      // a tenth of a millisecond
constexpr double kStrangenessUnit = 1e3;  // three decimals

double rounded(double value, double unit) {
  return std::round(value * unit) / unit;
}

class JsonlFormat : public RecordFormat {
 public:
  explicit JsonlFormat(MadeBy made_by) : made_by_(std::move(made_by)) {}

  std::string header() const override { return {}; }

  std::string line(const Record& record) const override {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    object["path"] = record.path;
    if (record.points) object["points"] = *record.points;
    if (record.failed()) {
      object["error"] = record.error;
    } else {
      object["class"] = record.class_name();
      object["confidence"] = rounded(record.top_k.front().second, kProbabilityUnit);
      nlohmann::ordered_json ranking = nlohmann::ordered_json::array();
      for (const auto& [name, probability] : record.top_k) {
        ranking.push_back({name, rounded(probability, kProbabilityUnit)});
      }
      object["top_k"] = std::move(ranking);
      object["up"] = record.up;
      if (record.strangeness) {
        object["strangeness"] = rounded(*record.strangeness, kStrangenessUnit);
      }
      if (record.unusual) object["unusual"] = *record.unusual;
      if (!record.warnings.empty()) object["warnings"] = as_json(record.warnings);
    }
    if (record.seconds) object["seconds"] = rounded(*record.seconds, kSecondsUnit);
    object["model"] = made_by_.model;
    if (made_by_.precision != Precision::kFloat32)
      object["precision"] = name_of(made_by_.precision);
    if (!made_by_.run.tool.empty()) object["made_by"] = as_json(made_by_.run);
    return json_line(object) + "\n";
  }

 private:
  MadeBy made_by_;
};

class JsonFormat final : public JsonlFormat {
 public:
  using JsonlFormat::JsonlFormat;

  std::string header() const override { return "[\n"; }
  std::string line(const Record& record) const override {
    std::string text = JsonlFormat::line(record);
    text.pop_back();  // the newline
    return text;
  }
  std::string between() const override { return ",\n"; }
  std::string footer() const override { return "\n]\n"; }
};

class CsvFormat final : public RecordFormat {
 public:
  CsvFormat(MadeBy made_by, std::size_t top_k, bool timing)
      : made_by_(std::move(made_by)), top_k_(top_k), timing_(timing) {}

  std::string header() const override {
    std::string text = "path,points,class,confidence";
    for (std::size_t rank = 2; rank <= top_k_; ++rank) {
      const std::string number = std::to_string(rank);
      text.append(",class_").append(number).append(",confidence_").append(number);
    }
    text += timing_ ? ",up,seconds,model" : ",up,model";
    return text + (shows_precision() ? ",precision,error\n" : ",error\n");
  }

  std::string line(const Record& record) const override {
    std::vector<std::string> cells{record.path,
                                   record.points ? std::to_string(*record.points) : ""};
    for (std::size_t rank = 0; rank < top_k_; ++rank) {
      const bool present = rank < record.top_k.size();
      const bool best = present && rank == 0;
      cells.push_back(best ? record.class_name() : present ? record.top_k[rank].first : "");
      cells.push_back(present ? fixed_text(record.top_k[rank].second, 6) : "");
    }
    cells.push_back(record.up);
    if (timing_) cells.push_back(record.seconds ? fixed_text(*record.seconds, 4) : "");
    cells.push_back(made_by_.model);
    if (shows_precision()) cells.emplace_back(name_of(made_by_.precision));
    cells.push_back(record.error);
    std::string text;
    for (const std::string& cell : cells) text.append(csv_field(cell)).push_back(',');
    text.back() = '\n';
    return text;
  }

 private:
  bool shows_precision() const { return made_by_.precision != Precision::kFloat32; }

  MadeBy made_by_;
  std::size_t top_k_;
  bool timing_;
};

}  // namespace

std::string as_json_text(std::string_view text) {
  return nlohmann::json::parse(json_line(std::string(text))).get<std::string>();
}

std::unique_ptr<RecordFormat> make_jsonl_format(MadeBy made_by) {
  return std::make_unique<JsonlFormat>(std::move(made_by));
}

std::unique_ptr<RecordFormat> make_json_format(MadeBy made_by) {
  return std::make_unique<JsonFormat>(std::move(made_by));
}

std::unique_ptr<RecordFormat> make_csv_format(MadeBy made_by, std::size_t top_k, bool timing) {
  return std::make_unique<CsvFormat>(std::move(made_by), top_k, timing);
}

}  // namespace ptattn::tools
