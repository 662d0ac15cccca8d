#include "radius/attributes.h"

#include <algorithm>

#include "core/address_text.h"
#include "core/fold.h"
#include "core/secret.h"

namespace spanlight::radius {
namespace {

using enum Kind;

// By type.
constexpr Attribute kAttributes[] = {
    {1, text, "User-Name"},
    {2, secret, "User-Password"},
    {3, secret, "CHAP-Password"},
    {4, address, "NAS-IP-Address"},
    {5, integer, "NAS-Port"},
    {6, integer, "Service-Type"},
    {7, integer, "Framed-Protocol"},
    {8, address, "Framed-IP-Address"},
    {9, address, "Framed-IP-Netmask"},
    {10, integer, "Framed-Routing"},
    {11, text, "Filter-Id"},
    {12, integer, "Framed-MTU"},
    {13, integer, "Framed-Compression"},
    {14, address, "Login-IP-Host"},
    {15, integer, "Login-Service"},
    {16, integer, "Login-TCP-Port"},
    {18, text, "Reply-Message"},
    {19, text, "Callback-Number"},
    {20, text, "Callback-Id"},
    {22, text, "Framed-Route"},
    {24, octets, "State"},
    {25, octets, "Class"},
    {26, octets, "Vendor-Specific"},
    {27, integer, "Session-Timeout"},
    {28, integer, "Idle-Timeout"},
    {29, integer, "Termination-Action"},
    {30, text, "Called-Station-Id"},
    {31, text, "Calling-Station-Id"},
    {32, text, "NAS-Identifier"},
    {33, octets, "Proxy-State"},
    {40, integer, "Acct-Status-Type"},
    {41, integer, "Acct-Delay-Time"},
    {42, integer, "Acct-Input-Octets"},
    {43, integer, "Acct-Output-Octets"},
    {44, text, "Acct-Session-Id"},
    {45, integer, "Acct-Authentic"},
    {46, integer, "Acct-Session-Time"},
    {47, integer, "Acct-Input-Packets"},
    {48, integer, "Acct-Output-Packets"},
    {49, integer, "Acct-Terminate-Cause"},
    {50, text, "Acct-Multi-Session-Id"},
    {51, integer, "Acct-Link-Count"},
    {52, integer, "Acct-Input-Gigawords"},
    {53, integer, "Acct-Output-Gigawords"},
    {55, integer, "Event-Timestamp"},
    {60, secret, "CHAP-Challenge"},
    {61, integer, "NAS-Port-Type"},
    {62, integer, "Port-Limit"},
    {64, tagged, "Tunnel-Type"},
    {65, tagged, "Tunnel-Medium-Type"},
    {66, tagged_text, "Tunnel-Client-Endpoint"},
    {67, tagged_text, "Tunnel-Server-Endpoint"},
    {69, secret, "Tunnel-Password"},
    {70, secret, "ARAP-Password"},
    {71, octets, "ARAP-Features"},
    {75, integer, "Password-Retry"},
    {76, integer, "Prompt"},
    {77, text, "Connect-Info"},
    {78, secret, "Configuration-Token"},
    {79, secret, "EAP-Message"},
    {80, octets, "Message-Authenticator"},
    {81, tagged_text, "Tunnel-Private-Group-Id"},
    {82, tagged_text, "Tunnel-Assignment-Id"},
    {83, tagged, "Tunnel-Preference"},
    {84, secret, "ARAP-Challenge-Response"},
    {85, integer, "Acct-Interim-Interval"},
    {86, integer, "Acct-Tunnel-Packets-Lost"},
    {87, text, "NAS-Port-Id"},
    {88, text, "Framed-Pool"},
    {89, octets, "Chargeable-User-Identity"},
    {90, tagged_text, "Tunnel-Client-Auth-Id"},
    {91, tagged_text, "Tunnel-Server-Auth-Id"},
    {94, octets, "Originating-Line-Info"},
    {95, address, "NAS-IPv6-Address"},
    {96, octets, "Framed-Interface-Id"},
    {97, prefix, "Framed-IPv6-Prefix"},
    {98, address, "Login-IPv6-Host"},
    {99, text, "Framed-IPv6-Route"},
    {100, text, "Framed-IPv6-Pool"},
    {101, integer, "Error-Cause"},
    {102, octets, "EAP-Key-Name"},
    {103, secret, "Digest-Response"},
    {104, text, "Digest-Realm"},
    {105, secret, "Digest-Nonce"},
    {106, secret, "Digest-Response-Auth"},
    {107, secret, "Digest-Nextnonce"},
    {108, text, "Digest-Method"},
    {109, text, "Digest-URI"},
    {115, text, "Digest-Username"},
    {121, secret, "Digest-HA1"},
    {123, prefix, "Delegated-IPv6-Prefix"},
    {126, text, "Operator-Name"},
    {168, address, "Framed-IPv6-Address"},
};
static_assert(std::ranges::is_sorted(kAttributes, {}, &Attribute::type));

constexpr Attribute kMicrosoft[] = {{1, secret, "MS-CHAP-Response"},
                                    {2, text, "MS-CHAP-Error"},
                                    {3, secret, "MS-CHAP-CPW-1"},
                                    {4, secret, "MS-CHAP-CPW-2"},
                                    {5, secret, "MS-CHAP-LM-Enc-PW"},
                                    {6, secret, "MS-CHAP-NT-Enc-PW"},
                                    {7, integer, "MS-MPPE-Encryption-Policy"},
                                    {8, integer, "MS-MPPE-Encryption-Types"},
                                    {10, text, "MS-CHAP-Domain"},
                                    {11, secret, "MS-CHAP-Challenge"},
                                    {12, secret, "MS-CHAP-MPPE-Keys"},
                                    {16, secret, "MS-MPPE-Send-Key"},
                                    {17, secret, "MS-MPPE-Recv-Key"},
                                    {25, secret, "MS-CHAP2-Response"},
                                    {26, secret, "MS-CHAP2-Success"},
                                    {27, secret, "MS-CHAP2-CPW"},
                                    {28, address, "MS-Primary-DNS-Server"},
                                    {29, address, "MS-Secondary-DNS-Server"}};
constexpr Attribute kCisco[] = {{1, text, "Cisco-AVPair"}, {2, text, "Cisco-NAS-Port"}};
constexpr Attribute k3gpp[] = {{1, text, "3GPP-IMSI"},
                               {2, integer, "3GPP-Charging-ID"},
                               {3, integer, "3GPP-PDP-Type"},
                               {6, address, "3GPP-SGSN-Address"},
                               {7, address, "3GPP-GGSN-Address"},
                               {8, text, "3GPP-IMSI-MCC-MNC"},
                               {9, text, "3GPP-GGSN-MCC-MNC"},
                               {10, text, "3GPP-NSAPI"},
                               {18, text, "3GPP-SGSN-MCC-MNC"},
                               {20, text, "3GPP-IMEISV"}};
constexpr Attribute kWispr[] = {
    {1, text, "WISPr-Location-ID"},         {2, text, "WISPr-Location-Name"},
    {3, text, "WISPr-Logoff-URL"},          {4, text, "WISPr-Redirection-URL"},
    {7, integer, "WISPr-Bandwidth-Max-Up"}, {8, integer, "WISPr-Bandwidth-Max-Down"}};

struct Vendor {
  std::uint32_t id;
  std::span<const Attribute> attributes;
};
constexpr Vendor kVendors[] = {{9, kCisco}, {311, kMicrosoft}, {10'415, k3gpp}, {14'122, kWispr}};

struct ValueName {
  std::uint8_t type;
  std::uint32_t value;
  std::string_view name;
};
constexpr ValueName kValues[] = {{6, 1, "Login"},
                                 {6, 2, "Framed"},
                                 {6, 5, "Outbound"},
                                 {6, 6, "Administrative"},
                                 {6, 7, "NAS-Prompt"},
                                 {6, 8, "Authenticate-Only"},
                                 {6, 10, "Call-Check"},
                                 {6, 17, "Authorize-Only"},
                                 {7, 1, "PPP"},
                                 {40, 1, "Start"},
                                 {40, 2, "Stop"},
                                 {40, 3, "Interim-Update"},
                                 {40, 7, "Accounting-On"},
                                 {40, 8, "Accounting-Off"},
                                 {40, 15, "Failed"},
                                 {45, 1, "RADIUS"},
                                 {45, 2, "Local"},
                                 {45, 3, "Remote"},
                                 {49, 1, "User-Request"},
                                 {49, 2, "Lost-Carrier"},
                                 {49, 3, "Lost-Service"},
                                 {49, 4, "Idle-Timeout"},
                                 {49, 5, "Session-Timeout"},
                                 {49, 6, "Admin-Reset"},
                                 {49, 7, "Admin-Reboot"},
                                 {49, 8, "Port-Error"},
                                 {49, 9, "NAS-Error"},
                                 {49, 10, "NAS-Request"},
                                 {49, 11, "NAS-Reboot"},
                                 {61, 0, "Async"},
                                 {61, 5, "Virtual"},
                                 {61, 15, "Ethernet"},
                                 {61, 19, "Wireless-802.11"},
                                 {101, 201, "Residual-Session-Context-Removed"},
                                 {101, 401, "Unsupported-Attribute"},
                                 {101, 402, "Missing-Attribute"},
                                 {101, 403, "NAS-Identification-Mismatch"},
                                 {101, 404, "Invalid-Request"},
                                 {101, 405, "Unsupported-Service"},
                                 {101, 406, "Unsupported-Extension"},
                                 {101, 407, "Invalid-Attribute-Value"},
                                 {101, 501, "Administratively-Prohibited"},
                                 {101, 502, "Request-Not-Routable"},
                                 {101, 503, "Session-Context-Not-Found"},
                                 {101, 504, "Session-Context-Not-Removable"},
                                 {101, 505, "Other-Proxy-Processing-Error"},
                                 {101, 506, "Resources-Unavailable"},
                                 {101, 507, "Request-Initiated"}};

std::uint32_t number_of(Bytes value) {
  Reader r{value};
  return r.be<std::uint32_t>();
}

bool is_printable(Bytes value) {
  return std::ranges::all_of(value, [](std::uint8_t b) { return b >= 0x20 && b < 0x7f; });
}

// Pairs that carry keys, in either case: leap:session-key=…, tunnel-password=…, psk=…. Optional ones have *
// in place of =.
bool is_secret_pair(Bytes value) {
  const std::string_view text = as_text(value), name = text.substr(0, text.find('='));
  const std::string_view before_star = name.substr(0, name.find('*'));
  return contains_folded(name, "password") || contains_folded(name, "-key") ||
         contains_folded(name, "secret") || names_password(before_star) || ends_folded(before_star, "psk");
}

struct Writer {
  HeaderRoom& to;
  bool shows_secrets;
  bool redacted = false;

