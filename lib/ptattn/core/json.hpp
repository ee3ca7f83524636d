#pragma once

#include <string>

namespace ptattn {

/// Returns the object under a key of an object of nlohmann's; it begins empty.
///
/// nlohmann itself makes an object or an array of null when it is first indexed or added to, in two
/// steps (3.11.2, Debian 12): when memory ends between them, taking the value apart is undefined.
/// So no value of ours begins as null that shall become one of them.
template <class Json>
Json& object_at(Json& json, const std::string& key) {
  Json& value = json[key];
  if (value.is_null()) value = Json::object();
  return value;
}

/// Returns the array under a key of an object of nlohmann's; it begins empty.
template <class Json>
Json& array_at(Json& json, const std::string& key) {
  Json& value = json[key];
  if (value.is_null()) value = Json::array();
  return value;
}

}  // namespace ptattn
