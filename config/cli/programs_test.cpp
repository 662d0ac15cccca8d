// Runs the programs as people do. Arguments: the paths of spanlight and of spanlight-check.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string front;  // the front's path
std::string check;

struct Outcome {
  int status = -1;
  std::string text;
};

Outcome run(const std::string& command_line) {
  Outcome outcome;
  FILE* const pipe = popen(command_line.c_str(), "r");
  if (pipe == nullptr) return outcome;
  std::array<char, 4'096> room{};
  for (std::size_t n = 0; (n = fread(room.data(), 1, room.size(), pipe)) > 0;)
    outcome.text.append(room.data(), n);
  const int status = pclose(pipe);
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

// A folder that goes when the test ends.
class Folder {
 public:
  Folder() {
    std::string name = (fs::canonical(::testing::TempDir()) / "spanlight-programs-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder can be made: " + name);
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string write(const std::string& name, const std::string& text, bool executable = false) const {
    const fs::path file = path_ / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
    if (executable) fs::permissions(file, fs::perms::owner_all);
    return file.string();
  }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

TEST(Front, without_arguments_says_what_there_is) {
  const Outcome outcome = run(front);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.text, AllOf(HasSubstr("spanlight sensor"), HasSubstr("spanlight dissect"),
                                  HasSubstr("spanlight doctor"), HasSubstr("spanlight tail"),
                                  HasSubstr("spanlight check")));
}

TEST(Front, refuses_unknown_commands_with_a_guess) {
  struct Case {
    const char* arguments;
    const char* sentence;
  };
  const Case cases[] = {
      {"sensr", "spanlight: there is no command sensr; did you mean spanlight sensor?\n"},
      {"disect a.pcap", "spanlight: there is no command disect; did you mean spanlight dissect?\n"},
      {"help tial", "spanlight: there is no command tial; did you mean spanlight tail?\n"},
      {"xyzzy",
       "spanlight: there is no command xyzzy; commands are help, sensor, dissect, doctor, control, tail, "
       "query, import, "
       "targets, resolve and check\n"},
      {"--vresion", "spanlight: there is no option --vresion; did you mean --version?\n"},
      {"help check tail", "spanlight: help takes one command; leave out \"tail\"\n"},
  };
  for (const Case& c : cases) {
    const Outcome outcome = run(front + " " + c.arguments + " 2>&1 >/dev/null");
    EXPECT_EQ(outcome.status, 2) << c.arguments;
    EXPECT_EQ(outcome.text, c.sentence);
  }
}

TEST(Front, says_its_version_and_helps) {
  EXPECT_THAT(run(front + " --version").text, StartsWith("spanlight "));
  EXPECT_THAT(run(front + " help").text, HasSubstr("SYNOPSIS\n    spanlight COMMAND [ARGUMENT]...\n"));
  EXPECT_EQ(run(front + " help").text, run(front + " --help").text);
  EXPECT_THAT(run(front + " help check").text, StartsWith("NAME\n    spanlight check - "));
}

TEST(Front, becomes_the_program_and_hands_over_every_word) {
  const Folder folder;
  const std::string script = "#!/bin/sh\nfor word in \"$@\"; do echo \"<$word>\"; done\nexit 7\n";
  folder.write("spanlight-sensor", script, true);
  folder.write("spanlight-tail", script, true);
  struct Case {
    const char* arguments;
    const char* words;
  };
  const Case cases[] = {
      {"sensor eth1", "<sensor>\n<eth1>\n"},
      {"dissect --json 'a b' -- -x", "<dissect>\n<--json>\n<a b>\n<-->\n<-x>\n"},
      {"doctor", "<doctor>\n"},
      {"tail --version", "<--version>\n"},
      {"help dissect", "<dissect>\n<--help>\n"},
      {"help tail", "<--help>\n"},
  };
  for (const Case& c : cases) {
    const Outcome outcome = run("SPANLIGHT_EXEC_PATH='" + folder.path() + "' " + front + " " + c.arguments);
    EXPECT_EQ(outcome.status, 7) << c.arguments;
    EXPECT_EQ(outcome.text, c.words) << c.arguments;
  }
}

TEST(Front, finds_programs_beside_itself_and_in_libexec) {
  const Folder folder;
  folder.write("bin/place", "");
  const std::string copy = folder.path() + "/bin/spanlight";
  fs::copy_file(front, copy);
  fs::create_symlink(copy, folder.path() + "/link");
  folder.write("libexec/spanlight/spanlight-tail", "#!/bin/sh\necho libexec\n", true);
  EXPECT_EQ(run(copy + " tail").text, "libexec\n");
  EXPECT_EQ(run(folder.path() + "/link tail").text, "libexec\n");
  folder.write("bin/spanlight-tail", "#!/bin/sh\necho beside\n", true);
  EXPECT_EQ(run(copy + " tail").text, "beside\n");
}

TEST(Front, says_where_it_looked_for_a_program) {
  const Folder folder;
  folder.write("bin/place", "");
  const std::string copy = folder.path() + "/bin/spanlight";
  fs::copy_file(front, copy);
  const Outcome missing = run(copy + " tail 2>&1");
  EXPECT_EQ(missing.status, 1);
  EXPECT_EQ(missing.text, "spanlight: the program spanlight-tail is not in " + folder.path() + "/bin and " +
                              folder.path() +
                              "/libexec/spanlight; install it, or set SPANLIGHT_EXEC_PATH to its folder\n");
  folder.write("bin/spanlight-tail", "text that is no program");
  const Outcome no_program = run(copy + " tail 2>&1");
  EXPECT_EQ(no_program.status, 1);
  EXPECT_THAT(no_program.text,
              HasSubstr("spanlight-tail cannot be started (Permission denied); see that it is executable"));
}

TEST(Check, takes_the_default_file_and_no_file) {
  const Outcome file = run(check + " --no-machine -c " DEFAULT_FOLDER "/sensor.yaml 2>&1");
  EXPECT_EQ(file.status, 0);
  EXPECT_THAT(file.text, HasSubstr("sensor.yaml: ok: 0 ports, "));
  const Outcome none = run(check + " --no-machine 2>&1");
  EXPECT_EQ(none.status, 0);
  EXPECT_THAT(none.text, StartsWith("built-in defaults: ok: 0 ports, "));
}

TEST(Check, tells_every_fault_on_standard_error) {
  const Folder folder;
  const std::string file = folder.write("s.yaml", "flows:\n  max: 99\nenabledDissectors: [htp]\n");
  const Outcome outcome = run(check + " --no-machine -c " + file + " 2>&1 >/dev/null");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.text,
            file + ":2: flows.max: 99 is below the least, 1024; give a number from 1024 to 100000000\n" +
                file + ":3: enabledDissectors[0]: \"htp\" is not a known protocol; did you mean http?\n");
}

TEST(Check, asks_the_machine_unless_told_not_to) {
  const Folder folder;
  const std::string file = folder.write("s.yaml", "sensor: {runAs: root}\nports: [eth-none]\n");
  const Outcome asked = run(check + " -c " + file + " 2>&1");
  EXPECT_EQ(asked.status, 1);
  EXPECT_THAT(
      asked.text,
      StartsWith(file + ":2: ports[0].source: there is no interface eth-none on this machine; there are "));
  const Outcome not_asked = run(check + " --no-machine -c " + file + " 2>&1");
  EXPECT_EQ(not_asked.status, 0);
  EXPECT_THAT(not_asked.text, StartsWith(file + ": ok: 1 port, "));
}

TEST(Check, prints_settings_that_it_reads_back) {
  const Folder folder;
  const std::string file = folder.write("s.yaml", "ports: [eth1]\nflows: {max: 5000, tcpIdle: 90s}\n");
  const Outcome first = run(check + " --no-machine --print -c " + file);
  EXPECT_EQ(first.status, 0);
  EXPECT_THAT(first.text,
              AllOf(HasSubstr("\n  max: 5000\n"), HasSubstr("\n  tcpIdle: 90s\n"), HasSubstr("\"eth1\"")));
  const Outcome second = run(check + " --no-machine --print -c " + folder.write("printed.yaml", first.text));
  EXPECT_EQ(second.text, first.text);
}

TEST(Check, lists_every_key) {
  EXPECT_THAT(run(check + " --keys").text, HasSubstr("publishing.curve.secretKey\n"));
}

TEST(Check, takes_the_control_processs_settings_when_told) {
  const Outcome file = run(check + " control --no-machine -c " DEFAULT_FOLDER "/control.yaml 2>&1");
  EXPECT_EQ(file.status, 0);
  EXPECT_THAT(file.text,
              HasSubstr("control.yaml: ok: 1 sensor, all traffic captured, calls kept for 72 hours "
                        "in /var/lib/spanlight, served at http://127.0.0.1:8899 to everyone on this "
                        "machine\n"));
  EXPECT_EQ(run(check + " sensor --no-machine").text, run(check + " --no-machine").text);
  EXPECT_THAT(run(check + " control --keys").text, HasSubstr("serve.access[].tokenFile\n"));
  const Folder folder;
  const std::string file_with_user =
      folder.write("c.yaml", "store: {enabled: false}\nserve:\n  runAs: no-such-user\n");
  const Outcome asked = run(check + " control -c " + file_with_user + " 2>&1");
  EXPECT_EQ(asked.status, 1);
  EXPECT_THAT(asked.text, StartsWith(file_with_user + ":3: serve.runAs: there is no user no-such-user"));
  const Outcome first = run(check + " control --no-machine --print -c " + file_with_user);
  EXPECT_THAT(first.text, HasSubstr("\n  runAs: \"no-such-user\"\n"));
  const Outcome second =
      run(check + " control --no-machine --print -c " + folder.write("printed.yaml", first.text));
  EXPECT_EQ(second.text, first.text);
}

TEST(Check, says_whose_file_it_is_when_it_is_the_others) {
  const Folder folder;
  const std::string of_control = folder.write("c.yaml", "tap: {namespaces: [shop]}\n");
  EXPECT_THAT(run(check + " --no-machine -c " + of_control + " 2>&1").text,
              AllOf(StartsWith(of_control + ":1: tap: is not a setting; "),
                    EndsWith("spanlight check: " + of_control +
                             " is right as settings of the control process; did you mean spanlight check "
                             "control?\n")));
  const std::string of_sensor = folder.write("s.yaml", "ports: [eth1]\n");
  EXPECT_THAT(run(check + " control --no-machine -c " + of_sensor + " 2>&1").text,
              HasSubstr("; did you mean spanlight check sensor?\n"));
  const std::string of_nobody = folder.write("x.yaml", "colour: red\n");
  EXPECT_THAT(run(check + " --no-machine -c " + of_nobody + " 2>&1").text,
              ::testing::Not(HasSubstr("spanlight check:")));
}

TEST(Check, refuses_a_command_line_it_does_not_understand) {
  const Outcome outcome = run(check + " --pritn 2>&1");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.text, "spanlight check: there is no option --pritn; did you mean --print?\n");
  EXPECT_EQ(
      run(check + " s.yaml 2>&1").text,
      "spanlight check: there are no settings of s.yaml; give sensor or control, and the file behind -c\n");
  EXPECT_EQ(run(check + " -c '' 2>&1").text, "spanlight check: --config: the name is empty; give a FILE\n");
}

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (argc != 3) {
    std::fprintf(stderr, "usage: programs_test FRONT CHECK\n");
    return 2;
  }
  front = argv[1];
  check = argv[2];
  return RUN_ALL_TESTS();
}
