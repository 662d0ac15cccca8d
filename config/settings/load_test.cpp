#include "settings/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <initializer_list>

#include "settings/describe.h"
#include "settings/settings.h"
#include "settings/table.h"

namespace spanlight {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

const ProtocolNames kProtocols = {"http", "redis"};

std::vector<std::string> sentences(const std::variant<Settings, std::vector<SettingsFault>>& result) {
  std::vector<std::string> out;
  if (const auto* faults = std::get_if<std::vector<SettingsFault>>(&result))
    for (const SettingsFault& fault : *faults) out.push_back(fault.sentence());
  return out;
}

std::vector<std::string> faults_of(const std::string& yaml) {
  return sentences(parse_settings(yaml, "s.yaml", kProtocols));
}

Settings settings_of(const std::string& yaml) {
  const auto result = parse_settings(yaml, "s.yaml", kProtocols);
  for (const std::string& sentence : sentences(result)) ADD_FAILURE() << sentence;
  return std::holds_alternative<Settings>(result) ? std::get<Settings>(result) : Settings{};
}

struct Refusal {
  const char* name;
  const char* yaml;
  const char* sentence;
};

void expect_faults(std::initializer_list<Refusal> cases) {
  for (const Refusal& c : cases) EXPECT_THAT(faults_of(c.yaml), ElementsAre(c.sentence)) << c.name;
}

void expect_equal(const Settings& a, const Settings& b) {
  for (const Key& key : settings_table())
    EXPECT_TRUE(key.is_of_item() || value_of(key, a) == value_of(key, b)) << key.path;
}

TEST(Load, refuses_keys_it_does_not_know) {
  expect_faults({
      {"misspelt", "flows:\n  maxx: 5000", "s.yaml:2: flows.maxx: is not a setting; did you mean flows.max?"},
      {"other case", "flows:\n  tcpidle: 5m",
       "s.yaml:2: flows.tcpidle: is not a setting; did you mean flows.tcpIdle?"},
      {"with underscore", "flows:\n  tcp_idle: 5m",
       "s.yaml:2: flows.tcp_idle: is not a setting; did you mean flows.tcpIdle?"},
      {"section", "flow:\n  max: 5000", "s.yaml:1: flow: is not a setting; did you mean flows?"},
      {"in the wrong section", "sensor:\n  name: a\nbodyPreview: 1KiB",
       "s.yaml:3: bodyPreview: is not a setting here; did you mean dissectors.bodyPreview?"},
      {"nothing alike", "flows:\n  colour: red",
       "s.yaml:2: flows.colour: is not a setting; flows has max, tcpIdle, tcpClosed, tcpOpening and udpIdle"},
      {"of a port", "ports:\n  - source: eth1\n    nmae: a",
       "s.yaml:3: ports[0].nmae: is not a setting; did you mean ports[0].name?"},
      {"the table's own spelling", "ports[]: 1", "s.yaml:1: ports[]: is not a setting; did you mean ports?"},
      {"nested", "publishing:\n  curve:\n    public: x",
       "s.yaml:3: publishing.curve.public: is not a setting; did you mean publishing.curve.publicKey?"},
      {"a list as key", "? [1, 2]\n: 3",
       "s.yaml:1: a key is a list; give one of sensor, ports, bpf, lcores, dpdk, decode, flows, "
       "connections, sampling, "
       "shedding, "
       "reassembly, packets, "
       "enabledDissectors, portMapping, dissectors, redaction, publishing or logging"},
  });
}

TEST(Load, refuses_wrong_types) {
  expect_faults({
      {"list for a number", "flows:\n  max: [1]",
       "s.yaml:2: flows.max: is a list; give a number from 1024 to 100000000"},
      {"map for a number", "flows:\n  max: {a: 1}",
       "s.yaml:2: flows.max: is a map; give a number from 1024 to 100000000"},
      {"no value", "flows:\n  max:\n  tcpIdle: 5m",
       "s.yaml:2: flows.max: has no value; give a number from 1024 to 100000000"},
      {"text for a number", "flows:\n  max: lots",
       "s.yaml:2: flows.max: lots is not a whole number; give a number from 1024 to 100000000"},
      {"no boolean", "logging:\n  json: maybe",
       "s.yaml:2: logging.json: \"maybe\" is neither true nor false; give true or false"},
      {"no choice", "logging:\n  level: loud",
       "s.yaml:2: logging.level: \"loud\" is not a choice; give error, warning, info or debug"},
      {"text for a list", "enabledDissectors: http",
       "s.yaml:1: enabledDissectors: is \"http\"; give a list, each item a protocol's name; [] is the empty "
       "one"},
      {"list for a text", "bpf: [tcp]", "s.yaml:1: bpf: is a list; give a capture filter, or \"\" for none"},
      {"null for a text",
       "sensor:\n  runAs:", "s.yaml:2: sensor.runAs: has no value; give a text, or \"\" for none"},
      {"value for a section", "flows: 5",
       "s.yaml:1: flows: is \"5\"; write keys and values, of the keys max, tcpIdle, tcpClosed, tcpOpening "
       "and udpIdle"},
      {"map for ports", "ports:\n  source: eth1",
       "s.yaml:2: ports: is a map; give a list, such as [eth1], or one of maps with source:, name:, pair: "
       "and promiscuous:"},
      {"list for portMapping", "portMapping: [80]",
       "s.yaml:1: portMapping: is a list; give lists of ports by protocol, such as {http: [80, 8080]}"},
      {"port without a list", "portMapping:\n  http: 80",
       "s.yaml:2: portMapping.http: is \"80\"; give lists of ports by protocol, such as {http: [80, 8080]}"},
  });
  EXPECT_THAT(faults_of("- a\n- b"), ElementsAre(HasSubstr("s.yaml:1: is a list; write keys and values")));
}

TEST(Load, refuses_values_out_of_range) {
  expect_faults({
      {"below", "# one\n\nflows:\n  max: 99",
       "s.yaml:4: flows.max: 99 is below the least, 1024; give a number from 1024 to 100000000"},
      {"above", "dissectors: {bodyPreview: 65537}",
       "s.yaml:1: dissectors.bodyPreview: 65537 is above the most, 64KiB; give a size from 0B to 64KiB"},
      {"duration", "flows:\n  tcpIdle: soon",
       "s.yaml:2: flows.tcpIdle: soon is not a duration such as 300s, 5m or 20ms; give a duration from 1s to "
       "24h"},
      {"ring", "dpdk: {ringSize: 5000}",
       "s.yaml:1: dpdk.ringSize: 5000 is not a power of two; give a power of two from 64 to 1048576"},
      {"item", "portMapping:\n  http: [80,\n    70000]",
       "s.yaml:3: portMapping.http[1]: 70000 is above the most, 65535; give a number from 1 to 65535"},
      {"CPU", "lcores: {workers: [1, 1024]}",
       "s.yaml:1: lcores.workers[1]: 1024 is above the most, 1023; give a number from 0 to 1023"},
      {"CPU range", "lcores: {workers: [5-2]}",
       "s.yaml:1: lcores.workers[0]: 5-2 runs backwards; write the lower CPU first"},
      {"CPU range without end", "lcores: {workers: [5-]}",
       "s.yaml:1: lcores.workers[0]: an empty text is not a whole number; give a number from 0 to 1023"},
      {"negative CPU", "lcores: {workers: [-1]}",
       "s.yaml:1: lcores.workers[0]: -1 is below the least, 0; give a number from 0 to 1023"},
      {"third VXLAN port", "decode: {vxlanPorts: [1, 2, 3]}",
       "s.yaml:1: decode.vxlanPorts[2]: is one port too many; two are possible"},
  });
}

TEST(Load, refuses_texts_that_mean_nothing) {
  expect_faults({
      {"protocol, alike", "enabledDissectors: [htp]",
       "s.yaml:1: enabledDissectors[0]: \"htp\" is not a known protocol; did you mean http?"},
      {"protocol, unlike", "portMapping: {gopher: [70]}",
       "s.yaml:1: portMapping.gopher: \"gopher\" is not a known protocol; known are http and redis"},
      {"pattern's protocol", "dissectors:\n  patterns:\n    - {protocol: rediss, regex: a}",
       "s.yaml:3: dissectors.patterns[0].protocol: \"rediss\" is not a known protocol; did you mean redis?"},
      {"half a pattern", "dissectors:\n  patterns:\n    - {protocol: redis}",
       "s.yaml:3: dissectors.patterns[0]: needs both a protocol and a regex; give the one that is missing"},
      {"endpoint", "publishing: {records: 'udp://x'}",
       "s.yaml:1: publishing.records: \"udp://x\" is not an endpoint; give ipc://PATH or tcp://ADDRESS:PORT"},
      {"endpoint without port", "publishing: {records: 'tcp://127.0.0.1'}",
       "s.yaml:1: publishing.records: \"tcp://127.0.0.1\" is not an endpoint; give ipc://PATH or "
       "tcp://ADDRESS:PORT"},
      {"metrics", "publishing: {metrics: '9464'}",
       "s.yaml:1: publishing.metrics: \"9464\" is not an IP address with a port; give one such as "
       "127.0.0.1:9464, or "
       "\"\" for none"},
      {"header", "redaction: {headers: ['x-key: 1']}",
       "s.yaml:1: redaction.headers[0]: \"x-key: 1\" is not a header's name; give the name alone, such as "
       "authorization"},
      {"item twice", "redaction: {cookies: [a, b, a]}",
       "s.yaml:1: redaction.cookies[2]: \"a\" stands in the list twice; keep one of the two"},
      {"empty item", "redaction: {cookies: ['']}",
       "s.yaml:1: redaction.cookies[0]: is empty; write a text, or leave the item out"},
      {"key", "publishing: {curve: {publicKey: short}}",
       "s.yaml:1: publishing.curve.publicKey: is not a CURVE key; give the 40 characters (Z85) that "
       "zmq_curve_keypair makes"},
      {"NUL", "sensor: {name: \"a\\0b\"}", "s.yaml:1: sensor.name: holds a NUL character; leave it out"},
  });
  EXPECT_THAT(faults_of("redaction:\n  patterns: ['ok', '(open']"),
              ElementsAre(HasSubstr("s.yaml:2: redaction.patterns[1]: \"(open\" is not a usable pattern (")));
  EXPECT_THAT(faults_of("redaction:\n  patterns: ['(a)\\1']"),
              ElementsAre(HasSubstr("; Hyperscan has no back references and no look-around")));
  EXPECT_THAT(faults_of("bpf: tcp prot 80"),
              ElementsAre(HasSubstr("s.yaml:1: bpf: \"tcp prot 80\" is not a capture filter (")));
}

TEST(Load, refuses_what_is_not_yaml) {
  expect_faults({
      {"tab", "flows:\n\tmax: 5000",
       "s.yaml:2: is not valid YAML here: illegal map value; indent with spaces, not with tabs"},
      {"two documents", "bpf: ''\n---\nbpf: tcp",
       "s.yaml: holds more than one YAML document; keep one, without --- between"},
      {"nothing begins with it", ",",
       "s.yaml: holds more than one YAML document; keep one, without --- between"},
  });
  EXPECT_THAT(faults_of("flows:\n  max: [1\nbpf: x"),
              ElementsAre(::testing::MatchesRegex(
                  "s.yaml:[0-9]+: is not valid YAML here: .* \\(column [0-9]+\\); look for "
                  "a missing colon, quote, bracket or indent")));
  EXPECT_THAT(faults_of("flows: *nowhere"),
              ElementsAre(HasSubstr("s.yaml:1: is not valid YAML here: the referenced anchor")));
  EXPECT_THAT(faults_of(std::string(100'000, '[')), ElementsAre(HasSubstr("is not valid YAML here")));
  EXPECT_THAT(faults_of("ports: &a [*a]"),
              ElementsAre(HasSubstr("s.yaml:1: ports[0]: is a list; write keys and values")));
}

TEST(Load, refuses_duplicates) {
  expect_faults({
      {"key", "flows:\n  max: 5000\n  tcpIdle: 5m\n  max: 6000",
       "s.yaml:4: flows.max: stands here a second time, after line 2; keep one of the two"},
      {"section", "flows:\n  max: 5000\nbpf: ''\nflows:\n  tcpIdle: 5m",
       "s.yaml:4: flows: stands here a second time, after line 1; keep one of the two"},
      {"protocol", "portMapping:\n  http: [80]\n  http: [81]",
       "s.yaml:3: portMapping.http: stands here a second time; keep one of the two"},
      {"CPU", "lcores: {workers: [1-3, 2]}",
       "s.yaml:1: lcores.workers[1]: CPU 2 stands in the list twice; a CPU runs one worker"},
  });
}

TEST(Load, refuses_what_does_not_go_together) {
  expect_faults({
      {"TCP in the clear", "publishing:\n  records: tcp://0.0.0.0:5600",
       "s.yaml:2: publishing.records: tcp://0.0.0.0:5600 can be reached from other machines and is not "
       "encrypted; give "
       "publishing.curve.publicKey and secretKey, or an address of this machine alone (tcp://127.0.0.1:PORT, "
       "ipc://PATH)"},
      {"commands in the clear", "publishing:\n  commands: tcp://*:5601",
       "s.yaml:2: publishing.commands: tcp://*:5601 can be reached from other machines and is not encrypted; "
       "give "
       "publishing.curve.publicKey and secretKey, or an address of this machine alone (tcp://127.0.0.1:PORT, "
       "ipc://PATH)"},
      {"one key of two", "publishing:\n  curve:\n    secretKey: 'JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6'",
       "s.yaml:3: publishing.curve.secretKey: has no publishing.curve.publicKey beside it; give both, or "
       "neither"},
      {"one endpoint for both", "publishing: {records: 'ipc:///a', commands: 'ipc:///a'}",
       "s.yaml:1: publishing.commands: is the endpoint of publishing.records as well; choose another"},
      {"port without a source", "ports:\n  - name: a",
       "s.yaml:2: ports[0].source: is missing; give a PCI address, a vdev string, an interface or a capture "
       "file"},
      {"port twice", "ports: [eth1, eth1]",
       "s.yaml:1: ports[1].source: eth1 is ports[0] already; keep one of the two"},
      {"name twice", "ports:\n  - {source: a, name: x}\n  - {source: b, name: x}",
       "s.yaml:3: ports[1].name: x is the name of ports[0] already; choose another"},
      {"pair unknown", "ports: [{source: a, pair: b}]",
       "s.yaml:1: ports[0].pair: there is no port with the name b; give the name of another port"},
      {"pair with itself", "ports: [{source: a, pair: a}]",
       "s.yaml:1: ports[0].pair: a port cannot be its own pair; give the name of the TAP's other port"},
      {"pair not mutual", "ports:\n  - {source: a, pair: b}\n  - {source: b, pair: c}\n  - c",
       "s.yaml:2: ports[0].pair: b is paired with c; the two ports of a TAP name each other"},
      {"pair of two", "ports:\n  - {source: a, pair: c}\n  - {source: b, pair: c}\n  - c",
       "s.yaml:3: ports[1].pair: c is the pair of a already; a TAP has two ports"},
      {"pair of unlike", "ports:\n  - {source: a, pair: b.pcap}\n  - b.pcap",
       "s.yaml:2: ports[0].pair: a capture file and a live port cannot be a pair; pair two of a kind"},
      {"main among workers", "lcores:\n  workers: [1, 2]\n  main: 2",
       "s.yaml:3: lcores.main: CPU 2 runs a worker already; choose another CPU, or any"},
      {"batch too small", "dissectors:\n  bodyPreview: 64KiB\npublishing:\n  batchBytes: 64KiB",
       "s.yaml:4: publishing.batchBytes: 65536 bytes cannot hold a call with two previews of 65536 bytes; "
       "give "
       "147456 or "
       "more, or lower dissectors.bodyPreview"},
      {"mbufs", "dpdk: {mbufs: 4096}",
       "s.yaml:1: dpdk.mbufs: 4096 buffers cannot fill the 4096 descriptors of a queue; give more of them, "
       "or auto"},
      {"held", "reassembly: {stateMemory: 1MiB, heldBytes: 2MiB}",
       "s.yaml:1: reassembly.heldBytes: one direction may hold more than all of reassembly.stateMemory, "
       "1MiB; lower it, "
       "or raise that"},
      {"no room for previews", "reassembly: {previewMemory: 0}",
       "s.yaml:1: reassembly.previewMemory: 0MiB has no room for previews; give more, or set "
       "dissectors.bodyPreview to 0"},
      {"skew", "reassembly: {skewAllowance: 3s}",
       "s.yaml:1: reassembly.skewAllowance: 3000ms is longer than reassembly.holeTimeout, 2000ms; make it "
       "shorter"},
      {"sampling", "sampling: {keep: 3, of: 2}",
       "s.yaml:1: sampling.keep: 3 of 2 cannot be kept; make it no more than sampling.of"},
      {"tunnel ports", "decode: {genevePort: 4789}",
       "s.yaml:1: decode.genevePort: 4789 is in decode.vxlanPorts as well; a port carries one of the two"},
  });
}

TEST(Load, tells_all_faults_in_the_order_of_the_file) {
  EXPECT_THAT(faults_of("flows:\n  max: 1\n  tcpIdle: x\nlogging:\n  level: z\nextra: 1"),
              ElementsAre(HasSubstr("s.yaml:2: flows.max"), HasSubstr("s.yaml:3: flows.tcpIdle"),
                          HasSubstr("s.yaml:5: logging.level"), HasSubstr("s.yaml:6: extra")));
}

TEST(Load, files_that_cannot_be_read) {
  EXPECT_THAT(
      sentences(load_settings("no/such/file.yaml")),
      ElementsAre(
          "no/such/file.yaml: cannot be read (No such file or directory); give the path of a settings file"));
  EXPECT_THAT(sentences(load_settings("/")),
              ElementsAre("/: is a directory; give the path of a settings file"));
  const auto path = std::filesystem::path(::testing::TempDir()) / "settings-too-large.yaml";
  std::ofstream(path) << std::string(1'100'000, '#');
  EXPECT_THAT(sentences(load_settings(path.string())),
              ElementsAre(path.string() + ": has more than 1048576 bytes; is this a settings file?"));
  std::filesystem::remove(path);
}

TEST(Load, nothing_is_the_defaults) {
  EXPECT_TRUE(std::holds_alternative<Settings>(load_settings("")));
  for (const char* const yaml : {"", "# only a comment\n", "flows:\nlogging:\n", "---\n", "{}"}) {
    const Settings settings = settings_of(yaml);
    expect_equal(settings, Settings{});
  }
}

// No value here is a default, so a key that was not read is seen.
constexpr const char* kEverything = R"(
sensor: {name: "a \"b\"\n", runAs: spanlight}
ports:
  - eth1
  - {source: "0000:3b:00.0", name: tap-a, pair: tap-b, promiscuous: off}
  - {source: "0000:3b:00.1", name: tap-b}
bpf: tcp port 80
lcores: {workers: [2, 4-6], main: 1, idle: poll}
dpdk: {hugepages: never, memoryMb: 512, rxDescriptors: 1024, mbufs: 8192, ringSize: 1024}
decode: {vlanInKey: true, decapsulate: no, vxlanPorts: [4790], genevePort: 6082, removeDuplicates: false}
flows: {max: 1024, tcpIdle: 10m, tcpClosed: 6s, tcpOpening: 1m, udpIdle: 2m}
connections: {records: sampled, oneOf: 8, interval: 2m}
sampling: {keep: 2, of: 3}
shedding: {enabled: false, lowPriority: [http], oneOf: 16, patience: 10ms, calm: 1s}
packets: {ringMb: 16, keepSeconds: 30, snapLength: 128B}
reassembly: {stateMemory: 1GiB, previewMemory: 32MiB, lentBuffers: 100, skewAllowance: 50ms, holeTimeout: 1s, heldBytes: 2MiB, heldSegments: 99}
enabledDissectors: [http]
portMapping: {http: [80, 8080], redis: [6379]}
dissectors: {bodyPreview: 1KiB, headBytes: 8KiB, headers: 64, openCalls: 10, answerTimeout: 5s,
             patterns: [{protocol: http, regex: '^PROPFIND '}]}
redaction: {enabled: false, credentials: false, headers: [x-a], cookies: [s], queryValues: [q], jsonKeys: [j], patterns: ['\d{16}']}
publishing: {records: 'tcp://10.0.0.1:5600', commands: 'tcp://[::1]:5601', ipcGroup: adm, batchBytes: 128KiB, batchTime: 20ms,
             batches: 128, highWaterMark: 10, metrics: '', curve: {
             publicKey: 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7', secretKey: 'JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6',
             clients: ['Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID']}}
logging: {level: debug, json: true}
)";

TEST(Load, reads_every_key) {
  const Settings s = settings_of(kEverything);
  for (const Key& key : settings_table()) {
    if (key.is_of_item()) continue;
    EXPECT_NE(value_of(key, s), value_of(key, Settings{})) << key.path;
  }
  EXPECT_EQ(s.sensor_name, "a \"b\"\n");
  ASSERT_EQ(s.ports.size(), 3u);
  EXPECT_EQ(s.ports[0].name, "eth1");
  EXPECT_TRUE(s.ports[0].promiscuous);
  EXPECT_EQ(s.ports[1].pair, "tap-b");
  EXPECT_FALSE(s.ports[1].promiscuous);
  EXPECT_THAT(s.workers, ElementsAre(2, 4, 5, 6));
  EXPECT_EQ(s.main_cpu, 1);
  EXPECT_EQ(s.idle, Idle::poll);
  EXPECT_EQ(s.hugepages, Hugepages::never);
  EXPECT_FALSE(s.decapsulate);
  EXPECT_EQ(s.vxlan_ports[0], 4790);
  EXPECT_EQ(s.vxlan_ports[1], 0);
  EXPECT_EQ(s.tcp_idle_s, 600u);
  EXPECT_EQ(s.state_memory_mb, 1'024u);
  EXPECT_EQ(s.hole_timeout_ms, 1'000u);
  EXPECT_EQ(s.held_bytes_max, 2'097'152u);
  EXPECT_THAT(s.port_mapping,
              ElementsAre(Pair("http", ElementsAre(80, 8080)), Pair("redis", ElementsAre(6379))));
  ASSERT_EQ(s.user_patterns.size(), 1u);
  EXPECT_EQ(s.user_patterns[0].regex, "^PROPFIND ");
  EXPECT_EQ(s.log_level, LogLevel::debug);
  EXPECT_EQ(s.origin.file, "s.yaml");
  EXPECT_EQ(s.origin.line_of("bpf"), 7);
  EXPECT_EQ(s.origin.line_of("ports[1].pair"), 5);
  EXPECT_EQ(s.origin.line_of("ports[0].source"), 4);
}

TEST(ToYaml, is_read_back_to_the_same) {
  const Settings before = settings_of(kEverything);
  const Settings after = settings_of(to_yaml(before, Secrets::shown));
  expect_equal(after, before);
}

TEST(ToYaml, keeps_the_secret) {
  const std::string yaml = to_yaml(settings_of(kEverything));
  EXPECT_THAT(yaml, HasSubstr("secretKey: \"\"  # withheld"));
  EXPECT_THAT(yaml, ::testing::Not(HasSubstr("JTKVSB")));
}

TEST(DescribeSettings, names_every_key_within_the_width) {
  const std::string text = describe_settings(80);
  for (const Key& key : settings_table()) EXPECT_THAT(text, HasSubstr(std::string(key.path) + "\n"));
  EXPECT_THAT(
      text,
      HasSubstr("flows.max\n    Connections that each worker remembers; beyond it the oldest is evicted.\n"
                "    Takes a number from 1024 to 100000000. Default: 262144.\n"));
}

TEST(Endpoints, of_this_machine_need_no_keys) {
  for (const char* const endpoint : {"tcp://127.0.0.1:5600", "tcp://127.9.9.9:5600", "tcp://[::1]:5600",
                                     "tcp://localhost:1", "tcp://lo:1", "ipc:///x"})
    EXPECT_THAT(faults_of(std::string("publishing: {records: '") + endpoint + "'}"), IsEmpty()) << endpoint;
  for (const char* const endpoint :
       {"tcp://*:5600", "tcp://0.0.0.0:1", "tcp://[::]:1", "tcp://eth0:1", "tcp://127.evil:1"})
    EXPECT_THAT(faults_of(std::string("publishing: {records: '") + endpoint + "'}"),
                ElementsAre(HasSubstr("can be reached from other machines")))
        << endpoint;
}

TEST(SensorName, is_the_hosts_where_none_is_given) {
  EXPECT_FALSE(sensor_name(Settings{}).empty());
  EXPECT_EQ(sensor_name(settings_of("sensor: {name: north}")), "north");
}

}  // namespace
}  // namespace spanlight
