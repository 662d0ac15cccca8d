#include "filter/random_filter.h"

namespace spanlight::filter {
namespace {

std::string escaped(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte > 0x7e || c == '"' || c == '\\') {
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

}  // namespace

RandomFilter::RandomFilter(const FilterCatalog& catalog, std::uint64_t seed)
    : dice_(seed), names_(static_cast<std::size_t>(FilterType::dynamic) + 1) {
  for (const FilterVariable& variable : catalog.variables())
    names_[static_cast<std::size_t>(variable.type)].push_back(variable.name);
  for (const auto& names : names_)
    if (!names.empty()) kinds_.push_back(names);
}

std::string RandomFilter::variable(FilterType type) {
  return dice_.of(names_[static_cast<std::size_t>(type)]);
}

std::string RandomFilter::literal() {
  return escaped(dice_.of(awkward_texts()));
}

std::string RandomFilter::integer_literal() {
  static const std::vector<std::string> kAll = {"0",
                                                "1",
                                                "2",
                                                "5",
                                                "200",
                                                "404",
                                                "0xff",
                                                "9223372036854775807",
                                                "-9223372036854775808",
                                                "-1",
                                                "3u",
                                                "10",
                                                "65535",
                                                "9007199254740993"};
  return dice_.of(kAll);
}

std::string RandomFilter::number_literal() {
  static const std::vector<std::string> kAll = {"0.0",   "0.5",  "5.0",   "1e3", ".25", "9007199254740992.0",
                                                "1e300", "-2.5", "9.3e18"};
  return dice_.of(kAll);
}

std::string RandomFilter::pattern() {
  static const std::vector<std::string> kAll = {
      R"~("^/api/v[0-9]+/")~", R"~("a.b")~",   R"~("(?s)a.b")~",    R"~("(?i)get")~",   R"~("^$")~",
      R"~("[^a-z]")~",         R"~(r"\d+$")~", R"~("a|b")~",        R"~("^(GET|PO)")~", R"~("\xc3\xa4")~",
      R"~(r"\xff")~",          R"~("x*")~",    R"~("shop.front")~", R"~(r"\bfront")~",  R"~("(?m)^b$")~",
      R"~(r"\p{Lu}")~",        R"~("..")~",    R"~(r"^\C\C$")~",    R"~(r"a\x00b")~",   R"~("(a)(b)?c?")~",
      R"~("(?i:SHOP) f")~"};
  static const std::vector<std::string> kParts = {
      "a",     "b",      "G",    "ET",      "sh",          "op",        "\\n",       ".",
      "..",    "[ab]",   "[^a]", "[]a]",    "[[:alpha:]]", "^",         "$",         "\\d",
      "\\w",   "\\x61",  "\\pL", "\\Q.\\E", "(a|b)",       "(?:op)",    "(?i:G)",    "|",
      "(sh)?", "(?:a|)", "\\b",  "\\x{e4}", "\xc3\xa4",    "\xc3\xa4?", "\xc3\xa4*", "a*",
      "(op)*", "t{0,1}", "o{1}", "\\.",     "-",           "x+?"};
  if (dice_.one_in(3)) return dice_.of(kAll);
  std::string regex;
  for (std::size_t i = 1 + dice_.below(5); i > 0; --i) regex += dice_.of(kParts);
  return "r\"" + regex + "\"";
}

std::string RandomFilter::sign() {
  static const std::vector<std::string> kSigns = {" == ", " != ", " < ", " <= ", " > ", " >= "};
  return dice_.of(kSigns);
}

std::string RandomFilter::condition(int depth) {
  return boolean(depth);
}

std::string RandomFilter::boolean(int depth) {
  if (depth <= 0) {
    switch (dice_.below(4)) {
      case 0:
        return variable(FilterType::boolean);
      case 1:
        return dice_.one_in(2) ? "true" : "false";
      case 2:
        return special();
      default:
        return comparison(0);
    }
  }
  switch (dice_.below(12)) {
    case 0:
      return "(" + boolean(depth - 1) + " && " + boolean(depth - 1) + ")";
    case 1:
      return "(" + boolean(depth - 1) + " || " + boolean(depth - 1) + " || " + boolean(depth - 1) + ")";
    case 2:
      return "!(" + boolean(depth - 1) + ")";
    case 3:
      return "(" + boolean(depth - 1) + " ? " + boolean(depth - 1) + " : " + boolean(depth - 1) + ")";
    case 4:
      return "(" + boolean(depth - 1) + (dice_.one_in(2) ? " == " : " != ") + boolean(depth - 1) + ")";
    case 5:
    case 6:
      return text_question(depth);
    case 7:
      return membership(depth);
    case 8:
      return bound_.empty() ? quantifier(depth) : comparison(depth);
    default:
      return comparison(depth);
  }
}

std::string RandomFilter::comparison(int depth) {
  const auto two = [this](const std::string& a, const std::string& b) { return "(" + a + sign() + b + ")"; };
  switch (dice_.below(9)) {
    case 0:
    case 1:
      return two(integer(depth - 1), integer(depth - 1));
    case 2:
      return two(number(depth - 1), dice_.one_in(2) ? number(depth - 1) : integer(depth - 1));
    case 3:
    case 4:
      return two(text(depth - 1) + " + \"\"", text(depth - 1) + " + \"\"");
    case 5:
      return two(timestamp(depth - 1), timestamp(depth - 1));
    case 6:
      return two(duration(depth - 1), duration(depth - 1));
    case 7:
      return two(dynamic(), dice_.one_in(2) ? integer(depth - 1) : number(depth - 1));
    default:
      return two(dynamic(), dice_.one_in(2)   ? "(" + text(depth - 1) + " + \"\")"
                            : dice_.one_in(2) ? dynamic()
                                              : "true");
  }
}

// What is compared in ways of its own.
std::string RandomFilter::special() {
  const std::string end = dice_.one_in(2) ? "src" : "dst";
  const std::string equal = dice_.one_in(2) ? " == " : " != ";
  static const std::vector<std::string> kNetworks = {"10.0.0.0/8",    "0.0.0.0/0",    "::/0",
                                                     "::/96",         "fd00::/8",     "192.168.1.1/32",
                                                     "2001:db8::/64", "::ffff:0:0/96"};
  static const std::vector<std::string> kStates = {"complete", "no_response", "no_request", "one_way",
                                                   "unknown"};
  static const std::vector<std::string> kReasons = {"", "unanswered", "reset", "unknown", "unsolicited"};
  static const std::vector<std::string> kFlags = {"gap", "redacted", "shed_body", "midstream"};
  switch (dice_.below(14)) {
    case 0:
      return "(" + end + ".ip" + equal + escaped(dice_.of(addresses())) + ")";
    case 1:
      return end + ".ip.inCidr(" + escaped(dice_.of(kNetworks)) + ")";
    case 2:
      return "(" + end + ".ip in [" + escaped(dice_.of(addresses())) + ", " + escaped(dice_.of(addresses())) +
             "])";
    case 3:
      return "(state" + equal + escaped(dice_.of(kStates)) + ")";
    case 4:
      return "(reason" + equal + escaped(dice_.of(kReasons)) + ")";
    case 5:
      return "(" + escaped(dice_.of(kFlags)) + " in flags)";
    case 6:
      return "(id" + equal + "\"0123456789abcdef000000000000000" + std::to_string(dice_.below(10)) + "\")";
    case 7:
      return dice_.one_in(2) ? "(conn_id" + equal + integer_literal() + ")"
                             : "(conn_id in [\"00000000000000c8\", \"ffffffffffffffff\"])";
    case 8:
      return "(protocol" + equal + (dice_.one_in(2) ? "\"HTTP\")" : "\"mysql\")");
    case 9:
      return "(transport in [\"tcp\", \"sctp\"] || tunnel == \"vxlan\" || tunnel == \"\")";
    case 10:
      return "(" + literal() + " || false)";
    case 11:
      return "has(" + dice_.of(dice_.of(kinds_)) + ")";
    case 12:
      return "has(" + map() + "[" + literal() + "])";
    default:
      return "(timestamp" + sign() + timestamp(0) + ")";
  }
}

std::string RandomFilter::text_question(int depth) {
  const std::string subject = "(" + text(depth - 1) + " + \"\")";
  switch (dice_.below(6)) {
    case 0:
      return subject + ".contains(" + text(depth - 2) + ")";
    case 1:
      return subject + ".startsWith(" + text(depth - 2) + ")";
    case 2:
      return subject + ".endsWith(" + text(depth - 2) + ")";
    case 3:
      return subject + ".lowerAscii().contains(" + literal() + ")";
    case 4:
      return dynamic() + ".contains(" + literal() + ")";
    default:
      return subject + ".matches(" + pattern() + ")";
  }
}

std::string RandomFilter::membership(int depth) {
  switch (dice_.below(8)) {
    case 0:
      return "(" + integer(depth - 1) + " in [" + integer_literal() + ", " + integer_literal() + ", " +
             integer_literal() + "])";
    case 1:
      return "((" + text(depth - 1) + " + \"\") in [" + literal() + ", " + literal() + "])";
    case 2:
      return "((" + text(depth - 1) + " + \"\") in [" + text(depth - 1) + " + \"\", " + literal() + "])";
    case 3:
      return "((" + text(depth - 1) + " + \"\") in " + list() + ")";
    case 4:
      return "((" + text(depth - 1) + " + \"\") in " + map() + ")";
    case 5:
      return "(" + integer(depth - 1) + " in vlan)";
    case 6:
      return "(" + dynamic() + " in [" + literal() + ", " + integer_literal() + ", " + number_literal() +
             ", true])";
    default:
      return "((" + text(depth - 1) + " + \"\") in " + dynamic() + ")";
  }
}

std::string RandomFilter::quantifier(int depth) {
  const std::string macro = dice_.one_in(2) ? "exists" : "all";
  const std::string range = dice_.one_in(3)   ? map()
                            : dice_.one_in(4) ? "[" + literal() + ", " + literal() + "]"
                                              : list();
  bound_ = "e";
  const std::string predicate = boolean(depth - 1);
  bound_.clear();
  return range + "." + macro + "(e, " + predicate + ")";
}

std::string RandomFilter::integer(int depth) {
  if (depth <= 0) return dice_.one_in(3) ? integer_literal() : variable(FilterType::integer);
  switch (dice_.below(10)) {
    case 0:
      return "(" + integer(depth - 1) + " + " + integer(depth - 1) + ")";
    case 1:
      return "(" + integer(depth - 1) + " - " + integer(depth - 1) + ")";
    case 2:
      return "(" + integer(depth - 1) + " * " + integer(depth - 1) + ")";
    case 3:
      return "(" + integer(depth - 1) + " / " + integer(depth - 1) + ")";
    case 4:
      return "(" + integer(depth - 1) + " % " + integer(depth - 1) + ")";
    case 5:
      return "(- " + integer(depth - 1) + ")";
    case 6:
      return "(" + boolean(depth - 1) + " ? " + integer(depth - 1) + " : " + integer(depth - 1) + ")";
    case 7:
      return "size(" + text(depth - 1) + ")";
    case 8:
      return "size(" + (dice_.one_in(3) ? dynamic() : dice_.one_in(2) ? list() : map()) + ")";
    default:
      return "vlan[" + integer(depth - 1) + "]";
  }
}

std::string RandomFilter::number(int depth) {
  if (depth <= 0) return dice_.one_in(2) ? number_literal() : variable(FilterType::number);
  switch (dice_.below(6)) {
    case 0:
      return "(" + number(depth - 1) + " + " + integer(depth - 1) + ")";
    case 1:
      return "(" + number(depth - 1) + " - " + number(depth - 1) + ")";
    case 2:
      return "(" + integer(depth - 1) + " * " + number(depth - 1) + ")";
    case 3:
      return "(" + number(depth - 1) + " / " + number(depth - 1) + ")";
    case 4:
      return "double(" + integer(depth - 1) + ")";
    default:
      return "(" + boolean(depth - 1) + " ? " + number(depth - 1) + " : " + integer(depth - 1) + ")";
  }
}

std::string RandomFilter::text(int depth) {
  if (!bound_.empty() && dice_.one_in(3)) return bound_;
  if (depth <= 0)
    return dice_.one_in(3) ? literal() : variable(dice_.one_in(10) ? FilterType::address : FilterType::text);
  switch (dice_.below(9)) {
    case 0:
      return "(" + text(depth - 1) + " + " + text(depth - 1) + ")";
    case 1:
      return "(" + text(depth - 1) + " + \"\").lowerAscii()";
    case 2:
      return "(" + text(depth - 1) + " + \"\").upperAscii()";
    case 3:
      return "(" + boolean(depth - 1) + " ? " + text(depth - 1) + " : " + text(depth - 1) + ")";
    case 4:
      return map() + "[" + text(depth - 1) + "]";
    case 5:
      return "map_get(" + map() + ", " + (dice_.one_in(2) ? "\"app\"" : text(depth - 1)) + ", " +
             text(depth - 1) + ")";
    case 6:
      return list() + "[" + integer(depth - 1) + "]";
    case 7:
      return "string(" + (dice_.one_in(3) ? boolean(depth - 1) : integer(depth - 1)) + ")";
    default:
      return map() + "[\"a\"]";
  }
}

std::string RandomFilter::timestamp(int depth) {
  static const std::vector<std::string> kAll = {"timestamp(\"2026-03-14T22:00:00Z\")",
                                                "timestamp(\"2026-03-14T23:00:05.123456789+01:00\")", "now()",
                                                "timestamp(\"1970-01-01T00:00:00Z\")"};
  if (depth <= 0) return dice_.one_in(2) ? dice_.of(kAll) : variable(FilterType::timestamp);
  return "(" + timestamp(depth - 1) + (dice_.one_in(2) ? " + " : " - ") + duration(depth - 1) + ")";
}

std::string RandomFilter::duration(int depth) {
  static const std::vector<std::string> kAll = {"duration(\"5s\")", "duration(\"1h30m\")",
                                                "duration(\"-250ms\")", "duration(\"1.5us\")"};
  if (depth <= 0) return dice_.of(kAll);
  return dice_.one_in(2) ? "(" + timestamp(depth - 1) + " - " + timestamp(depth - 1) + ")"
                         : "(" + duration(depth - 1) + " + " + duration(depth - 1) + ")";
}

std::string RandomFilter::list() {
  return variable(FilterType::text_list);
}

std::string RandomFilter::map() {
  return dice_.one_in(6) ? "query_string" : variable(FilterType::text_map);
}

std::string RandomFilter::dynamic() {
  static const std::vector<std::string> kFields = {"command", "error_code", "success",
                                                   "ratio",   "type",       "questions"};
  if (dice_.one_in(2)) return variable(FilterType::dynamic);
  return (dice_.one_in(2) ? "request.fields." : "response.fields.") + dice_.of(kFields);
}

}  // namespace spanlight::filter
