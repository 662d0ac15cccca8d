// What is the control process's own: its keys, contents, and what they show together. What is common to all
// tables (types, ranges, YAML, files) is in load_test.cpp.

#include "settings/control_load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>

#include "settings/describe.h"

namespace spanlight {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> control_sentences(
    const std::variant<ControlSettings, std::vector<SettingsFault>>& result) {
  std::vector<std::string> out;
  if (const auto* faults = std::get_if<std::vector<SettingsFault>>(&result))
    for (const SettingsFault& fault : *faults) out.push_back(fault.sentence());
  return out;
}

std::vector<std::string> control_faults_of(const std::string& yaml) {
  return control_sentences(parse_control_settings(yaml, "c.yaml"));
}

ControlSettings control_settings_of(const std::string& yaml) {
  const auto result = parse_control_settings(yaml, "c.yaml");
  for (const std::string& sentence : control_sentences(result)) ADD_FAILURE() << sentence;
  return std::holds_alternative<ControlSettings>(result) ? std::get<ControlSettings>(result)
                                                         : ControlSettings{};
}

struct ControlCase {
  const char* name;
  const char* yaml;
  const char* sentence;
};

void expect_control_faults(std::initializer_list<ControlCase> cases) {
  for (const ControlCase& c : cases)
    EXPECT_THAT(control_faults_of(c.yaml), ElementsAre(c.sentence)) << c.name;
}

// No value here is a default, so a key that was not read is seen.
constexpr const char* kEverythingOfControl = R"(
sensors:
  - ipc:///run/other/records.sock
  - {records: 'tcp://10.0.0.7:5600', commands: 'tcp://10.0.0.7:5601', serverKey: 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7'}
  - {records: 'ipc:///b', commands: ''}
curve: {publicKey: 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7', secretKey: 'JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6'}
kubernetes: {use: always, kubeconfig: /k, context: north, staticMap: /m.yaml, hold: 2s, holdCalls: 10, history: 1h}
tap: {namespaces: [shop], excludedNamespaces: [kube-system], regex: '^(cart|checkout)-',
      labels: ['app=shop,tier!=cache', 'app in (cart, checkout)'], services: [frontend, pay/gate], bpfOverride: tcp port 443, chosenFile: /chosen}
store: {enabled: false, url: 'https://house:8443/', user: anna, passwordFile: /p, database: calls, cluster: c-1,
        directory: /data, memoryMb: 4096, keepHours: 24, keepGb: unlimited, batchRows: 1000, batchTime: 1s, queueMb: 64, fsync: true}
serve:
  listen: '[::]:9000'
  tls: {certificate: /c.pem, key: /k.pem}
  access:
    - {name: anna, tokenFile: /a, role: operator, packets: true}
    - {name: shop, namespaces: [shop], payloads: false}
  proxy: {userHeader: X-Forwarded-User, trusted: [10.0.3.0/24, 'fd00::/8']}
  auditLog: /audit
  requestsPerSecond: unlimited
  requestBytes: 64KiB
  streamQueue: 100
  runAs: spanlight
logging: {level: debug, json: true}
protobuf: {descriptorSets: [/shop.pb]}
)";

TEST(ControlLoad, reads_every_key) {
  const ControlSettings s = control_settings_of(kEverythingOfControl);
  for (const Key& key : control_table()) {
    if (key.is_of_item()) continue;
    EXPECT_NE(value_of(key, s), value_of(key, ControlSettings{})) << key.path;
  }
  ASSERT_EQ(s.sensors.size(), 3u);
  EXPECT_EQ(s.sensors[0].records, "ipc:///run/other/records.sock");
  EXPECT_EQ(s.sensors[0].commands, "ipc:///run/other/command.sock") << "beside it";
  EXPECT_EQ(s.sensors[1].commands, "tcp://10.0.0.7:5601");
  EXPECT_EQ(s.sensors[1].server_key.size(), 40u);
  EXPECT_EQ(s.sensors[2].commands, "");
  EXPECT_EQ(s.use_kubernetes, UseKubernetes::always);
  EXPECT_EQ(s.hold_ms, 2'000u);
  EXPECT_EQ(s.history_s, 3'600u);
  EXPECT_THAT(s.tap.labels, ElementsAre("app=shop,tier!=cache", "app in (cart, checkout)"));
  EXPECT_EQ(s.tap.bpf_override, "tcp port 443");
  EXPECT_EQ(s.store_keep_gb, 0u);
  EXPECT_EQ(s.requests_per_second, 0u);
  EXPECT_EQ(s.request_bytes_max, 65'536u);
  ASSERT_EQ(s.access.size(), 2u);
  EXPECT_EQ(s.access[0].role, Role::operator_);
  EXPECT_TRUE(s.access[0].payloads);
  EXPECT_TRUE(s.access[0].packets);
  EXPECT_EQ(s.access[1].role, Role::viewer);
  EXPECT_THAT(s.access[1].namespaces, ElementsAre("shop"));
  EXPECT_FALSE(s.access[1].payloads);
  EXPECT_FALSE(s.access[1].packets);
  EXPECT_EQ(s.origin.file, "c.yaml");
  EXPECT_EQ(s.origin.line_of("sensors[0].records"), 3);
  EXPECT_EQ(s.origin.line_of("serve.access[1].payloads"), 17);
}

TEST(ControlLoad, nothing_is_the_defaults) {
  EXPECT_TRUE(std::holds_alternative<ControlSettings>(load_control_settings("")));
  for (const char* const yaml : {"", "serve:\ntap:\n", "{}"})
    EXPECT_THAT(changes(control_settings_of(yaml), ControlSettings{}), IsEmpty());
}

TEST(ControlLoad, prints_what_it_reads_back) {
  const ControlSettings before = control_settings_of(kEverythingOfControl);
  EXPECT_THAT(changes(before, control_settings_of(to_yaml(before, Secrets::shown))), IsEmpty());
  const std::string withheld = to_yaml(before);
  EXPECT_THAT(withheld, HasSubstr("secretKey: \"\"  # withheld"));
  EXPECT_THAT(withheld, ::testing::Not(HasSubstr("JTKVSB")));
}

TEST(ControlLoad, describes_every_key) {
  const std::string text = describe_control_settings(80);
  for (const Key& key : control_table()) EXPECT_THAT(text, HasSubstr(std::string(key.path) + "\n"));
  EXPECT_THAT(text,
              HasSubstr("kubernetes.history\n    How long the map remembers names that have ended.\n    "
                        "Takes a duration from 1m to 744h. Default: 24h.\n"));
}

TEST(ControlLoad, takes_a_sensor_by_its_records_alone_where_the_rest_follows) {
  EXPECT_EQ(control_settings_of("sensors: ['ipc:///a/records.sock']").sensors[0].commands,
            "ipc:///a/command.sock");
  EXPECT_EQ(
      control_settings_of("sensors: [{records: 'ipc:///a/records.sock', commands: ''}]").sensors[0].commands,
      "");
  EXPECT_THAT(control_settings_of("sensors: []").sensors, IsEmpty());
  expect_control_faults({
      {"no usual name", "sensors:\n  - ipc:///a.sock",
       "c.yaml:2: sensors[0]: needs commands: beside its records, ipc:///a.sock; give the endpoint where it "
       "takes commands, or \"\" to push no targets to it"},
      {"TCP", "sensors: [{records: 'tcp://127.0.0.1:5600'}]",
       "c.yaml:1: sensors[0]: needs commands: beside its records, tcp://127.0.0.1:5600; give the endpoint "
       "where it takes commands, or \"\" to push no targets to it"},
      {"nothing", "sensors:\n  -",
       "c.yaml:2: sensors[0]: has no value; give a records endpoint, or records: and the sensor's other "
       "keys"},
      {"no endpoint", "sensors: [eth1]",
       "c.yaml:1: sensors[0].records: \"eth1\" is not an endpoint; give ipc://PATH or tcp://ADDRESS:PORT"},
      {"no list", "sensors: ipc:///a/records.sock",
       "c.yaml:1: sensors: is \"ipc:///a/records.sock\"; give a list, such as "
       "[ipc:///run/spanlight/records.sock], or one of maps with records:, commands: and serverKey:"},
      {"misspelt", "sensors: [{record: a}]",
       "c.yaml:1: sensors[0].record: is not a setting; did you mean sensors[0].records?"},
  });
}

TEST(ControlLoad, refuses_texts_that_mean_nothing) {
  expect_control_faults({
      {"use", "kubernetes: {use: sometimes}",
       "c.yaml:1: kubernetes.use: \"sometimes\" is not a choice; give auto, always or never"},
      {"namespace", "tap: {namespaces: [shop, Shop]}",
       "c.yaml:1: tap.namespaces[1]: \"Shop\" is not a namespace's name; give lower-case letters, digits and "
       "-, at most 63"},
      {"service", "tap: {services: [a/b/c]}",
       "c.yaml:1: tap.services[0]: \"a/b/c\" is not a service; give NAME or NAMESPACE/NAME"},
      {"URL", "store: {url: 'house:8123'}",
       "c.yaml:1: store.url: \"house:8123\" is not the URL of a server; give one such as http://HOST:8123"},
      {"URL with a path", "store: {url: 'http://house:8123/db'}",
       "c.yaml:1: store.url: \"http://house:8123/db\" is not the URL of a server; give one such as "
       "http://HOST:8123"},
      {"URL with a password", "store: {url: 'http://anna:secret@house:8123'}",
       "c.yaml:1: store.url: holds a user or a password; give them in store.user and store.passwordFile"},
      {"database", "store: {database: 'a; DROP'}",
       "c.yaml:1: store.database: \"a; DROP\" is not a name of letters, digits and _; give one such as "
       "spanlight"},
      {"no database", "store: {database: ''}",
       "c.yaml:1: store.database: \"\" is not a name of letters, digits and _; give one such as spanlight"},
      {"cluster", "store: {url: 'http://h', cluster: \"a'b\"}",
       "c.yaml:1: store.cluster: \"a'b\" is not the name of a cluster; give letters, digits, _ . and -, or "
       "\"\" for none"},
      {"listen by name", "serve: {listen: 'localhost:8899'}",
       "c.yaml:1: serve.listen: \"localhost:8899\" is not an IP address with a port; give one such as "
       "127.0.0.1:8899"},
      {"listen in brackets", "serve: {listen: '[127.0.0.1]:8899'}",
       "c.yaml:1: serve.listen: \"[127.0.0.1]:8899\" is not an IP address with a port; give one such as "
       "127.0.0.1:8899"},
      {"listen nowhere", "serve: {listen: ''}",
       "c.yaml:1: serve.listen: \"\" is not an IP address with a port; give one such as 127.0.0.1:8899"},
      {"header", "serve: {proxy: {userHeader: 'a b'}}",
       "c.yaml:1: serve.proxy.userHeader: \"a b\" is not a header's name; give the name alone, such as "
       "authorization"},
      {"role", "serve: {access: [{name: a, tokenFile: /a, role: admin}]}",
       "c.yaml:1: serve.access[0].role: \"admin\" is not a choice; give viewer or operator"},
      {"no name", "serve: {access: [{tokenFile: /a}]}",
       "c.yaml:1: serve.access[0]: needs a name; give the one that the audit log shall have for them"},
      {"zero", "serve: {requestsPerSecond: 0}",
       "c.yaml:1: serve.requestsPerSecond: 0 is below the least, 1; give a number from 1 to 1048576, or "
       "unlimited"},
  });
  EXPECT_THAT(control_faults_of("tap: {regex: '(open'}"),
              ElementsAre(HasSubstr("c.yaml:1: tap.regex: \"(open\" is not a usable pattern (missing )")));
  EXPECT_THAT(control_faults_of("tap: {regex: '(a)\\1'}"),
              ElementsAre(HasSubstr("; RE2 has no back references and no look-around")));
  // The limits of who follows it.
  EXPECT_THAT(control_faults_of("tap: {regex: '" + std::string(4'096, 'a') + "'}"), ElementsAre());
  EXPECT_THAT(control_faults_of("tap: {regex: '" + std::string(4'097, 'a') + "'}"),
              ElementsAre(HasSubstr("c.yaml:1: tap.regex: has 4097 bytes; 4096 are possible")));
  EXPECT_THAT(control_faults_of("tap: {regex: '\\pL{300}'}"),
              ElementsAre(HasSubstr("is not a usable pattern")));
  EXPECT_THAT(control_faults_of("tap:\n  bpfOverride: tcp prot 80"),
              ElementsAre(HasSubstr("c.yaml:2: tap.bpfOverride: \"tcp prot 80\" is not a capture filter (")));
}

TEST(ControlLoad, knows_urls_of_servers) {
  for (const char* const url : {"http://house", "https://house-2.example.org:8443/", "http://10.0.0.1:8123",
                                "http://[fd00::1]:8123", "http://[::1]"})
    EXPECT_EQ(control_settings_of(std::string("store: {url: '") + url + "'}").store_url, url);
  for (const char* const url :
       {"http://", "http://:8123", "http://house:0", "http://house:65536", "ftp://house", "http://[::1",
        "http://a b", "http://house?x=1", "HTTP://house", "http://[x]:1"})
    EXPECT_THAT(control_faults_of(std::string("store: {url: '") + url + "'}"),
                ElementsAre(HasSubstr("\" is not the URL of a server; ")))
        << url;
}

TEST(ControlLoad, knows_networks) {
  for (const char* const network : {"10.0.0.0/8", "10.1.2.3/32", "fd00::/8", "::1/128", "192.168.1.128/25"})
    EXPECT_THAT(
        control_settings_of(std::string("serve: {proxy: {trusted: ['") + network + "']}}").trusted_proxies,
        ElementsAre(network));
  const auto fault = [](const std::string& network) {
    const auto faults = control_faults_of("serve: {proxy: {trusted: ['" + network + "']}}");
    return faults.size() == 1 ? faults[0].substr(faults[0].find("]: ") + 3) : std::to_string(faults.size());
  };
  EXPECT_EQ(fault("proxy"), "\"proxy\" is not a network; give one such as 10.0.0.0/8 or fd00::/8");
  EXPECT_EQ(fault("10.0.0.1"), "\"10.0.0.1\" has no number of bits; give 10.0.0.1/32 for this one address");
  EXPECT_EQ(fault("10.0.0.0/33"),
            "\"10.0.0.0/33\" has no number of bits from 0 to 32 behind the slash; give "
            "one such as 10.0.0.0/8 or fd00::/8");
  EXPECT_EQ(fault("10.1.2.3/8"),
            "\"10.1.2.3/8\" has bits set behind the first 8; give 10.0.0.0/8 for the "
            "network, or /32 for the address");
  EXPECT_EQ(fault("fd00:1::/9"),
            "\"fd00:1::/9\" has bits set behind the first 9; give fd00::/9 for the "
            "network, or /128 for the address");
  EXPECT_EQ(fault("192.168.1.64/25"),
            "\"192.168.1.64/25\" has bits set behind the first 25; give "
            "192.168.1.0/25 for the network, or /32 for the address");
}

TEST(ControlLoad, knows_label_selectors) {
  for (const char* const selector :
       {"app", "!app", "app=shop", "app==shop", "app != shop", "app=", "app in (a, b)", "app notin (a,b)",
        "app.kubernetes.io/name=shop,tier in (web),!old", "a=b,in in (in)", "app in ()"})
    EXPECT_THAT(control_settings_of(std::string("tap: {labels: ['") + selector + "']}").tap.labels,
                ElementsAre(selector));
  const auto fault = [](const std::string& selector) {
    const auto faults = control_faults_of("tap: {labels: ['" + selector + "']}");
    if (faults.size() != 1) return std::to_string(faults.size()) + " faults";
    const std::string from = faults[0].substr(faults[0].find(" (") + 2);
    return from.substr(0, from.find(");"));
  };
  EXPECT_EQ(fault("app=a b"), "nothing can follow before \"b\"");
  EXPECT_EQ(fault("=a"), "\"\" is not a label's key");
  EXPECT_EQ(fault("app=a,"), "\"\" is not a label's key");
  EXPECT_EQ(fault("-app=a"), "\"-app\" is not a label's key");
  EXPECT_EQ(fault("A.io/app"), "\"A.io/app\" is not a label's key");
  EXPECT_EQ(fault("app=a/b"), "\"a/b\" is not a label's value");
  EXPECT_EQ(fault("app in a"), "in and notin want values in brackets");
  EXPECT_EQ(fault("app in(a,b"), "a bracket is not closed");
  EXPECT_EQ(fault("app > 3"), "nothing can follow before \"> 3\"");
  EXPECT_EQ(fault(std::string(64, 'a')), "\"" + std::string(64, 'a') + "\" is not a label's key");
}

TEST(ControlLoad, refuses_sensors_that_do_not_go_together) {
  expect_control_faults({
      {"in the clear", "sensors: [{records: 'tcp://10.0.0.7:5600', commands: ''}]",
       "c.yaml:1: sensors[0].records: tcp://10.0.0.7:5600 is on another machine and would not be encrypted; "
       "give sensors[0].serverKey, the sensor's public key, or an address of this machine alone "
       "(tcp://127.0.0.1:PORT, ipc://PATH)"},
      {"commands in the clear", "sensors:\n  - {records: 'ipc:///a', commands: 'tcp://sensor-2:5601'}",
       "c.yaml:2: sensors[0].commands: tcp://sensor-2:5601 is on another machine and would not be encrypted; "
       "give sensors[0].serverKey, the sensor's public key, or an address of this machine alone "
       "(tcp://127.0.0.1:PORT, ipc://PATH)"},
      {"everywhere", "sensors: [{records: 'tcp://*:5600', commands: ''}]",
       "c.yaml:1: sensors[0].records: tcp://*:5600 is where a sensor listens; give the address that it is "
       "reached at"},
      {"twice", "sensors:\n  - ipc:///a/records.sock\n  - {records: 'ipc:///a/records.sock', commands: ''}",
       "c.yaml:3: sensors[1].records: ipc:///a/records.sock is sensors[0] already; keep one of the two"},
      {"commands twice",
       "sensors:\n  - ipc:///a/records.sock\n  - {records: 'ipc:///b', commands: "
       "'ipc:///a/command.sock'}",
       "c.yaml:3: sensors[1].commands: ipc:///a/command.sock takes the commands of sensors[0] already; give "
       "this sensor's own publishing.commands"},
      {"one endpoint for both", "sensors: [{records: 'ipc:///a', commands: 'ipc:///a'}]",
       "c.yaml:1: sensors[0].commands: is the endpoint of the sensor's records as well; give its "
       "publishing.commands"},
      {"one key of two", "curve: {publicKey: 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7'}",
       "c.yaml:1: curve.publicKey: has no curve.secretKey beside it; give both, or neither"},
  });
}

TEST(ControlLoad, refuses_what_does_not_go_together) {
  expect_control_faults({
      {"namespace in and out", "tap:\n  namespaces: [a, b]\n  excludedNamespaces: [b]",
       "c.yaml:3: tap.excludedNamespaces: b stands in tap.namespaces as well, and exclusion wins; take it "
       "out "
       "of one of the two"},
      {"service of an excluded namespace", "tap: {services: [b/x], excludedNamespaces: [b]}",
       "c.yaml:1: tap.services: b/x is in a namespace of tap.excludedNamespaces, and exclusion wins; take it "
       "out of one of the two"},
      {"cluster without a server", "store: {cluster: c}",
       "c.yaml:1: store.cluster: is for a ClickHouse server, and there is no store.url; give it, or leave "
       "this out"},
      {"password of nobody", "store: {url: 'http://h:8123', passwordFile: /p}",
       "c.yaml:1: store.passwordFile: has no store.user beside it; give the user that the password is of"},
      {"nowhere to store", "store: {directory: ''}",
       "c.yaml:1: store.directory: is empty; give a folder for the calls, or set store.enabled to false"},
      {"certificate alone", "serve: {tls: {certificate: /c}}",
       "c.yaml:1: serve.tls.certificate: has no serve.tls.key beside it; give both, or neither"},
      {"key alone", "serve: {tls: {key: /k}}",
       "c.yaml:1: serve.tls.key: has no serve.tls.certificate beside it; give both, or neither"},
      {"known by nothing", "serve:\n  access:\n    - {name: a}",
       "c.yaml:3: serve.access[0].tokenFile: is missing, and there is no serve.proxy.userHeader to know a "
       "by; "
       "give one of the two"},
      {"operator of a namespace",
       "serve: {access: [{name: a, tokenFile: /a, role: operator, namespaces: [b]}]}",
       "c.yaml:1: serve.access[0].namespaces: an operator chooses what is captured in all namespaces; make "
       "this a viewer, or leave the namespaces out"},
      {"packets without payloads",
       "serve: {access: [{name: a, tokenFile: /a, payloads: false, packets: true}]}",
       "c.yaml:1: serve.access[0].packets: packets hold headers and bodies, unredacted; set payloads to true "
       "as "
       "well, or leave this out"},
      {"name twice", "serve: {access: [{name: a, tokenFile: /a}, {name: a, tokenFile: /b}]}",
       "c.yaml:1: serve.access[1].name: a is the name of serve.access[0] already; choose another"},
      {"token twice", "serve: {access: [{name: a, tokenFile: /a}, {name: b, tokenFile: /a}]}",
       "c.yaml:1: serve.access[1].tokenFile: /a is the token of serve.access[0] already; give each their "
       "own"},
      {"header from anyone", "serve: {proxy: {userHeader: X-User}}",
       "c.yaml:1: serve.proxy.userHeader: anyone could send this header; give serve.proxy.trusted, the "
       "networks of the proxies"},
      {"header and no names", "serve:\n  proxy: {userHeader: X-User, trusted: [10.0.0.1/32]}",
       "c.yaml:2: serve.access: is empty, and whoever came through the proxy would be an operator; say who "
       "may come, "
       "by the names that serve.proxy.userHeader gives"},
      {"header from all the world",
       "serve: {access: [{name: a}], proxy: {userHeader: X-User, trusted: ['::/0']}}",
       "c.yaml:1: serve.proxy.trusted: ::/0 trusts everyone to say who they are; give the networks of the "
       "proxies alone"},
  });
}

TEST(ControlLoad, opens_itself_to_others_only_when_it_knows_them) {
  expect_control_faults({
      {"nobody named", "serve: {listen: '0.0.0.0:8899'}",
       "c.yaml:1: serve.listen: 0.0.0.0:8899 can be reached from other machines and serve.access names no "
       "one; say there who may come, or listen on 127.0.0.1"},
      {"in the clear", "serve: {listen: '[::]:8899', access: [{name: a, tokenFile: /a}]}",
       "c.yaml:1: serve.listen: [::]:8899 can be reached from other machines, where tokens and calls would "
       "pass in the clear; give serve.tls.certificate and key, or serve.proxy.trusted for a proxy that "
       "encrypts"},
  });
  for (const char* const yaml :
       {"serve: {listen: '[::1]:8899'}", "serve: {listen: '127.0.0.2:0'}",
        "serve: {listen: '0.0.0.0:1', access: [{name: a, tokenFile: /a}], tls: {certificate: /c, key: /k}}",
        "serve: {listen: '0.0.0.0:1', access: [{name: a, tokenFile: /a}], proxy: {trusted: [10.0.0.1/32]}}",
        "serve: {listen: '[::]:1', access: [{name: a}], proxy: {userHeader: X-A, trusted: [10.0.0.1/32]}}"})
    EXPECT_THAT(control_faults_of(yaml), IsEmpty()) << yaml;
}

TEST(TapFault, is_that_of_the_file) {
  EXPECT_EQ(tap_fault({}), "");
  EXPECT_EQ(
      tap_fault(
          {.namespaces = {"shop"}, .regex = "^web-", .labels = {"app in (a,b)"}, .bpf_override = "tcp"}),
      "");
  EXPECT_NE(tap_fault({.regex = "("}).find("tap.regex"), std::string::npos);
  EXPECT_NE(tap_fault({.bpf_override = "this is no filter"}).find("tap.bpfOverride"), std::string::npos);
  EXPECT_NE(tap_fault({.namespaces = {"Shop!"}}).find("tap.namespaces"), std::string::npos);
}

}  // namespace
}  // namespace spanlight
