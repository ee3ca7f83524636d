// Manual pages and completions of a made-up command; those of the real ones: tests/packaging.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "describe/command_options.hpp"
#include "describe/complete.hpp"
#include "describe/completion.hpp"
#include "describe/manual.hpp"
#include "scratch.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Describe : public testing::Test {
 protected:
  Describe() {
    app_.add_option("INPUT", inputs_, "Clouds")->type_name("");
    app_.add_option("-k,--kind", kind_, "Use with --deep, or 'a\\b'")
        ->type_name("KIND")
        ->check(CLI::IsMember({"one", "two"}));
    app_.add_option("--span", span_, ".5 to 2")->type_name("MIN:MAX");
    app_.add_flag("--deep", deep_, "Look deeper")->group("Depth");
    app_.add_flag("--secret", deep_, "For us")->group("");
  }
  CLI::App app_{"", "ptattn-try"};
  std::vector<std::string> inputs_;
  std::string kind_;
  std::string span_;
  bool deep_ = false;
  tools::About about_{.name = "ptattn-try",
                      .summary = "Tries things\nout. Twice.\n\nMore of it.\n",
                      .examples = "  ptattn-try a.ply\n\nA note:\n  kept  as it is\nand after.\n"};
};

TEST_F(Describe, values_and_choices_of_options) {
  EXPECT_EQ(tools::value_name(*app_.get_option("--kind")), "KIND");
  EXPECT_THAT(tools::choices(*app_.get_option("--kind")), ElementsAre("one", "two"));
  EXPECT_EQ(tools::value_name(*app_.get_option("--span")), "MIN:MAX");
  EXPECT_THAT(tools::choices(*app_.get_option("--span")), IsEmpty());
  EXPECT_EQ(tools::value_name(*app_.get_option("--deep")), "");
  EXPECT_THAT(tools::names(*app_.get_option("--kind")), ElementsAre("-k", "--kind"));
}

TEST_F(Describe, manual_page) {
  const std::string page = tools::manual_page(about_, app_);
  EXPECT_THAT(page, HasSubstr(".SH NAME\nptattn\\-try \\- tries things out\n"));
  EXPECT_THAT(page, HasSubstr("\\fBptattn\\-try\\fR [\\fIOPTIONS\\fR] [\\fIINPUT\\fR...]\n"));
  EXPECT_THAT(page, HasSubstr(".SH DESCRIPTION\nTries things out. Twice.\n.PP\nMore of it.\n"));
  // Options in prose are bold, and nothing is taken for a request of roff.
  EXPECT_THAT(page, HasSubstr(".TP\n\\fB\\-k\\fR, \\fB\\-\\-kind\\fR \\fIKIND\\fR\n"
                              "Use with \\fB\\-\\-deep\\fR, or \\(aqa\\eb\\(aq\n"));
  EXPECT_THAT(page, HasSubstr("\n\\&.5 to 2\n"));
  EXPECT_THAT(page, HasSubstr(".SS Depth\n.TP\n\\fB\\-\\-deep\\fR\nLook deeper\n"));
  EXPECT_THAT(page, Not(HasSubstr("secret")));
  EXPECT_THAT(page, Not(HasSubstr("PTATTN_MODELS")));
  EXPECT_THAT(page,
              HasSubstr(".SH NOTES\nA note:\n.PP\n.nf\n  kept  as it is\n.fi\n.PP\nand after.\n"));
  EXPECT_THAT(page, HasSubstr(".SH EXAMPLES\n.nf\n  ptattn\\-try a.ply\n.fi\n"));
}

TEST_F(Describe, completion) {
  const auto words = [&](const std::vector<std::string>& line) {
    return tools::complete(about_, app_, line).words;
  };
  EXPECT_THAT(words({"-"}), ElementsAre("--deep", "--help", "--kind", "--span", "-h", "-k"));
  EXPECT_THAT(words({"a.ply", "--s"}), ElementsAre("--span"));
  EXPECT_THAT(words({"--kind", ""}), ElementsAre("one", "two"));
  EXPECT_THAT(words({"-k", "t"}), ElementsAre("two"));
  EXPECT_THAT(words({"--kind=t"}), ElementsAre("two"));
  EXPECT_THAT(words({"--span", ""}), IsEmpty());
  EXPECT_EQ(tools::complete(about_, app_, {""}).kind, "clouds");
  EXPECT_EQ(tools::complete(about_, app_, {"--deep", "x"}).kind, "clouds");
  EXPECT_EQ(tools::completion_text({"words", {"one", "two"}}), "words\none\ntwo\n");
}

TEST_F(Describe, fields_of_a_file_are_read_from_its_header) {
  const Scratch scratch;
  write_file(scratch.path() / "a.ply",
             "ply\nformat ascii 1.0\nelement vertex 9\nproperty float x\nproperty list uchar int "
             "y\nelement face 1\nproperty int z\nend_header\n");
  write_file(scratch.path() / "b.pcd", "VERSION .7\nFIELDS x y intensity\n");
  EXPECT_THAT(tools::fields_of_file(scratch.path() / "a.ply"), ElementsAre("x", "y"));
  EXPECT_THAT(tools::fields_of_file(scratch.path() / "b.pcd"), ElementsAre("x", "y", "intensity"));
  EXPECT_THAT(tools::fields_of_file(scratch.path() / "missing.ply"), IsEmpty());
}

TEST_F(Describe, completion_scripts_ask_the_command) {
  for (const std::string& script : {tools::bash_completion(about_), tools::zsh_completion(about_),
                                    tools::fish_completion(about_)}) {
    EXPECT_THAT(script, HasSubstr("--generate complete"));
    EXPECT_THAT(script, HasSubstr("ptattn_try"));
    EXPECT_THAT(script, Not(HasSubstr("@COMMAND@")));
    EXPECT_THAT(script, Not(HasSubstr("@FUNCTION@")));
  }
}

}  // namespace
}  // namespace ptattn::test
