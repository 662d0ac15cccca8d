#include "serve/backend_for_tests.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "record/reader.h"

namespace spanlight::serve {
namespace {

constexpr std::uint64_t kEpoch = 0x18b2c3d4e5f60718;
constexpr auto kDeadline = std::chrono::seconds(60);

bool is_in(const std::vector<std::string>& namespaces, const Call& call) {
  return Principal{"", "", Role::viewer, namespaces, false}.may_see(call);
}

}  // namespace

std::variant<CheckedFilter, std::vector<FilterFault>> TestFilters::compile(std::string_view text) const {
  static constexpr std::string_view kWords[] = {"", "all", "none", "payload", "slow"};
  if (std::find(std::begin(kWords), std::end(kWords), text) == std::end(kWords))
    return std::vector<FilterFault>{{3, 2, "\"" + std::string(text) + "\" is not known", "all"}};
  return CheckedFilter{std::string(text), std::string(text), text == "payload",
                       [all = text != "none"](const Call&) { return all; }};
}

std::vector<FilterVariable> TestFilters::variables() const {
  return {{"method", "string", "What was asked", "", {}},
          {"redis_command", "string", "Command", "redis", {"GET"}}};
}

void TestHistory::add(const sample::Record& record, const std::string& src_namespace,
                      const std::string& dst_namespace) {
  struct Kept {
    sample::Bytes bytes;
    Party src, dst;
  };
  sample::Batch batch;
  batch.sensor_epoch = kEpoch;
  batch.records = {record};
  auto kept = std::make_shared<Kept>();
  kept->bytes = sample::build(batch);
  kept->src.name = "frontend-1";
  kept->src.name_space = src_namespace;
  kept->dst.name = "orders-1";
  kept->dst.name_space = dst_namespace;
  const auto opened = open_batch({kept->bytes.data(), kept->bytes.size()});
  const Call call{opened.root, opened->records()->Get(0), {&kept->src, {}}, {&kept->dst, {}}};
  calls_.emplace_back(kept, call, "live", record.timestamp);
}

void TestHistory::see(const Scope& scope) {
  const std::lock_guard lock(mutex_);
  last_scope_ = scope;
}

Scope TestHistory::last_scope() {
  const std::lock_guard lock(mutex_);
  return last_scope_;
}

int TestHistory::wait_cancelled(int at_least) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kDeadline, [&] { return cancelled_ >= at_least; });
  return cancelled_;
}

int TestHistory::slow_searches() {
  const std::lock_guard lock(mutex_);
  return slow_;
}

