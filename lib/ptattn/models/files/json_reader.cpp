#include "ptattn/models/files/json_reader.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <utility>

#include "ptattn/core/error.hpp"

namespace ptattn {
namespace {

using nlohmann::json;

bool is_integer_in(const json& value, Range<std::size_t> range) {
  return value.is_number_unsigned() && value.get<std::size_t>() >= range.min &&
         value.get<std::size_t>() <= range.max;
}

template <class T>
std::string between(Range<T> range) {
  std::ostringstream out;
  out << "between " << range.min << " and " << range.max;
  return out.str();
}

}  // namespace

JsonObject::JsonObject(const json& value, std::string path, std::string subject)
    : value_(value), path_(std::move(path)), subject_(std::move(subject)) {
  if (!value_.is_object()) {
    throw Error(Fault::kModel, subject_,
                (path_.empty() ? "" : path_ + " ") + "is not a JSON object");
  }
}

void JsonObject::fail(const std::string& key, const std::string& problem) const {
  throw Error(Fault::kModel, subject_, (path_.empty() ? key : path_ + "." + key) + " " + problem);
}

const json* JsonObject::find(const std::string& key) {
  asked_.insert(key);
  const auto found = value_.find(key);
  return found == value_.end() ? nullptr : &*found;
}

const json& JsonObject::required(const std::string& key) {
  const json* value = find(key);
  if (value == nullptr) fail(key, "is missing");
  return *value;
}

std::size_t JsonObject::integer(const std::string& key, Range<std::size_t> range,
                                std::optional<std::size_t> fallback) {
  const json* value = find(key);
  if (value == nullptr && fallback) return *fallback;
  const json& number = value != nullptr ? *value : required(key);
  if (!is_integer_in(number, range)) fail(key, "is not a whole number " + between(range));
  return number.get<std::size_t>();
}

std::vector<std::size_t> JsonObject::integers(const std::string& key, Range<std::size_t> range,
                                              std::size_t max_size) {
  std::vector<std::size_t> numbers;
  for (const json& item : array(key, max_size)) {
    if (!is_integer_in(item, range)) fail(key, "is not made of whole numbers " + between(range));
    numbers.push_back(item.get<std::size_t>());
  }
  return numbers;
}

bool JsonObject::flag(const std::string& key, std::optional<bool> fallback) {
  const json* value = find(key);
  if (value == nullptr && fallback) return *fallback;
  const json& given = value != nullptr ? *value : required(key);
  if (!given.is_boolean()) fail(key, "is neither true nor false");
  return given.get<bool>();
}

double JsonObject::number(const std::string& key, Range<double> range,
                          std::optional<double> fallback) {
  const json* value = find(key);
  if (value == nullptr && fallback) return *fallback;
  const json& number = value != nullptr ? *value : required(key);
  if (!number.is_number() || number.get<double>() < range.min || number.get<double>() > range.max) {
    fail(key, "is not a number " + between(range));
  }
  return number.get<double>();
}

std::string JsonObject::text(const std::string& key) {
  const json& value = required(key);
  if (!value.is_string()) fail(key, "is not a string");
  return value.get<std::string>();
}

std::size_t JsonObject::choice(const std::string& key, const std::vector<std::string>& choices) {
  const auto found = std::find(choices.begin(), choices.end(), text(key));
  if (found == choices.end()) {
    std::string list;
    for (const std::string& c : choices) list += (list.empty() ? "\"" : ", \"") + c + "\"";
    fail(key, "is \"" + text(key) + "\", expected " + list);
  }
  return static_cast<std::size_t>(found - choices.begin());
}

const json& JsonObject::array(const std::string& key, std::size_t max_size) {
  const json& value = required(key);
  if (!value.is_array() || value.size() > max_size) {
    fail(key, "is not an array of at most " + std::to_string(max_size) + " items");
  }
  return value;
}

const json& JsonObject::object(const std::string& key) {
  const json& value = required(key);
  if (!value.is_object()) fail(key, "is not a JSON object");
  return value;
}

void JsonObject::finish() const {
  for (const auto& item : value_.items()) {
    if (!asked_.contains(item.key())) fail(item.key(), "is not a known key");
  }
}

}  // namespace ptattn
