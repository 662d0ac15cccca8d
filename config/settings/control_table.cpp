// The control process's keys.

#include "settings/control.h"
#include "settings/table.h"

namespace spanlight {

namespace {

constexpr std::string_view kUse[] = {"auto", "always", "never"};
constexpr std::string_view kRoles[] = {"viewer", "operator"};

// A sensor binds two sockets beside each other, under these names unless it is told otherwise.
constexpr std::string_view kRecordsSocket = "/records.sock";
constexpr std::string_view kCommandSocket = "/command.sock";

// Where a sensor takes commands follows from its records' socket when that has its usual name. Elsewhere it
// must be said: a sensor that is left out in silence would capture what nobody wanted.
std::string find_commands(void* item, const Written& written) {
  auto& sensor = *static_cast<SensorLink*>(item);
  if (written("commands")) return {};
  const std::string_view records = sensor.records;
  if (!records.ends_with(kRecordsSocket))
    return "needs commands: beside its records, " + sensor.records +
           "; give the endpoint where it takes commands, or \"\" to push no targets to it";
  sensor.commands = records.substr(0, records.size() - kRecordsSocket.size());
  sensor.commands += kCommandSocket;
  return {};
}

std::string named_access(void* item, const Written&) {
  if (!static_cast<const Access*>(item)->name.empty()) return {};
  return "needs a name; give the one that the audit log shall have for them";
}

constexpr ItemRules kSensors = {
    "a list, such as [ipc:///run/spanlight/records.sock], or one of maps with records:, commands: and "
    "serverKey:",
    "a records endpoint, or records: and the sensor's other keys", "records", find_commands};
constexpr ItemRules kAccess = {
    "a list of maps, such as [{name: anna, tokenFile: /etc/spanlight/anna.token, role: viewer}]",
    "a name: and their other keys",
    {},
    named_access};

}  // namespace

// Found by value_at() and kListOf, which the table below makes.
static std::span<const std::string_view> names_of(UseKubernetes) {
  return kUse;
}
static std::span<const std::string_view> names_of(Role) {
  return kRoles;
}
static const ItemRules& rules_of(const SensorLink*) {
  return kSensors;
}
static const ItemRules& rules_of(const Access*) {
  return kAccess;
}

namespace {

using C = ControlSettings;
using L = SensorLink;
using T = TapSettings;
using A = Access;

constexpr std::int64_t kKiB = 1'024;
constexpr std::int64_t kMiB = kKiB * kKiB;
constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kDaysMost = 3'650;  // ten years

constexpr Range milliseconds(std::int64_t least, std::int64_t most) {
  return {least, most, Unit::milliseconds};
}

// Takes effect without a restart.
Key live(Key key) {
  key.live = true;
  return key;
}

const Key kTable[] = {
    {"sensors", &C::sensors, "The sensors whose records are shown and stored."},
    {"sensors[].records",
     &L::records,
     "Where the sensor publishes: its publishing.records, as it is reached from here.",
     {},
     Content::endpoint},
    {"sensors[].commands",
     &L::commands,
     "Where the sensor takes commands: its publishing.commands, as it is reached from here; empty = no "
     "targets are pushed to it. Follows from records where that ends in /records.sock.",
     {},
     Content::optional_endpoint},
    {"sensors[].serverKey",
     &L::server_key,
     "The sensor's public CURVE key (40 characters, Z85); needed for TCP beyond loopback.",
     {},
     Content::z85_key},
    {"curve.publicKey",
     &C::curve_public_key,
     "Our CURVE public key, which the sensors may ask for (40 characters, Z85).",
     {},
     Content::z85_key},
    {"curve.secretKey",
     &C::curve_secret_key,
     "Our CURVE secret key (40 characters, Z85).",
     {},
     Content::z85_key,
     true},

    {"kubernetes.use", &C::use_kubernetes,
     "auto: where a cluster is found ($KUBECONFIG, else ~/.kube/config, else as a pod); always: refuse to "
     "start without; never: do not look for one."},
    {"kubernetes.kubeconfig", &C::kubeconfig,
     "The kubeconfig file; empty = as kubectl: $KUBECONFIG, else ~/.kube/config, else the pod's service "
     "account."},
    {"kubernetes.context", &C::context, "The context of the kubeconfig; empty = its current one."},
    live({"kubernetes.staticMap", &C::static_map,
          "A YAML file that names machines outside of Kubernetes; empty = none."}),
    {"kubernetes.hold", &C::hold_ms,
     "A call whose ends have no name yet waits so long for Kubernetes to tell it; 0 = not at all.",
     milliseconds(0, 10'000)},
    {"kubernetes.holdCalls",
     &C::hold_calls_max,
     "So many calls wait at once; beyond, they go on without the name.",
     {1, kMiB}},
    {"kubernetes.history",
     &C::history_s,
     "How long the map remembers names that have ended.",
     {60, 31 * kDay, Unit::seconds}},

    live({"tap.namespaces",
          {&C::tap, &T::namespaces},
          "Capture pods of these namespaces; [] = of all.",
          {},
          Content::kubernetes_namespace}),
    live({"tap.excludedNamespaces",
          {&C::tap, &T::excluded_namespaces},
          "Never capture pods of these namespaces, whatever the other keys say.",
          {},
          Content::kubernetes_namespace}),
    live({"tap.regex",
          {&C::tap, &T::regex},
          "Capture pods with such a name (RE2's syntax, found anywhere in the name); empty = any name.",
          {},
          Content::re2_regex}),
    live({"tap.labels",
          {&C::tap, &T::labels},
          "Capture pods that one of these Kubernetes label selectors fits; [] = any labels.",
          {},
          Content::label_selector}),
    live({"tap.services",
          {&C::tap, &T::services},
          "Capture pods behind one of these services, as NAME or NAMESPACE/NAME; [] = any pod.",
          {},
          Content::service}),
    live({"tap.bpfOverride",
          {&C::tap, &T::bpf_override},
          "A capture filter in libpcap's syntax that replaces the other keys of tap; empty = they decide.",
          {},
          Content::capture_filter}),

    {"tap.chosenFile", &C::targets_file,
     "A file that keeps targets chosen at run time; empty = targets.json in store.directory, where calls are "
     "kept on this machine, else none."},

    live({"protobuf.descriptorSets", &C::descriptor_sets,
          "Files made by `protoc --include_imports -o FILE`, which name the fields of messages; [] = none."}),

    {"store.enabled", &C::store_enabled, "Keep calls; false = only the live view, no history."},
    {"store.url",
     &C::store_url,
     "A ClickHouse server's HTTP interface (http://HOST:8123); empty = a child process keeps the calls here.",
     {},
     Content::url},
    {"store.user", &C::store_user, "The server's user; empty = default."},
    {"store.passwordFile", &C::store_password_file, "A file that holds the user's password; empty = none."},
    {"store.database", &C::store_database, "The database that holds the tables.", {}, Content::sql_name},
    {"store.cluster",
     &C::store_cluster,
     "The ClickHouse cluster to spread the tables over; empty = one server.",
     {},
     Content::cluster},
    {"store.directory", &C::store_directory, "Where the child process keeps its data."},
    {"store.memoryMb", &C::store_memory_mb, "MiB that the child process may take.", {512, kMiB}},
    {"store.keepHours", &C::store_keep_hours, "Hours after which calls are deleted.", {1, kDaysMost * 24}},
    {"store.keepGb",
     &C::store_keep_gb,
     "GiB on disk beyond which the oldest calls are deleted; unlimited = by age alone.",
     {1, kMiB, Unit::count, "unlimited", 0}},
    {"store.batchRows", &C::store_batch_rows, "An insert is sent with so many calls.", {1, kMiB}},
    {"store.batchTime", &C::store_batch_ms, "An insert with fewer calls is sent after this.",
     milliseconds(10, 60'000)},
    {"store.queueMb",
     &C::store_queue_mb,
     "MiB of calls that may wait to be stored; beyond, they are dropped and counted.",
     {16, 64 * kKiB}},
    {"store.fsync", &C::store_fsync, "Write through to the disk with each insert, to survive power loss."},

    {"serve.listen",
     &C::listen,
     "Where the API and the dashboard are served, ADDRESS:PORT; port 0 = a free one.",
     {},
     Content::listen},
    {"serve.tls.certificate", &C::tls_certificate,
     "A PEM file with the certificate and its chain; empty = no TLS."},
    {"serve.tls.key", &C::tls_key, "A PEM file with the certificate's key."},
    live({"serve.access", &C::access,
          "Who may come; [] = everyone on this machine, as operator, and no one from elsewhere."}),
    {"serve.access[].name", &A::name, "How the audit log calls them; with a proxy, what its header says."},
    {"serve.access[].tokenFile", &A::token_file,
     "A file that holds their bearer token; empty = they come through the proxy."},
    {"serve.access[].role", &A::role, "viewer: sees calls; operator: may change targets as well."},
    {"serve.access[].namespaces",
     &A::namespaces,
     "Sees only calls with an end in one of these namespaces; [] = all.",
     {},
     Content::kubernetes_namespace},
    {"serve.access[].payloads", &A::payloads, "May see headers and bodies."},
    {"serve.access[].packets", &A::packets,
     "May fetch the packets behind a call, in which nothing is redacted; needs payloads."},
    live({"serve.proxy.userHeader",
          &C::proxy_user_header,
          "The header in which a trusted proxy says who comes; empty = none is believed.",
          {},
          Content::optional_header}),
    live({"serve.proxy.trusted",
          &C::trusted_proxies,
          "The networks, as ADDRESS/BITS, that trusted proxies connect from.",
          {},
          Content::cidr}),
    {"serve.auditLog", &C::audit_log,
     "A file for lines about who looked at what; empty = with the other log lines."},
    live({"serve.requestsPerSecond",
          &C::requests_per_second,
          "Requests of one client in a second; beyond, they are refused with 429.",
          {1, kMiB, Unit::count, "unlimited", 0}}),
    live({"serve.requestBytes",
          &C::request_bytes_max,
          "Size of a request; a larger one is refused with 413.",
          {kKiB, 64 * kMiB, Unit::bytes}}),
    {"serve.streamQueue",
     &C::stream_queue_calls,
     "Calls that wait for a slow live client; beyond, it misses some and is told how many.",
     {16, kMiB}},
    {"serve.runAs", &C::run_as,
     "The user to become once everything is open, when started as root; empty = stay root."},

    live({"logging.level", &C::log_level, "The least important messages that are written."}),
    live({"logging.json", &C::log_json, "One JSON object per line instead of text."}),
};

}  // namespace

Table control_table() {
  return kTable;
}

}  // namespace spanlight
