#include "ptattn/cloud/provenance.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ptattn::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

Provenance labelled() {
  return {.tool = "ptattn-segment",
          .version = "1.2.3",
          .model = "my aerial",
          .model_hash = "00ff",
          .options = {"votes=4", "colorize"},
          .fields = {{"confidence", "probability of the label"}},
          .labels = LabelMeaning{
              "label", LabelCodes::kClass, {{0, 2, "bare ground"}, {1, std::nullopt, "shed"}}}};
}

TEST(provenance, is_one_line_a_statement) {
  EXPECT_THAT(
      provenance_lines(labelled()),
      ElementsAre("ptattn made by ptattn-segment 1.2.3", "ptattn model 00ff my aerial",
                  "ptattn option votes=4", "ptattn option colorize",
                  "ptattn field confidence probability of the label", "ptattn labels label class",
                  "ptattn class 0 2 bare ground", "ptattn class 1 - shed"));
}

TEST(provenance, comes_back_from_among_other_comments) {
  std::vector<std::string> comments = provenance_lines(labelled());
  comments.insert(comments.begin() + 3, "scanned on a Tuesday");
  comments.insert(comments.begin(), "ptattn class 9 - of nobody");
  comments.emplace_back("ptattn weather fine");
  EXPECT_THAT(read_provenance(comments), ElementsAre(labelled()));
}

TEST(provenance, a_name_with_line_breaks_stays_one_line) {
  Provenance odd = labelled();
  odd.labels->classes[1].name = "a\nb";
  for (const std::string& line : provenance_lines(odd)) {
    EXPECT_EQ(line.find('\n'), std::string::npos);
  }
}

TEST(provenance, later_runs_stand_behind_earlier_ones) {
  CloudMetadata metadata{.comments = {"kept"}};
  add_provenance(metadata, labelled());
  const Provenance smoothed{.tool = "ptattn-smooth", .version = "1.2.3"};
  add_provenance(metadata, smoothed);
  EXPECT_EQ(metadata.comments.front(), "kept");
  EXPECT_THAT(read_provenance(metadata.comments), ElementsAre(labelled(), smoothed));
}

TEST(provenance, what_is_said_anew_replaces_what_was_said) {
  CloudMetadata metadata{.comments = {"kept"}};
  add_provenance(metadata, labelled());
  const Provenance smoothed{.tool = "ptattn-smooth", .version = "1.2.3"};
  add_provenance(metadata, smoothed);
  Provenance again = labelled();
  again.options.clear();
  add_provenance(metadata, again);
  EXPECT_THAT(read_provenance(metadata.comments), ElementsAre(smoothed, again));
  Provenance codes = labelled();
  codes.fields.clear();
  codes.labels->codes = LabelCodes::kAsprs;
  add_provenance(metadata, codes);
  again.labels.reset();
  EXPECT_THAT(read_provenance(metadata.comments), ElementsAre(smoothed, again, codes));
}

TEST(provenance, fields_are_looked_up_by_name) {
  const std::vector<std::string> comments = provenance_lines(labelled());
  const auto found = find_label_meaning(comments, "label");
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, *labelled().labels);
  EXPECT_FALSE(find_label_meaning(comments, "classification"));
  EXPECT_EQ(FieldMeanings(comments).of("confidence"), "probability of the label");
  EXPECT_EQ(FieldMeanings(comments).of("label"), "");
}

TEST(provenance, damaged_lines_are_passed_over) {
  const std::vector<std::string> comments{
      "ptattn made by",     "ptattn",
      "ptattn class 1 - x", "ptattn labels",
      "ptattn class",       "ptattn model",
      "ptattn class x - y", "ptattn class 99999999999999999999 - y"};
  EXPECT_THAT(read_provenance({}), IsEmpty());
  EXPECT_THAT(read_provenance(comments), IsEmpty());
  std::vector<std::string> begun = comments;
  begun.front() = "ptattn made by x";
  const auto read = read_provenance(begun);
  ASSERT_THAT(read, SizeIs(1));
  EXPECT_THAT(read[0].labels->classes, IsEmpty());
}

}  // namespace
}  // namespace ptattn::test
