#include "postgresql/statement.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace spanlight::postgresql {
namespace {

std::string hidden(std::string_view text) {
  std::string out;
  std::size_t at = 0;
  for (Secret s = find_secret(text, at); s.size > 0; s = find_secret(text, at)) {
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
      {"dblink('postgres://u:b@h/d')", "dblink('postgres://u:***@h/d')"},
      {"dblink('postgres://u@h/d')", "dblink('postgres://u@h/d')"},
      {"select 'http://h/a:b@c'", "select 'http://h/a:b@c'"},
      {"SET x = 'PASSWORD'", "SET x = 'PASSWORD'"},
      {"PASSWORD", "PASSWORD"},
  };
  for (const Case& c : kCases) EXPECT_EQ(hidden(c.text), c.shown);
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
