#include "report.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "../cloud_options.hpp"
#include "../text.hpp"
#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/cloud/orientation.hpp"
#include "ptattn/core/json.hpp"
#include "ptattn/core/text.hpp"

namespace ptattn::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostClassesShown = 24;

/// A number of at most `digits` significant digits. Fifteen tell decimal numbers apart and leave
/// out what scaling adds to them: 9 times 0.0001 is 0.0009000000000000001.
std::string number_text(double value, int digits = 6) {
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                                 std::chars_format::general, digits);
  return {text.data(), end.ptr};
}

/// "name  words" lines with the names aligned.
class Lines {
 public:
  void add(std::string name, std::string words) {
    if (!words.empty()) lines_.emplace_back(std::move(name), std::move(words));
  }
  [[nodiscard]] std::string text() const {
    std::size_t width = 0;
    for (const auto& [name, words] : lines_) width = std::max(width, text_width(name));
    std::string text;
    for (const auto& [name, words] : lines_) {
      text += "  " + left_aligned(name, width) + "  " + words + "\n";
    }
    return text;
  }

 private:
  std::vector<std::pair<std::string, std::string>> lines_;
};

/// What a range of a type is told apart by; integers are written whole.
int digits_of(const std::string& type) {
  if (type.starts_with("float32")) return std::numeric_limits<float>::digits10 + 2;
  if (type.starts_with("float64")) return std::numeric_limits<double>::digits10;
  return std::numeric_limits<double>::max_digits10;
}

std::string range_text(const FieldFacts& field) {
  const int digits = digits_of(field.type);
  if (field.low == field.high) return number_text(field.low, digits);
  return number_text(field.low, digits) + " to " + number_text(field.high, digits);
}

std::string meaning_text(const FieldFacts& field, std::size_t points) {
  std::string text = field.meaning;
  const auto add = [&](const std::string& words) { text += (text.empty() ? "" : ", ") + words; };
  if (field.not_numbers > 0) add(std::to_string(field.not_numbers) + " NaN or infinite");
  if (points > 1 && field.low == field.high && field.not_numbers == 0) {
    add("the same everywhere");
  }
  return text;
}

std::string field_table(const CloudFacts& facts) {
  std::array<std::size_t, 3> widths{5, 4, 6};
  for (const FieldFacts& field : facts.fields) {
    widths[0] = std::max(widths[0], text_width(field.name));
    widths[1] = std::max(widths[1], field.type.size());
    widths[2] = std::max(widths[2], range_text(field).size());
  }
  const auto row = [&](const std::string& name, const std::string& type, const std::string& range,
                       const std::string& meaning) {
    std::string line = "  " + left_aligned(name, widths[0]) + "  " + left_aligned(type, widths[1]) +
                       "  " + left_aligned(range, widths[2]) + "  " + meaning;
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
  };
  std::string text = row("field", "type", "values", "meaning");
  for (const FieldFacts& field : facts.fields) {
    text += row(field.name, field.type, range_text(field), meaning_text(field, facts.points));
  }
  return text;
}

void add_classes(const CloudFacts& facts, Lines& lines) {
  for (const FieldFacts& field : facts.fields) {
    std::vector<std::string> classes;
    for (const auto& [code, points] : field.classes) {
      const std::string name = names_asprs_codes(field.name) ? asprs_name(code) : "";
      classes.push_back(std::to_string(code) + (name.empty() ? "" : " " + name) + ": " +
                        std::to_string(points));
    }
    if (classes.size() > kMostClassesShown) {
      const std::string rest = std::to_string(classes.size() - kMostClassesShown) + " more";
      classes.resize(kMostClassesShown);
      classes.push_back(rest);
    }
    lines.add(field.name, comma_joined(classes));
  }
}

void add_las(const CloudFacts& facts, Lines& lines) {
  if (!facts.las) return;
  const LasFacts& las = *facts.las;
  lines.add("LAS", las.version + ", point format " + std::to_string(las.point_format) +
                       ", steps of " + number_text(las.scale[0]) + " " + number_text(las.scale[1]) +
                       " " + number_text(las.scale[2]));
  for (const std::string& record : las.records) lines.add("record", record);
}

/// Which side is up is guessed from the ground, which an object does not have.
bool knows_up(const CloudFacts& facts, bool is_scene) {
  return is_scene && facts.pose && facts.pose->is_flat();
}

void add_up(const CloudFacts& facts, bool is_scene, Lines& lines) {
  if (!is_scene) {
    lines.add("up",
              "not known of an object: --up auto tries all six directions; leave it out where z is "
              "up, which is surer");
  } else if (!knows_up(facts, is_scene)) {
    lines.add("up", "unknown, not flat along any axis");
  } else {
    lines.add("up", std::string(name_of(facts.pose->up)) + ", it seems");
    if (facts.pose->tilt >= 3.0) {
      lines.add("ground",
                "tilted by " + std::to_string(std::lround(facts.pose->tilt)) + " degrees");
    }
  }
}

