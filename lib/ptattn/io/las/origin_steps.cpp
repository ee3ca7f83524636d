#include "ptattn/io/las/origin_steps.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>

#include "ptattn/core/parallel.hpp"
#include "ptattn/io/ascii_numbers.hpp"
#include "ptattn/io/header_lines.hpp"
#include "ptattn/io/las/las_header.hpp"
#include "ptattn/io/las/record_layout.hpp"
#include "ptattn/io/las/standard_fields.hpp"

namespace ptattn::io::las {
namespace {

constexpr std::size_t kPointsPerTask = 65536;
constexpr std::array kAxes{"x", "y", "z"};

using Steps = std::array<Quantization, 3>;

void append(std::string& line, double value) {
  line += ' ';
  append_number(line, FieldType::kFloat64, reinterpret_cast<const std::byte*>(&value));
}

std::string line_of(const LasHeader& header) {
  const RecordLayout layout = layout_of_format(header.format, header.scale, header.offset);
  const auto coordinates = std::span(layout.columns).first(kAxes.size());
  std::string line = "las scale";
  for (const LasColumn& axis : coordinates) append(line, axis.steps.front().scale);
  line += " offset";
  for (const LasColumn& axis : coordinates) append(line, axis.steps.front().offset);
  return line;
}

bool parse(std::string_view word, double& value) {
  auto* const out = reinterpret_cast<std::byte*>(&value);
  return parse_number(word, FieldType::kFloat64, out) == NumberFault::kNone && std::isfinite(value);
}

std::optional<Steps> parse_line(std::string_view line) {
  const auto parts = words(line);
  if (parts.size() != 9 || parts[0] != "las" || parts[1] != "scale" || parts[5] != "offset") {
    return std::nullopt;
  }
  Steps steps;
  for (std::size_t axis = 0; axis < steps.size(); ++axis) {
    if (!parse(parts[2 + axis], steps[axis].scale) || !parse(parts[6 + axis], steps[axis].offset) ||
        !(steps[axis].scale > 0.0)) {
      return std::nullopt;
    }
  }
  return steps;
}

bool gives_back(const Quantization& step, const Field& field) {
  std::atomic<bool> all{true};
  parallel_ranges(field.bytes().size() / size_of(field.type()), kPointsPerTask,
                  [&](std::size_t begin, std::size_t end) {
                    for (std::size_t i = begin; i < end && all; ++i) {
                      const double value = field.as_double(i);
                      const double stored = quantize(step, value);
                      if (!holds<std::int32_t>(stored) || step.value_of(stored) != value) {
                        all = false;
                      }
                    }
                  });
  return all;
}

}  // namespace

std::vector<std::string> comments_with_steps(const CloudMetadata& metadata) {
  std::vector<std::string> comments = metadata.comments;
  if (metadata.las != nullptr) comments.push_back(line_of(parse_las_header(metadata.las->header)));
  return comments;
}

std::optional<Steps> find_origin_steps(const PointCloud& cloud) {
  for (const std::string& comment : cloud.metadata().comments) {
    const auto steps = parse_line(comment);
    if (!steps) continue;
    bool all = true;
    for (std::size_t axis = 0; axis < kAxes.size() && all; ++axis) {
      all = gives_back((*steps)[axis], *find_standard(cloud, kAxes[axis]));
    }
    if (all) return steps;
  }
  return std::nullopt;
}

}  // namespace ptattn::io::las
