// Questions to a real store. One child for all of them; each test has a sensor epoch, or namespaces, of its
// own.

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "query/history_for_tests.h"
#include "query/pages.h"
#include "record/json.h"
#include "record/reader.h"

namespace spanlight {
namespace {

TEST(CallIds, AreThirtyTwoHexDigits) {
  const CallId id{0x18f3, 7};
  EXPECT_EQ(id.text(), "00000000000018f30000000000000007");
  EXPECT_EQ(CallId::parse(id.text()), id);
  for (const char* text : {"", "7", "00000000000018f3000000000000000", "00000000000018f3000000000000000g",
                           "-0000000000018f30000000000000007", "00000000000018f3-000000000000007",
                           "0x000000000018f3000000000000000007"})
    EXPECT_FALSE(CallId::parse(text)) << text;
}

TEST(Cursors, OnlyThoseThatAPageGave) {
  const Place place{~std::uint64_t{0}, 5, 9};
  const Place back = read_cursor(cursor_text(place, true), true);
  EXPECT_EQ(back.time_ns, place.time_ns);
  EXPECT_EQ(back.epoch, 5u);
  EXPECT_EQ(back.record_id, 9u);
  EXPECT_THROW(read_cursor(cursor_text(place, true), false), QueryError);
  for (const char* text : {"n", "nonsense", "n' OR 1=1 --"})
    EXPECT_THROW(read_cursor(text, true), QueryError);
}

std::vector<sample::Record> every_kind_of_record() {
  std::vector<sample::Record> all;
  all.push_back(sample::usual_call());
  sample::Record odd;
  odd.protocol = "redis";
  odd.state = wire::State::no_response;
  odd.reason = wire::Reason::lost_in_mirror;
  odd.flags = 0x1ff;
  odd.timestamp = kBegin + 1;
  odd.transport = wire::Transport::udp;
  odd.conn_id = ~std::uint64_t{0};
  odd.vlans = {100, 4'094};
  odd.tunnel = wire::Tunnel::vxlan;
  odd.tunnel_id = 0xffffff;
  odd.src = {0x2001'0db8'0000'0000, 0x1234};
  odd.dst = {0, 1};
  odd.error = std::string("not UTF-8: \xff\xfe and a zero \0.", 27);
  odd.is_error = true;
  odd.has_status = true;
  odd.status_code = -5;
  odd.request.body = std::string("\0\x01\xff", 3);
  odd.request.body_size = 99;
  odd.request.headers = {{"A", "1"}, {"a", ""}, {"", "nameless"}, {"A", "\xe4"}};
  odd.request.fields = {{"command", wire::FieldKind::text, "GET", 0, 0, {}},
                        {"count", wire::FieldKind::integer, "", -9'223'372'036'854'775'807, 0, {}},
                        {"flag", wire::FieldKind::boolean, "", 1, 0, {}},
                        {"ratio", wire::FieldKind::number, "", 0, 0.1, {}},
                        {"topics", wire::FieldKind::list, "", 0, 0, {"one", "", "three"}},
                        {"none", wire::FieldKind::list, "", 0, 0, {}}};
  odd.response.present = false;
  all.push_back(odd);
  sample::Record late;  // the response was seen first
  late.timestamp = kBegin + 10'000'000;
  late.response_timestamp = kBegin + 2;
  all.push_back(late);
  sample::Record push;
  push.state = wire::State::one_way;
  push.reason = wire::Reason::unsolicited;
  push.response_timestamp = kBegin + 3;
  push.request.present = false;
  push.response.body = std::string(20'000, 'x');
  all.push_back(push);
  for (std::uint64_t at = 0; at < all.size(); ++at) all[at].id = at;
  return all;
}

TEST_F(HistoryTest, AStoredCallReadsAsTheLiveOne) {
  sample::Batch batch;
  batch.sensor = "rack'12";
  batch.sensor_epoch = 1'001;
  batch.records = every_kind_of_record();
  const auto src = party("shop", "front"), dst = party("shop", "back");
  auto stored = std::make_shared<StoredBatch>(*batch_of(batch, src, dst));
  stored->source = "import of a.pcap";
  stored->calls[1].dst = {nullptr, "db.example"};
  put(stored);
  JsonWriter live, kept;
  for (const Call& call : stored->calls) {
    live.clear();
    kept.clear();
    live.append(call);
    const auto found = history_->call({1'001, call.record->id()}, {}, {});
    ASSERT_TRUE(found) << call.record->id();
    kept.append(found->call());
    EXPECT_EQ(kept.text(), live.text());
    EXPECT_EQ(found->source(), "import of a.pcap");
    EXPECT_EQ(found->call().src.party->labels.at(0).value, "front");
    EXPECT_EQ(found->call().src.party->labels.at(1).value, "");
    EXPECT_EQ(found->call().src.party->node, "node-1");
    EXPECT_EQ(found->call().record->is_error(), call.record->is_error());
  }
  const auto odd = history_->call({1'001, 1}, {}, {});
  EXPECT_EQ(odd->call().dst.party, nullptr);
  EXPECT_EQ(odd->call().dst.dns, "db.example");
  EXPECT_FALSE(history_->call({1'001, 99}, {}, {}));
}

TEST_F(HistoryTest, WithoutPayloadsThereAreNone) {
  sample::Batch batch;
  batch.sensor_epoch = 1'002;
  batch.records = every_kind_of_record();
  put(batch_of(batch));
  CallQuery query;
  query.filter_sql = of_epoch(1'002);
  query.payloads = false;
  std::uint64_t calls = 0;
  history_->page(
      query,
      [&](StoredCall&& call) {
        for (const wire::Message* message : {call.call().record->request(), call.call().record->response()}) {
          if (message == nullptr) continue;
          EXPECT_EQ(size_of(message->headers()) + size_of(message->body()) + size_of(message->fields()), 0u);
        }
        ++calls;
        return true;
      },
      {}, {});
  EXPECT_EQ(calls, batch.records.size());
}

TEST_F(HistoryTest, PagesHaveNeitherHolesNorRepetitions) {
  sample::Batch batch;
  batch.sensor_epoch = 1'003;
  for (std::uint64_t id = 0; id < 100; ++id) {
    batch.records.push_back(sample::usual_call());
    batch.records.back().id = id;
    batch.records.back().timestamp = kBegin + id / 10 * 1'000'000'000;  // ten of each time
  }
  put(batch_of(batch));
  for (const bool newest_first : {true, false}) {
    for (const std::uint32_t limit : {35u, 50u, 100u, 2'001u}) {
      CallQuery query;
      query.filter_sql = of_epoch(1'003);
      query.limit = limit;
      query.newest_first = newest_first;
      std::vector<std::uint64_t> ids;
      for (int pages = 0; pages < 200; ++pages) {
        const Page found = page(query, ids);
        query.cursor = found.next_cursor;
        if (query.cursor.empty()) break;
        EXPECT_EQ(found.calls, limit);
      }
      ASSERT_EQ(ids.size(), 100u) << newest_first << " " << limit;
      for (std::uint64_t at = 0; at < 100; ++at) EXPECT_EQ(ids[at], newest_first ? 99 - at : at);
    }
  }
}

TEST_F(HistoryTest, ACursorStaysWhereItWasWhileCallsComeIn) {
  sample::Batch batch;
  batch.sensor_epoch = 1'004;
  for (std::uint64_t id = 0; id < 10; ++id) {
    batch.records.push_back(sample::usual_call());
    batch.records.back().id = id;
    batch.records.back().timestamp = kBegin + id;
  }
  put(batch_of(batch));
  CallQuery query;
  query.filter_sql = of_epoch(1'004);
  query.limit = 5;
  std::vector<std::uint64_t> ids;
  query.cursor = page(query, ids).next_cursor;
  for (std::uint64_t id = 0; id < 10; ++id) {
    batch.records[id].id = 100 + id;
    batch.records[id].timestamp = kBegin + 100 + id;
  }
  put(batch_of(batch));
  page(query, ids);
  EXPECT_EQ(ids, (std::vector<std::uint64_t>{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}));
  query.cursor.clear();
  query.since_ns = kBegin + 3;
  query.until_ns = kBegin + 6;
  ids.clear();
  page(query, ids);
  EXPECT_EQ(ids, (std::vector<std::uint64_t>{5, 4, 3}));
}

TEST_F(HistoryTest, AnExportHandsAllOn) {
  sample::Batch batch;
  batch.sensor_epoch = 1'005;
  for (std::uint64_t id = 0; id < 3'000; ++id) {
    batch.records.push_back(sample::usual_call());
    batch.records.back().id = id;
    batch.records.back().timestamp = kBegin + id * 1'000;
  }
  put(batch_of(batch));
  CallQuery query;
  query.filter_sql = of_epoch(1'005);
  query.limit = 0;
  std::vector<std::uint64_t> ids;
  EXPECT_EQ(page(query, ids).next_cursor, "");
  ASSERT_EQ(ids.size(), 3'000u);
  EXPECT_TRUE(std::is_sorted(ids.rbegin(), ids.rend()));
  std::uint64_t taken = 0;
  const Page stopped = history_->page(query, [&](StoredCall&&) { return ++taken < 10; }, {}, {});
  EXPECT_EQ(taken, 10u);
  query.cursor = stopped.next_cursor;
  ids.clear();
  page(query, ids);
  EXPECT_EQ(ids.size(), 2'990u);
}

// The same asker in every question: calls of foreign namespaces do not exist.
TEST_F(HistoryTest, NamespacesAreEnforcedEverywhere) {
  const auto ours = party("ours", "ours"), theirs = party("theirs", "theirs"),
             other = party("it's \\ `", "other");
  sample::Batch batch;
  batch.sensor_epoch = 1'006;
  batch.records.push_back(sample::usual_call());
  batch.records[0].trace_id = "trace-1006";
  batch.records[0].conn_id = 1'006;
  std::uint64_t id = 0;
  for (const auto& [src, dst] : {std::pair{ours, theirs}, std::pair{theirs, ours}, std::pair{theirs, theirs},
                                 std::pair{other, theirs}}) {
    batch.records[0].id = id++;
    put(batch_of(batch, src, dst));
  }
  const std::vector<std::string> mine = {"ours"};
  CallQuery query;
  query.filter_sql = of_epoch(1'006) + " OR 1 = 1";  // an OR does not lead out
  query.namespaces = mine;
  std::vector<std::uint64_t> ids;
  page(query, ids);
  EXPECT_EQ(std::set<std::uint64_t>(ids.begin(), ids.end()), (std::set<std::uint64_t>{0, 1}));
  query.limit = 0;  // the way of exports
  ids.clear();
  page(query, ids);
  EXPECT_EQ(ids.size(), 2u);

  EXPECT_TRUE(history_->call({1'006, 0}, mine, {}));
  EXPECT_FALSE(history_->call({1'006, 2}, mine, {}));
  EXPECT_EQ(history_->around({1'006, 1'006, kBegin, 50, 50, mine, true}, {}).size(), 2u);
  EXPECT_EQ(history_->by_trace("trace-1006", mine, 100, {}).size(), 2u);
  Scope scope = query;
  std::uint64_t calls = 0;
  for (const Bucket& bucket : history_->histogram(scope, 10, {})) calls += bucket.calls;
  EXPECT_EQ(calls, 2u);
  MapQuery map;
  static_cast<Scope&>(map) = scope;
  EXPECT_EQ(history_->map(map, {}).edges.size(), 2u);
  StatsQuery stats;
  static_cast<Scope&>(stats) = scope;
  stats.step_ns = 1'000'000'000;
  calls = 0;
  for (const StatsSeries& series : history_->stats(stats, {}).series) {
    calls += series.total.calls;
    EXPECT_EQ(series.points.size(), 1u);
  }
  EXPECT_EQ(calls, 2u);
  ValuesQuery values;
  static_cast<Scope&>(values) = scope;
  values.column = "src_service";
  EXPECT_EQ(history_->values(values, {}).size(), 2u);
  values.namespaces = {"it's \\ `"};
  EXPECT_EQ(history_->values(values, {}).size(), 1u);
  values.namespaces = {"nowhere') OR (1=1"};
  EXPECT_EQ(history_->values(values, {}).size(), 0u);
}

TEST_F(HistoryTest, TheCallsOfAConnectionAndOfATrace) {
  sample::Batch batch;
  batch.sensor_epoch = 1'007;
  for (std::uint64_t id = 0; id < 30; ++id) {
    batch.records.push_back(sample::usual_call());
    batch.records.back().id = id;
    batch.records.back().timestamp = kBegin + id;
    batch.records.back().conn_id = 1'000 + id % 3;
    batch.records.back().trace_id = "trace-" + std::to_string(id % 5);
  }
  put(batch_of(batch));
  const auto calls = history_->around({1'007, 1'001, kBegin + 13, 2, 3, {}, false}, {});
  std::vector<std::uint64_t> ids;
  for (const StoredCall& call : calls) ids.push_back(call.id().record_id);
  EXPECT_EQ(ids, (std::vector<std::uint64_t>{7, 10, 13, 16, 19}));
  ids.clear();
  for (const StoredCall& call : history_->by_trace("trace-3", {}, 4, {})) {
    ids.push_back(call.id().record_id);
    EXPECT_EQ(size_of(call.call().record->request()->headers()), 0u);  // nobody shows them in a list
  }
  EXPECT_EQ(ids, (std::vector<std::uint64_t>{3, 8, 13, 18}));
  EXPECT_TRUE(history_->by_trace("", {}, 4, {}).empty());
}

// As on a connection that was taken up in the middle, or of a clock that stands still.
TEST_F(HistoryTest, ACallIsAmongThoseAroundItHoweverManyBeganThen) {
  sample::Batch batch;
  batch.sensor_epoch = 1'023;
  for (std::uint64_t id = 0; id < 300; ++id) {
    batch.records.push_back(sample::usual_call());
    batch.records.back().id = id;
    batch.records.back().timestamp = kBegin;
    batch.records.back().conn_id = 5;
  }
  put(batch_of(batch));
  std::vector<std::uint64_t> ids;
  for (const StoredCall& call : history_->around({1'023, 5, kBegin, 2, 3, {}, false, 200}, {}))
    ids.push_back(call.id().record_id);
  EXPECT_EQ(ids, (std::vector<std::uint64_t>{198, 199, 200, 201, 202}));
}

TEST_F(HistoryTest, TheRecordOfAConnectionIsNoCall) {
  sample::Batch batch;
  batch.sensor_epoch = 1'021;
  for (std::uint64_t id = 1; id <= 4; ++id) {
    batch.records.push_back(sample::usual_call());
    batch.records.back().id = id;
    batch.records.back().timestamp = kBegin + (id == 2 ? 5 : 0);  // the call; the others tell of connections
    batch.records.back().conn_id = id == 4 ? 8 : 7;
    batch.records.back().flags = id == 2 ? 0 : static_cast<std::uint32_t>(wire::Flag::connection);
    batch.records.back().protocol = id == 2 ? "http" : "conn";
    batch.records.back().is_error = id != 2;
  }
  put(batch_of(batch));
  ConnectionQuery query{1'021, 7, kBegin + 5, 0, 0, {}, true};
  const auto found = history_->connection(query, {});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id().record_id, 3u);  // the latest report
  query.time_ns = kBegin - 1;
  EXPECT_FALSE(history_->connection(query, {}));  // an earlier call was not on it
  query.conn_id = 9;
  EXPECT_FALSE(history_->connection(query, {}));
  StatsQuery stats;
  stats.filter_sql = "epoch = 1021";
  std::uint64_t calls = 0;
  for (const StatsSeries& series : history_->stats(stats, {}).series) calls += series.total.calls;
  EXPECT_EQ(calls, 1u);
  MapQuery map;
  map.filter_sql = "epoch = 1021";
  calls = 0;
  for (const MapEdge& edge : history_->map(map, {}).edges) calls += edge.red.calls;
  EXPECT_EQ(calls, 1u);
  const auto bars = [&](const std::string& filter_sql) {
    Scope scope;
    scope.filter_sql = filter_sql;
    std::pair<std::uint64_t, std::uint64_t> sum;
    for (const Bucket& bucket : history_->histogram(scope, 10, {})) {
      sum.first += bucket.calls;
      sum.second += bucket.errors;
    }
    return sum;
  };
  EXPECT_EQ(bars("epoch = 1021"), (std::pair<std::uint64_t, std::uint64_t>{1, 0}));
  EXPECT_EQ(bars("epoch = 1021 AND protocol = 'conn'"), (std::pair<std::uint64_t, std::uint64_t>{3, 3}));
  ValuesQuery values;
  values.filter_sql = "epoch = 1021";
  values.column = "protocol";
  const auto protocols = history_->values(values, {});
  ASSERT_EQ(protocols.size(), 2u);
  EXPECT_EQ(protocols[0].text, "http");
  EXPECT_EQ(protocols[0].calls, 1u);
  EXPECT_EQ(protocols[1].text, "conn");  // to be chosen, though no call has it
  EXPECT_EQ(protocols[1].calls, 0u);
}

TEST_F(HistoryTest, FaultsOfTheAskerAreTold) {
  const auto kind_of = [&](const CallQuery& query) {
    std::vector<std::uint64_t> ids;
    try {
      page(query, ids);
    } catch (const QueryError& error) {
      return error.kind();
    }
    return QueryError::Kind::unavailable;
  };
  sample::Batch batch;
  batch.sensor_epoch = 1'011;
  batch.records.push_back(sample::usual_call());
  put(batch_of(batch));
  CallQuery query;
  query.filter_sql = "no_such_column = 1";
  EXPECT_EQ(kind_of(query), QueryError::Kind::refused);
  query.filter_sql = "";
  query.cursor = "x";
  EXPECT_EQ(kind_of(query), QueryError::Kind::bad_cursor);
  query.cursor = "";
  query.filter_sql = "length(arrayMap(x -> toString(x), range(400000000))) > 0";
  EXPECT_EQ(kind_of(query), QueryError::Kind::too_heavy);
}

TEST_F(HistoryTest, ASlowSearchIsCancelledAtOnceAndEndsInTheStoreToo) {
  sample::Batch batch;
  batch.sensor_epoch = 1'012;
  batch.records.push_back(sample::usual_call());
  put(batch_of(batch));
  const auto running = [] {
    return store_->client().ask(
        {.sql = "SELECT count() FROM system.processes WHERE query LIKE '%never_ending%' AND query NOT "
                "LIKE '%system.processes%' FORMAT TabSeparated"});
  };
  std::stop_source stop;
  QueryError::Kind kind = QueryError::Kind::refused;
  std::chrono::steady_clock::time_point ended;
  std::thread asker([&] {
    CallQuery query;
    // Some 40 minutes, were it let.
    query.filter_sql =
        "(SELECT count() AS never_ending FROM numbers(400000000000) WHERE sipHash64(number) = 7) = 1";
    try {
      history_->page(
          query, [](StoredCall&&) { return true; }, {}, stop.get_token());
    } catch (const QueryError& error) {
      kind = error.kind();
    }
    ended = std::chrono::steady_clock::now();
  });
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (running() == "0\n" && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(5ms);
  EXPECT_EQ(running(), "1\n");
  const auto asked = std::chrono::steady_clock::now();
  stop.request_stop();
  asker.join();
  EXPECT_EQ(kind, QueryError::Kind::cancelled);
  EXPECT_LT(ended - asked, 10s);  // "at once" on a machine that has other work
  while (running() != "0\n" && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(5ms);
  EXPECT_EQ(running(), "0\n");
}

TEST_F(HistoryTest, ProgressRisesToTheEnd) {
  sample::Batch batch;
  batch.sensor_epoch = 1'013;
  for (std::uint64_t id = 0; id < 10; ++id) {
    batch.records.push_back(sample::usual_call());
    batch.records.back().id = id;
    batch.records.back().timestamp = kBegin + id * 3'600'000'000'000;
  }
  put(batch_of(batch));
  for (const bool newest_first : {true, false}) {
    CallQuery query;
    query.filter_sql = of_epoch(1'013);
    query.newest_first = newest_first;
    query.since_ns = kBegin;
    double last = 0;
    std::uint64_t calls = 0;
    history_->page(
        query, [](StoredCall&&) { return true; },
        [&](const Progress& progress) {
          EXPECT_GT(progress.searched, last);
          last = progress.searched;
          calls = progress.calls;
        },
        {});
    EXPECT_DOUBLE_EQ(last, 1);
    EXPECT_LE(calls, 10u);
  }
}

TEST_F(HistoryTest, ADenseMinuteAmongEmptyYearsIsSearchedInPieces) {
  // 250,000 calls in half a minute, and one call ten years before and one ten years after.
  constexpr std::uint64_t kYears = 10ull * 365 * 86'400 * 1'000'000'000;
  const auto insert = [](std::uint64_t first_ns, std::uint64_t calls) {
    store_->client().ask(
        {.sql = "INSERT INTO calls (stored, time, timestamp, epoch, record_id, path) SELECT now(), "
                "fromUnixTimestamp64Nano(toInt64(" +
                std::to_string(first_ns) + " + number * 100000), 'UTC'), " + std::to_string(first_ns) +
                " + number * 100000, 1014, " + std::to_string(first_ns) +
                " + number, toString(number % 1000) "
                "FROM numbers(" +
                std::to_string(calls) + ")"});
  };
  insert(kBegin - kYears, 1);
  for (std::uint64_t at = 0; at < 250'000; at += 50'000) insert(kBegin + at * 100'000, 50'000);
  insert(kBegin + kYears, 1);
  for (const bool newest_first : {true, false}) {
    CallQuery query;
    query.filter_sql = of_epoch(1'014) + " AND path = '7'";
    query.newest_first = newest_first;
    query.limit = 1'000;
    std::set<std::uint64_t> ids;
    double last = 0;
    int told = 0;
    const Page found = history_->page(
        query, [&](StoredCall&& call) { return ids.insert(call.id().record_id).second; },
        [&](const Progress& progress) {
          EXPECT_GE(progress.searched, last);  // the last nanoseconds of twenty years are no share
          last = progress.searched;
          ++told;
        },
        {});
    EXPECT_EQ(found.calls, 250u);
    EXPECT_EQ(ids.size(), 250u);
    EXPECT_DOUBLE_EQ(last, 1);
    EXPECT_GE(told, 3);   // not all at once
    EXPECT_LE(told, 40);  // nor year by year
  }
}

TEST_F(HistoryTest, AStoreThatIsAwayIsUnavailable) {
  ClickHouse::Options options;
  options.socket = "/nonexistent/socket";
  const ClickHouse nowhere(options);
  try {
    make_history(nowhere)->histogram({}, 10, {});
    FAIL() << "an answer from nowhere";
  } catch (const QueryError& error) {
    EXPECT_EQ(error.kind(), QueryError::Kind::unavailable);
  }
}

}  // namespace
}  // namespace spanlight
