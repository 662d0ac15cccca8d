#include "filter/random_calls.h"

#include <algorithm>
#include <limits>

#include "filter/checker.h"
#include "record/reader.h"

namespace spanlight::filter {
namespace {

using namespace std::string_literals;

const std::vector<std::string> kProtocols = {"http",  "http",  "grpc",       "gql", "dns",
                                             "redis", "mysql", "postgresql", "tls", "zz"};
const std::vector<std::string> kHeaderNames = {"Host",   "host",       "X-Foo",        "x-foo", "Cookie",
                                               "cookie", "Set-Cookie", "Content-Type", "\xff",  ""};
const std::vector<std::string> kHeaderValues = {"",      "shop",   "a=1; b=2", "a=1;a=2; c",  " a = 3 ; =4",
                                                "a==;b", "x\xffy", "GET",      "a=5; Path=/", "text/html",
                                                "a\nb",  "1"};
const std::vector<std::string> kQueries = {"",        "id=5",      "id",         "a=1&id=&id=7",
                                           "&&a=b=c", "=x&id=%35", "q=\xff&x=\n"};
const std::vector<std::string> kFieldNames = {"command",   "query",   "error_code", "success",
                                              "questions", "answers", "status",     "sni",
                                              "alpn",      "ratio",   "type",       "zz"};
const std::vector<std::string> kLabelNames = {"app", "tier", "a.b/c", ""};

std::uint64_t some_number(Dice& dice) {
  static const std::uint64_t kNumbers[] = {0,
                                           1,
                                           2,
                                           5,
                                           200,
                                           404,
                                           1'000,
                                           65'535,
                                           ~std::uint64_t{0},
                                           std::uint64_t{1} << 63,
                                           (std::uint64_t{1} << 63) - 1,
                                           std::uint64_t{1} << 53,
                                           (std::uint64_t{1} << 53) + 1};
  return dice.of(kNumbers);
}

std::uint64_t some_time(Dice& dice) {
  static const std::uint64_t kTimes[] = {0,
                                         1,
                                         1'773'525'600'000'000'000,
                                         1'773'525'600'000'000'001,
                                         1'773'525'605'123'456'789,
                                         1'773'529'200'000'000'000,
                                         ~std::uint64_t{0},
                                         std::uint64_t{1} << 63};
  return dice.one_in(4) ? dice.of(kTimes) : 1'773'525'600'000'000'000 + dice.below(10'000'000'000);
}

wire::Address some_address(Dice& dice) {
  wire::Address address;
  parse_address(dice.of(addresses()), address);
  return address;
}

}  // namespace

const std::vector<std::string>& awkward_texts() {
  static const std::vector<std::string> kTexts = {"",
                                                  "a",
                                                  "GET",
                                                  "get",
                                                  "POST",
                                                  "/api/v1/items",
                                                  "shop",
                                                  "frontend",
                                                  "\xff\xfe",
                                                  "a\nb",
                                                  "a\0b"s,
                                                  "\xc3\xa4",
                                                  "\xc3\x84rger",
                                                  "o'brien",
                                                  "back\\x",
                                                  "5",
                                                  "200",
                                                  "%",
                                                  "{x:String}",
                                                  "?",
                                                  "\xe2\x82",
                                                  "Shop Frontend",
                                                  "example.org",
                                                  "mail.example.org",
                                                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
                                                  "SELECT 1",
                                                  "\xf0\x9f\x98\x80",
                                                  "live",
                                                  "rack12",
                                                  "--;",
                                                  "true",
                                                  "0",
                                                  "-1",
                                                  "23505",
                                                  "x=y",
                                                  "10.0.0.1",
                                                  "\t",
                                                  "\x80"};
  return kTexts;
}

const std::vector<std::string>& addresses() {
  static const std::vector<std::string> kAddresses = {
      "10.0.0.1",   "10.1.2.3",    "192.168.1.1",     "0.0.0.0",      "255.255.255.255",
      "::",         "::1",         "::2:3",           "::a:b",        "::a:0",
      "fd00::1",    "2001:db8::5", "1:0:0:2:0:0:0:3", "::1:0:0",      "1:2:3:4:5:6:7:8",
      "::fffe:1:2", "ff02::fb",    "0:0:1::5",        "::ffff:0:1:2", "64:ff9b::102:304"};
  return kAddresses;
}

RandomCalls::RandomCalls(std::uint64_t seed, std::size_t count) {
  Dice dice(seed);
  sample::Batch batch;
  batch.sensor = "rack12";
  batch.sensor_epoch = 0x0123'4567'89ab'cdef;
  for (std::size_t i = 0; i < count; ++i) batch.records.push_back(record(dice, i + 1));
  bytes_ = sample::build(batch);
  const auto opened = open_batch({bytes_.data(), bytes_.size()});
  const auto end = [&]() -> CallEnd {
    CallEnd who;
    if (!dice.one_in(4)) who.party = &parties_.emplace_back(party(dice));
    if (dice.one_in(2)) who.dns = dns_.emplace_back(dice.of(awkward_texts()));
    return who;
  };
  for (const wire::Record* record : *opened->records()) calls_.push_back({opened.root, record, end(), end()});
}

sample::Record RandomCalls::record(Dice& dice, std::uint64_t id) {
  sample::Record r = dice.one_in(8) ? sample::usual_call() : sample::Record{};
  r.id = id;
  r.protocol = dice.of(kProtocols);
  r.version = dice.of(awkward_texts());
  r.state = static_cast<wire::State>(dice.below(5));
  r.reason = static_cast<wire::Reason>(dice.below(12));
  r.flags = static_cast<std::uint32_t>(dice.below(1'024)) | (dice.one_in(8) ? 1u << 31 : 0);
  r.timestamp = some_time(dice);
  r.response_timestamp = some_time(dice);
  r.transport = static_cast<wire::Transport>(dice.below(5));
  r.conn_id = some_number(dice);
  for (std::size_t i = dice.below(4); i > 0; --i) r.vlans.push_back(static_cast<std::uint16_t>(100 * i));
  r.tunnel = static_cast<wire::Tunnel>(dice.below(9));
  r.tunnel_id = static_cast<std::uint32_t>(some_number(dice));
  r.src = some_address(dice);
  r.dst = some_address(dice);
  r.src_port = static_cast<std::uint16_t>(some_number(dice));
  r.dst_port = static_cast<std::uint16_t>(some_number(dice));
  for (std::string* text : {&r.method, &r.url, &r.path, &r.error, &r.summary, &r.trace_id, &r.request_id})
    *text = dice.of(awkward_texts());
  r.query_string = dice.of(kQueries);
  r.has_status = !dice.one_in(3);
  r.status_code = r.has_status ? static_cast<std::int32_t>(some_number(dice)) : 0;
  r.is_error = dice.one_in(2);
  r.request = message(dice);
  r.response = message(dice);
  return r;
}

sample::Message RandomCalls::message(Dice& dice) {
  sample::Message m;
  m.present = !dice.one_in(4);
  m.size = some_number(dice);
  for (std::size_t i = dice.below(6); i > 0; --i)
    m.headers.emplace_back(dice.of(kHeaderNames), dice.of(kHeaderValues));
  if (dice.one_in(6)) m.wrong_spans.emplace_back(1'000'000, 4, 0, 4);
  m.body_size = some_number(dice);
  m.body = dice.of(awkward_texts()) + dice.of(awkward_texts());
  for (std::size_t i = dice.below(5); i > 0; --i) m.fields.push_back(field(dice));
  return m;
}

sample::Field RandomCalls::field(Dice& dice) {
  static const double kNumbers[] = {0,
                                    -0.0,
                                    0.5,
                                    5,
                                    5.5,
                                    -1e300,
                                    1e19,
                                    9007199254740993.0,
                                    std::numeric_limits<double>::infinity(),
                                    std::numeric_limits<double>::quiet_NaN()};
  sample::Field f;
  f.name = dice.of(kFieldNames);
  f.kind = static_cast<wire::FieldKind>(dice.below(6));
  f.text = dice.of(awkward_texts());
  f.integer = dice.one_in(2) ? static_cast<std::int64_t>(dice.below(3))
                             : static_cast<std::int64_t>(some_number(dice));
  f.number = dice.of(kNumbers);
  for (std::size_t i = dice.below(4); i > 0; --i) f.list.push_back(dice.of(awkward_texts()));
  return f;
}

Party RandomCalls::party(Dice& dice) {
  Party p;
  for (std::string* text :
       {&p.name, &p.name_space, &p.pod, &p.service, &p.workload_kind, &p.workload, &p.node})
    *text = dice.of(awkward_texts());
  for (const std::string& name : kLabelNames)
    if (dice.one_in(2)) p.labels.push_back({name, dice.of(awkward_texts())});
  std::sort(p.labels.begin(), p.labels.end(), [](const Label& a, const Label& b) { return a.name < b.name; });
  return p;
}

}  // namespace spanlight::filter
