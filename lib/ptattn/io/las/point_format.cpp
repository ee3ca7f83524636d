#include "ptattn/io/las/point_format.hpp"

namespace ptattn::io::las {
namespace {

constexpr std::size_t kLegacyBase = 20;
constexpr std::size_t kExtendedBase = 30;  // the GPS time is a part of it
constexpr std::size_t kTimeSize = 8;
constexpr std::size_t kColorSize = 6;
constexpr std::size_t kInfraredSize = 2;
constexpr std::size_t kPacketSize = 29;

std::vector<Dimension> legacy_dimensions() {
  constexpr auto kByte = FieldType::kUInt8;
  return {
      {"intensity", FieldType::kUInt16, 12},
      {"return_number", kByte, 14, 0, 3},
      {"number_of_returns", kByte, 14, 3, 3},
      {"scan_direction_flag", kByte, 14, 6, 1},
      {"edge_of_flight_line", kByte, 14, 7, 1},
      {"classification", kByte, 15, 0, 5},
      {"synthetic", kByte, 15, 5, 1},
      {"key_point", kByte, 15, 6, 1},
      {"withheld", kByte, 15, 7, 1},
      {"scan_angle_rank", FieldType::kInt8, 16},
      {"user_data", kByte, 17},
      {"point_source_id", FieldType::kUInt16, 18},
  };
}

std::vector<Dimension> extended_dimensions() {
  constexpr auto kByte = FieldType::kUInt8;
  return {
      {"intensity", FieldType::kUInt16, 12},
      {"return_number", kByte, 14, 0, 4},
      {"number_of_returns", kByte, 14, 4, 4},
      {"synthetic", kByte, 15, 0, 1},
      {"key_point", kByte, 15, 1, 1},
      {"withheld", kByte, 15, 2, 1},
      {"overlap", kByte, 15, 3, 1},
      {"scanner_channel", kByte, 15, 4, 2},
      {"scan_direction_flag", kByte, 15, 6, 1},
      {"edge_of_flight_line", kByte, 15, 7, 1},
      {"classification", kByte, 16},
      {"user_data", kByte, 17},
      {"scan_angle", FieldType::kInt16, 18},
      {"point_source_id", FieldType::kUInt16, 20},
  };
}

void add_packet(std::vector<Dimension>& dimensions, std::size_t at) {
  dimensions.push_back({"wavepacket_index", FieldType::kUInt8, at});
  dimensions.push_back({"wavepacket_offset", FieldType::kUInt64, at + 1});
  dimensions.push_back({"wavepacket_size", FieldType::kUInt32, at + 9});
  dimensions.push_back({"return_point_wave_location", FieldType::kFloat32, at + 13});
  dimensions.push_back({"x_t", FieldType::kFloat32, at + 17});
  dimensions.push_back({"y_t", FieldType::kFloat32, at + 21});
  dimensions.push_back({"z_t", FieldType::kFloat32, at + 25});
}

}  // namespace

FormatParts parts_of_format(unsigned format) {
  FormatParts parts;
  parts.extended = format > kLastLegacyFormat;
  parts.gps_time = parts.extended || format == 1 || format >= 3;
  parts.rgb =
      format == 2 || format == 3 || format == 5 || format == 7 || format == 8 || format == 10;
  parts.nir = format == 8 || format == 10;
  parts.waveform = format == 4 || format == 5 || format == 9 || format == 10;
  return parts;
}

unsigned format_with(const FormatParts& parts) {
  if (parts.extended || parts.nir) {
    if (parts.waveform) return parts.rgb || parts.nir ? 10 : 9;
    return parts.nir ? 8 : parts.rgb ? 7 : 6;
  }
  if (parts.waveform) return parts.rgb ? 5 : 4;
  return (parts.rgb ? 2U : 0U) + (parts.gps_time ? 1U : 0U);
}

std::size_t rgb_offset(const FormatParts& parts) {
  if (parts.extended) return kExtendedBase;
  return kLegacyBase + (parts.gps_time ? kTimeSize : 0);
}

std::size_t nir_offset(const FormatParts& parts) {
  return rgb_offset(parts) + (parts.rgb ? kColorSize : 0);
}

std::size_t waveform_offset(const FormatParts& parts) {
  return nir_offset(parts) + (parts.nir ? kInfraredSize : 0);
}

std::size_t size_of_format(unsigned format) {
  const FormatParts parts = parts_of_format(format);
  return waveform_offset(parts) + (parts.waveform ? kPacketSize : 0);
}

std::vector<Dimension> dimensions_of_format(unsigned format) {
  const FormatParts parts = parts_of_format(format);
  auto dimensions = parts.extended ? extended_dimensions() : legacy_dimensions();
  if (parts.gps_time) {
    const std::size_t at = parts.extended ? kExtendedBase - kTimeSize : kLegacyBase;
    dimensions.push_back({"gps_time", FieldType::kFloat64, at});
  }
  if (parts.rgb) {
    const std::size_t at = rgb_offset(parts);
    dimensions.push_back({"red", FieldType::kUInt16, at});
    dimensions.push_back({"green", FieldType::kUInt16, at + 2});
    dimensions.push_back({"blue", FieldType::kUInt16, at + 4});
  }
  if (parts.nir) dimensions.push_back({"nir", FieldType::kUInt16, nir_offset(parts)});
  if (parts.waveform) add_packet(dimensions, waveform_offset(parts));
  return dimensions;
}

}  // namespace ptattn::io::las