Page TestHistory::page(const CallQuery& query, const OnCall& on_call, const OnProgress& on_progress,
                       std::stop_token cancel) {
  see(query);
  if (query.cursor == "bad") throw QueryError(QueryError::Kind::bad_cursor, "The cursor is of no page.");
  if (query.filter_sql == "slow") {
    on_call(StoredCall(calls_.front()));
    on_progress({0.25, 1'000'000'000, 0});
    std::unique_lock lock(mutex_);
    ++slow_;
    const std::stop_callback wake(cancel, [&] { changed_.notify_all(); });
    const auto end = std::chrono::steady_clock::now() + kDeadline;
    while (!cancel.stop_requested() && std::chrono::steady_clock::now() < end)
      changed_.wait_for(lock, std::chrono::milliseconds(20));
    ++cancelled_;
    changed_.notify_all();
    throw QueryError(QueryError::Kind::cancelled, "cancelled");
  }
  Page page;
  if (query.filter_sql == "none") return page;
  for (std::uint64_t round = 0; round < repeat; ++round) {
    for (const StoredCall& call : calls_) {
      if (query.limit != 0 && page.calls == query.limit) {
        page.next_cursor = "next";
        return page;
      }
      if (!is_in(query.namespaces, call.call())) continue;
      ++page.calls;
      if (cancel.stop_requested()) throw QueryError(QueryError::Kind::cancelled, "cancelled");
      if (!on_call(StoredCall(call))) return page;
    }
  }
  on_progress({1, 1'000'000'000, page.calls});
  return page;
}

// Leaves `namespaces` to the asker's side: the API must not rely on the store alone.
std::optional<StoredCall> TestHistory::call(const CallId& id, const std::vector<std::string>&,
                                            std::stop_token) {
  for (const StoredCall& each : calls_)
    if (each.id() == id) return each;
  return std::nullopt;
}

std::vector<StoredCall> TestHistory::around(const ConnectionQuery&, std::stop_token) {
  return calls_;
}

std::optional<StoredCall> TestHistory::connection(const ConnectionQuery&, std::stop_token cancel) {
  return connection_id ? call(*connection_id, {}, cancel) : std::nullopt;
}

std::vector<StoredCall> TestHistory::by_trace(const std::string&, const std::vector<std::string>&,
                                              std::uint32_t limit, std::stop_token) {
  return {calls_.begin(), calls_.begin() + std::min<std::ptrdiff_t>(limit, std::ssize(calls_))};
}

std::vector<Bucket> TestHistory::histogram(const Scope& scope, std::uint32_t buckets, std::stop_token) {
  see(scope);
  return std::vector<Bucket>(buckets, Bucket{scope.since_ns, 3, 1});
}

Map TestHistory::map(const MapQuery& query, std::stop_token) {
  see(query);
  return {{{{"Deployment", "frontend", "shop"}, {"Deployment", "orders", "shop"}, "http", {10, 1}}}, true};
}

Stats TestHistory::stats(const StatsQuery& query, std::stop_token) {
  see(query);
  StatsSeries series{{"service", "orders", "shop"}, "http", "GET /", {10, 1}, {{query.since_ns, {10, 1}}}};
  return {{series}, true};
}

std::vector<Value> TestHistory::values(const ValuesQuery& query, std::stop_token) {
  see(query);
  return {{"orders", 10}};
}

class TestLive::Feed final : public LiveFeed {
 public:
  explicit Feed(std::function<void()> wake) : wake_(std::move(wake)) {}
  void change(LiveRequest) override {}
  Taken take() override {
    const std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
  }
  void push(const std::shared_ptr<const std::string>& line, std::size_t queue_max) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.lines.size() >= queue_max)
        ++waiting_.missed;
      else
        waiting_.lines.push_back(line);
    }
    wake_();
  }

 private:
  std::mutex mutex_;
  Taken waiting_;
  std::function<void()> wake_;
};

std::shared_ptr<LiveFeed> TestLive::join(LiveRequest request, std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  last_filter_ = request.filter.text;
  auto feed = std::make_shared<Feed>(std::move(wake));
  feeds_.push_back(feed);
  return feed;
}

void TestLive::publish(const std::string& line, std::size_t queue_max) {
  const std::lock_guard lock(mutex_);
  const auto shared = std::make_shared<const std::string>(line);
  for (const std::weak_ptr<Feed>& each : feeds_)
    if (const auto feed = each.lock()) feed->push(shared, queue_max);
}

std::size_t TestLive::clients() {
  const std::lock_guard lock(mutex_);
  std::erase_if(feeds_, [](const std::weak_ptr<Feed>& feed) { return feed.expired(); });
  return feeds_.size();
}

std::string TestLive::last_filter() {
  const std::lock_guard lock(mutex_);
  return last_filter_;
}

TargetsState TestTargets::current() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::variant<TargetsState, std::string> TestTargets::preview(const TapSettings& settings) const {
  if (settings.regex == "(") return "tap.regex: missing )";
  TargetsState state = current();
  state.settings = settings;
  state.everything = false;
  state.pods = 1;
  state.some = {{"frontend-1", "shop", "worker-1"}};
  return state;
}

std::variant<TargetsState, std::string> TestTargets::change(const TapSettings& settings) {
  auto result = preview(settings);
  if (auto* const state = std::get_if<TargetsState>(&result)) {
    const std::lock_guard lock(mutex_);
    state->generation = state_.generation + 1;
    state_ = *state;
  }
  return result;
}

std::vector<SensorView> TestParts::list() const {
  SensorView view;
  view.state.endpoint = "ipc:///run/spanlight/records.sock";
  view.state.name = "rack12";
  view.state.link = SensorState::Link::connected;
  view.state.counters = {{SensorCounter::Of::worker, "0", "packets_total", "", 7, 1.5}};
  return {view};
}

std::vector<Resolved> TestParts::resolve(const Ip&, std::uint64_t at_ns) const {
  Resolved shop, bank;
  shop.party.name = "frontend-1";
  shop.party.name_space = "shop";
  shop.from_ns = at_ns;
  bank.party.name = "vault-1";
  bank.party.name_space = "bank";
  return {shop, bank};
}

PacketsEnd TestParts::fetch(const StoredCall&, const std::function<bool(std::string_view)>& on_bytes,
                            std::stop_token) {
  if (packets_end == PacketsEnd::complete) on_bytes("\x0a\x0d\x0d\x0apackets");
  return packets_end;
}

std::vector<PartState> TestParts::parts() const {
  return {{"store", ready, "a secret of the store"}, {"sensors", true, ""}};
}

void TestParts::write_metrics(Exposition& out) const {
  out.counter("spanlight_sensor_packets_total", "Packets.", 7, {{"sensor", "rack\"12"}});
}

TestServer::TestServer(ControlSettings settings, ServerLimits limits) {
  for (std::uint64_t id = 1; id <= 3; ++id) history.add(test_call(id), "shop", id == 3 ? "bank" : "shop");
  history.add(test_call(4), "bank", "bank");
  backend = {&filters, &history, &live, &parts, &targets, &parts, &parts, nullptr, &parts};
  add_api(table, backend, counts, "0.0.0");
  server = std::make_unique<Server>(settings, limits, table, backend, counts,
                                    [this](LogLevel, std::string_view line) {
                                      const std::lock_guard lock(log_mutex_);
                                      log_ += line;
                                      log_ += '\n';
                                    });
  server->bind();
  server->start();
}

TestServer::~TestServer() {
  server->stop();
}

ControlSettings TestServer::usual_settings() {
  ControlSettings settings;
  settings.listen = "127.0.0.1:0";
  settings.requests_per_second = 0;
  return settings;
}

ServerLimits TestServer::usual_limits() {
  ServerLimits limits;
  limits.grace = std::chrono::milliseconds(500);
  return limits;
}

std::string TestServer::log() {
  const std::lock_guard lock(log_mutex_);
  return log_;
}

bool TestServer::reaches(const Count& count, std::uint64_t least) {
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  while (count < least && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return count >= least;
}

sample::Record test_call(std::uint64_t id) {
  sample::Record record;
  record.id = id;
  record.version = "1.1";
  record.timestamp = 1'795'407'600'000'000'000 + id;
  record.response_timestamp = record.timestamp + 1'500'000;
  record.conn_id = 0xabc;
  record.src = sample::ipv4(10, 244, 1, 7);
  record.src_port = 50'514;
  record.dst = sample::ipv4(10, 0, 0, 1);
  record.dst_port = 80;
  record.method = "POST";
  record.url = record.path = "/orders";
  record.query_string = "q=a%20b";
  record.has_status = true;
  record.status_code = 201;
  record.request.headers = {{"Host", "orders.shop"}, {"Cookie", "session=secret1"}};
  record.request.body = "{\"card\":\"secret2\"}";
  record.request.body_size = record.request.body.size();
  record.response.body = "{\"ok\":true}";
  record.response.body_size = record.response.body.size();
  return record;
}

std::string test_call_id(std::uint64_t id) {
  return CallId{kEpoch, id}.text();
}

TestFolder::TestFolder() {
  std::string shape = (std::filesystem::temp_directory_path() / "spanlight-serve-XXXXXX").string();
  path_ = mkdtemp(shape.data());
}

TestFolder::~TestFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TestFolder::write(const std::string& name, std::string_view bytes) const {
  const std::filesystem::path file = std::filesystem::path(path_) / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
  return file.string();
}

void write_certificate(const std::string& certificate, const std::string& key,
                       const std::string& common_name) {
  EVP_PKEY* const pair = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
  X509* const x509 = X509_new();
  X509_set_version(x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509), -60);
  X509_gmtime_adj(X509_getm_notAfter(x509), 86'400);
  X509_set_pubkey(x509, pair);
  X509_NAME* const name = X509_get_subject_name(x509);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  X509_set_issuer_name(x509, name);
  X509_sign(x509, pair, EVP_sha256());
  std::FILE* const key_file = std::fopen(key.c_str(), "w");
  PEM_write_PrivateKey(key_file, pair, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(key_file);
  std::FILE* const certificate_file = std::fopen(certificate.c_str(), "w");
  PEM_write_X509(certificate_file, x509);
  std::fclose(certificate_file);
  X509_free(x509);
  EVP_PKEY_free(pair);
}

}  // namespace spanlight::serve
