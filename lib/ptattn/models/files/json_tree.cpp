#include "ptattn/models/files/json_tree.hpp"

#include <vector>

#include "ptattn/core/error.hpp"

namespace ptattn {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxDepth = 16;

/// Empties from the leaves up: the destructor of an empty value asks for no memory.
void dismantle(json& value) noexcept {
  if (!value.is_structured()) return;
  for (json& child : value) dismantle(child);
  value.clear();
}

/// Builds a tree in place as the parser goes, so that an exception ends it as ~JsonTree does.
class TreeBuilder final : public nlohmann::json_sax<json> {
 public:
  TreeBuilder(JsonTree& tree, const std::string& subject) : root_(tree.root()), subject_(subject) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t& /*text*/) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t& /*value*/) override { return false; }  // not in text
  bool start_object(std::size_t /*size*/) override { return open(json::value_t::object); }
  bool start_array(std::size_t /*size*/) override { return open(json::value_t::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    const auto [item, fresh] = open_.back()->get_ref<json::object_t&>().emplace(name, nullptr);
    if (!fresh) fail("names the key \"" + name + "\" twice");
    value_ = &item->second;
    return true;
  }

  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const json::exception& error) override {
    fail(std::string("is not valid JSON: ") + error.what());
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw Error(Fault::kModel, subject_, problem);
  }

  bool add(json value) {
    if (!open_.empty() && open_.back()->is_array()) {
      auto& items = open_.back()->get_ref<json::array_t&>();
      items.push_back(std::move(value));
      value_ = &items.back();
    } else {
      *value_ = std::move(value);
    }
    return true;
  }

  bool open(json::value_t type) {
    if (open_.size() == kMaxDepth) {
      fail("nests deeper than " + std::to_string(kMaxDepth) + " levels");
    }
    add(type);
    open_.push_back(value_);
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  json& root_;
  const std::string& subject_;
  json* value_ = &root_;     // the latest, or where the next of an object goes
  std::vector<json*> open_;  // objects and arrays
};

}  // namespace

JsonTree::~JsonTree() {
  dismantle(root_);
}

JsonTree parse_json(std::string_view text, const std::string& subject) {
  JsonTree tree;
  TreeBuilder builder(tree, subject);
  (void)json::sax_parse(text, &builder);
  return tree;
}

}  // namespace ptattn