void add_shape(const CloudFacts& facts, bool is_scene, Lines& lines) {
  if (facts.finite == 0) return;
  const Position size = facts.bounds.extent();
  lines.add("extent",
            number_text(size[0]) + " x " + number_text(size[1]) + " x " + number_text(size[2]));
  lines.add("spacing", number_text(facts.spacing) +
                           (knows_up(facts, is_scene)
                                ? ", " + number_text(std::round(facts.pose->density * 100) / 100) +
                                      " points per square unit"
                                : ""));
  add_up(facts, is_scene, lines);
  std::string system = facts.system.name;
  if (facts.system.geographic) system += (system.empty() ? "" : ", ") + std::string("degrees");
  lines.add("system", system);
}

std::string unit_text(const CloudFacts& facts, bool is_scene) {
  if (!facts.unit.reason.empty()) return facts.unit.unit + " (" + facts.unit.reason + ")";
  if (facts.system.metres == 1.0) return "m";
  return is_scene ? "m, it seems" : "any";
}

Json las_json(const LasFacts& las) {
  return {{"version", las.version},
          {"point_format", las.point_format},
          {"scale", las.scale},
          {"offset", las.offset},
          {"records", las.records}};
}

Json fields_json(const CloudFacts& facts) {
  Json list = Json::array();
  for (const FieldFacts& field : facts.fields) {
    Json json{{"name", field.name}, {"type", field.type}, {"low", field.low}, {"high", field.high}};
    if (field.not_numbers > 0) json["not_numbers"] = field.not_numbers;
    if (!field.meaning.empty()) json["meaning"] = field.meaning;
    for (const auto& [code, points] : field.classes)
      object_at(json, "classes")[std::to_string(code)] = points;
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace

std::string as_text(const std::string& path, const CloudFacts& facts, const Advice& advice) {
  const bool is_scene = advice.kind == "scene";
  std::string text = path + ": " + std::to_string(facts.points) + " points";
  if (facts.height > 1) {
    text += " (" + std::to_string(facts.width) + " x " + std::to_string(facts.height) + ")";
  }
  if (facts.finite < facts.points) {
    text += ", " + std::to_string(facts.points - facts.finite) + " without finite coordinates";
  }
  text += "\n" + field_table(facts);
  Lines lines;
  add_classes(facts, lines);
  add_las(facts, lines);
  add_shape(facts, is_scene, lines);
  lines.add("unit", unit_text(facts, is_scene));
  for (const std::string& line : facts.made_by) lines.add("made by", line);
  lines.add("seems", is_scene ? "a scene" : "one object");
  for (const ModelFit& fit : advice.models) {
    if (fit.model != advice.model) continue;
    lines.add("model",
              fit.model + (fit.missing.empty() ? "" : ", without " + comma_joined(fit.missing)));
  }
  lines.add("try", advice.command);
  lines.add("warning", stray_note(facts.strays, facts.points));
  for (const Hint& hint : advice.hints) lines.add("warning", hint.text);
  return text + lines.text();
}

Json as_json(const CloudFacts& facts, const Advice& advice) {
  Json json{{"points", facts.points}, {"invalid", facts.points - facts.finite}};
  if (facts.height > 1) json["width"] = facts.width, json["height"] = facts.height;
  json["stray"] = facts.strays.rows.size();
  json["low"] = facts.bounds.low;
  json["high"] = facts.bounds.high;
  json["spacing"] = facts.spacing;
  if (facts.pose) {
    const bool known = knows_up(facts, advice.kind == "scene");
    json["density"] = known ? Json(facts.pose->density) : Json(nullptr);
    json["up"] = known ? Json(std::string(name_of(facts.pose->up))) : Json(nullptr);
    json["tilt"] = facts.pose->tilt;
  }
  json["unit"] = facts.unit.unit;
  if (!facts.unit.reason.empty()) json["unit_reason"] = facts.unit.reason;
  if (facts.system.is_known()) json["system"] = facts.system.name;
  if (facts.las) json["las"] = las_json(*facts.las);
  json["kind"] = advice.kind;
  json["model"] = advice.model;
  json["command"] = advice.command;
  std::vector<Hint> warnings = advice.hints;
  const std::string strays = stray_note(facts.strays, facts.points);
  if (!strays.empty()) warnings.insert(warnings.begin(), {"stray", strays});
  json["warnings"] = as_json(warnings);
  for (const ModelFit& fit : advice.models) {
    object_at(json, "models")[fit.model] = {
        {"fits", fit.fits}, {"missing", fit.missing}, {"warnings", as_json(fit.hints)}};
  }
  json["fields"] = fields_json(facts);
  json["made_by"] = facts.made_by;
  return json;
}

}  // namespace ptattn::tools
