#include "encode/redact.h"

#include <gtest/gtest.h>

#include <array>
#include <initializer_list>
#include <random>

#include "encode/mask.h"

namespace spanlight {
namespace {

MutableBytes bytes_of(std::string& text) {
  return {reinterpret_cast<std::uint8_t*>(text.data()), text.size()};
}

NameSet names(std::initializer_list<std::string_view> list) {
  NameSet set;
  for (const std::string_view name : list) EXPECT_TRUE(set.add(name, 1));
  return set;
}

Settings bare() {
  Settings settings;
  settings.redact_headers.clear();
  return settings;
}

std::unique_ptr<Redactor> make(const Settings& settings) {
  auto made = Redactor::create(settings);
  if (auto* sentence = std::get_if<std::string>(&made)) ADD_FAILURE() << *sentence;
  return std::move(std::get<std::unique_ptr<Redactor>>(made));
}

std::string fault_of(const Settings& settings) {
  auto made = Redactor::create(settings);
  const auto* sentence = std::get_if<std::string>(&made);
  return sentence == nullptr ? "" : *sentence;
}

struct Case {
  const char* name;
  std::string in, out;
};

TEST(NameSet, IgnoresCaseAndKnowsItsLimits) {
  NameSet set = names({"Password", "x-api-key", "\xc3\xa9"});
  for (const char* name : {"password", "PASSWORD", "X-Api-Key", "\xc3\xa9"})
    EXPECT_TRUE(set.contains(name)) << name;
  for (const char* name : {"", "passwor", "passwords", "pbssword", "x-api_key"})
    EXPECT_FALSE(set.contains(name)) << name;
  EXPECT_FALSE(set.add("", 1));
  EXPECT_FALSE(set.add(std::string(256, 'a'), 1));
  EXPECT_TRUE(set.add(std::string(255, 'a'), 1));
  EXPECT_TRUE(set.contains(std::string(255, 'A')));
  EXPECT_FALSE(set.contains(std::string(256, 'a')));
  EXPECT_FALSE(set.contains(std::string(70'000, 'a')));
  EXPECT_TRUE(set.add("password", 4));
  EXPECT_EQ(set.tags("password"), 5);
}

TEST(Mask, Parameters) {
  const NameSet set = names({"password", "token"});
  const Case cases[] = {
      {"plain", "a=1&password=SECRET&b=2", "a=1&password=******&b=2"},
      {"first", "password=SECRET", "password=******"},
      {"case", "PassWord=SECRET", "PassWord=******"},
      {"percent name", "p%61ssword=SECRET&%70%61%73%73%77%6F%72%64=SECRET",
       "p%61ssword=******&%70%61%73%73%77%6F%72%64=******"},
      {"blank around", "+password%20=SECRET", "+password%20=******"},
      {"twice", "token=SECRET&token=SECRET", "token=******&token=******"},
      {"semicolon", "a=1;token=SECRET", "a=1;token=******"},
      {"value with semicolon", "token=SEC;RET&a=b", "token=*******&a=b"},
      {"value with equals", "token=SEC=RET==&a=b", "token=*********&a=b"},
      {"value with question mark", "token=SEC?RET&a=b", "token=*******&a=b"},
      {"empty value", "token=&a=b", "token=&a=b"},
      {"empty then", "token=&token=SECRET", "token=&token=******"},
      {"no equals", "token&a=b", "token&a=b"},
      {"nested", "r=/x?token=SECRET", "r=/x?token=******"},
      {"value names it", "a=token=SECRET", "a=token=******"},
      {"fragment", "x#token=SECRET", "x#token=******"},
      {"brackets", "user[password]=SECRET&password[]=SECRET&a[b][token]=SECRET",
       "user[password]=******&password[]=******&a[b][token]=******"},
      {"encoded brackets", "user%5Bpassword%5D=SECRET", "user%5Bpassword%5D=******"},
      {"other names", "passwords=1&xtoken=2&tok=3", "passwords=1&xtoken=2&tok=3"},
      {"odd percent", "p%6=1&%zz=2&token%=3&%", "p%6=1&%zz=2&token%=3&%"},
      {"empty", "", ""},
      {"only marks", "&&==;;??", "&&==;;??"},
  };
  for (const Case& c : cases) {
    std::string text = c.in;
    EXPECT_EQ(mask_parameters(bytes_of(text), set), c.in != c.out) << c.name;
    EXPECT_EQ(text, c.out) << c.name;
  }
}

TEST(Mask, Cookies) {
  const NameSet set = names({"sid"});
  const Case cases[] = {
      {"plain", "a=1; sid=SECRET; b=2", "a=1; sid=******; b=2"},
      {"case, no blank", "a=1;SID=SECRET", "a=1;SID=******"},
      {"set-cookie", "sid=SECRET; Path=/; HttpOnly", "sid=******; Path=/; HttpOnly"},
      {"quoted", "sid=\"SEC;RET\"; a=b", "sid=*********; a=b"},
      {"quoted escape", "sid=\"S\\\";RET\"; a=b", "sid=*********; a=b"},
      {"open quote", "sid=\"SEC;RET", "sid=********"},
      {"quote and a backslash at the end", "sid=\"\\", "sid=**"},
      {"comma before", "a=1,sid=SECRET", "a=1,sid=******"},
      {"comma inside", "sid=SEC,RET;a=b", "sid=*******;a=b"},
      {"blanks", "a=1;\t sid =SECRET", "a=1;\t sid =******"},
      {"twice", "sid=SECRET; sid=SECRET", "sid=******; sid=******"},
      {"other", "side=1; xsid=2", "side=1; xsid=2"},
      {"empty", "", ""},
  };
  for (const Case& c : cases) {
    std::string text = c.in;
    EXPECT_EQ(mask_cookies(bytes_of(text), set), c.in != c.out) << c.name;
    EXPECT_EQ(text, c.out) << c.name;
  }
}

TEST(Mask, Userinfo) {
  const Case cases[] = {
      {"both", "http://me:SECRET@host/x", "http://*********@host/x"},
      {"sign inside", "http://me:SEC@RET@host/x", "http://**********@host/x"},
      {"none", "http://host/a@b", "http://host/a@b"},
      {"query", "http://host?mail=a@b", "http://host?mail=a@b"},
      {"two", "a http://x:y@h b ftp://u@h", "a http://***@h b ftp://*@h"},
      {"end", "http://", "http://"},
      {"path only", "/a/b", "/a/b"},
  };
  for (const Case& c : cases) {
    std::string text = c.in;
    EXPECT_EQ(mask_userinfo(bytes_of(text)), c.in != c.out) << c.name;
    EXPECT_EQ(text, c.out) << c.name;
  }
}

TEST(Mask, Json) {
  const NameSet set = names({"password"});
  const Case cases[] = {
      {"string", R"({"a":1,"password":"SECRET","b":[2]})", R"({"a":1,"password":"******","b":[2]})"},
      {"case", R"({"PassWord":"SECRET"})", R"({"PassWord":"******"})"},
      {"blank", "{\"password\" \n:\t \"SECRET\"}", "{\"password\" \n:\t \"******\"}"},
      {"escaped key", R"({"\u0070assword":"SECRET","pass\u0077ORD":"SECRET"})",
       R"({"\u0070assword":"******","pass\u0077ORD":"******"})"},
      {"all escaped", R"({"\u0070\u0061\u0073\u0073\u0077\u006F\u0072\u0064":"SECRET"})",
       R"({"\u0070\u0061\u0073\u0073\u0077\u006F\u0072\u0064":"******"})"},
      {"odd escape", R"({"pass\word":"SECRET"})", R"({"pass\word":"******"})"},
      {"escaped quote in value", R"({"password":"SE\"CRET","a":"\\"})",
       R"({"password":"********","a":"\\"})"},
      {"backslash at value's end", R"({"password":"SECRET\\","a":"b"})",
       R"({"password":"********","a":"b"})"},
      {"twice", R"({"password":"SECRET","password":"SECRET"})",
       R"({"password":"******","password":"******"})"},
      {"nested", R"([{"x":{"y":[{"password":"SECRET"}]}}])", R"([{"x":{"y":[{"password":"******"}]}}])"},
      {"number", R"({"password":123456,"a":1})", R"({"password":"****","a":1})"},
      {"digit", R"({"password":7})", R"({"password":0})"},
      {"literal", R"({"password":false})", R"({"password":"***"})"},
      {"object", R"({"password":{"a":"SECRET}","b":[1]},"c":2})",
       R"({"password":"*********************","c":2})"},
      {"array", R"({"password":["SECRET","]"],"c":2})", R"({"password":"************","c":2})"},
      {"empty string", R"({"password":""})", R"({"password":""})"},
      {"as a value", R"({"a":"password","b":"x"})", R"({"a":"password","b":"x"})"},
      {"cut in value", R"({"password":"SECR)", R"({"password":"****)"},
      {"cut in value's escape", R"({"password":"SECR\)", R"({"password":"*****)"},
      {"cut in object", R"({"password":{"a":"SECR)", R"({"password":"*********)"},
      {"cut in number", R"({"password":12345)", R"({"password":"***")"},
      {"cut in literal", R"({"password":fal)", R"({"password":"*")"},
      {"cut before value", R"({"password":)", R"({"password":)"},
      {"cut in key", R"({"passw)", R"({"passw)"},
      {"cut after key", R"({"password")", R"({"password")"},
      {"several documents", "{\"password\":\"SECRET\"}\n{\"password\":\"SECRET\"}\n",
       "{\"password\":\"******\"}\n{\"password\":\"******\"}\n"},
      {"mark", "\xef\xbb\xbf{\"password\":\"SECRET\"}", "\xef\xbb\xbf{\"password\":\"******\"}"},
      {"numbers", R"([-1.5e+3,true,false,null,tru)", R"([-1.5e+3,true,false,null,tru)"},
      {"empty", "", ""},
  };
  for (const Case& c : cases) {
    std::string text = c.in;
    const JsonOutcome outcome = mask_json(bytes_of(text), set);
    EXPECT_NE(outcome, JsonOutcome::not_json) << c.name;
    if (c.in != c.out) {
      EXPECT_EQ(outcome, JsonOutcome::changed) << c.name;
    }
    EXPECT_EQ(text, c.out) << c.name;
  }
  for (const std::string text :
       {R"({'password':'SECRET'})", R"({password:"SECRET"})", R"({"a":1 /* " */,"password":"SECRET"})",
        R"({"password":SECRET})", R"({"password":'SECRET'})", R"({"a":nul})", R"([Infinity])", ")]}',{}",
        "hello", R"({"a":12x})", "[\x01]"}) {
    std::string copy = text;
    EXPECT_EQ(mask_json(bytes_of(copy), set), JsonOutcome::not_json) << text;
  }
}

TEST(Mask, QuotedKeysAnywhere) {
  const NameSet set = names({"password"});
  const Case cases[] = {
      {"jsonp", R"(cb({"password":"SECRET"});)", R"(cb({"password":"******"});)"},
      {"event", "data: {\"password\": \"SECRET\", \"a\": \"b\"}\n",
       "data: {\"password\": \"******\", \"a\": \"b\"}\n"},
      {"odd quotes before", R"(say " and {"password":"SECRET"})", R"(say " and {"password":"******"})"},
      {"inside a string", R"({"m":"{\"a\":1,\"password\":\"SECRET\",\"b\":\"c\"}"})",
       R"({"m":"{\"a\":1,\"password\":\"******\",\"b\":\"c\"}"})"},
      {"inside twice", R"("{\\\"password\\\":\\\"SECRET\\\"}")", R"("{\\\"password\\\":\\\"******\\\"}")"},
      {"escaped inside", R"("{\"\\u0070assword\":\"SECRET\"}")", R"("{\"\\u0070assword\":\"******\"}")"},
      {"number inside", R"("{\"password\":12345}")", R"("{\"password\":*****}")"},
      {"digit", R"(x {"password":5})", R"(x {"password":0})"},
      {"two", R"(x "password":"SECRET","password":"SECRET")", R"(x "password":"******","password":"******")"},
      {"cut", R"(x "password":"SECR)", R"(x "password":"****)"},
      {"other", R"(x "passwords":"a" "b")", R"(x "passwords":"a" "b")"},
  };
  for (const Case& c : cases) {
    std::string text = c.in;
    EXPECT_EQ(mask_quoted_keys(bytes_of(text), set),
              c.in == c.out ? JsonOutcome::unchanged : JsonOutcome::changed)
        << c.name;
    EXPECT_EQ(text, c.out) << c.name;
  }
  std::string object = R"(cb({"password":{"a":1}}))";
  EXPECT_EQ(mask_quoted_keys(bytes_of(object), set), JsonOutcome::not_json);
}

TEST(Mask, KeysInText) {
  const NameSet set = names({"password"});
  const Case cases[] = {
      {"statement", R"(INSERT INTO t VALUES ('{"a":1,"password":"SECRET"}', 2))",
       R"(INSERT INTO t VALUES ('{"a":1,"password":"******"}', 2))"},
      {"statement with escapes", R"(INSERT INTO t VALUES ('{\"password\":\"SECRET\"}', 2))",
       R"(INSERT INTO t VALUES ('{\"password\":\"******\"}', 2))"},
      {"object in a statement", R"(VALUES ('{"password":{"a":"SECRET"}}', 'SECRET'))",
       R"(VALUES ('{"password":***************************)"},
      {"array behind a value", R"(x "password":"SECRET" "password":["SECRET)",
       R"(x "password":"******" "password":********)"},
      {"JSON", R"({"password":{"a":"SECRET"},"b":2})", R"({"password":"************","b":2})"},
      {"JSON in JSON", R"({"m":"{\"password\":\"SECRET\"}","password":[1]})",
       R"({"m":"{\"password\":\"******\"}","password":"*"})"},
      {"no JSON though it looks so", R"({a "password":{"a":"SECRET"}})", R"({a "password":***************)"},
      {"names in quotes", R"(SELECT "password" FROM t)", R"(SELECT "password" FROM t)"},
  };
  for (const Case& c : cases) {
    std::string text = c.in;
    EXPECT_EQ(mask_keys_in_text(bytes_of(text), set), c.in != c.out) << c.name;
    EXPECT_EQ(text, c.out) << c.name;
  }
}

TEST(Mask, EncodedKeys) {
  const NameSet set = names({"pass word"});
  const Case cases[] = {
      {"quotes", "v={%22pass+word%22:%22SECRET%22}&w=1", "v={%22pass+word%22:%22******%22}&w=1"},
      {"all", "v=%7B%22pass%20word%22%3A+%22SEC%26RET%22%7D&w=1",
       "v=%7B%22pass%20word%22%3A+%22*********%22%7D&w=1"},
      {"letters", "%22%70ass+w%6Frd%22:%22%53ECRE%54%22", "%22%70ass+w%6Frd%22:%22**********%22"},
      {"one quote is not", "{%22pass word\":\"SECRET%22}", "{%22pass word\":\"******%22}"},
      {"escaped quote in the value", "%22pass+word%22:%22SEC%5C%22RET%22",
       "%22pass+word%22:%22************%22"},
      {"number", "%22pass+word%22:12345,%22b%22:1", "%22pass+word%22:*****,%22b%22:1"},
      {"star in the value", "%22pass+word%22:%22SECRET%2A%22", "%22pass+word%22:%22*********%22"},
      {"object", "%22pass+word%22:%7B%22a%22:%22SECRET%22%7D&w=1",
       "%22pass+word%22:******************************"},
      {"cut inside an escape", "%22pass+word%22:%22SECRET%2", "%22pass+word%22:%22********"},
      {"other", "%22password%22:%22x%22 %2A", "%22password%22:%22x%22 %2A"},
      {"odd percent", "%22%zz%:%2", "%22%zz%:%2"},
  };
  std::array<std::uint8_t, 64> room;
  for (const Case& c : cases) {
    std::string text = c.in;
    EXPECT_EQ(mask_encoded_keys(bytes_of(text), room, set), c.in != c.out) << c.name;
    EXPECT_EQ(text, c.out) << c.name;
  }
  // What finds no room is masked; the last character that found some stays whole.
  std::string long_text = std::string(62, 'a') + "%22%22pass+word%22:%22SECRET%22";
  EXPECT_TRUE(mask_encoded_keys(bytes_of(long_text), room, set));
  EXPECT_EQ(long_text, std::string(62, 'a') + "%22%22" + std::string(25, '*'));
}

TEST(Redactor, BadRulesAreToldInASentence) {
  Settings settings = bare();
  settings.redact_patterns = {"fine", "a(b"};
  EXPECT_NE(fault_of(settings).find("redaction.patterns: \"a(b\": "), std::string::npos)
      << fault_of(settings);
  settings.redact_patterns = {"a*"};
  EXPECT_NE(fault_of(settings).find("empty"), std::string::npos) << fault_of(settings);
  settings = bare();
  settings.redact_cookies = {""};
  EXPECT_EQ(fault_of(settings), "redaction.cookies: \"\" cannot be a name; it must have 1 to 255 characters");
  settings = bare();
  settings.redact_json_keys = {std::string(256, 'k')};
  EXPECT_NE(fault_of(settings).find("redaction.jsonKeys: "), std::string::npos);
  settings.redaction_enabled = false;
  EXPECT_EQ(fault_of(settings), "");
}

TEST(Redactor, HeaderRules) {
  const auto redactor = make(Settings{});
  EXPECT_TRUE(redactor->active());
  EXPECT_FALSE(redactor->text_rules());
  for (const char* name : {"Authorization", "PROXY-authorization", "x-api-key", "X-Auth-Token", "Cookie",
                           "Set-Cookie", "Authorization ", "Cookie\t"})
    EXPECT_NE(redactor->header_rules(name) & Redactor::kHide, 0) << name;
  for (const char* name : {"", " ", "Host", "Authorizatio", "X-Api-Keys"})
    EXPECT_EQ(redactor->header_rules(name), 0) << name;
  EXPECT_EQ(redactor->header_rules("Referer"), Redactor::kUrl);
}

TEST(Redactor, HeaderValues) {
  Settings settings = bare();
  settings.redact_cookies = {"sid"};
  settings.redact_query_values = {"token"};
  settings.redact_patterns = {"AKIA[0-9A-Z]{16}"};
  const auto redactor = make(settings);
  const struct {
    const char* name;
    std::string in, out;
  } cases[] = {
      {"Cookie", "sid=SECRET; a=b", "sid=******; a=b"},
      {"X-Other", "sid=x", "sid=x"},
      {"Referer", "https://u:p@h/x?a=b&token=SECRET", "https://***@h/x?a=b&token=******"},
      {"Location", "/x#token=SECRET", "/x#token=******"},
      {"X-Url", "/y?token=SECRET", "/y?token=******"},
      {"X-Key", "id AKIA0123456789ABCDEF.", "id ********************."},
      {"X-Key", "id AKIA0123456789", "id AKIA0123456789"},
  };
  for (const auto& c : cases) {
    std::string value = c.in;
    EXPECT_EQ(redactor->mask_header_value(redactor->header_rules(c.name), bytes_of(value)), c.in != c.out)
        << c.in;
    EXPECT_EQ(value, c.out) << c.in;
  }
}

TEST(Redactor, Urls) {
  Settings settings = bare();
  settings.redact_query_values = {"token", "jsessionid"};
  const auto redactor = make(settings);
  const Case cases[] = {
      {"query", "/a?token=SECRET&b=c", "/a?token=******&b=c"},
      {"path parameter", "/a;jsessionid=SECRET?b=c", "/a;jsessionid=******?b=c"},
      {"userinfo", "http://u:SECRET@h/a?b=c", "http://********@h/a?b=c"},
      {"nothing", "/a/token/b", "/a/token/b"},
      {"star", "*", "*"},
  };
  for (const Case& c : cases) {
    std::string url = c.in;
    EXPECT_EQ(redactor->mask_url(bytes_of(url)), c.in != c.out) << c.name;
    EXPECT_EQ(url, c.out) << c.name;
  }
}

TEST(Redactor, JsonKeysInEveryText) {
  Settings settings = bare();
  settings.redact_json_keys = {"password"};
  const auto redactor = make(settings);
  EXPECT_TRUE(redactor->text_rules());
  const std::string plain = R"(v={"password":"SECRET"}&a=b)", plain_masked = R"(v={"password":"******"}&a=b)";
  const std::string encoded = "v=%7B%22password%22%3A%22SEC%2FRET%22%7D&a=b",
                    encoded_masked = "v=%7B%22password%22%3A%22*********%22%7D&a=b";
  for (const auto& [in, out] : {std::pair(plain, plain_masked), std::pair(encoded, encoded_masked),
                                std::pair(plain + encoded, plain_masked + encoded_masked),
                                std::pair(encoded + plain, encoded_masked + plain_masked)}) {
    std::string text = in, query = in, url = "/p?" + in, header = in;
    EXPECT_TRUE(redactor->mask_text(bytes_of(text)));
    EXPECT_TRUE(redactor->mask_query(bytes_of(query)));
    EXPECT_TRUE(redactor->mask_url(bytes_of(url)));
    EXPECT_TRUE(redactor->mask_header_value(0, bytes_of(header)));
    EXPECT_EQ(text, out);
    EXPECT_EQ(query, out);
    EXPECT_EQ(url, "/p?" + out);
    EXPECT_EQ(header, out);
  }
  std::string other = "/p?password=SECRET";
  EXPECT_FALSE(redactor->mask_url(bytes_of(other)));
}

TEST(Redactor, PatternsMaskWholeMatchesAndWholeCharacters) {
  Settings settings = bare();
  settings.redact_patterns = {"[0-9]{4}-[0-9]{4}", "Bearer [a-z]+", "\\xa9"};
  const auto redactor = make(settings);
  const Case cases[] = {
      {"two", "1234-5678 and 1111-2222", "********* and *********"},
      {"greedy", "Bearer abcdefg.", "**************."},
      {"touching", "Bearer abc1234-5678", "*******************"},
      {"inside a character", "x\xc3\xa9y", "x**y"},
      {"none", "1234-567", "1234-567"},
  };
  for (const Case& c : cases) {
    std::string text = c.in;
    EXPECT_EQ(redactor->mask_text(bytes_of(text)), c.in != c.out) << c.name;
    EXPECT_EQ(text, c.out) << c.name;
  }
  std::string many;  // more matches than are remembered one by one: nothing of any stays
  for (int i = 0; i < 2'000; ++i) many += "1234-5678,";
  EXPECT_TRUE(redactor->mask_text(bytes_of(many)));
  EXPECT_EQ(many.find_first_of("0123456789"), std::string::npos);
  const auto copy = redactor->clone();
  std::string text = "Bearer abc";
  ASSERT_NE(copy, nullptr);
  EXPECT_TRUE(copy->mask_text(bytes_of(text)));
  EXPECT_EQ(text, "**********");
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    char escape[4];
    std::snprintf(escape, sizeof(escape), "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    encoded += std::string_view("{}[]\"\\ \n").find(c) == std::string_view::npos ? std::string(1, c) : escape;
  }
  return encoded;
}

struct BodyCase {
  const char* name;
  BodyForm form;
  std::string in;
  BodyOutcome outcome;
  std::string out;
};

void check(Redactor& redactor, std::span<const BodyCase> cases) {
  for (const BodyCase& c : cases) {
    std::string body = c.in;
    EXPECT_EQ(redactor.mask_body(c.form, bytes_of(body)), c.outcome) << c.name;
    if (c.outcome != BodyOutcome::withhold) {
      EXPECT_EQ(body, c.out) << c.name;
    }
  }
}

TEST(Redactor, Bodies) {
  Settings settings = bare();
  settings.redact_query_values = {"password"};
  settings.redact_json_keys = {"password"};
  const auto redactor = make(settings);
  const BodyForm json{.content_type = "application/problem+JSON; charset=utf-8"};
  const BodyForm form{.content_type = "application/x-www-form-urlencoded"};
  const BodyForm plain{.content_type = "text/plain"};
  using enum BodyOutcome;
  const BodyCase cases[] = {
      {"json", json, R"({"password":"SECRET"})", changed, R"({"password":"******"})"},
      {"json by look", plain, R"( [{"password":"SECRET"}])", changed, R"( [{"password":"******"}])"},
      {"json without type", {}, R"({"password":"SECRET"})", changed, R"({"password":"******"})"},
      {"json in json", json, R"({"m":"{\"password\":\"SECRET\"}"})", changed,
       R"({"m":"{\"password\":\"******\"}"})"},
      {"object in json in json", json, R"({"m":"{\"password\":{\"a\":1}}"})", withhold, ""},
      {"digit stays JSON", json, R"({"password":7})", changed, R"({"password":0})"},
      {"jsonp", plain, R"(cb({"password":"SECRET"}))", changed, R"(cb({"password":"******"}))"},
      {"not json", json, R"({password:"SECRET"})", withhold, ""},
      {"form", form, "a=b&password=SECRET", changed, "a=b&password=******"},
      {"form, cut",
       {.content_type = "application/x-www-form-urlencoded", .cut = true},
       "password=SEC",
       changed,
       "password=***"},
      {"json in a form", form, "a=%7B%22password%22:%22SECRET%22%7D", changed,
       "a=%7B%22password%22:%22******%22%7D"},
      {"no type", {}, "password=SECRET", changed, "password=******"},
      {"multipart", {.content_type = "multipart/form-data; boundary=x"}, "--x", withhold, ""},
      {"gzip by header", {.content_encoding = "gzip"}, "anything", withhold, ""},
      {"gzip by look", plain, "\x1f\x8b\x08", withhold, ""},
      {"identity",
       {.content_type = "text/plain", .content_encoding = " Identity"},
       "text",
       unchanged,
       "text"},
      {"utf-16 by type", {.content_type = "application/json; charset=UTF-16"}, "{}", withhold, ""},
      {"utf-16 by mark", plain, "\xff\xfe{", withhold, ""},
      {"hole", {.content_type = "application/json", .damaged = true}, "{}", withhold, ""},
      {"plain", plain, "password=x", unchanged, "password=x"},
      {"empty", {.content_encoding = "gzip"}, "", unchanged, ""},
  };
  check(*redactor, cases);
  const BodyCase without_rules[] = {
      {"compressed", {.content_encoding = "gzip"}, "SECRET", unchanged, "SECRET"}};
  check(*make(Settings{}), without_rules);
}

TEST(Redactor, ACutPreviewMayNotEndInsideAMatch) {
  Settings settings = bare();
  settings.redact_patterns = {"[0-9]{16}"};
  const auto redactor = make(settings);
  using enum BodyOutcome;
  const BodyCase cases[] = {
      {"whole", {}, "card 1234567890123456 end", changed, "card **************** end"},
      {"cut",
       {.cut = true},
       "a long text with card 123456789012345",
       changed,
       "a long text with card ***************"},
      {"cut elsewhere", {.cut = true}, "0123456789", changed, "**********"},
      {"not cut", {}, "card 123456789012345", unchanged, "card 123456789012345"},
  };
  check(*redactor, cases);
}

// A secret planted anywhere in a valid document, in any spelling of its key, cut anywhere, never shows.
TEST(Redactor, RandomDocumentsNeverShowTheSecret) {
  Settings settings = bare();
  settings.redact_json_keys = {"password"};
  const auto redactor = make(settings);
  std::mt19937 random(7);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  const auto key = [&] {
    std::string spelled;
    for (const char c : std::string_view("password")) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04x", static_cast<unsigned>(c));
      spelled +=
          below(3) == 0 ? std::string(escape) : std::string(1, below(2) == 0 ? c : static_cast<char>(c - 32));
    }
    return "\"" + spelled + "\"";
  };
  const std::string fillers[] = {R"({"a":1},)",           R"("x\"y",)", "[],", R"("\\",)", "null,",
                                 R"({"b":{"c":["}"]}},)", " \n"};
  const std::string values[] = {R"("SECRET")", R"(["SECRET"])", R"({"x":{"y":"SECRET"}})", R"("\"SECRET\\")",
                                R"([[[],"]SECRET"]])"};
  for (int round = 0; round < 20'000; ++round) {
    std::string text = "[";
    for (std::uint32_t i = below(5); i > 0; --i) text += fillers[below(7)];
    text +=
        "{" + key() + std::string(below(3), ' ') + ":" + std::string(below(2), '\n') + values[below(5)] + "}";
    for (std::uint32_t i = below(3); i > 0; --i) text += "," + fillers[below(6)] + "0";
    text += "]";
    if (below(2) == 0) text.resize(below(static_cast<std::uint32_t>(text.size())) + 1);
    std::string statement = "INSERT INTO t VALUES ('" + text, url = "/p?v=" + percent_encoded(text);
    redactor->mask_text(bytes_of(statement));
    redactor->mask_url(bytes_of(url));
    for (const std::string& shown : {statement, url}) {
      ASSERT_EQ(shown.find("SE", 24), std::string::npos) << shown;
      ASSERT_EQ(shown.find("ECRET"), std::string::npos) << shown;
    }
    std::string body = text;
    const BodyOutcome outcome =
        redactor->mask_body({.content_type = "application/json", .cut = true}, bytes_of(body));
    ASSERT_NE(outcome, BodyOutcome::withhold) << text;
    // What a cut leaves of the word counts too; the fillers have no capital S.
    ASSERT_EQ(body.find("SE"), std::string::npos) << text;
    ASSERT_EQ(body.find("ECRET"), std::string::npos) << text;
  }
}

TEST(Redactor, HugeInputsTakeLinearTime) {
  Settings settings = bare();
  settings.redact_query_values = {"password"};
  settings.redact_json_keys = {"password"};
  settings.redact_cookies = {"password"};
  const auto redactor = make(settings);
  const std::size_t size = 4'000'000;
  for (const std::string_view unit :
       {"\"", "\\", "\\\"", "{", "[", "\"a\":", "\"password\":\"", "=", "&a=", "?", "%70", ";", "://",
        "\"password\":{", "\\\\\"", "%22", "%22password%22:%22", "%22password%22:%7b"}) {
    std::string text;
    while (text.size() < size) text += unit;
    for (const BodyForm& form :
         {BodyForm{.content_type = "application/json"}, BodyForm{.content_type = "text/plain"},
          BodyForm{.content_type = "application/x-www-form-urlencoded"}}) {
      std::string body = text;
      redactor->mask_body(form, bytes_of(body));
    }
    std::string url = text, cookie = text, any = text;
    redactor->mask_text(bytes_of(any));
    redactor->mask_url(bytes_of(url));
    redactor->mask_header_value(Redactor::kCookies, bytes_of(cookie));
  }
}

}  // namespace
}  // namespace spanlight
