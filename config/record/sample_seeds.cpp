// Writes the seeds of the record fuzzer: `record_sample_seeds DIRECTORY`.

#include <fstream>
#include <string>

#include "record/sample.h"

namespace {

using namespace spanlight;

void write(const std::string& path, const sample::Bytes& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::string directory = std::string(argv[1]) + "/";
  sample::Batch batch;
  batch.records = {sample::usual_call()};
  write(directory + "usual_call", sample::build(batch));

  sample::Record odd;
  odd.state = wire::State::no_response;
  odd.reason = wire::Reason::lost_in_mirror;
  odd.flags = 0xff;
  odd.timestamp = 1'795'407'600'123'456'789;
  odd.vlans = {100, 7};
  odd.tunnel = wire::Tunnel::vxlan;
  odd.src = wire::Address(0x2001'0db8'0000'0000, 1);
  odd.error = "\x1b[31m";
  odd.request.headers = {{"Host", "shop"}};
  odd.request.wrong_spans = {{0xffff'ffff, 1, 0, 0xffff'ffff}};
  odd.request.body = "\xff\xfe caf\xc3";
  odd.request.body_size = 100;
  odd.request.fields = {{.name = "n", .kind = wire::FieldKind::integer, .integer = -5},
                        {.name = "x", .kind = wire::FieldKind::number, .number = 0.25},
                        {.name = "l", .kind = wire::FieldKind::list, .list = {"a", "b\n"}},
                        {.name = "t", .text = "x"}};
  odd.response.present = false;
  batch.records = {odd, sample::Record{}};
  batch.records[1].transport = wire::Transport::icmp;
  batch.records[1].request.present = batch.records[1].response.present = false;
  write(directory + "odd_calls", sample::build(batch));
  batch.records.clear();
  write(directory + "no_records", sample::build(batch));
  write(directory + "stats", sample::build_stats("s", 1, {{0, "record.http.", 7}, {1, "record.redis.", 0}}));
  write(directory + "hello", sample::build_hello("s", 1));
  return 0;
}
