#include "ptattn/survey/survey_plan.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/survey/binary_file.hpp"

namespace ptattn {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 4;
constexpr std::size_t kLargestPlan = std::size_t{1} << 26U;  // bytes

/// Infinite numbers have no JSON.
Json finite_or_null(double x) {
  return std::isfinite(x) ? Json(x) : Json(nullptr);
}

double or_infinite(const Json& json) {
  return json.is_null() ? std::numeric_limits<double>::infinity() : json.get<double>();
}

Json as_json(const PointLayout& layout) {
  Json fields = Json::array();
  for (const PointLayout::Kept& kept : layout.fields) {
    fields.push_back({kept.name, static_cast<int>(kept.type), kept.count});
  }
  return fields;
}

Json as_json(const std::array<AxisSteps, 3>& steps) {
  Json list = Json::array();
  for (const AxisSteps& axis : steps) list.push_back({axis.scale, axis.offset, axis.factor});
  return list;
}

Json as_json(const std::vector<SurveyTile>& tiles) {
  Json list = Json::array();
  for (const SurveyTile& tile : tiles) {
    list.push_back({tile.squares.low[0], tile.squares.low[1], tile.squares.high[0],
                    tile.squares.high[1], tile.points});
  }
  return list;
}

Json as_json(const SurveyPlan& plan) {
  return {{"format", kFormat},
          {"key", plan.key},
          {"made_by", plan.made_by},
          {"up", static_cast<int>(plan.frame.up)},
          {"metres", plan.frame.metres},
          {"memory", plan.memory},
          {"points", plan.points},
          {"kept", plan.kept},
          {"far", plan.far},
          {"zeros", plan.zeros},
          {"voxels", plan.voxels},
          {"stray_zeros", plan.strays.zeros},
          {"stray_middle", plan.strays.middle},
          {"stray_across", finite_or_null(plan.strays.across)},
          {"stray_height", finite_or_null(plan.strays.height)},
          {"origin", plan.grid.box.origin},
          {"extent", plan.grid.box.extent},
          {"voxel", plan.grid.voxel},
          {"edge", plan.grid.edge},
          {"rows", plan.grid.rows},
          {"cols", plan.grid.cols},
          {"largest", plan.largest},
          {"has_intensity", plan.fields.has_intensity},
          {"has_returns", plan.fields.has_returns},
          {"largest_intensity", plan.fields.largest_intensity},
          {"full_color", plan.fields.full_color},
          {"fields", as_json(plan.layout)},
          {"order", plan.layout.order},
          {"steps", as_json(plan.layout.steps)},
          {"margin", plan.margin},
          {"column_margin", plan.column_margin},
          {"tile_bytes", plan.tile_bytes},
          {"tiles", as_json(plan.tiles)}};
}

PointLayout layout_of(const Json& json) {
  PointLayout layout;
  json.at("order").get_to(layout.order);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const Json& steps = json.at("steps").at(axis);
    layout.steps[axis] = {steps.at(0).get<double>(), steps.at(1).get<double>(),
                          steps.at(2).get<double>()};
  }
  for (const Json& kept : json.at("fields")) {
    layout.fields.push_back({kept.at(0).get<std::string>(),
                             static_cast<FieldType>(kept.at(1).get<int>()),
                             kept.at(2).get<std::uint32_t>()});
  }
  return layout;
}

SurveyPlan plan_of(const Json& json) {
  SurveyPlan plan{.key = json.at("key").get<std::string>(),
                  .made_by = json.at("made_by").get<std::string>()};
  plan.frame = {static_cast<Axis>(json.at("up").get<int>()), json.at("metres").get<double>()};
  json.at("memory").get_to(plan.memory);
  json.at("points").get_to(plan.points);
  json.at("kept").get_to(plan.kept);
  json.at("far").get_to(plan.far);
  json.at("zeros").get_to(plan.zeros);
  json.at("voxels").get_to(plan.voxels);
  json.at("stray_zeros").get_to(plan.strays.zeros);
  json.at("stray_middle").get_to(plan.strays.middle);
  plan.strays.across = or_infinite(json.at("stray_across"));
  plan.strays.height = or_infinite(json.at("stray_height"));
  json.at("origin").get_to(plan.grid.box.origin);
  json.at("extent").get_to(plan.grid.box.extent);
  json.at("voxel").get_to(plan.grid.voxel);
  json.at("edge").get_to(plan.grid.edge);
  json.at("rows").get_to(plan.grid.rows);
  json.at("cols").get_to(plan.grid.cols);
  json.at("largest").get_to(plan.largest);
  json.at("has_intensity").get_to(plan.fields.has_intensity);
  json.at("has_returns").get_to(plan.fields.has_returns);
  json.at("largest_intensity").get_to(plan.fields.largest_intensity);
  json.at("full_color").get_to(plan.fields.full_color);
  json.at("margin").get_to(plan.margin);
  json.at("column_margin").get_to(plan.column_margin);
  json.at("tile_bytes").get_to(plan.tile_bytes);
  plan.layout = layout_of(json);
  for (const Json& tile : json.at("tiles")) {
    SurveyTile read{
        .squares = {{tile.at(0).get<std::uint32_t>(), tile.at(1).get<std::uint32_t>()},
                    {tile.at(2).get<std::uint32_t>(), tile.at(3).get<std::uint32_t>()}}};
    tile.at(4).get_to(read.points);
    plan.tiles.push_back(read);
  }
  return plan;
}

