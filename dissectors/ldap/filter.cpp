#include "ldap/filter.h"

#include <algorithm>
#include <array>

#include "core/fold.h"
#include "core/secret.h"

namespace spanlight::ldap {
namespace {

// Beside those whose names end as names of passwords do. userPassword and unicodePwd also by number.
constexpr std::string_view kSecrets[] = {"2.5.4.35",
                                         "1.2.840.113556.1.4.90",
                                         "krbprincipalkey",
                                         "olcrootpw",
                                         "nsslapd-rootpw",
                                         "lmpwdhistory",
                                         "ntpwdhistory",
                                         "pwdhistory",
                                         "passwordhistory",
                                         "sambapasswordhistory",
                                         "mslaps-encryptedpasswordhistory",
                                         "ipanthash",
                                         "supplementalcredentials",
                                         "nsds5replicacredentials",
                                         "nsds5replicabootstrapcredentials",
                                         "nsmultiplexorcredentials",
                                         "radiussecret"};

// Letters that a filter needs itself, and what cannot be shown, are \XX. A value that holds control
// characters is taken for binary: its upper half is escaped too.
void write_value(TextRoom& room, Bytes value) {
  const bool binary = std::ranges::any_of(value, [](std::uint8_t b) { return b < 0x20; });
  for (const std::uint8_t b : value) {
    if (b == '*' || b == '(' || b == ')' || b == '\\' || b < 0x20 || b == 0x7f || (binary && b >= 0x80)) {
      room.put('\\');
      room.hex(Bytes{&b, 1});
    } else {
      room.put(static_cast<char>(b));
    }
  }
}

struct Writer {
  TextRoom& room;
  bool shows_secrets;
  bool& secret;

  void value(std::string_view attribute, Bytes content) {
    if (shows_secrets || !is_secret(attribute, as_text(content))) return write_value(room, content);
    secret = true;
    room.put(kRedacted);
  }

  void assertion(Bytes content, std::string_view between) {
    Reader r{content};
    const std::string_view attribute = read_element(r).text();
    room.put(attribute);
    room.put(between);
    value(attribute, read_element(r).content);
  }

  // initial [0], any [1], final [2]
  void substrings(Bytes content) {
    Reader r{content};
    const std::string_view attribute = read_element(r).text();
    Reader parts{read_element(r).content};
    room.put(attribute);
    room.put('=');
    bool star = false;
    while (parts.ok() && parts.left() > 0) {
      const Element part = read_element(parts);
      if (!part.is(0x80) && !star) room.put('*');
      value(attribute, part.content);
      star = !part.is(0x82);
      if (star) room.put('*');
    }
  }

  // matchingRule [1], type [2], matchValue [3], dnAttributes [4]
  void extensible(Bytes content) {
    Reader r{content};
    Element rule, type, wanted, dn;
    while (r.ok() && r.left() > 0) {
      const Element one = read_element(r);
      (one.is(0x81) ? rule : one.is(0x82) ? type : one.is(0x83) ? wanted : dn) = one;
    }
    room.put(type.text());
    if (!dn.content.empty() && dn.content[0] != 0) room.put(":dn");
    if (!rule.content.empty()) {
      room.put(':');
      room.put(rule.text());
    }
    room.put(":=");
    value(type.text(), wanted.content);
  }

  // False: no filter of one attribute.
  bool item(const Element& element) {
    switch (element.tag) {
      case 0xa3:
        assertion(element.content, "=");
        return true;
      case 0xa4:
        substrings(element.content);
        return true;
      case 0xa5:
        assertion(element.content, ">=");
        return true;
      case 0xa6:
        assertion(element.content, "<=");
        return true;
      case 0x87:
        room.put(element.text());
        room.put("=*");
        return true;
      case 0xa8:
        assertion(element.content, "~=");
        return true;
      case 0xa9:
        extensible(element.content);
        return true;
      default:
        return false;
    }
  }
};

}  // namespace

Fault write_filter(TextRoom& room, Bytes filter, bool shows_secrets, bool& secret) {
  constexpr std::string_view kSigns = "&|!";
  Writer writer{room, shows_secrets, secret};
  std::array<Reader, kFilterDepthMax> levels{
      Reader{filter}, Reader{{}}, Reader{{}}, Reader{{}}, Reader{{}}, Reader{{}}, Reader{{}}, Reader{{}},
      Reader{{}},     Reader{{}}, Reader{{}}, Reader{{}}, Reader{{}}, Reader{{}}, Reader{{}}, Reader{{}}};
  std::size_t depth = 1;
  while (depth > 0) {
    Reader& r = levels[depth - 1];
    if (r.left() == 0) {
      if (--depth > 0) room.put(')');
      continue;
    }
    const Element element = read_element(r);
    if (!r.ok()) return r.fault();
    if (room.full()) return Fault::none;
    room.put('(');
    if (element.tag >= 0xa0 && element.tag <= 0xa2) {
      room.put(kSigns[element.tag - 0xa0]);
      if (depth == kFilterDepthMax) {
        room.put("...");
        return Fault::too_deep;
      }
      levels[depth++] = Reader{element.content};
      continue;
    }
    if (!writer.item(element)) return Fault::bad_value;
    room.put(')');
  }
  return Fault::none;
}

bool is_secret(std::string_view attribute, std::string_view value) {
  const std::string_view name = attribute.substr(0, attribute.find(';'));
  return names_password(name) || contains_folded(value, "credentials=") ||
         std::ranges::any_of(kSecrets, [&](std::string_view one) { return same_folded(name, one); });
}

}  // namespace spanlight::ldap
