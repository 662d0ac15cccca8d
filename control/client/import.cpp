// `spanlight import`: captures, dissected here, into the store of a control process. `spanlight dissect` runs
// as a child and writes its records without loss; they go on in pieces, each of which is answered when it is
// stored.

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "client/commands.h"
#include "record/batch_stream.h"

namespace spanlight::client {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kPostBytes = std::size_t{512} << 10;  // half of what a request may have by default

struct ImportArguments {
  Server server;
  std::vector<std::string> files;
  std::string source, config;
  bool again = false;
};

cli::Manual import_manual() {
  return {
      .name = "spanlight import",
      .summary = "captures into the store, beside what is live",
      .synopsis = {"[OPTIONS] FILE..."},
      .description =
          {"Dissects capture files on this machine and gives their calls to a control process, which names "
           "both "
           "ends as of the time of the capture and keeps them. They are seen in the same views, as a source "
           "of "
           "their own: choose it in the dashboard, or with spanlight query --source.",
           "Nothing is lost on the way: what the store has no room for yet is waited for. However old the "
           "capture is, its calls stay for store.keepHours after they were imported, or until they are the "
           "oldest and room is needed."},
      .examples = {{"spanlight import incident.pcap", "As source \"incident.pcap\"."},
                   {"spanlight import --source outage a.pcap b.pcap", "Two files as one source."}},
      .exit_status = {{"1", "A capture could not be read whole, or the control process would not take it."}},
      .see_also = {"spanlight dissect", "spanlight query", "spanlight control"}};
}

std::string folder_of_this_program() {
  std::error_code fault;
  return std::filesystem::read_symlink("/proc/self/exe", fault).parent_path().string();
}

// `spanlight-sensor dissect --format flatbuffers FILE...`, its standard output to be read.
class Dissection {
 public:
  explicit Dissection(const ImportArguments& arguments) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw ApiFault(std::string("no pipe: ") + std::strerror(errno));
    std::vector<std::string> words = {folder_of_this_program() + "/spanlight-sensor", "dissect", "--format",
                                      "flatbuffers"};
    if (!arguments.config.empty()) words.insert(words.end(), {"-c", arguments.config});
    words.emplace_back("--");
    words.insert(words.end(), arguments.files.begin(), arguments.files.end());
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    const int fault = posix_spawn(&child_, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    output_ = ends[0];
    if (fault != 0) throw ApiFault(words[0] + " cannot be run: " + std::strerror(fault));
  }
  ~Dissection() {
    close(output_);
    if (child_ > 0) waitpid(child_, nullptr, 0);
  }
  Dissection(const Dissection&) = delete;
  Dissection& operator=(const Dissection&) = delete;

  std::size_t read(std::span<std::uint8_t> space) {
    for (;;) {
      const ssize_t bytes = ::read(output_, space.data(), space.size());
      if (bytes >= 0) return static_cast<std::size_t>(bytes);
      if (errno != EINTR)
        throw ApiFault(std::string("what dissect says cannot be read: ") + std::strerror(errno));
    }
  }
  // Of the child, once its output has ended.
  int status() {
    int status = 0;
    waitpid(child_, &status, 0);
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  }

 private:
  pid_t child_ = -1;
  int output_ = -1;
};

// Batches on their way to the control process, several in each request.
class Upload {
 public:
  Upload(ApiClient& api, const std::string& source)
      : api_(api), target_(target("/api/import", {{"source", source}})) {}

  void add(const StreamItem& item, std::span<const std::uint8_t> message) {
    if (!piece_.empty() && piece_.size() + message.size() > kPostBytes) send();
    if (piece_.empty()) piece_ = kStreamMagic;
    const std::string_view topic = text_of(item.batch->topic());
    piece_ += StreamHead(topic, message.size()).bytes();
    piece_.append(reinterpret_cast<const char*>(message.data()), message.size());
    piece_ += stream_padding(message.size());
  }
  void send() {
    if (piece_.empty()) return;
    std::size_t at = 0;
    const std::string answer =
        api_.post_stream(target_, "application/octet-stream", [&](char* buffer, std::size_t size) {
          const std::size_t bytes = std::min(size, piece_.size() - at);
          std::memcpy(buffer, piece_.data() + at, bytes);
          at += bytes;
          return bytes;
        });
    calls_ += Json::parse(answer).value("calls", std::uint64_t{0});
    piece_.clear();
  }
  std::uint64_t calls() const { return calls_; }

 private:
  ApiClient& api_;
  const std::string target_;
  std::string piece_;
  std::uint64_t calls_ = 0;
};

bool has_source(ApiClient& api, const std::string& source) {
  const std::string answer =
      api.get(target("/api/calls", {{"source", source}, {"limit", "1"}, {"since", "1970-01-01T00:00:00Z"}}));
  return !Json::parse(answer).at("calls").empty();
}

bool forward(Dissection& dissection, Upload& upload) {
  BatchStream stream;
  bool whole = false;
  while (!stream.ended() && stream.fault() == StreamFault::none) {
    const std::span<std::uint8_t> space = stream.space();
    const std::size_t bytes = dissection.read(space);
    if (bytes == 0) {
      stream.closed();
    } else {
      stream.received(bytes);
    }
    while (const auto item = stream.next()) {
      if (item->kind == StreamItem::Kind::capture) std::cerr << "reading " << item->capture << std::endl;
      if (item->kind == StreamItem::Kind::end) whole = item->whole;
      if (item->kind == StreamItem::Kind::batch) upload.add(*item, item->message);
    }
  }
  if (stream.fault() != StreamFault::none)
    throw ApiFault("what dissect says is " + std::string(fault_name(stream.fault())));
  if (stream.malformed() > 0)
    throw ApiFault("dissect wrote " + std::to_string(stream.malformed()) + " broken messages");
  upload.send();
  return whole;
}

}  // namespace

int import(int argc, const char* const* argv) {
  ImportArguments arguments;
  cli::Options options(import_manual());
  options
      .text(0, "source", "NAME", &arguments.source,
            "How the calls are called in the store; without it the (first) file's name.")
      .text('c', "config", "FILE", &arguments.config,
            "Settings of the dissection, as spanlight dissect -c takes them.")
      .flag(0, "again", &arguments.again, "Also where a source of that name is there already.");
  add_server_options(options, arguments.server);
  options.positionals("FILE", &arguments.files, 1, cli::kAnyNumber, "Capture files, pcap or pcapng.");
  if (const auto status = options.parse(argc, argv)) return *status;
  if (arguments.source.empty())
    arguments.source = std::filesystem::path(arguments.files[0]).filename().string();
  if (arguments.source == "live")
    return options.refuse("--source: \"live\" is what sensors send; give another name");

  ApiClient api(arguments.server);
  if (!arguments.again && has_source(api, arguments.source))
    throw ApiFault("there are calls of a source \"" + arguments.source +
                   "\" already: give another --source, or --again to add to it");
  Dissection dissection(arguments);
  Upload upload(api, arguments.source);
  const bool whole = forward(dissection, upload);
  const int status = dissection.status();
  std::cerr << upload.calls() << " calls are stored as source \"" << arguments.source << "\"" << std::endl;
  if (!whole) std::cerr << "spanlight import: not every capture could be read to its end" << std::endl;
  return whole && status == 0 ? 0 : 1;
}

}  // namespace spanlight::client