/// Whether the numbers of a plan can be meant: the file may be damaged.
bool is_sound(const SurveyPlan& plan) {
  constexpr std::size_t kMostSquares = std::size_t{1} << 24U;
  const SurveyGrid& grid = plan.grid;
  if (grid.edge == 0 || grid.rows == 0 || grid.cols == 0 || grid.size() > kMostSquares)
    return false;
  if (!(grid.voxel > 0.0) || plan.frame.up < Axis::kX || plan.frame.up > Axis::kMinusZ)
    return false;
  const auto is_field = [](const PointLayout::Kept& kept) {
    return kept.type <= FieldType::kFloat64 && kept.count > 0;
  };
  const auto are_chunks = [&](std::span<const PointChunk> chunks) {
    std::uint64_t points = 0;
    return std::ranges::all_of(chunks, [&](const PointChunk& chunk) {
      points += chunk.points;
      return chunk.square < grid.size() && points <= plan.kept;
    });
  };
  return std::ranges::all_of(plan.layout.fields, is_field) && are_chunks(plan.chunks) &&
         are_chunks(plan.lowest);
}

Json read_json(const std::filesystem::path& path) {
  const io::ByteSource source(path);
  if (source.size() > kLargestPlan) source.fail("is no plan of a survey");
  std::string text(static_cast<std::size_t>(source.size()), '\0');
  source.read(0, std::as_writable_bytes(std::span(text)));
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || json.value("format", 0) != kFormat) {
    source.fail("is no plan of a survey of this version");
  }
  return json;
}

void write_ranks(const FieldStatistics& fields, const std::filesystem::path& path) {
  BinaryWriter out(path);
  const Ranks* const ranks = fields.intensity_ranks.get();
  const std::span<const double> none;
  out.put(ranks != nullptr ? ranks->numbers() : none);
  std::vector<std::uint64_t> counts;
  for (std::size_t i = 0; ranks != nullptr && i < ranks->numbers().size(); ++i) {
    counts.push_back(ranks->firsts()[i + 1] - ranks->firsts()[i]);
  }
  out.put(std::span<const std::uint64_t>(counts));
  out.commit();
}

std::shared_ptr<const Ranks> read_ranks(const std::filesystem::path& path) {
  BinaryReader in(path);
  auto numbers = in.list<double>();
  const auto counts = in.list<std::uint64_t>();
  if (numbers.size() != counts.size()) in.source().fail("is no list of ranks");
  if (numbers.empty()) return nullptr;
  return std::make_shared<const Ranks>(std::move(numbers), counts);
}

}  // namespace

void write_plan(const SurveyPlan& plan, const SurveyFolder& folder) {
  write_ranks(plan.fields, folder.ranks());
  BinaryWriter chunks(folder.chunks());
  chunks.put(std::span<const PointChunk>(plan.chunks));
  chunks.put(std::span<const PointChunk>(plan.lowest));
  chunks.commit();
  io::AtomicFile file(folder.plan());
  file.append(as_json(plan).dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
  file.commit();
}

SurveyPlan read_plan(const SurveyFolder& folder) {
  SurveyPlan plan;
  try {
    plan = plan_of(read_json(folder.plan()));
  } catch (const nlohmann::json::exception&) {
    throw Error(Fault::kInput, folder.plan().string(), "is no plan of a survey of this version");
  }
  plan.fields.intensity_ranks = read_ranks(folder.ranks());
  BinaryReader chunks(folder.chunks());
  plan.chunks = chunks.list<PointChunk>();
  plan.lowest = chunks.list<PointChunk>();
  if (!is_sound(plan)) throw Error(Fault::kInput, folder.plan().string(), "is damaged");
  return plan;
}

std::string read_plan_key(const SurveyFolder& folder) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(folder.plan(), ignored)) return "";
  try {
    return read_json(folder.plan()).value("key", "");
  } catch (const Error&) {
    return "";
  } catch (const nlohmann::json::exception&) {
    return "";
  }
}

}  // namespace ptattn
