#include "ptattn/cloud/provenance.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

namespace ptattn {
namespace {

constexpr std::string_view kMark = "ptattn ";
constexpr std::string_view kMadeBy = "made by ";
constexpr std::string_view kNone = "-";

std::string one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(
      line, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return line;
}

/// Takes the next word of `text` off, and the blank behind it.
std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

template <class Number>
std::optional<Number> number_of(std::string_view word) {
  Number number{};
  const auto [end, failed] = std::from_chars(word.data(), word.data() + word.size(), number);
  const bool whole = failed == std::errc{} && end == word.data() + word.size();
  return whole ? std::optional(number) : std::nullopt;
}

void read_class(std::string_view text, Provenance& provenance) {
  const auto code = number_of<std::int64_t>(take_word(text));
  const auto asprs = number_of<std::uint8_t>(take_word(text));
  if (!code || !provenance.labels) return;
  provenance.labels->classes.push_back({*code, asprs, std::string(text)});
}

void read_statement(std::string_view text, Provenance& provenance) {
  const std::string_view keyword = take_word(text);
  if (keyword == "model") {
    provenance.model_hash = take_word(text);
    provenance.model = text;
  } else if (keyword == "option") {
    provenance.options.emplace_back(text);
  } else if (keyword == "field") {
    const std::string_view field = take_word(text);
    provenance.fields.push_back({std::string(field), std::string(text)});
  } else if (keyword == "labels") {
    const std::string_view field = take_word(text);
    const LabelCodes codes = text == "asprs" ? LabelCodes::kAsprs : LabelCodes::kClass;
    provenance.labels = LabelMeaning{std::string(field), codes, {}};
  } else if (keyword == "class") {
    read_class(text, provenance);
  }
}

/// True when the provenance says something about the field.
bool names_field(const Provenance& provenance, std::string_view field) {
  return (provenance.labels && provenance.labels->field == field) ||
         std::ranges::find(provenance.fields, field, &FieldMeaning::field) !=
             provenance.fields.end();
}

/// Takes out what `later` says anew; true when something was.
bool forget(Provenance& earlier, const Provenance& later) {
  const auto is_anew = [&](const FieldMeaning& item) { return names_field(later, item.field); };
  bool changed = std::erase_if(earlier.fields, is_anew) > 0;
  if (earlier.labels && names_field(later, earlier.labels->field)) {
    earlier.labels.reset();
    changed = true;
  }
  return changed;
}

bool says_nothing_of_fields(const Provenance& provenance) {
  return provenance.fields.empty() && !provenance.labels;
}

}  // namespace

bool is_provenance_line(std::string_view comment) {
  return comment.starts_with(kMark);
}

std::vector<std::string> provenance_lines(const Provenance& provenance) {
  std::vector<std::string> lines;
  const auto add = [&](std::string_view keyword, std::string_view text) {
    lines.push_back(std::string(kMark).append(keyword).append(one_line(text)));
  };
  add(kMadeBy, provenance.tool + " " + provenance.version);
  if (!provenance.model.empty()) {
    const std::string& hash = provenance.model_hash;
    add("model ", (hash.empty() ? std::string(kNone) : hash) + " " + provenance.model);
  }
  for (const std::string& option : provenance.options) add("option ", option);
  for (const FieldMeaning& item : provenance.fields) add("field ", item.field + " " + item.meaning);
  if (!provenance.labels) return lines;
  const bool asprs = provenance.labels->codes == LabelCodes::kAsprs;
  add("labels ", provenance.labels->field + (asprs ? " asprs" : " class"));
  for (const ClassMeaning& item : provenance.labels->classes) {
    const std::string code = item.asprs ? std::to_string(*item.asprs) : std::string(kNone);
    add("class ", std::to_string(item.code) + " " + code + " " + item.name);
  }
  return lines;
}

std::vector<Provenance> read_provenance(std::span<const std::string> comments) {
  std::vector<Provenance> all;
  for (const std::string& comment : comments) {
    if (!is_provenance_line(comment)) continue;
    std::string_view text = std::string_view(comment).substr(kMark.size());
    if (text.starts_with(kMadeBy)) {
      text.remove_prefix(kMadeBy.size());
      Provenance& next = all.emplace_back();
      next.tool = take_word(text);
      next.version = text;
    } else if (!all.empty()) {
      read_statement(text, all.back());
    }
  }
  for (Provenance& provenance : all) {
    if (provenance.model_hash == kNone) provenance.model_hash.clear();
  }
  return all;
}

void add_provenance(CloudMetadata& metadata, const Provenance& provenance) {
  std::vector<std::string>& comments = metadata.comments;
  std::vector<Provenance> earlier = read_provenance(comments);
  bool changed = false;
  std::erase_if(earlier, [&](Provenance& one) {
    const bool less = forget(one, provenance);
    changed = changed || less;
    return less && says_nothing_of_fields(one);  // all that this run left is gone
  });
  if (changed) {
    std::erase_if(comments, is_provenance_line);
  } else {
    earlier.clear();
  }
  earlier.push_back(provenance);
  for (const Provenance& one : earlier) {
    std::ranges::move(provenance_lines(one), std::back_inserter(comments));
  }
}

std::optional<LabelMeaning> find_label_meaning(std::span<const std::string> comments,
                                               std::string_view field) {
  std::optional<LabelMeaning> found;
  for (Provenance& provenance : read_provenance(comments)) {
    if (provenance.labels && provenance.labels->field == field)
      found = std::move(provenance.labels);
  }
  return found;
}

std::string find_labelling_model(std::span<const std::string> comments, std::string_view field) {
  std::string model;
  for (const Provenance& provenance : read_provenance(comments)) {
    if (provenance.labels && provenance.labels->field == field) model = provenance.model;
  }
  return model;
}

FieldMeanings::FieldMeanings(std::span<const std::string> comments) {
  for (const Provenance& provenance : read_provenance(comments)) {
    for (const auto& [field, meaning] : provenance.fields) meanings_[field] = meaning;
  }
}

std::string_view FieldMeanings::of(std::string_view field) const {
  const auto found = meanings_.find(field);
  return found == meanings_.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace ptattn
