#include "red/operation.h"

#include <gtest/gtest.h>

#include "record/reader.h"
#include "record/sample.h"

namespace spanlight {
namespace {

std::string operation(const sample::Record& record) {
  sample::Batch batch;
  batch.records = {record};
  const sample::Bytes bytes = sample::build(batch);
  const auto opened = open_batch({bytes.data(), bytes.size()});
  TextBuffer out;
  return opened ? std::string(operation_of(*opened->records()->Get(0), out)) : "not a batch";
}

TEST(Operation, of_a_path_is_its_route) {
  const struct {
    const char *method, *path, *expected;
  } cases[] = {
      {"GET", "/", "GET /"},
      {"GET", "/api/v1/items", "GET /api/v1/items"},
      {"GET", "/api/items/7", "GET /api/items/{}"},
      {"GET", "/api/items/7/", "GET /api/items/{}/"},
      {"PUT", "/users/7c9e6679-7425-40de-944b-e07fc1f90ae7/mail", "PUT /users/{}/mail"},
      {"GET", "/oauth2/token", "GET /oauth2/token"},
      {"GET", "/orders/user-10394", "GET /orders/{}"},
      {"GET", "/a//b", "GET /a//b"},
      {"GET", "/s3/a-very-long-name-that-nobody-would-give-to-a-route-of-an-api", "GET /s3/{}"},
      {"POST", "/1/2/3/4/5/6/7/8/9/10/11/12/13", "POST /{}/{}/{}/{}/{}/{}/{}/{}/{}/{}/{}/{}/…"},
      {"CONNECT", "shop:443", "CONNECT {}"},
      {"", "/x", "/x"},
  };
  for (const auto& c : cases) {
    sample::Record record;
    record.method = c.method;
    record.path = c.path;
    EXPECT_EQ(operation(record), c.expected) << c.path;
  }
}

TEST(Operation, is_what_says_more_than_a_path) {
  sample::Record record;
  record.method = "POST";
  record.path = "/graphql";
  record.summary = "query Basket";
  EXPECT_EQ(operation(record), "query Basket");
  record.summary = "POST /graphql";
  EXPECT_EQ(operation(record), "POST /graphql");
  record.path = "/items/7";
  record.summary = "GET http://shop/items/7";
  record.method = "GET";
  EXPECT_EQ(operation(record), "GET /items/{}");
}

TEST(Operation, without_a_path_is_the_method_or_the_first_word) {
  sample::Record record;
  record.method = "GET";
  EXPECT_EQ(operation(record), "GET");
  record.method.clear();
  record.summary = "PUBLISH orders.new 12 bytes";
  EXPECT_EQ(operation(record), "PUBLISH");
  record.summary.clear();
  EXPECT_EQ(operation(record), "");
}

TEST(Operation, is_shortened_between_characters) {
  sample::Record record;
  record.method = "M";
  for (int i = 0; i < 11; ++i) record.path += "/größenänderungsanträge";
  const std::string told = operation(record);
  EXPECT_LE(told.size(), kOperationBytesMax);
  EXPECT_TRUE(told.ends_with("…"));
}

}  // namespace
}  // namespace spanlight
