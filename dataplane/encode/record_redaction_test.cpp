// What redaction leaves of a record: neither in its members nor anywhere in its bytes.

#include "encode/record_writer_fixture.h"

namespace spanlight {
namespace {

class RecordRedactionTest : public RecordWriterTest {};

TEST_F(RecordRedactionTest, HeadersAreHiddenAndTheirBytesGone) {
  make();
  Transaction call = small_call();
  HeaderText headers;
  headers.add("Host", "shop", ": ")
      .add("AUTHORIZATION", "Bearer SECRET-1", ": ")
      .add("Cookie ", "sid=SECRET-2", ": ");
  headers.add("X-Api-Key", "", ": ").add("set-cookie", "SECRET-3", ": ").add("After", "z", "  SECRET-4  ");
  call.request.headers = headers.view();
  const wire::Record* r = only_record(call);
  EXPECT_EQ(headers_of(r->request()), (Pairs{{"Host", "shop"},
                                             {"AUTHORIZATION", "[redacted]"},
                                             {"Cookie ", "[redacted]"},
                                             {"X-Api-Key", ""},
                                             {"set-cookie", "[redacted]"},
                                             {"After", "z"}}));
  EXPECT_EQ(r->flags(), kFlagRedacted);
  EXPECT_EQ(counters.redacted, 1u);
  const std::string all(batch->storage + batch->data_offset,
                        batch->storage + batch->data_offset + batch->data_bytes);
  EXPECT_EQ(all.find("SECRET"), std::string::npos);
}

TEST_F(RecordRedactionTest, RedactionOffShowsEverything) {
  settings.redaction_enabled = false;
  settings.redact_patterns = {"shop"};
  make();
  Transaction call = small_call();
  HeaderText headers;
  headers.add("Authorization", "Bearer shop");
  call.request.headers = headers.view();
  const wire::Record* r = only_record(call);
  EXPECT_EQ(headers_of(r->request()), (Pairs{{"Authorization", "Bearer shop"}}));
  EXPECT_EQ(r->flags(), 0u);
}

TEST_F(RecordRedactionTest, TheUrlIsMaskedWhereverItStands) {
  settings.redact_query_values = {"token"};
  settings.redact_patterns = {R"(/key/[0-9]+\?)", "eyJ[a-z]+"};
  make();
  Transaction call = small_call();
  const std::string url = "/key/123?token=SECRET&a=b";
  call.url = url;
  call.path = std::string_view(url).substr(0, 8);
  call.query_string = std::string_view(url).substr(9);
  const std::string summary = "GET /key/123";  // the pattern needs the question mark: only the URL has it
  call.summary = summary;
  call.error = "see /login?x=1&token=SECRET";
  call.method = "eyJabc";
  call.trace_id = "eyJdef";
  call.request.content_type = "a/eyJghi";
  const wire::Record* r = only_record(call);
  EXPECT_EQ(r->url()->str(), "*********token=******&a=b");
  EXPECT_EQ(r->path()->str(), "********");
  EXPECT_EQ(r->query_string()->str(), "token=******&a=b");
  EXPECT_EQ(r->summary()->str(), "GET ********");
  EXPECT_EQ(r->error()->str(), "see /login?x=1&token=******");
  EXPECT_EQ(r->method()->str(), "******");
  EXPECT_EQ(r->trace_id()->str(), "******");
  EXPECT_EQ(r->request()->content_type()->str(), "a/******");
  EXPECT_EQ(r->flags(), kFlagRedacted);
}

TEST_F(RecordRedactionTest, FieldsAreTextToo) {
  settings.redact_patterns = {"SECRET"};
  make();
  Transaction call = small_call();
  const std::string_view list[] = {"a", "xSECRETx"};
  const Field fields[] = {{.name = "query", .text = "set SECRET"},
                          {.name = "keys", .kind = Field::Kind::list, .list = list}};
  call.request.fields = fields;
  const wire::Record* r = only_record(call);
  EXPECT_EQ(r->request()->fields()->Get(0)->text()->str(), "set ******");
  EXPECT_EQ(r->request()->fields()->Get(1)->list()->Get(1)->str(), "x******x");
  EXPECT_EQ(r->flags(), kFlagRedacted);
}

TEST_F(RecordRedactionTest, JsonKeysAreMaskedWhereverTheyStand) {
  settings.redact_json_keys = {"password"};
  make();
  Transaction call = small_call();
  const std::string url =
      "/graphql?variables=%7B%22password%22%3A%22SECRET%22%7D&raw={\"password\":\"SECRET\"}";
  const std::string statement = R"(INSERT INTO t VALUES ('{"password":"SECRET"}'))";
  call.url = url;
  call.path = std::string_view(url).substr(0, 8);
  call.query_string = std::string_view(url).substr(9);
  call.summary = statement;
  call.error = R"(no such user {"password":"SECRET"})";
  const std::string_view parameters[] = {R"({"password":"SECRET"})", "2"};
  const Field fields[] = {{.name = "sql", .text = statement},
                          {.name = "parameters", .kind = Field::Kind::list, .list = parameters}};
  call.request.fields = fields;
  HeaderText headers;
  headers.add("X-Login", R"({"password":"SECRET"})");
  call.request.headers = headers.view();
  const wire::Record* r = only_record(call);
  EXPECT_EQ(r->url()->str(),
            "/graphql?variables=%7B%22password%22%3A%22******%22%7D&raw={\"password\":\"******\"}");
  EXPECT_EQ(r->path()->str(), "/graphql");
  EXPECT_EQ(r->summary()->str(), R"(INSERT INTO t VALUES ('{"password":"******"}'))");
  EXPECT_EQ(r->error()->str(), R"(no such user {"password":"******"})");
  EXPECT_EQ(r->request()->fields()->Get(0)->text()->str(), r->summary()->str());
  EXPECT_EQ(r->request()->fields()->Get(1)->list()->Get(0)->str(), R"({"password":"******"})");
  EXPECT_EQ(r->request()->fields()->Get(1)->list()->Get(1)->str(), "2");
  EXPECT_EQ(r->flags(), kFlagRedacted);
  const std::string all(batch->storage + batch->data_offset,
                        batch->storage + batch->data_offset + batch->data_bytes);
  EXPECT_EQ(all.find("SECRET"), std::string::npos);
}

TEST_F(RecordRedactionTest, AWithheldBodyLeavesNoByte) {
  settings.redact_json_keys = {"password"};
  make();
  Transaction call = small_call();
  call.request.body = as_bytes("SECRET");
  call.request.content_encoding = "gzip";
  call.response.body = as_bytes(R"({"password":"SECRET"})");
  call.response.body_size = 21;
  call.response.content_type = "application/json";
  const wire::Record* r = only_record(call);
  EXPECT_EQ(r->flags(), kFlagWithheldBody | kFlagRedacted);
  EXPECT_EQ(r->request()->body(), nullptr);
  EXPECT_EQ(text_of(r->response()->body()), R"({"password":"******"})");
  EXPECT_EQ(counters.bodies_withheld, 1u);
  const std::string all(batch->storage + batch->data_offset,
                        batch->storage + batch->data_offset + batch->data_bytes);
  EXPECT_EQ(all.find("SECRET"), std::string::npos);
}

TEST_F(RecordRedactionTest, ABodyThatOverloadLeftOutIsFlaggedAndCounted) {
  make();
  Transaction call = small_call();
  call.response.body_size = 21;
  call.flags = kFlagShedBody | kFlagTruncatedBody;
  EXPECT_EQ(only_record(call)->flags(), kFlagShedBody | kFlagTruncatedBody);
  EXPECT_EQ(counters.bodies_shed, 1u);
}

}  // namespace
}  // namespace spanlight
