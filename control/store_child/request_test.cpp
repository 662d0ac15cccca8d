#include "store_child/request.h"

#include <gtest/gtest.h>

namespace spanlight::store_child {
namespace {

TEST(Target, IsTakenApart) {
  Request request;
  ASSERT_EQ(read_target("/?query=SELECT+1%2B1&database=spanlight&param_id=a%26b&max_threads=2&query_id=q&"
                        "default_format=RowBinary&password=secret&",
                        request),
            "");
  EXPECT_EQ(request.path, "/");
  EXPECT_EQ(request.query, "SELECT 1+1");
  EXPECT_EQ(request.database, "spanlight");
  EXPECT_EQ(request.query_id, "q");
  EXPECT_EQ(request.format, "RowBinary");
  ASSERT_EQ(request.parameters.size(), 1u);
  EXPECT_EQ(request.parameters[0].second, "a&b");
  ASSERT_EQ(request.settings.size(), 1u);  // the password is no setting
  EXPECT_EQ(request.settings[0].first, "max_threads");
}

TEST(Target, HostileOnesAreRefused) {
  const std::string cases[] = {
      "/?query=%4",
      "/?query=%zz",
      "/?default_format=Row%27Binary",
      "/?param_=1",
      "/?param_a%20b=1",
      "/?max_threads%3D1%2Cb=2",
      "/?=1",
      "/?" + std::string(129, 'a') + "=1",
  };
  for (const std::string& target : cases) {
    Request request;
    EXPECT_NE(read_target(target, request), "") << target;
  }
  std::string many = "/?";
  for (int i = 0; i < 300; ++i) many += "a=1&";
  Request request;
  EXPECT_NE(read_target(many, request), "");
}

TEST(Insert, IsKnownByItsFormat) {
  const auto insert = read_insert(" insert into t (a, b) settings x=1 format  Native \n");
  ASSERT_TRUE(insert);
  EXPECT_EQ(insert->head, "insert into t (a, b) settings x=1 ");
  EXPECT_EQ(insert->format, "Native");
  EXPECT_TRUE(read_insert("INSERT INTO t(a)FORMAT RowBinary"));
  EXPECT_FALSE(read_insert("INSERT INTO t VALUES (1)"));
  EXPECT_FALSE(read_insert("INSERT INTO t SELECT 1"));
  EXPECT_FALSE(read_insert("SELECT 1 FORMAT Native"));
  EXPECT_FALSE(read_insert("INSERT FORMAT"));
  EXPECT_FALSE(read_insert("INSERT INTO t FORMAT a'); DROP TABLE t"));
  EXPECT_FALSE(read_insert(""));
}

TEST(Question, IsKnownByItsFirstWord) {
  EXPECT_TRUE(is_question("  select 1"));
  EXPECT_TRUE(is_question("WITH a AS (SELECT 1) SELECT * FROM a"));
  EXPECT_TRUE(is_question("(SELECT 1)"));
  EXPECT_FALSE(is_question("selection"));
  EXPECT_FALSE(is_question("CREATE TABLE t (a Int8)"));
  EXPECT_FALSE(is_question(""));
}

}  // namespace
}  // namespace spanlight::store_child
