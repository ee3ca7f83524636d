// No command writes over what it reads.

#include "faults.hpp"

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;

class Overwriting : public Faults {
 protected:
  Overwriting() {
    put("a.ply", ply_shape(200));
    put("labels.ply",
        "ply\nformat ascii 1.0\nelement vertex 2\nproperty float x\nproperty float y\n"
        "property float z\nproperty int classification\nproperty int label\nend_header\n"
        "0 0 0 1 1\n1 0 0 2 1\n");
    put("map.txt", "1 one\n2 two\n");
    put("truth.csv", "path,class\na.ply,chair\n");
    put("results.csv", "path,class\na.ply,chair\n");
  }

  /// `script` ends with exit code 2 and leaves `file` as it is.
  void expect_refused(const std::string& script, const fs::path& file) const {
    SCOPED_TRACE(script);
    const std::string before = read_file(folder() / file);
    const Finished finished = shell("exec " + script);
    EXPECT_EQ(finished.exit_code, 2) << finished.err;
    EXPECT_THAT(finished.err, ::testing::HasSubstr("is an input, --"));
    EXPECT_EQ(lines_of(finished.err).size(), 1U) << finished.err;
    EXPECT_EQ(read_file(folder() / file), before);
  }
};

TEST_F(Overwriting, eval_refuses_each_of_its_inputs) {
  const std::string clouds = "ptattn-eval labels.ply --output ";
  expect_refused(clouds + "labels.ply", "labels.ply");
  expect_refused(clouds + "./map.txt --map map.txt", "map.txt");
  expect_refused(clouds + "map.txt --truth-map map.txt", "map.txt");
  expect_refused(clouds + "map.txt --predicted-map map.txt", "map.txt");
  fs::copy_file(folder() / "labels.ply", folder() / "other.ply");
  expect_refused(clouds + "other.ply --truth-file other.ply", "other.ply");
  expect_refused(clouds + models().string() + "/tiny/config.json --model tiny",
                 models() / "tiny/config.json");
  const std::string results = "ptattn-eval results.csv --truth-table truth.csv --output ";
  expect_refused(results + "truth.csv", "truth.csv");
  expect_refused(results + "results.csv", "results.csv");
  expect_refused("ptattn-eval - --truth-table truth.csv --output results.csv < results.csv",
                 "results.csv");
}

TEST_F(Overwriting, eval_looks_into_folders_and_lists) {
  fs::create_directories(folder() / "in");
  fs::create_directories(folder() / "truth");
  fs::copy_file(folder() / "labels.ply", folder() / "in/x.ply");
  fs::copy_file(folder() / "labels.ply", folder() / "truth/x.ply");
  const std::string folders = "ptattn-eval in --truth-file truth --output ";
  expect_refused(folders + "in/x.ply", "in/x.ply");
  expect_refused(folders + "truth/x.ply", "truth/x.ply");
  put("list", "labels.ply\n");
  expect_refused("ptattn-eval - --output labels.ply < list", "labels.ply");
  expect_refused("ptattn-eval - --output list < list", "list");
}

TEST_F(Overwriting, links_are_seen_through) {
  fs::create_hard_link(folder() / "map.txt", folder() / "hard");
  fs::create_symlink("map.txt", folder() / "soft");
  expect_refused("ptattn-eval labels.ply --map map.txt --output hard", "map.txt");
  expect_refused("ptattn-eval labels.ply --map map.txt --output soft", "map.txt");
}

TEST_F(Overwriting, classify_keeps_its_model_and_its_list) {
  put("list", "a.ply\n");
  const std::string weights = models().string() + "/tiny/model.safetensors";
  const std::string classify = "ptattn-classify --model tiny --format jsonl ";
  expect_refused(classify + "a.ply --output " + weights, weights);
  expect_refused(classify + "a.ply --output a.ply", "a.ply");
  expect_refused(classify + "- --output list < list", "list");
}

TEST_F(Overwriting, features_and_attention_keep_the_model) {
  const std::string weights = models().string() + "/tiny/model.safetensors";
  expect_refused(
      "ptattn-features a.ply --features model --model tiny --layer pt_last.sa1 -o " + weights,
      weights);
  fs::create_symlink(weights, folder() / "o.ply");
  fs::create_symlink(weights, folder() / "o.png");
  expect_refused("ptattn-attention a.ply --model tiny -o o.ply", weights);
  expect_refused("ptattn-attention a.ply --model tiny --matrix o.png", weights);
}

TEST_F(Overwriting, smooth_and_segment_keep_clouds_and_model) {
  expect_refused("ptattn-smooth a.ply -o a.ply", "a.ply");
  expect_refused("ptattn-smooth a.ply --transfer label --from labels.ply -o labels.ply",
                 "labels.ply");
  expect_refused("ptattn-segment a.ply -o a.ply", "a.ply");
  fs::copy(PTATTN_SOURCE_DIR "/samples/models/parts", folder() / "model");
  fs::create_symlink("model/model.safetensors", folder() / "o.ply");
  expect_refused("ptattn-segment a.ply --model model -o o.ply", "model/model.safetensors");
}

}  // namespace
}  // namespace ptattn::test
