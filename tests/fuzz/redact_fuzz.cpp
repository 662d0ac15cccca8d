// Redaction under hostile bytes. Two properties: no scanner reads or writes outside of its bytes, whatever
// they are; and a secret planted under a named key, in a document around it made from the input, is never
// left in what is shown.
//
// That holds for the document as a body, inside a text that is a statement, and inside a URL,
// percent-encoded.
//
// Input: one byte choosing the notation, then bytes that choose the document's pieces. The raw input goes
// through every scanner too.

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "encode/redact.h"

namespace {

using spanlight::BodyForm;
using spanlight::BodyOutcome;
using spanlight::MutableBytes;
using spanlight::Redactor;

constexpr std::string_view kSecret = "Q9zS3cr3tW7x";  // letters that no piece below has side by side

Redactor& redactor() {
  static const std::unique_ptr<Redactor> instance = [] {
    spanlight::Settings settings;
    settings.redact_cookies = {"token"};
    settings.redact_query_values = {"token"};
    settings.redact_json_keys = {"token"};
    settings.redact_patterns = {"card:[0-9]{8,16}"};
    auto made = Redactor::create(settings);
    if (!std::holds_alternative<std::unique_ptr<Redactor>>(made)) std::abort();
    return std::move(std::get<std::unique_ptr<Redactor>>(made));
  }();
  return *instance;
}

MutableBytes bytes_of(std::string& text) {
  return {reinterpret_cast<std::uint8_t*>(text.data()), text.size()};
}

// Choices taken from the input, one byte each; 0 when it is used up.
class Choices {
 public:
  explicit Choices(std::string_view bytes) : bytes_(bytes) {}
  unsigned below(unsigned n) { return next() % n; }
  bool done() const { return bytes_.empty(); }
  unsigned next() {
    if (bytes_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte;
  }

 private:
  std::string_view bytes_;
};

void expect_gone(const std::string& shown) {
  if (shown.find(kSecret.substr(0, 6)) != std::string::npos ||
      shown.find(kSecret.substr(6)) != std::string::npos)
    std::abort();
}

// "token" in any case, each letter spelled plainly or as `escape` says.
std::string spelled(Choices& choices, bool json) {
  std::string name;
  for (const char letter : std::string_view("token")) {
    const char c = choices.below(2) == 0 ? letter : static_cast<char>(letter - 32);
    char escape[8];
    std::snprintf(escape, sizeof(escape), json ? "\\u%04X" : "%%%02x", static_cast<unsigned>(c));
    name += choices.below(3) == 0 ? std::string(escape) : std::string(1, c);
  }
  return name;
}

// Complete JSON values and separators in front of and behind the secret: the document is lexically JSON.
std::string json_document(Choices& choices) {
  static constexpr std::string_view kPieces[] = {
      "{},",     "[1,2],", "\"a\\\"b\",", "\"\\\\\",", "{\"x\":\"}{][\"},",
      " \r\n\t", "null,",  "-1.5e3,",     "\"\",",     "{\"\\u0022\":\":\"},",
      "[[[[",    "{\"k\":"};
  static constexpr std::string_view kFront[] = {"\"",           "[\"",    "{\"a\":\"",  "[[],{},\"",
                                                "{\"\\\\\":\"", "\"\\\"", "[1,\"]\",\""};
  static constexpr std::string_view kBack[] = {"\"", "\"]", "\"}", "\"]", "\"}", "\"", "\"]"};
  std::string text = "[";
  for (unsigned i = choices.below(12); i > 0; --i) text += kPieces[choices.below(std::size(kPieces))];
  text += "{\"" + spelled(choices, true) + "\"" + std::string(choices.below(3), ' ') + ":" +
          std::string(choices.below(3), '\n');
  const unsigned shape = choices.below(std::size(kFront));
  text += std::string(kFront[shape]) + std::string(kSecret) + std::string(kBack[shape]) + "}";
  for (unsigned i = choices.below(12); i > 0; --i)
    text += "," + std::string(kPieces[choices.below(std::size(kPieces))]) + "0";
  return text;
}

// Quotes always, as every client does; other bytes as it comes.
std::string percent_encoded(Choices& choices, std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    char escape[8];
    std::snprintf(escape, sizeof(escape), "%%%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    const bool plain = c != '"' && c != '&' && c != '+' && c != '%' && choices.below(3) != 1;
    encoded += plain ? std::string(1, c) : escape;
  }
  return encoded;
}

std::string parameters(Choices& choices) {
  static constexpr std::string_view kPieces[] = {"a=b&", "&", ";",         "x=y;",   "%zz=&",
                                                 "=&",   "?", "tokens=1&", "b[]=2&", "%&"};
  std::string text;
  for (unsigned i = choices.below(12); i > 0; --i) text += kPieces[choices.below(std::size(kPieces))];
  if (!text.empty() && text.back() == '%') text += '&';
  if (!text.empty() && text.back() != ';' && text.back() != '?') text += '&';
  const std::string name = spelled(choices, false);
  static constexpr std::string_view kWraps[] = {"", "user[", "a%5b"};
  const unsigned wrap = choices.below(3);
  text += std::string(kWraps[wrap]) + name + (wrap == 0 ? "" : wrap == 1 ? "]" : "%5D") + "=";
  text += std::string(choices.below(2) == 0 ? "" : ";?#=") + std::string(kSecret);
  for (unsigned i = choices.below(12); i > 0; --i)
    text += "&" + std::string(kPieces[choices.below(std::size(kPieces))]);
  return text;
}

void raw(std::string_view input) {
  std::string copy(input);
  redactor().mask_url(bytes_of(copy));
  copy = input;
  redactor().mask_query(bytes_of(copy));
  copy = input;
  redactor().mask_text(bytes_of(copy));
  for (const std::uint8_t rules : {Redactor::kCookies, Redactor::kUrl}) {
    copy = input;
    redactor().mask_header_value(rules, bytes_of(copy));
  }
  redactor().header_rules(input);
  const std::string_view head = input.substr(0, input.size() / 4), rest = input.substr(input.size() / 4);
  for (const std::string_view type : {std::string_view("application/json"), std::string_view("text/plain"),
                                      std::string_view("application/x-www-form-urlencoded"), head}) {
    copy = rest;
    const BodyOutcome outcome = redactor().mask_body({.content_type = type, .cut = true}, bytes_of(copy));
    if (outcome == BodyOutcome::unchanged && copy != rest) std::abort();
    if (copy.size() != rest.size()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  raw(input);
  Choices choices(input.substr(1));
  BodyForm form;
  std::string text;
  switch (data[0] % 5) {
    case 0:
      form.content_type = choices.below(2) == 0 ? "application/json" : "";
      text = json_document(choices);
      break;
    case 4: {
      const unsigned kind = choices.below(3);
      std::string shown = json_document(choices);
      if (choices.below(2) == 0) shown.resize(1 + (choices.next() * 256 + choices.next()) % shown.size());
      if (kind == 0) shown = "/p?v=" + percent_encoded(choices, shown) + "&w=1";
      if (kind == 1) shown = "INSERT INTO t VALUES (1, '" + shown + "')";
      if (kind == 0)
        redactor().mask_url(bytes_of(shown));
      else
        redactor().mask_text(bytes_of(shown));
      expect_gone(shown);
      return 0;
    }
    case 1:
      form.content_type = "application/x-www-form-urlencoded";
      text = parameters(choices);
      break;
    case 2: {  // JSON inside something else: JSONP, event streams, log lines
      form.content_type = "text/plain";
      static constexpr std::string_view kBefore[] = {"cb(", "data: ", "x \" y ", "a: 'b' ", ""};
      text = "-" + std::string(kBefore[choices.below(5)]) + "{\"" + spelled(choices, true) + "\": \"" +
             std::string(kSecret) + "\"}";
      break;
    }
    default: {  // a URL, in a URL's place
      std::string url = "/p?" + parameters(choices);
      redactor().mask_url(bytes_of(url));
      expect_gone(url);
      return 0;
    }
  }
  form.cut = choices.below(2) == 0;
  if (form.cut) text.resize(1 + (choices.next() * 256 + choices.next()) % text.size());
  if (redactor().mask_body(form, bytes_of(text)) != BodyOutcome::withhold) expect_gone(text);
  return 0;
}
