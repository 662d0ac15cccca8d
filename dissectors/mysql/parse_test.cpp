#include "mysql/parse.h"

#include <gtest/gtest.h>

#include "core/statement.h"
#include "mysql/mysql.h"
#include "mysql/recognise.h"
#include "mysql/wire_for_tests.h"

namespace spanlight::mysql {
namespace {

using namespace wire;

using Language = SecretScanner::Language;

std::string shown(std::string_view statement, Language language = Language::mysql) {
  SecretScanner scanner(statement, language);
  std::string out;
  for (std::string_view piece = scanner.next(); !piece.empty(); piece = scanner.next()) out += piece;
  return out;
}

TEST(MysqlParse, SecretsInStatements) {
  struct Case {
    std::string_view statement, shown;
  };
  constexpr Case kCases[] = {
      {"SELECT 1", "SELECT 1"},
      {"CREATE USER 'a'@'%' IDENTIFIED BY 'pw'", "CREATE USER 'a'@'%' IDENTIFIED BY [redacted]"},
      {"create user a identified by 'x', b identified with mysql_native_password by \"y\" require ssl",
       "create user a identified by [redacted], b identified with mysql_native_password by [redacted] "
       "require ssl"},
      {"ALTER USER a IDENTIFIED BY 'new' REPLACE 'old'",
       "ALTER USER a IDENTIFIED BY [redacted] REPLACE [redacted]"},
      {"SET PASSWORD = PASSWORD('it''s')", "SET PASSWORD = PASSWORD([redacted])"},
      {"SET PASSWORD FOR 'a' = 'b\\'c'", "SET PASSWORD FOR [redacted] = [redacted]"},
      {"GRANT ALL ON *.* TO a IDENTIFIED BY PASSWORD 0x2A41",
       "GRANT ALL ON *.* TO a IDENTIFIED BY PASSWORD [redacted]"},
      {"CHANGE MASTER TO MASTER_PASSWORD='x', MASTER_USER='u'",
       "CHANGE MASTER TO MASTER_PASSWORD=[redacted], MASTER_USER='u'"},
      {"/* don't */ SET PASSWORD='x'", "/* don't */ SET PASSWORD=[redacted]"},
      {"/*!50000 CREATE USER a IDENTIFIED BY 'x' */", "/*!50000 CREATE USER a IDENTIFIED BY [redacted] */"},
      {"UPDATE u SET user_passwd='x', Pwd = 'y', pwdx='z'",
       "UPDATE u SET user_passwd=[redacted], Pwd = [redacted], pwdx='z'"},
      {"SET PASSWORD='cut in the mid", "SET PASSWORD=[redacted]"},
      {"-- it's\nSET PASSWORD='x'; SELECT 'y'", "-- it's\nSET PASSWORD=[redacted]; SELECT 'y'"},
      {"SELECT * FROM u WHERE password='x' AND name='n'",
       "SELECT * FROM u WHERE password=[redacted] AND name='n'"},
      {"INSERT INTO u(name, password) VALUES('a','b')", "INSERT INTO u(name, password) VALUES('a','b')"},
      {"SELECT 'password' , 'x'", "SELECT 'password' , 'x'"},
      {"", ""},
  };
  for (const Case& one : kCases) EXPECT_EQ(shown(one.statement), one.shown);
}

TEST(MysqlParse, BracketsBehindTheWordEndNoSecret) {
  struct Case {
    std::string_view statement, shown;
  };
  constexpr Case kCases[] = {
      {"UPDATE `users` SET `password`='x', `name`='n'",
       "UPDATE `users` SET `password`=[redacted], `name`='n'"},
      {"INSERT INTO u(`name`, `password`) VALUES('a','b')",
       "INSERT INTO u(`name`, `password`) VALUES('a','b')"},
      {"SELECT a FROM u WHERE password=MD5('x') LIMIT 1",
       "SELECT a FROM u WHERE password=MD5([redacted]) LIMIT 1"},
      {"SELECT 'x://u:p@q@h/d', 'x://h:1/?a=b@c'", "SELECT 'x://u:[redacted]@h/d', 'x://h:1/?a=b@c'"},
      {"SET PASSWORD FOR CURRENT_USER() = 'x'", "SET PASSWORD FOR CURRENT_USER() = [redacted]"},
      {"SET PASSWORD FOR USER() = 'x'", "SET PASSWORD FOR USER() = [redacted]"},
      {"UPDATE u SET password=CONCAT('a','x'), name='n'",
       "UPDATE u SET password=CONCAT([redacted],[redacted]), name='n'"},
      {"UPDATE u SET password=MD5(CONCAT(salt, ('a'), 'x')), name='n'",
       "UPDATE u SET password=MD5(CONCAT(salt, ([redacted]), [redacted])), name='n'"},
      {"UPDATE u SET password=CONCAT((SELECT 'a' FROM t), 'x') WHERE name='n'",
       "UPDATE u SET password=CONCAT((SELECT [redacted] FROM t), [redacted]) WHERE name='n'"},
      {"SET PASSWORD FOR f(password) = 'x'", "SET PASSWORD FOR f(password) = [redacted]"},
      {"SET PASSWORD FOR a) = 'x'", "SET PASSWORD FOR a) = [redacted]"},
      {"SELECT * FROM u WHERE (a = 1 AND password='x') OR name='n'",
       "SELECT * FROM u WHERE (a = 1 AND password=[redacted]) OR name='n'"},
      {"SELECT ((password)), 'n'", "SELECT ((password)), 'n'"},
      {"SELECT (password; SELECT 'n'", "SELECT (password; SELECT 'n'"},
  };
  for (const Case& one : kCases) EXPECT_EQ(shown(one.statement), one.shown);
}

TEST(MysqlParse, SecretsWithinLiterals) {
  struct Case {
    std::string_view statement, shown;
  };
  constexpr Case kCases[] = {
      // A backslash is a letter of a quoted name.
      {"CREATE USER `dom\\`@`%` IDENTIFIED BY 'x'", "CREATE USER `dom\\`@`%` IDENTIFIED BY [redacted]"},
      // Statements.
      {"EXECUTE IMMEDIATE 'ALTER USER a IDENTIFIED BY ''x'''", "EXECUTE IMMEDIATE [redacted]"},
      {"EXECUTE IMMEDIATE 'ALTER USER a\\nIDENTIFIED BY ?' USING 'x'",
       "EXECUTE IMMEDIATE [redacted] USING [redacted]"},
      {"EXECUTE IMMEDIATE 'UPDATE u SET password=? WHERE id=?' USING 'x', 'y'; SELECT 'z'",
       "EXECUTE IMMEDIATE [redacted] USING [redacted], [redacted]; SELECT 'z'"},
      {"EXECUTE IMMEDIATE CONCAT('SET PASSWORD=''', 'x', '''')",
       "EXECUTE IMMEDIATE CONCAT([redacted], [redacted], [redacted])"},
      {"PREPARE s FROM \"SET PASSWORD FOR a='x'\"", "PREPARE s FROM [redacted]"},
      {"SET @s = 'ALTER USER a IDENTIFIED BY ''x'''; PREPARE s FROM @s",
       "SET @s = [redacted]; PREPARE s FROM @s"},
      {"SELECT @s := 'SET PASSWORD = ''x'''", "SELECT @s := [redacted]"},
      {"PREPARE s FROM 'SELECT ''identify'''; SELECT 'my password'",
       "PREPARE s FROM 'SELECT ''identify'''; SELECT 'my password'"},
      {"GRANT EXECUTE ON p TO 'a'@'b'", "GRANT EXECUTE ON p TO 'a'@'b'"},
      {"INSERT INTO t VALUES (@a, 'my password isn''t', 'x')",
       "INSERT INTO t VALUES (@a, 'my password isn''t', 'x')"},
      // URLs.
      {"CREATE TABLE f (a int) CONNECTION='mysql://fed:x@10.0.0.1/db/t' COMMENT='c'",
       "CREATE TABLE f (a int) CONNECTION='mysql://fed:[redacted]@10.0.0.1/db/t' COMMENT='c'"},
      {"SELECT \"mysql://a:it's@h\", 'ftp://b:y@h http://c:z@h', 'n'",
       "SELECT \"mysql://a:[redacted]@h\", 'ftp://b:[redacted]@h http://c:[redacted]@h', 'n'"},
      {"SELECT 'http://h:80', \"http://h:80\", 'a:b@c', 'http://h/a:b@c', 'http://a:@h', '://'",
       "SELECT 'http://h:80', \"http://h:80\", 'a:b@c', 'http://h/a:b@c', 'http://a:@h', '://'"},
      {"CONNECTION='mysql://fed:cut in", "CONNECTION='mysql://fed:cut in"},
      {"CONNECTION='mysql://fed:cut", "CONNECTION='mysql://fed:[redacted]"},
      {"CONNECTION='mysql://", "CONNECTION='mysql://"},
      {"SELECT '", "SELECT '"},
  };
  for (const Case& one : kCases) EXPECT_EQ(shown(one.statement), one.shown);
}

TEST(MysqlParse, SecretsInStatementsOfCql) {
  struct Case {
    std::string_view statement, shown;
  };
  constexpr Case kCases[] = {
      {"CREATE ROLE r WITH PASSWORD = 'a\\' AND LOGIN = true",
       "CREATE ROLE r WITH PASSWORD = [redacted] AND LOGIN = true"},
      {"CREATE ROLE r WITH PASSWORD = $$it's$x$$ AND LOGIN = true",
       "CREATE ROLE r WITH PASSWORD = [redacted] AND LOGIN = true"},
      {"CREATE ROLE r WITH PASSWORD=$$cut", "CREATE ROLE r WITH PASSWORD=[redacted]"},
      {"CREATE FUNCTION f() AS $$ it's $$; ALTER ROLE r WITH PASSWORD = 'x'",
       "CREATE FUNCTION f() AS $$ it's $$; ALTER ROLE r WITH PASSWORD = [redacted]"},
      {"ALTER ROLE r // it's\n WITH PASSWORD = 'x'", "ALTER ROLE r // it's\n WITH PASSWORD = [redacted]"},
      {"ALTER ROLE r --it's\n WITH PASSWORD = 'x'", "ALTER ROLE r --it's\n WITH PASSWORD = [redacted]"},
      {"ALTER ROLE r /*! it's */ WITH PASSWORD = 'x'", "ALTER ROLE r /*! it's */ WITH PASSWORD = [redacted]"},
      {"SELECT 'http://h' // it's", "SELECT 'http://h' // it's"},
  };
  for (const Case& one : kCases) EXPECT_EQ(shown(one.statement, Language::cql), one.shown);
  // Neither is known in SQL.
  EXPECT_EQ(shown("SELECT a$$b, 4//'2' + password$$ = $$'x'"), "SELECT a$$b, 4//'2' + password$$ = $$'x'");
}

// The end of what is kept of a statement lies anywhere.
TEST(MysqlParse, SecretsInStatementsThatAreCut) {
  constexpr std::string_view kStatement =
      "SET PASSWORD FOR CURRENT_USER() = CONCAT('swordfish', 'swordfish'); EXECUTE IMMEDIATE 'ALTER USER a "
      "IDENTIFIED BY ''swordfish'''; CREATE TABLE f CONNECTION='mysql://fed:swordfish@h'";
  for (const Language language : {Language::mysql, Language::cql})
    for (std::size_t n = 0; n <= kStatement.size(); ++n)
      EXPECT_EQ(shown(kStatement.substr(0, n), language).find("swo"), std::string::npos) << n;
}

TEST(MysqlParse, NumbersByLength) {
  struct Case {
    std::string bytes;
    std::uint64_t value;
    Fault fault;
  };
  const Case kCases[] = {{"\x05", 5, Fault::none},
                         {"\xfa", 250, Fault::none},
                         {"\xfc" + le(0x1234, 2), 0x1234, Fault::none},
                         {"\xfd" + le(0x123456, 3), 0x123456, Fault::none},
                         {"\xfe" + le(0x123456789aull, 8), 0x123456789aull, Fault::none},
                         {"\xfb", 0, Fault::none},
                         {"\xff", 0, Fault::bad_value},
                         {"\xfc\x01", 0, Fault::short_input},
                         {"", 0, Fault::short_input}};
  for (const Case& one : kCases) {
    Reader r(as_bytes(one.bytes));
    EXPECT_EQ(lenenc(r), one.value);
    EXPECT_EQ(r.fault(), one.fault);
  }
}

TEST(MysqlParse, AttributesInFrontOfAStatement) {
  const std::string two = le(2, 1) + le(1, 1) + le(0, 1) + le(1, 1) + le(0x0f, 2) + str("trace") +
                          le(0x08, 2) + str("n") + str("00-ab") + le(7, 8);
  const std::string null = le(1, 1) + le(1, 1) + le(1, 1) + le(1, 1) + le(0x0f, 2) + str("a");
  constexpr std::uint32_t kKnown = capability::kQueryAttributes | capability::kProtocol41;
  const std::string none("\0\1", 2);
  EXPECT_EQ(attributes_bytes(as_bytes(two + "SELECT 1"), kKnown), two.size());
  EXPECT_EQ(attributes_bytes(as_bytes(null + "SELECT 1"), kKnown), null.size());
  EXPECT_EQ(attributes_bytes(as_bytes(none + "SELECT 1"), kKnown), 2u);
  EXPECT_EQ(attributes_bytes(as_bytes(none + "SELECT 1"), 0), 2u);
  EXPECT_EQ(attributes_bytes(as_bytes("SELECT 1"), 0), 0u);
  EXPECT_EQ(attributes_bytes(as_bytes("SELECT 1"), capability::kProtocol41), 0u);
  for (std::size_t n = 1; n < two.size(); ++n)
    EXPECT_EQ(attributes_bytes(as_bytes(two).first(n), kKnown), n) << "their end is not there";
}

TEST(MysqlParse, LoginSaysWhoAndWhere) {
  const std::string bytes = login(kCapabilities | kDatabase, "shop", "orders");
  const Login login = parse_login(as_bytes(bytes).subspan(kHeaderBytes));
  EXPECT_EQ(login.fault, Fault::none);
  EXPECT_EQ(login.user, "shop");
  EXPECT_EQ(login.database, "orders");
  EXPECT_EQ(login.plugin, "mysql_native_password");
  for (std::size_t n = 0; n < 32; ++n)
    EXPECT_EQ(parse_login(as_bytes(bytes).subspan(kHeaderBytes, n)).fault, Fault::short_input) << n;
}

TEST(MysqlParse, ErrorsAndOks) {
  const std::string bytes = error(1, 1064, "42000", "no");
  const Error error = parse_error(as_bytes(bytes).subspan(kHeaderBytes));
  EXPECT_EQ(error.code, 1064);
  EXPECT_EQ(error.state, "42000");
  EXPECT_EQ(error.message, "no");
  EXPECT_EQ(parse_error(as_bytes("\xff")).fault, Fault::short_input);
  const std::string fine = ok(1, 3, 2, 9);
  const Ok ok = parse_ok(as_bytes(fine).subspan(kHeaderBytes));
  EXPECT_EQ(ok.affected_rows, 3u);
  EXPECT_EQ(ok.insert_id, 9u);
  EXPECT_EQ(ok.status, 2);
  EXPECT_EQ(parse_ok(as_bytes("\x01")).fault, Fault::short_input);
}

TEST(MysqlRecognise, ByContent) {
  struct Case {
    std::string bytes;
    Verdict verdict;
  };
  const Case kCases[] = {
      {greeting(), Verdict::server},
      {greeting("5.5.5-10.11.6-MariaDB"), Verdict::server},
      {packet(0, "\xff\x10\x04Too many connections"), Verdict::server},
      {login(), Verdict::client},
      {query("SELECT 1"), Verdict::client},
      {query("  (select 1)"), Verdict::client},
      {query("commit"), Verdict::client},
      {command(22, "update t set a=?"), Verdict::client},
      {execution(7), Verdict::client},
      {rows(1), Verdict::server},
      {ok(1), Verdict::server},
      {error(1, 1064, "42000", "no"), Verdict::server},
      {prepared(3, 2, 1), Verdict::server},
      {command(14), Verdict::no},
      {query("hello world"), Verdict::no},
      {"GET / HTTP/1.1\r\n", Verdict::no},
      {std::string("\x16\x03\x01\x02\x00\x01\x00", 7), Verdict::no},
      {std::string("\0\0\0\x10\0\x03\0\0", 8), Verdict::no},
      {"*1\r\n$4\r\nPING\r\n", Verdict::no},
  };
  for (const Case& one : kCases) {
    EXPECT_EQ(probe(as_bytes(one.bytes), {}), one.verdict) << one.bytes;
    for (std::size_t n = 0; n < one.bytes.size(); ++n) {
      const Verdict v = probe(as_bytes(one.bytes).first(n), {});
      EXPECT_TRUE(v == Verdict::more || v == one.verdict) << n << one.bytes;
    }
  }
}

TEST(MysqlRecognise, FindsAMessageBehindAHole) {
  const std::string noise = "some text that is none";
  const Sync asked = kDescriptor.find(Direction::c2s, as_bytes(noise + query("SELECT 1")));
  EXPECT_TRUE(asked.found);
  EXPECT_EQ(asked.skip, noise.size());
  const Sync answered = kDescriptor.find(Direction::s2c, as_bytes(noise + rows(2)));
  EXPECT_TRUE(answered.found);
  EXPECT_EQ(answered.skip, noise.size());
  EXPECT_FALSE(kDescriptor.find(Direction::c2s, as_bytes(noise)).found);
}

}  // namespace
}  // namespace spanlight::mysql
