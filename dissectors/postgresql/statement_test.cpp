#include "postgresql/statement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

namespace spanlight::postgresql {
namespace {

std::string hidden(std::string_view text) {
  std::string out;
  std::size_t at = 0;
  SecretSearch secrets(text);
  for (Secret s = secrets.next(); s.found(); s = secrets.next()) {
    if (s.parameter > 0) continue;
    out += std::string(text.substr(at, s.at - at)) + "***";
    at = s.at + s.size;
  }
  return out + std::string(text.substr(at));
}

template <typename Write>
std::string written(Write write) {
  std::array<char, 512> bytes;
  TextRoom room(bytes);
  write(room);
  return std::string(room.since(0));
}

struct Case {
  const char* text;
  const char* shown;
};

TEST(Statement, SecretsAreFound) {
  constexpr Case kCases[] = {
      {"select 1", "select 1"},
      {"UPDATE u SET user_passwd = 'b', Pwd = 'c', pwdx = 'd'",
       "UPDATE u SET user_passwd = ***, Pwd = ***, pwdx = 'd'"},
      {"CREATE USER a PASSWORD 'b'", "CREATE USER a PASSWORD ***"},
      {"alter role a encrypted password 'it''s' valid until 'x'",
       "alter role a encrypted password *** valid until 'x'"},
      {"ALTER USER a PASSWORD\n\t'b'; select 'c'", "ALTER USER a PASSWORD\n\t***; select 'c'"},
      {"ALTER USER a PASSWORD /* c */ E'b\\'c' -- d", "ALTER USER a PASSWORD /* c */ *** -- d"},
      {"ALTER USER a PASSWORD -- c\n 'b'", "ALTER USER a PASSWORD -- c\n ***"},
      {"ALTER USER a PASSWORD U&'b\\0041'", "ALTER USER a PASSWORD ***"},
      {"ALTER USER a PASSWORD $$b'c$$, 1", "ALTER USER a PASSWORD ***, 1"},
      {"ALTER USER a PASSWORD $x$b$$c$x$, 1", "ALTER USER a PASSWORD ***, 1"},
      {"ALTER USER a PASSWORD NULL", "ALTER USER a PASSWORD NULL"},
      {"ALTER USER a PASSWORD 'cut", "ALTER USER a PASSWORD ***"},
      {"ALTER USER a PASSWORD $$cut", "ALTER USER a PASSWORD ***"},
      {"update u set user_password = 'b' where id = 1", "update u set user_password = *** where id = 1"},
      {"select * from u where password = $1", "select * from u where password = $1"},
      {"select * from u where password = crypt($1, password)",
       "select * from u where password = crypt($1, password)"},
      {"select passwords from u", "select passwords from u"},
      {"OPTIONS (user 'a', password 'b')", "OPTIONS (user 'a', password ***)"},
      {"CONNECTION 'host=h password=b dbname=d'", "CONNECTION 'host=h password=*** dbname=d'"},
      {"CONNECTION 'host=h password=bc'", "CONNECTION 'host=h password=***'"},
      {"CONNECTION 'password=''b c'' host=h'", "CONNECTION 'password=*** host=h'"},
      {"CONNECTION 'host=h password = b dbname=d'", "CONNECTION 'host=h password = *** dbname=d'"},
      {"CONNECTION 'host=h password =\tb'", "CONNECTION 'host=h password =\t***'"},
      {"CONNECTION 'host=h password= ''b c'' dbname=d'", "CONNECTION 'host=h password= *** dbname=d'"},
      {"CONNECTION 'host=h password = '", "CONNECTION 'host=h password = '"},
      {"ALTER USER a PASSWORD 'b'\n 'c', 'd'", "ALTER USER a PASSWORD ***, 'd'"},
      {"ALTER USER a PASSWORD E'b\\''\r\t'c\\'d'\n\n'e'; 'f'", "ALTER USER a PASSWORD ***; 'f'"},
      {"ALTER USER a PASSWORD 'b' -- c\n 'd' 'e'", "ALTER USER a PASSWORD *** 'e'"},
      {"ALTER USER a PASSWORD 'b' 'c'", "ALTER USER a PASSWORD *** 'c'"},
      {"ALTER USER a PASSWORD 'b'\n", "ALTER USER a PASSWORD ***\n"},
      {"ALTER USER a PASSWORD 'b'\n'cut", "ALTER USER a PASSWORD ***"},
      {"dblink('postgres://u:b@h/d')", "dblink('postgres://u:***@h/d')"},
      {"dblink('postgres://u@h/d')", "dblink('postgres://u@h/d')"},
      {"select 'http://h/a:b@c'", "select 'http://h/a:b@c'"},
      {"SET x = 'PASSWORD'", "SET x = 'PASSWORD'"},
      {"PASSWORD", "PASSWORD"},
  };
  for (const Case& c : kCases) EXPECT_EQ(hidden(c.text), c.shown);
}

TEST(Statement, TheWordIsQuotedWithItsSecretOrNeitherIs) {
  constexpr Case kCases[] = {
      {"VALUES ('smtp_password','s3cret')", "VALUES ('smtp_password','s3cret')"},
      {"SET msg='please enter your password', who='alice'",
       "SET msg='please enter your password', who='alice'"},
      {"SET msg=E'don\\'t tell your password', who='alice'",
       "SET msg=E'don\\'t tell your password', who='alice'"},
      {"/* /* the */ password */ 'a' -- password\n, 'b'", "/* /* the */ password */ 'a' -- password\n, 'b'"},
      {"SELECT \"password hint\" 'a'", "SELECT \"password hint\" 'a'"},
      {"SELECT $$your password$$, 'a'", "SELECT $$your password$$, 'a'"},
      {"SELECT $$your password$$ 'a', password 'b'", "SELECT $$your password$$ 'a', password ***"},
      {"OPTIONS (\"password\" 'b')", "OPTIONS (\"password\" ***)"},
      {"SET \"password\" = 'b', x = 'c'", "SET \"password\" = ***, x = 'c'"},
      {"SET a$password = 'b'", "SET a$password = ***"},
      {"DO $$ BEGIN CREATE ROLE a PASSWORD 'b'; END $$", "DO $$ BEGIN CREATE ROLE a PASSWORD ***; END $$"},
      {"DO $$ BEGIN EXECUTE 'ALTER ROLE a PASSWORD ''b'''; END $$",
       "DO $$ BEGIN EXECUTE 'ALTER ROLE a PASSWORD ***'; END $$"},
      {"EXECUTE 'ALTER ROLE a PASSWORD ''b''''c''' || 'd'", "EXECUTE 'ALTER ROLE a PASSWORD ***' || 'd'"},
      {"EXECUTE 'ALTER ROLE a PASSWORD ''b''\n''c'' d' || 'e'",
       "EXECUTE 'ALTER ROLE a PASSWORD *** d' || 'e'"},
      {"DO $$ BEGIN CREATE ROLE a PASSWORD 'b'\n'c'; END $$",
       "DO $$ BEGIN CREATE ROLE a PASSWORD ***; END $$"},
      {"EXECUTE E'ALTER ROLE a PASSWORD \\'b\\'' || 'd'", "EXECUTE E'ALTER ROLE a PASSWORD ***' || 'd'"},
      {"SELECT 'password', dblink('host=h password=$b')", "SELECT 'password', dblink('host=h password=***')"},
      {"dblink('password=b', 'password=c user=d'), 'e'",
       "dblink('password=***', 'password=*** user=d'), 'e'"},
      {"-- ALTER ROLE a PASSWORD 'b'\nSELECT 'c'", "-- ALTER ROLE a PASSWORD ***\nSELECT 'c'"},
      {"ALTER ROLE 'a PASSWORD 'b'", "ALTER ROLE 'a PASSWORD ***"},
      {"ALTER ROLE \"a PASSWORD 'b'", "ALTER ROLE \"a PASSWORD ***"},
      {"SELECT 'it\\'s'; ALTER ROLE a PASSWORD 'b'", "SELECT 'it\\'s'; ALTER ROLE a PASSWORD ***"},
      {"SELECT 'open password 'b", "SELECT 'open password ***"},
  };
  for (const Case& c : kCases) EXPECT_EQ(hidden(c.text), c.shown);
}

TEST(Statement, ParametersMayBeSecrets) {
  struct {
    const char* text;
    unsigned parameter;
  } constexpr kCases[] = {
      {"UPDATE u SET password = $1 WHERE id = $2", 1},
      {"ALTER ROLE x PASSWORD $12", 12},
      {"SET user_password=$2::text, x = $1", 2},
      {"SET \"password\" = $3", 3},
      {"SET x = $1", 0},
      {"SET x = 'password', y = $1", 0},
      {"SET x = 'password = $1'", 0},
      {"DO $$ SET password = $1 $$", 0},
      {"PASSWORD $99999999999999999999", 65'536},
  };
  for (const auto& c : kCases)
    EXPECT_EQ(std::min(SecretSearch(c.text).next().parameter, 65'536u), c.parameter) << c.text;
}

TEST(Statement, TheCommandIsItsFirstWord) {
  constexpr Case kCases[] = {
      {"select 1", "SELECT"},
      {" /* a */ -- b\n insert into t", "INSERT"},
      {"create  table t()", "CREATE TABLE"},
      {"drop index i", "DROP INDEX"},
      {"((select 1) union (select 2))", "SELECT"},
      {"", ""},
      {"  ", ""},
      {";", ""},
      {"BEGIN;", "BEGIN"},
      {"/* open", ""},
      {"create or replace function f()", "CREATE FUNCTION"},
      {"CREATE OR REPLACE TEMP VIEW v", "CREATE VIEW"},
      {"create unique /* c */ index i", "CREATE INDEX"},
      {"create global temporary table t()", "CREATE TABLE"},
      {"create local temp table t()", "CREATE TABLE"},
      {"create unlogged table t()", "CREATE TABLE"},
      {"create materialized view v", "CREATE MATERIALIZED VIEW"},
      {"drop  materialized  view v", "DROP MATERIALIZED VIEW"},
      {"create user mapping for a", "CREATE USER MAPPING"},
      {"create user a", "CREATE USER"},
      {"create temp", "CREATE"},
  };
  for (const Case& c : kCases)
    EXPECT_EQ(written([&](TextRoom& room) { write_command(room, c.text); }), c.shown) << c.text;
}

TEST(Statement, OneLineIsForPeople) {
  constexpr Case kCases[] = {
      {"select\n  1,\t2 ", "select 1, 2"},
      {"-- c\nselect 1", "select 1"},
      {"", ""},
      {"select 1234567890123456789", "select 1234567890123"},
  };
  for (const Case& c : kCases)
    EXPECT_EQ(written([&](TextRoom& room) { write_line(room, c.text, 20); }), c.shown) << c.text;
}

}  // namespace
}  // namespace spanlight::postgresql
