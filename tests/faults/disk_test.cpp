// Full disks, limits on file sizes, folders that vanish.

#include "faults.hpp"

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class Disk : public Faults {
 protected:
  Disk() {
    put_clouds("in", 30, 150);
    put("a.ply", ply_shape(2000));
    put("labels.ply",
        "ply\nformat ascii 1.0\nelement vertex 2\nproperty float x\nproperty float y\n"
        "property float z\nproperty int classification\nproperty int label\nend_header\n"
        "0 0 0 1 1\n1 0 0 2 1\n");
    fs::create_directories(folder() / "disk");
  }

  /// Runs `script` with a file system of `size` at disk/, in a mount namespace of its own; false
  /// where the machine allows no mounts.
  [[nodiscard]] bool with_small_disk(const std::string& size, const std::string& script,
                                     Finished& finished) const {
    const std::string mount = "mount -t tmpfs -o size=" + size + " tmpfs disk";
    if (shell("unshare -rm bash -c '" + mount + "' 2>/dev/null").exit_code != 0) return false;
    put("script", mount + " || exit 99\n" + script);
    finished = shell("unshare -rm bash script");
    EXPECT_NE(finished.exit_code, 99);
    return true;
  }

  /// One line that says that `what` could not be written, exit code 3.
  static void expect_unwritable(const Finished& finished, const std::string& reason) {
    EXPECT_EQ(finished.exit_code, 3) << finished.err << " signal " << finished.signal;
    EXPECT_THAT(finished.err, ContainsRegex("cannot be written[:,] " + reason));
    EXPECT_EQ(lines_of(finished.err).size(), 1U) << finished.err;
  }
};

struct Writer {
  const char* name;
  const char* command;  ///< OUT stands for the output
  const char* output;
};

constexpr Writer kWriters[] = {
    {"classify_table", "ptattn-classify in --model tiny --output OUT", "o.txt"},
    {"classify_csv", "ptattn-classify in --model tiny --format csv --top-k 5 --output OUT",
     "o.csv"},
    {"classify_jsonl", "ptattn-classify in --model tiny --format jsonl --output OUT", "o.jsonl"},
    {"segment", "ptattn-segment a.ply --model parts --category Table --probabilities -o OUT",
     "o.ply"},
    {"smooth", "ptattn-smooth a.ply -o OUT", "o.pcd"},
    {"features_cloud", "ptattn-features a.ply -o OUT", "o.ply"},
    {"features_matrix", "ptattn-features a.ply -o OUT", "o.npy"},
    {"features_tensors", "ptattn-features a.ply -o OUT", "o.safetensors"},
    {"attention_cloud", "ptattn-attention a.ply --model tiny -o OUT", "o.ply"},
    {"attention_picture", "ptattn-attention a.ply --model tiny --matrix OUT", "o.png"},
};

TEST_F(Disk, that_is_full_is_one_line_and_leaves_nothing) {
  for (const Writer& writer : kWriters) {
    SCOPED_TRACE(writer.name);
    std::string command = writer.command;
    command.replace(command.find("OUT"), 3, std::string("disk/") + writer.output);
    // Two pages: one for what fills, none for the file.
    Finished finished;
    if (!with_small_disk("8k",
                         "head -c 4096 /dev/zero >disk/fill\n" + command +
                             " >/dev/null\ncode=$?\nls -A disk >after\nexit $code",
                         finished)) {
      GTEST_SKIP() << "no small file system can be mounted here";
    }
    const bool fits = finished.exit_code == 0;  // a small table
    if (!fits) expect_unwritable(finished, "No space left on device");
    const bool grows = std::string_view(writer.output) == "o.jsonl";
    if (!fits && !grows) {
      EXPECT_EQ(get("after"), "fill\n");
    }
  }
}