  template <typename Name>
  void add(Name name, Kind kind, std::uint8_t type, Bytes value, bool is_secret) {
    const bool hidden = is_secret && !shows_secrets;
    redacted = redacted || hidden;
    to.add(name, [&](TextRoom& room) {
      if (hidden) return room.put(kRedacted);
      write_value(room, kind, type, value);
    });
  }

  void own(std::uint8_t type, Bytes value) {
    const Attribute* known = find_attribute(type);
    add(
        [&](TextRoom& room) {
          if (known != nullptr) return room.put(known->name);
          room.put("Attribute-");
          room.number(type);
        },
        known != nullptr ? known->kind : octets, type, value, known != nullptr && known->kind == secret);
  }

  void vendor(std::uint32_t id, std::uint8_t type, Bytes value) {
    const Attribute* known = find_vendor_attribute(id, type);
    constexpr std::uint32_t kCiscoId = 9;
    const bool hidden =
        (known != nullptr && known->kind == secret) || (id == kCiscoId && is_secret_pair(value));
    add(
        [&](TextRoom& room) {
          if (known != nullptr) return room.put(known->name);
          room.put("Vendor-");
          room.number(id);
          room.put('-');
          room.number(type);
        },
        known != nullptr ? known->kind : octets, 0, value, hidden);
  }
};

}  // namespace

const Attribute* find_attribute(std::uint8_t type) {
  const auto* found = std::ranges::lower_bound(kAttributes, type, {}, &Attribute::type);
  return found != std::end(kAttributes) && found->type == type ? found : nullptr;
}

const Attribute* find_vendor_attribute(std::uint32_t vendor, std::uint8_t type) {
  for (const Vendor& one : kVendors) {
    if (one.id != vendor) continue;
    for (const Attribute& known : one.attributes)
      if (known.type == type) return &known;
  }
  return nullptr;
}

std::string_view value_name(std::uint8_t type, std::uint32_t value) {
  for (const ValueName& one : kValues)
    if (one.type == type && one.value == value) return one.name;
  return {};
}

// A value of another length than its kind has is shown as it is.
void write_value(TextRoom& room, Kind kind, std::uint8_t type, Bytes value) {
  switch (kind) {
    case integer:
      if (value.size() != 4) break;
      if (const std::string_view name = value_name(type, number_of(value)); !name.empty())
        return room.put(name);
      return room.number(number_of(value));
    case tagged:  // RFC 2868: a tag, and three bytes of value
      if (value.size() != 4) break;
      return room.number(number_of(value) & 0xffffff);
    case address:
      if (value.size() != 4 && value.size() != 16) break;
      return room.put(AddressText(value).view());
    case prefix: {  // RFC 3162, 2.3: reserved, length, as many bytes as it needs
      constexpr std::size_t kBytes = 16;
      if (value.size() < 2 || value.size() > 2 + kBytes) break;
      std::array<std::uint8_t, kBytes> whole{};
      std::ranges::copy(value.subspan(2), whole.begin());
      room.put(AddressText(Bytes(whole)).view());
      room.put('/');
      return room.number(value[1]);
    }
    case tagged_text: {  // RFC 2868, 3.3: a first byte above 0x1f is no tag, but the text's own
      constexpr std::uint8_t kTagMax = 0x1f;
      const bool has_tag = !value.empty() && value[0] <= kTagMax;
      return room.put(as_text(value.subspan(has_tag ? 1 : 0)));
    }
    case text:
      return room.put(as_text(value));
    default:
      break;
  }
  if (is_printable(value)) return room.put(as_text(value));
  room.hex(value);
}

bool write_attributes(HeaderRoom& to, Bytes attributes, bool shows_secrets) {
  Writer writer{to, shows_secrets};
  each_attribute(attributes, [&](std::uint8_t type, Bytes value) {
    const bool of_vendor =
        type == attribute::kVendorSpecific &&
        each_vendor_attribute(value, [&](std::uint32_t vendor, std::uint8_t inner, Bytes one) {
          writer.vendor(vendor, inner, one);
        });
    if (!of_vendor) writer.own(type, value);
  });
  return writer.redacted;
}

}  // namespace spanlight::radius
