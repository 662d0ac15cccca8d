// What a call looks like as a record.

#include "encode/record_writer_fixture.h"

namespace spanlight {
namespace {

TEST_F(RecordWriterTest, EveryMemberArrives) {
  make();
  Transaction call = small_call();
  HeaderText request, response;
  request.add("Host", "shop", ": ").add("X-A", "1", ": ").add("x-a", "2", ": ").add("Empty", "", ":");
  response.add("Server", "nginx");
  const std::string_view topics[] = {"a", "", "c"};
  const Field fields[] = {{.name = "command", .text = "SET"},
                          {.name = "count", .kind = Field::Kind::integer, .integer = -5},
                          {.name = "ok", .kind = Field::Kind::boolean, .integer = 1},
                          {.name = "ratio", .kind = Field::Kind::number, .number = 0.25},
                          {.name = "topics", .kind = Field::Kind::list, .list = topics, .objects = true}};
  call.request.headers = request.view();
  call.request.fields = fields;
  call.response.headers = response.view();
  call.response.body = as_bytes("hello");
  call.response.content_type = "text/plain";
  call.response.content_encoding = "identity";
  call.flags = kFlagGap | kFlagTruncatedBody;
  call.state = State::complete;
  call.reason = Reason::none;
  call.is_error = true;
  call.error = "bad";
  call.trace_id = "t1";
  call.request_id = "r1";
  const wire::Record* r = only_record(call);

  EXPECT_EQ(r->id(), (std::uint64_t{3} << 48) + 1);
  EXPECT_EQ(r->protocol()->str(), "alpha");
  EXPECT_EQ(r->version()->str(), "1.1");
  EXPECT_EQ(r->state(), wire::State::complete);
  EXPECT_EQ(r->reason(), wire::Reason::none);
  EXPECT_EQ(r->flags(), kFlagGap | kFlagTruncatedBody);
  EXPECT_EQ(r->timestamp(), 1'000u);
  EXPECT_EQ(r->response_timestamp(), 2'000u);
  EXPECT_EQ(r->transport(), wire::Transport::tcp);
  EXPECT_EQ(r->conn_id(), 77u);
  ASSERT_EQ(r->vlans()->size(), 2u);
  EXPECT_EQ(r->vlans()->Get(0), 100);
  EXPECT_EQ(r->vlans()->Get(1), 7);
  EXPECT_EQ(r->tunnel(), wire::Tunnel::vxlan);
  EXPECT_EQ(r->tunnel_id(), 42u);
  EXPECT_EQ(r->src()->high(), 0u);
  EXPECT_EQ(r->src()->low(), 0x0000'ffff'0a01'0203u);
  EXPECT_EQ(r->dst()->high(), 0x2001'0db8'0000'0000u);
  EXPECT_EQ(r->dst()->low(), 9u);
  EXPECT_EQ(r->src_port(), 50'000);
  EXPECT_EQ(r->dst_port(), 80);
  EXPECT_EQ(r->method()->str(), "GET");
  EXPECT_EQ(r->url()->str(), "/api/items?id=7");
  EXPECT_EQ(r->path()->str(), "/api/items");
  EXPECT_EQ(r->query_string()->str(), "id=7");
  EXPECT_TRUE(r->has_status());
  EXPECT_EQ(r->status_code(), 200);
  EXPECT_TRUE(r->is_error());
  EXPECT_EQ(r->error()->str(), "bad");
  EXPECT_EQ(r->summary()->str(), "GET /api/items");
  EXPECT_EQ(r->trace_id()->str(), "t1");
  EXPECT_EQ(r->request_id()->str(), "r1");
  EXPECT_EQ(r->request()->size(), 80u);
  EXPECT_EQ(r->request()->last_byte(), 1'001u);
  EXPECT_EQ(headers_of(r->request()), (Pairs{{"Host", "shop"}, {"X-A", "1"}, {"x-a", "2"}, {"Empty", ""}}));
  EXPECT_EQ(r->request()->body(), nullptr);
  ASSERT_EQ(r->request()->fields()->size(), 5u);
  EXPECT_EQ(r->request()->fields()->Get(0)->text()->str(), "SET");
  EXPECT_EQ(r->request()->fields()->Get(1)->integer(), -5);
  EXPECT_EQ(r->request()->fields()->Get(2)->kind(), wire::FieldKind::boolean);
  EXPECT_EQ(r->request()->fields()->Get(2)->integer(), 1);
  EXPECT_EQ(r->request()->fields()->Get(3)->number(), 0.25);
  const auto* list = r->request()->fields()->Get(4);
  EXPECT_EQ(list->name()->str(), "topics");
  ASSERT_EQ(list->list()->size(), 3u);
  EXPECT_EQ(list->list()->Get(1)->str(), "");
  EXPECT_EQ(list->list()->Get(2)->str(), "c");
  EXPECT_EQ(list->text()->str(), "json");
  EXPECT_EQ(r->response()->size(), 900u);
  EXPECT_EQ(r->response()->body_size(), 700u);
  EXPECT_EQ(headers_of(r->response()), (Pairs{{"Server", "nginx"}}));
  EXPECT_EQ(text_of(r->response()->body()), "hello");
  EXPECT_EQ(r->response()->content_type()->str(), "text/plain");
  EXPECT_EQ(r->response()->content_encoding()->str(), "identity");
}

TEST_F(RecordWriterTest, WhatIsEmptyIsLeftOut) {
  make();
  Transaction call;
  call.protocol = &kBeta;
  call.state = State::no_request;
  call.reason = Reason::lost_in_mirror;
  call.response.present = true;
  call.response.first_byte = 5;
  call.request.first_byte = 4;  // not present: does not count
  ConnectionInfo bare;
  writer->write(call, bare, 0);
  writer->flush();
  const auto* message = next();
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(message->sensor()->str(), "rack12");
  EXPECT_EQ(message->sensor_epoch(), 99u);
  EXPECT_EQ(message->worker(), 3);
  EXPECT_EQ(message->topic()->str(), "record.beta.");
  const wire::Record* r = message->records()->Get(0);
  EXPECT_EQ(r->state(), wire::State::no_request);
  EXPECT_EQ(r->reason(), wire::Reason::lost_in_mirror);
  EXPECT_EQ(r->transport(), wire::Transport::udp);  // no IP protocol known: the descriptor's
  EXPECT_EQ(r->timestamp(), 0u);
  EXPECT_EQ(r->response_timestamp(), 5u);
  EXPECT_EQ(r->method(), nullptr);
  EXPECT_EQ(r->url(), nullptr);
  EXPECT_EQ(r->vlans(), nullptr);
  EXPECT_EQ(r->request(), nullptr);
  ASSERT_NE(r->response(), nullptr);
  EXPECT_EQ(r->response()->headers(), nullptr);
  EXPECT_EQ(r->response()->body(), nullptr);
  EXPECT_EQ(r->response()->fields(), nullptr);
}

TEST_F(RecordWriterTest, SharedTextsAreWrittenOnceABatch) {
  make();
  for (int i = 0; i < 3; ++i) writer->write(small_call(), connection(), 0);
  writer->flush();
  const auto* message = next();
  ASSERT_EQ(message->records()->size(), 3u);
  const wire::Record *first = message->records()->Get(0), *last = message->records()->Get(2);
  EXPECT_EQ(first->method(), last->method());
  EXPECT_EQ(first->version(), last->version());
  EXPECT_EQ(first->protocol(), last->protocol());
  EXPECT_NE(first->url(), last->url());
  writer->write(small_call(), connection(), 0);  // a new batch starts without old offsets
  writer->flush();
  EXPECT_EQ(next()->records()->Get(0)->method()->str(), "GET");
}

TEST_F(RecordWriterTest, HostileBytesBecomeValidUtf8AndOddSpansStayInBounds) {
  make();
  Transaction call = small_call();
  call.method = "G\xff\xfe";
  call.path = "/\xc3\xa9/\xed\xa0\x80";
  call.error = std::string_view("a\0b", 3);
  HeaderText headers;
  headers.add("A", "1").add("B\xff", "2\x80");
  headers.spans.push_back({2, 4'000'000'000u, 4'000'000'000u, 5});
  headers.spans.push_back({0xffffffff, 0xffffffff, 0, 2});
  headers.spans.push_back({0, 2, 0, 2});
  call.request.headers = headers.view();
  const wire::Record* r = only_record(call);
  EXPECT_EQ(r->method()->str(), "G\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(r->path()->str(), "/\xc3\xa9/\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(r->error()->size(), 3u);
  EXPECT_EQ(headers_of(r->request()), (Pairs{{"A", "1"},
                                             {"B\xff", "2\x80"},
                                             {"B\xff"
                                              "2\x80",
                                              ""},
                                             {"", "A1"},
                                             {"A1", "A1"}}));
}

TEST_F(RecordWriterTest, LimitsOfAMessageAreFlaggedOrCounted) {
  make({}, 1'000'000, 2);
  std::vector<HeaderSpan> spans(5'000, HeaderSpan{0, 1, 1, 1});
  const std::vector<Field> fields(100, Field{.name = "f", .text = "x"});
  const std::vector<std::string_view> texts(300, "t");
  const Field list{.name = "l", .kind = Field::Kind::list, .list = texts};
  Transaction call = small_call();
  call.request.headers = {as_bytes("ab"), spans};
  call.request.fields = fields;
  call.response.fields = {&list, 1};
  const wire::Record* r = only_record(call);
  EXPECT_EQ(r->request()->headers()->size(), 4'096u);
  EXPECT_EQ(r->flags(), kFlagTruncatedHeaders);
  EXPECT_EQ(r->request()->fields()->size(), 64u);
  EXPECT_EQ(r->response()->fields()->Get(0)->list()->size(), 256u);
  EXPECT_EQ(counters.fields_left_out, 2u);
}

}  // namespace
}  // namespace spanlight