TEST_F(Disk, an_old_file_stays_when_the_new_one_does_not_fit) {
  Finished finished;
  if (!with_small_disk("8k",
                       "echo old >disk/o.ply\nptattn-smooth a.ply -o disk/o.ply\n"
                       "code=$?\ncat disk/o.ply >after\nexit $code",
                       finished)) {
    GTEST_SKIP() << "no small file system can be mounted here";
  }
  expect_unwritable(finished, "No space left on device");
  EXPECT_EQ(get("after"), "old\n");
}

TEST_F(Disk, records_of_a_full_disk_are_whole_and_the_run_goes_on_elsewhere) {
  const std::string run = "ptattn-classify in --model tiny --format jsonl --no-timing --output ";
  ASSERT_EQ(shell(run + "whole.jsonl").exit_code, 0);
  Finished finished;
  if (!with_small_disk("4k", run + "disk/o.jsonl\ncode=$?\ncp disk/o.jsonl o.jsonl\nexit $code",
                       finished)) {
    GTEST_SKIP() << "no small file system can be mounted here";
  }
  expect_unwritable(finished, "No space left on device");
  EXPECT_LT(get("o.jsonl").size(), get("whole.jsonl").size());
  ASSERT_EQ(shell(run + "o.jsonl --resume").exit_code, 0);
  EXPECT_EQ(get("o.jsonl"), get("whole.jsonl"));
}

TEST_F(Disk, a_limit_on_file_sizes_is_an_error_like_a_full_disk) {
  for (const Writer& writer : kWriters) {
    SCOPED_TRACE(writer.name);
    std::string command = writer.command;
    command.replace(command.find("OUT"), 3, writer.output);
    const Finished finished = shell("ulimit -f 1; exec " + command + " >/dev/null");
    if (finished.exit_code == 0) continue;  // small enough
    expect_unwritable(finished, "File too large");
    EXPECT_TRUE(leftovers().empty());
  }
}

TEST_F(Disk, a_standard_output_that_is_full_is_an_error) {
  for (const char* command :
       {"ptattn-classify in --model tiny", "ptattn-classify in --model tiny --format jsonl",
        "ptattn-segment a.ply --model parts --category Table -o o.ply",
        "ptattn-features a.ply --names",
        "ptattn-features --features model --model tiny --list-layers",
        "ptattn-attention a.ply --model tiny -o o.ply",
        "ptattn-attention --model tiny --list-layers", "ptattn-smooth a.ply -o o.ply --format json",
        "ptattn-eval labels.ply", "ptattn-eval labels.ply --format json", "ptattn-smooth --help",
        "ptattn-eval --version", "ptattn-segment --list-models",
        "ptattn-classify --generate man"}) {
    SCOPED_TRACE(command);
    expect_unwritable(shell("exec " + std::string(command) + " >/dev/full"),
                      "No space left on device");
  }
}

TEST_F(Disk, an_output_folder_that_vanishes_is_an_error) {
  // The folder goes again and again while the program computes and writes.
  const Finished finished = shell(
      "mkdir gone\n"
      "ptattn-segment a.ply --model parts --votes 4 -o gone/o.ply & pid=$!\n"
      "for i in {1..100}; do rm -rf gone; sleep 0.002; done\n"
      "wait $pid");
  // The segmenter may have made the folder anew before the last removal; it says so or is done.
  EXPECT_TRUE(finished.exit_code == 3 || finished.exit_code == 0) << finished.err;
  if (finished.exit_code == 3) {
    EXPECT_THAT(finished.err, HasSubstr("cannot be written"));
  }
  EXPECT_TRUE(leftovers().empty());
}

