#include "ldap/request_fields.h"

#include <algorithm>

#include "core/secret.h"
#include "ldap/exchange.h"
#include "ldap/filter.h"

namespace spanlight::ldap {
namespace {

constexpr std::size_t kChangesBytesMax = 6'144;  // of the text that shows them

struct OidName {
  std::string_view oid, name;
};
constexpr OidName kOids[] = {
    {oid::kStartTls, "StartTLS"},
    {"1.3.6.1.4.1.1466.20036", "NoticeOfDisconnection"},
    {oid::kPasswordModify, "PasswordModify"},
    {"1.3.6.1.4.1.4203.1.11.3", "WhoAmI"},
    {"1.3.6.1.1.8", "Cancel"},
    {"1.3.6.1.1.21.1", "StartTransaction"},
    {"1.3.6.1.1.21.3", "EndTransaction"},
    {"1.3.6.1.4.1.1466.101.119.1", "Refresh"},
    {"1.2.840.113556.1.4.1781", "FastBind"},
};

}  // namespace

std::string_view name_of_oid(std::string_view oid) {
  for (const OidName& one : kOids)
    if (one.oid == oid) return one.name;
  return {};
}

void RequestTold::read(const Message& message) {
  Reader r{message.body};
  switch (message.operation->tag) {
    case op::kBindRequest:
      bind(r);
      break;
    case op::kSearchRequest:
      search(r);
      break;
    case op::kModifyRequest:
      modify(r);
      break;
    case op::kAddRequest:
      add(r);
      break;
    case op::kDelRequest:
      dn = as_text(r.rest());
      add_text(fields, "dn", dn);
      break;
    case op::kModDnRequest:
      mod_dn(r);
      break;
    case op::kCompareRequest:
      compare(r);
      break;
    case op::kAbandonRequest:
      add_number(fields, "abandoned_id", static_cast<std::uint32_t>(integer_of(r.rest())));
      break;
    case op::kExtendedRequest:
      extended(r);
      break;
    default:
      break;
  }
  malformed = !r.ok() && !message.clipped;
  if (!message.controls.empty()) add_controls(message.controls);
}

std::string_view RequestTold::next_dn(Reader& r) {
  dn = read_element(r).text();
  add_text(fields, "dn", dn);
  return dn;
}

void RequestTold::add_secret(std::string_view field, std::string_view value) {
  if (value.empty()) return;
  redacted = redacted || !limits_.credentials_shown;
  add_text(fields, field, limits_.credentials_shown ? value : kRedacted);
}

// BindRequest ::= version, name, simple [0] | sasl [3] { mechanism, credentials }
void RequestTold::bind(Reader& r) {
  add_number(fields, "version", static_cast<std::uint32_t>(integer_of(read_element(r).content)));
  next_dn(r);
  const Element auth = read_element(r);
  if (auth.is(0xa3)) {
    Reader sasl{auth.content};
    subject = read_element(sasl).text();
    add_text(fields, "auth", "sasl");
    add_text(fields, "mechanism", subject);
    if (sasl.left() > 0) add_secret("credentials", read_element(sasl).text());
    return;
  }
  // [10] and [11] are NTLM's messages (MS-ADTS, 5.1.1.1.3).
  add_text(fields, "auth", auth.is(0x80) ? (auth.content.empty() ? "anonymous" : "simple") : "ntlm");
  add_secret("credentials", auth.text());
}

// SearchRequest ::= base, scope, deref, size limit, time limit, types only, filter, attributes
void RequestTold::search(Reader& r) {
  next_dn(r);
  fields.add({.name = "base", .text = dn});
  add_number(fields, "scope", static_cast<std::uint32_t>(integer_of(read_element(r).content)));
  add_number(fields, "deref", static_cast<std::uint32_t>(integer_of(read_element(r).content)));
  const std::int32_t size_limit = integer_of(read_element(r).content),
                     time_limit = integer_of(read_element(r).content);
  if (size_limit > 0) add_number(fields, "size_limit", static_cast<std::uint32_t>(size_limit));
  if (time_limit > 0) add_number(fields, "time_limit", static_cast<std::uint32_t>(time_limit));
  if (integer_of(read_element(r).content) != 0) add_true(fields, "types_only");
  if (!r.ok()) return;
  // The filter with its head: it is one element among those that it may hold.
  const std::size_t start = r.at();
  Reader probe = r;
  const Element filter = read_element(probe);
  if (!probe.ok()) return r.fail(probe.fault());
  const Bytes whole = r.take(probe.at() - start);
  const std::size_t mark = room_.mark();
  bool secret = false;
  if (write_filter(room_, whole, limits_.credentials_shown, secret) != Fault::none && !filter.clipped)
    malformed = true;
  redacted = redacted || secret;
  subject = room_.since(mark);
  if (room_.full()) {
    cut = true;
    room_.back_to(room_.mark());
  }
  add_text(fields, "filter", subject);
  if (r.left() > 0) add_names("attributes", read_element(r).content);
}

void RequestTold::add_names(std::string_view field, Bytes sequence) {
  Reader r{sequence};
  while (r.left() > 0 && names_.all().size() < kNamesMax) {
    const Element name = read_element(r);
    if (!r.ok()) break;
    names_.add(name.text());
  }
  if (!names_.all().empty()) fields.add({.name = field, .kind = Field::Kind::list, .list = names_.all()});
}

void RequestTold::write_line(std::string_view attribute, Bytes value) {
  const auto is_odd = [](std::uint8_t b) { return b < 0x20 && b != '\n' && b != '\t'; };
  room_.put(attribute);
  if (is_secret(attribute, as_text(value)) && !limits_.credentials_shown) {
    redacted = true;
    room_.put(": [redacted]\n");
  } else if (std::ranges::any_of(value, is_odd)) {
    room_.put(": (");
    room_.number(value.size());
    room_.put(" bytes)\n");
  } else {
    room_.put(": ");
    room_.put(as_text(value));
    room_.put('\n');
  }
}

void RequestTold::write_values(std::string_view attribute, Bytes values) {
  Reader r{values};
  while (r.left() > 0 && !room_.full()) {
    const Element value = read_element(r);
    if (!r.ok()) return;
    write_line(attribute, value.content);
  }
}

// ModifyRequest ::= object, SEQUENCE OF { operation, { type, SET OF value } }
void RequestTold::modify(Reader& r) {
  constexpr std::string_view kKinds[] = {"add", "delete", "replace", "increment"};
  next_dn(r);
  Reader all{read_element(r).content};
  const std::size_t start = room_.mark();
  while (all.left() > 0 && !room_.full() && room_.mark() - start < kChangesBytesMax) {
    Reader change{read_element(all).content};
    const auto kind = static_cast<std::uint32_t>(integer_of(read_element(change).content));
    Reader part{read_element(change).content};
    const std::string_view attribute = read_element(part).text();
    if (!all.ok() || !change.ok() || attribute.empty()) break;
    if (names_.all().size() < kNamesMax) names_.add(attribute);
    room_.put(kind < std::size(kKinds) ? kKinds[kind] : "change");
    room_.put(": ");
    room_.put(attribute);
    room_.put('\n');
    if (part.left() > 0) write_values(attribute, read_element(part).content);
  }
  changes = room_.since(start);
  cut = all.left() > 0 || room_.full();
  if (room_.full()) room_.back_to(room_.mark());
  if (!names_.all().empty())
    fields.add({.name = "attributes", .kind = Field::Kind::list, .list = names_.all()});
}

// AddRequest ::= entry, SEQUENCE OF { type, SET OF value }
void RequestTold::add(Reader& r) {
  next_dn(r);
  Reader all{read_element(r).content};
  const std::size_t start = room_.mark();
  while (all.left() > 0 && !room_.full() && room_.mark() - start < kChangesBytesMax) {
    Reader part{read_element(all).content};
    const std::string_view attribute = read_element(part).text();
    if (!all.ok() || attribute.empty()) break;
    if (names_.all().size() < kNamesMax) names_.add(attribute);
    if (part.left() > 0) write_values(attribute, read_element(part).content);
  }
  changes = room_.since(start);
  cut = all.left() > 0 || room_.full();
  if (room_.full()) room_.back_to(room_.mark());
  if (!names_.all().empty())
    fields.add({.name = "attributes", .kind = Field::Kind::list, .list = names_.all()});
}

// ModifyDNRequest ::= entry, newrdn, deleteoldrdn, newSuperior [0] OPTIONAL
void RequestTold::mod_dn(Reader& r) {
  next_dn(r);
  subject = read_element(r).text();
  add_text(fields, "new_rdn", subject);
  if (integer_of(read_element(r).content) != 0) add_true(fields, "delete_old_rdn");
  if (r.left() > 0) add_text(fields, "new_superior", read_element(r).text());
}

// CompareRequest ::= entry, { type, value }
void RequestTold::compare(Reader& r) {
  next_dn(r);
  Reader assertion{read_element(r).content};
  subject = read_element(assertion).text();
  add_text(fields, "attribute", subject);
  const std::string_view value = read_element(assertion).text();
  if (is_secret(subject, value)) return add_secret("value", value);
  add_text(fields, "value", value);
}

// ExtendedRequest ::= name [0], value [1] OPTIONAL. A new password is said in the value: user [0], old [1],
// new [2] (RFC 3062).
void RequestTold::extended(Reader& r) {
  const std::string_view name = read_element(r).text();
  add_text(fields, "oid", name);
  const std::string_view known = name_of_oid(name);
  add_text(fields, "oid_name", known);
  subject = known.empty() ? name : known;
  if (name != oid::kPasswordModify || r.left() == 0) return;
  Reader value{read_element(r).content};
  Reader parts{read_element(value).content};
  Element said[3];
  while (parts.ok() && parts.left() > 0) {
    const Element part = read_element(parts);
    if (part.tag >= 0x80 && part.tag <= 0x82) said[part.tag - 0x80] = part;
  }
  dn = said[0].text();
  add_text(fields, "dn", dn);
  add_secret("old_password", said[1].text());
  add_secret("new_password", said[2].text());
}

// Controls ::= SEQUENCE OF { controlType, criticality, controlValue }
void RequestTold::add_controls(Bytes controls) {
  Reader r{controls};
  while (r.left() > 0 && controls_.all().size() < kNamesMax) {
    Reader one{read_element(r).content};
    const std::string_view type = read_element(one).text();
    if (!r.ok() || !one.ok()) break;
    controls_.add(type);
  }
  if (!controls_.all().empty())
    fields.add({.name = "controls", .kind = Field::Kind::list, .list = controls_.all()});
}

}  // namespace spanlight::ldap
