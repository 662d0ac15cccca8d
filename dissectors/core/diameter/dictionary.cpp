#include "core/diameter/dictionary.h"

#include <algorithm>
#include <array>

#include "core/address_text.h"
#include "core/secret.h"

namespace spanlight::diameter {
namespace {

using enum Kind;

// Of the IETF, by code.
constexpr AvpName kBase[] = {{1, text, "User-Name"},
                             {2, secret, "User-Password"},
                             {3, secret, "CHAP-Password"},
                             {4, v4, "NAS-IP-Address"},
                             {5, unsigned_int, "NAS-Port"},
                             {6, unsigned_int, "Service-Type"},
                             {8, v4, "Framed-IP-Address"},
                             {18, text, "Reply-Message"},
                             {25, octets, "Class"},
                             {27, unsigned_int, "Session-Timeout"},
                             {30, text, "Called-Station-Id"},
                             {31, text, "Calling-Station-Id"},
                             {32, text, "NAS-Identifier"},
                             {33, octets, "Proxy-State"},
                             {44, octets, "Acct-Session-Id"},
                             {50, text, "Acct-Multi-Session-Id"},
                             {55, time, "Event-Timestamp"},
                             {60, secret, "CHAP-Challenge"},
                             {61, unsigned_int, "NAS-Port-Type"},
                             {69, secret, "Tunnel-Password"},
                             {70, secret, "ARAP-Password"},
                             {85, unsigned_int, "Acct-Interim-Interval"},
                             {97, octets, "Framed-IPv6-Prefix"},
                             {257, address, "Host-IP-Address"},
                             {258, unsigned_int, "Auth-Application-Id"},
                             {259, unsigned_int, "Acct-Application-Id"},
                             {260, grouped, "Vendor-Specific-Application-Id"},
                             {261, unsigned_int, "Redirect-Host-Usage"},
                             {262, unsigned_int, "Redirect-Max-Cache-Time"},
                             {263, text, "Session-Id"},
                             {264, text, "Origin-Host"},
                             {265, unsigned_int, "Supported-Vendor-Id"},
                             {266, unsigned_int, "Vendor-Id"},
                             {267, unsigned_int, "Firmware-Revision"},
                             {268, unsigned_int, "Result-Code"},
                             {269, text, "Product-Name"},
                             {270, unsigned_int, "Session-Binding"},
                             {271, unsigned_int, "Session-Server-Failover"},
                             {272, unsigned_int, "Multi-Round-Time-Out"},
                             {273, unsigned_int, "Disconnect-Cause"},
                             {274, unsigned_int, "Auth-Request-Type"},
                             {276, unsigned_int, "Auth-Grace-Period"},
                             {277, unsigned_int, "Auth-Session-State"},
                             {278, unsigned_int, "Origin-State-Id"},
                             {279, grouped, "Failed-AVP"},
                             {280, text, "Proxy-Host"},
                             {281, text, "Error-Message"},
                             {282, text, "Route-Record"},
                             {283, text, "Destination-Realm"},
                             {284, grouped, "Proxy-Info"},
                             {285, unsigned_int, "Re-Auth-Request-Type"},
                             {287, unsigned_long, "Accounting-Sub-Session-Id"},
                             {291, unsigned_int, "Authorization-Lifetime"},
                             {292, text, "Redirect-Host"},
                             {293, text, "Destination-Host"},
                             {294, text, "Error-Reporting-Host"},
                             {295, unsigned_int, "Termination-Cause"},
                             {296, text, "Origin-Realm"},
                             {297, grouped, "Experimental-Result"},
                             {298, unsigned_int, "Experimental-Result-Code"},
                             {299, unsigned_int, "Inband-Security-Id"},
                             {363, unsigned_long, "Accounting-Input-Octets"},
                             {364, unsigned_long, "Accounting-Output-Octets"},
                             {365, unsigned_long, "Accounting-Input-Packets"},
                             {366, unsigned_long, "Accounting-Output-Packets"},
                             {402, secret, "CHAP-Auth"},
                             {411, octets, "CC-Correlation-Id"},
                             {412, unsigned_long, "CC-Input-Octets"},
                             {413, grouped, "CC-Money"},
                             {414, unsigned_long, "CC-Output-Octets"},
                             {415, unsigned_int, "CC-Request-Number"},
                             {416, unsigned_int, "CC-Request-Type"},
                             {417, unsigned_long, "CC-Service-Specific-Units"},
                             {418, unsigned_int, "CC-Session-Failover"},
                             {419, unsigned_long, "CC-Sub-Session-Id"},
                             {420, unsigned_int, "CC-Time"},
                             {421, unsigned_long, "CC-Total-Octets"},
                             {422, unsigned_int, "Check-Balance-Result"},
                             {423, grouped, "Cost-Information"},
                             {424, text, "Cost-Unit"},
                             {425, unsigned_int, "Currency-Code"},
                             {426, unsigned_int, "Credit-Control"},
                             {427, unsigned_int, "Credit-Control-Failure-Handling"},
                             {428, unsigned_int, "Direct-Debiting-Failure-Handling"},
                             {429, unsigned_int, "Exponent"},
                             {430, grouped, "Final-Unit-Indication"},
                             {431, grouped, "Granted-Service-Unit"},
                             {432, unsigned_int, "Rating-Group"},
                             {433, unsigned_int, "Redirect-Address-Type"},
                             {434, grouped, "Redirect-Server"},
                             {435, text, "Redirect-Server-Address"},
                             {436, unsigned_int, "Requested-Action"},
                             {437, grouped, "Requested-Service-Unit"},
                             {439, unsigned_int, "Service-Identifier"},
                             {440, grouped, "Service-Parameter-Info"},
                             {443, grouped, "Subscription-Id"},
                             {444, text, "Subscription-Id-Data"},
                             {445, grouped, "Unit-Value"},
                             {446, grouped, "Used-Service-Unit"},
                             {447, unsigned_long, "Value-Digits"},
                             {448, unsigned_int, "Validity-Time"},
                             {449, unsigned_int, "Final-Unit-Action"},
                             {450, unsigned_int, "Subscription-Id-Type"},
                             {451, time, "Tariff-Time-Change"},
                             {452, unsigned_int, "Tariff-Change-Usage"},
                             {455, unsigned_int, "Multiple-Services-Indicator"},
                             {456, grouped, "Multiple-Services-Credit-Control"},
                             {458, grouped, "User-Equipment-Info"},
                             {459, unsigned_int, "User-Equipment-Info-Type"},
                             {460, octets, "User-Equipment-Info-Value"},
                             {461, text, "Service-Context-Id"},
                             {462, secret, "EAP-Payload"},
                             {463, secret, "EAP-Reissued-Payload"},
                             {464, secret, "EAP-Master-Session-Key"},
                             {480, unsigned_int, "Accounting-Record-Type"},
                             {483, unsigned_int, "Accounting-Realtime-Required"},
                             {485, unsigned_int, "Accounting-Record-Number"},
                             {493, text, "Service-Selection"}};
static_assert(std::ranges::is_sorted(kBase, {}, &AvpName::code));

constexpr std::uint32_t kVendorOf3gpp = 10'415;
constexpr AvpName kOf3gpp[] = {{1, text, "3GPP-IMSI"},
                               {2, octets, "3GPP-Charging-Id"},
                               {3, unsigned_int, "3GPP-PDP-Type"},
                               {5, text, "3GPP-GPRS-Negotiated-QoS-Profile"},
                               {6, octets, "3GPP-SGSN-Address"},
                               {7, octets, "3GPP-GGSN-Address"},
                               {8, text, "3GPP-IMSI-MCC-MNC"},
                               {9, text, "3GPP-GGSN-MCC-MNC"},
                               {10, octets, "3GPP-NSAPI"},
                               {12, text, "3GPP-Selection-Mode"},
                               {13, text, "3GPP-Charging-Characteristics"},
                               {18, text, "3GPP-SGSN-MCC-MNC"},
                               {21, octets, "3GPP-RAT-Type"},
                               {22, octets, "3GPP-User-Location-Info"},
                               {23, octets, "3GPP-MS-TimeZone"},
                               {507, text, "Flow-Description"},
                               {509, unsigned_int, "Flow-Number"},
                               {511, unsigned_int, "Flow-Status"},
                               {515, unsigned_int, "Max-Requested-Bandwidth-DL"},
                               {516, unsigned_int, "Max-Requested-Bandwidth-UL"},
                               {517, grouped, "Media-Component-Description"},
                               {518, unsigned_int, "Media-Component-Number"},
                               {519, grouped, "Media-Sub-Component"},
                               {520, unsigned_int, "Media-Type"},
                               {600, octets, "Visited-Network-Identifier"},
                               {601, text, "Public-Identity"},
                               {602, text, "Server-Name"},
                               {603, grouped, "Server-Capabilities"},
                               {606, octets, "User-Data"},
                               {607, unsigned_int, "SIP-Number-Auth-Items"},
                               {608, text, "SIP-Authentication-Scheme"},
                               {609, secret, "SIP-Authenticate"},
                               {610, secret, "SIP-Authorization"},
                               {612, grouped, "SIP-Auth-Data-Item"},
                               {613, unsigned_int, "SIP-Item-Number"},
                               {614, unsigned_int, "Server-Assignment-Type"},
                               {615, grouped, "Deregistration-Reason"},
                               {616, unsigned_int, "Reason-Code"},
                               {617, text, "Reason-Info"},
                               {623, unsigned_int, "User-Authorization-Type"},
                               {624, unsigned_int, "User-Data-Already-Available"},
                               {625, secret, "Confidentiality-Key"},
                               {626, secret, "Integrity-Key"},
                               {628, grouped, "Supported-Features"},
                               {629, unsigned_int, "Feature-List-ID"},
                               {630, unsigned_int, "Feature-List"},
                               {700, grouped, "User-Identity"},
                               {701, octets, "MSISDN"},
                               {702, octets, "User-Data"},
                               {703, unsigned_int, "Data-Reference"},
                               {704, octets, "Service-Indication"},
                               {873, grouped, "Service-Information"},
                               {874, grouped, "PS-Information"},
                               {1000, unsigned_int, "Bearer-Usage"},
                               {1001, grouped, "Charging-Rule-Install"},
                               {1002, grouped, "Charging-Rule-Remove"},
                               {1003, grouped, "Charging-Rule-Definition"},
                               {1004, text, "Charging-Rule-Base-Name"},
                               {1005, octets, "Charging-Rule-Name"},
                               {1006, unsigned_int, "Event-Trigger"},
                               {1009, unsigned_int, "Offline"},
                               {1010, unsigned_int, "Precedence"},
                               {1016, grouped, "QoS-Information"},
                               {1018, grouped, "Charging-Rule-Report"},
                               {1019, unsigned_int, "PCC-Rule-Status"},
                               {1020, octets, "Bearer-Identifier"},
                               {1024, unsigned_int, "Network-Request-Support"},
                               {1025, unsigned_int, "Guaranteed-Bitrate-DL"},
                               {1026, unsigned_int, "Guaranteed-Bitrate-UL"},
                               {1027, unsigned_int, "IP-CAN-Type"},
                               {1028, unsigned_int, "QoS-Class-Identifier"},
                               {1032, unsigned_int, "RAT-Type"},
                               {1034, grouped, "Allocation-Retention-Priority"},
                               {1040, unsigned_int, "APN-Aggregate-Max-Bitrate-DL"},
                               {1041, unsigned_int, "APN-Aggregate-Max-Bitrate-UL"},
                               {1045, unsigned_int, "Session-Release-Cause"},
                               {1046, unsigned_int, "Priority-Level"},
                               {1047, unsigned_int, "Pre-emption-Capability"},
                               {1048, unsigned_int, "Pre-emption-Vulnerability"},
                               {1049, grouped, "Default-EPS-Bearer-QoS"},
                               {1066, octets, "Monitoring-Key"},
                               {1400, grouped, "Subscription-Data"},
                               {1401, grouped, "Terminal-Information"},
                               {1402, text, "IMEI"},
                               {1403, text, "Software-Version"},
                               {1405, unsigned_int, "ULR-Flags"},
                               {1406, unsigned_int, "ULA-Flags"},
                               {1407, octets, "Visited-PLMN-Id"},
                               {1408, grouped, "Requested-EUTRAN-Authentication-Info"},
                               {1410, unsigned_int, "Number-Of-Requested-Vectors"},
                               {1411, secret, "Re-Synchronization-Info"},
                               {1412, unsigned_int, "Immediate-Response-Preferred"},
                               {1413, grouped, "Authentication-Info"},
                               {1414, grouped, "E-UTRAN-Vector"},
                               {1415, grouped, "UTRAN-Vector"},
                               {1416, grouped, "GERAN-Vector"},
                               {1417, unsigned_int, "Network-Access-Mode"},
                               {1419, unsigned_int, "Item-Number"},
                               {1420, unsigned_int, "Cancellation-Type"},
                               {1423, unsigned_int, "Context-Identifier"},
                               {1424, unsigned_int, "Subscriber-Status"},
                               {1429, grouped, "APN-Configuration-Profile"},
                               {1430, grouped, "APN-Configuration"},
                               {1435, grouped, "AMBR"},
                               {1447, secret, "RAND"},
                               {1448, secret, "XRES"},
                               {1449, secret, "AUTN"},
                               {1450, secret, "KASME"},
                               {1453, secret, "Kc"},
                               {1454, secret, "SRES"},
                               {1615, unsigned_int, "UE-SRVCC-Capability"}};
static_assert(std::ranges::is_sorted(kOf3gpp, {}, &AvpName::code));

std::uint64_t long_of(Bytes data) {
  Reader r{data};
  return r.be<std::uint64_t>();
}

// Address (RFC 6733, 4.3.1): the family as IANA numbers them, and the address.
void write_address(TextRoom& room, Bytes data) {
  const bool known = (data.size() == 6 && data[1] == 1) || (data.size() == 18 && data[1] == 2);
  known ? room.put(AddressText(data.subspan(2)).view()) : room.hex(data);
}

// A group under way.
struct Level {
  Reader rest{Bytes{}};
  std::size_t path = 0;
};

}  // namespace

const AvpName* find_avp(std::uint32_t vendor, std::uint32_t code) {
  const std::span<const AvpName> table = vendor == 0               ? std::span<const AvpName>(kBase)
                                         : vendor == kVendorOf3gpp ? std::span<const AvpName>(kOf3gpp)
                                                                   : std::span<const AvpName>();
  const auto found = std::ranges::lower_bound(table, code, {}, &AvpName::code);
  return found != table.end() && found->code == code ? &*found : nullptr;
}

// A value of another length than its kind has is shown as it is.
void write_value(TextRoom& room, Kind kind, Bytes data) {
  switch (kind) {
    case text:
      return room.put(as_text(data));
    case unsigned_int:
    case time:  // seconds since 1900, as it stands there
      if (data.size() == 4) return room.number(unsigned_of(data));
      break;
    case unsigned_long:
      if (data.size() == 8) return room.number(long_of(data));
      break;
    case address:
      return write_address(room, data);
    case v4:
      if (data.size() == 4) return room.put(AddressText(data).view());
      break;
    default:
      break;
  }
  if (std::ranges::all_of(data, [](std::uint8_t b) { return b >= 0x20 && b < 0x7f; }))
    return room.put(as_text(data));
  room.hex(data);
}

Fault write_avps(HeaderRoom& to, Bytes avps, bool shows_secrets, bool& secret_left_out) {
  constexpr std::size_t kPathBytesMax = 256;
  std::array<char, kPathBytesMax> letters;
  TextRoom path(letters);
  std::array<Level, kGroupDepthMax> levels;
  levels[0].rest = Reader(avps);
  std::size_t depth = 1;
  Fault fault = Fault::none;
  for (unsigned n = 0; depth > 0;) {
    Level& level = levels[depth - 1];
    if (level.rest.left() == 0) {
      --depth;
      continue;
    }
    if (++n > kAvpsMax) {
      to.truncate();
      return Fault::none;
    }
    const Avp avp = read_avp(level.rest);
    if (!level.rest.ok()) return level.rest.fault();
    if (avp.clipped) fault = Fault::bad_length;
    const AvpName* known = find_avp(avp.vendor, avp.code);
    path.back_to(level.path);
    if (level.path > 0) path.put('.');
    if (known != nullptr) {
      path.put(known->name);
    } else {
      path.put("AVP-");
      if (avp.vendor != 0) {
        path.number(avp.vendor);
        path.put('-');
      }
      path.number(avp.code);
    }
    const Kind kind = known != nullptr ? known->kind : octets;
    if (kind == grouped && depth < kGroupDepthMax) {
      levels[depth++] = {.rest = Reader(avp.data), .path = path.mark()};
      continue;
    }
    const bool hidden = kind == secret && !shows_secrets;
    secret_left_out = secret_left_out || hidden;
    to.add([&](TextRoom& room) { room.put(path.since(0)); },
           [&](TextRoom& room) { hidden ? room.put(kRedacted) : write_value(room, kind, avp.data); });
  }
  return fault;
}

}  // namespace spanlight::diameter