TEST_F(Disk, scripts_say_that_the_disk_is_full) {
  const std::string scripts = PTATTN_SOURCE_DIR "/scripts/";
  Finished finished =
      shell("ulimit -f 2; exec " + scripts + "classify_folder.sh in o.jsonl --model tiny");
  EXPECT_EQ(finished.exit_code, 3) << finished.out;
  EXPECT_THAT(finished.err, HasSubstr("o.jsonl: cannot be written, File too large"));
  finished = shell("exec " + scripts + "classify_folder.sh in p.jsonl --model tiny >/dev/full");
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_THAT(finished.err, HasSubstr("standard output cannot be written"));
  finished = shell("exec " + scripts + "segment_folder.sh in out --model parts >/dev/full");
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_THAT(finished.err, HasSubstr("standard output cannot be written"));
  if (!with_small_disk("4k", scripts + "classify_folder.sh in disk/o.jsonl --model tiny",
                       finished)) {
    GTEST_SKIP() << "no small file system can be mounted here";
  }
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_THAT(finished.err, HasSubstr("disk/o.jsonl: cannot be written, No space left on device"));
  ASSERT_TRUE(
      with_small_disk("40k", scripts + "segment_folder.sh in disk/out --model parts", finished));
  EXPECT_EQ(finished.exit_code, 3) << finished.out;
  EXPECT_THAT(finished.err, ContainsRegex("disk/out/c[0-9]*.ply: cannot be written[:,] No space"));
}

TEST_F(Disk, segment_folder_says_that_it_cannot_note_what_became_of_clouds) {
  // Its notes are on a disk that is full from the beginning, the clouds are not.
  Finished finished;
  if (!with_small_disk("8k",
                       "mkdir disk/notes; head -c 100000 /dev/zero >disk/fill 2>/dev/null\n"
                       "TMPDIR=$PWD/disk/notes " PTATTN_SOURCE_DIR
                       "/scripts/segment_folder.sh in out --model parts",
                       finished)) {
    GTEST_SKIP() << "no small file system can be mounted here";
  }
  EXPECT_EQ(finished.exit_code, 3) << finished.out;
  EXPECT_THAT(finished.err, HasSubstr("some clouds left no trace in "));
  EXPECT_THAT(finished.err, HasSubstr(": it cannot be written"));
}

TEST_F(Disk, an_error_while_text_is_read_is_not_its_end) {
  // A folder can be opened and not read, a process's memory not at its beginning.
  expect_line(shell("exec ptattn-classify - --model tiny <in"), 3,
              "ptattn-classify: standard input: cannot be read");
  expect_line(shell("exec ptattn-smooth a.ply -o o.las --crs in"), 2,
              "ptattn-smooth: --crs: in is not a readable file, expected EPSG:CODE, WKT or a file "
              "with WKT");
  for (const char* map : {"/proc/self/mem", "-"}) {
    const Finished finished =
        shell("exec ptattn-eval labels.ply --map " + std::string(map) + " <in");
    EXPECT_EQ(finished.exit_code, 3);
    EXPECT_THAT(finished.err, ContainsRegex("^ptattn-eval: .*: cannot be read, .*\n$"));
  }
}

TEST_F(Disk, scripts_report_what_is_no_file) {
  const std::string scripts = PTATTN_SOURCE_DIR "/scripts/";
  fs::create_directories(folder() / "odd");
  put("odd/a.ply", ply_shape(300));
  fs::create_symlink("nowhere.ply", folder() / "odd/link.ply");
  ASSERT_EQ(shell("mkfifo odd/pipe.pcd").exit_code, 0);
  for (const std::string& command : {scripts + "classify_folder.sh odd o.jsonl --model tiny",
                                     scripts + "segment_folder.sh odd out --model parts"}) {
    SCOPED_TRACE(command);
    const Finished finished = shell("exec timeout 60 " + command);
    EXPECT_EQ(finished.exit_code, 3) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr("odd/link.ply: is no file"));
    EXPECT_THAT(finished.err, HasSubstr("odd/pipe.pcd: is no file"));
  }
  EXPECT_TRUE(has("out/a.ply"));
  const Finished finished = shell("exec timeout 60 ptattn-classify odd --model tiny");
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_THAT(finished.err, HasSubstr("odd/link.ply: cannot be opened"));
  EXPECT_THAT(finished.err, HasSubstr("odd/pipe.pcd: is not a regular file"));
}

}  // namespace
}  // namespace ptattn::test
