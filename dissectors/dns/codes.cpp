#include "dns/codes.h"

#include <algorithm>
#include <array>
#include <span>

namespace spanlight::dns {
namespace {

struct Named {
  std::uint16_t code;
  std::string_view name;
};

constexpr Named kTypes[] = {
    {1, "A"},       {2, "NS"},         {3, "MD"},       {4, "MF"},          {5, "CNAME"},  {6, "SOA"},
    {7, "MB"},      {8, "MG"},         {9, "MR"},       {10, "NULL"},       {11, "WKS"},   {12, "PTR"},
    {13, "HINFO"},  {14, "MINFO"},     {15, "MX"},      {16, "TXT"},        {17, "RP"},    {18, "AFSDB"},
    {19, "X25"},    {20, "ISDN"},      {21, "RT"},      {22, "NSAP"},       {24, "SIG"},   {25, "KEY"},
    {26, "PX"},     {27, "GPOS"},      {28, "AAAA"},    {29, "LOC"},        {30, "NXT"},   {33, "SRV"},
    {35, "NAPTR"},  {36, "KX"},        {37, "CERT"},    {38, "A6"},         {39, "DNAME"}, {41, "OPT"},
    {42, "APL"},    {43, "DS"},        {44, "SSHFP"},   {45, "IPSECKEY"},   {46, "RRSIG"}, {47, "NSEC"},
    {48, "DNSKEY"}, {49, "DHCID"},     {50, "NSEC3"},   {51, "NSEC3PARAM"}, {52, "TLSA"},  {53, "SMIMEA"},
    {55, "HIP"},    {59, "CDS"},       {60, "CDNSKEY"}, {61, "OPENPGPKEY"}, {62, "CSYNC"}, {63, "ZONEMD"},
    {64, "SVCB"},   {65, "HTTPS"},     {99, "SPF"},     {104, "NID"},       {105, "L32"},  {106, "L64"},
    {107, "LP"},    {108, "EUI48"},    {109, "EUI64"},  {249, "TKEY"},      {250, "TSIG"}, {251, "IXFR"},
    {252, "AXFR"},  {253, "MAILB"},    {254, "MAILA"},  {255, "ANY"},       {256, "URI"},  {257, "CAA"},
    {258, "AVC"},   {260, "AMTRELAY"}, {32768, "TA"},   {32769, "DLV"},
};

constexpr Named kClasses[] = {{1, "IN"}, {3, "CH"}, {4, "HS"}, {254, "NONE"}, {255, "ANY"}};

constexpr Named kOpcodes[] = {{0, "QUERY"},  {1, "IQUERY"}, {2, "STATUS"},
                              {4, "NOTIFY"}, {5, "UPDATE"}, {6, "DSO"}};

constexpr Named kRcodes[] = {
    {0, "NOERROR"},  {1, "FORMERR"},    {2, "SERVFAIL"}, {3, "NXDOMAIN"},  {4, "NOTIMP"},
    {5, "REFUSED"},  {6, "YXDOMAIN"},   {7, "YXRRSET"},  {8, "NXRRSET"},   {9, "NOTAUTH"},
    {10, "NOTZONE"}, {11, "DSOTYPENI"}, {16, "BADVERS"}, {17, "BADKEY"},   {18, "BADTIME"},
    {19, "BADMODE"}, {20, "BADNAME"},   {21, "BADALG"},  {22, "BADTRUNC"}, {23, "BADCOOKIE"},
};

constexpr Named kExtendedErrors[] = {
    {0, "Other"},
    {1, "Unsupported DNSKEY Algorithm"},
    {2, "Unsupported DS Digest Type"},
    {3, "Stale Answer"},
    {4, "Forged Answer"},
    {5, "DNSSEC Indeterminate"},
    {6, "DNSSEC Bogus"},
    {7, "Signature Expired"},
    {8, "Signature Not Yet Valid"},
    {9, "DNSKEY Missing"},
    {10, "RRSIGs Missing"},
    {11, "No Zone Key Bit Set"},
    {12, "NSEC Missing"},
    {13, "Cached Error"},
    {14, "Not Ready"},
    {15, "Blocked"},
    {16, "Censored"},
    {17, "Filtered"},
    {18, "Prohibited"},
    {19, "Stale NXDOMAIN Answer"},
    {20, "Not Authoritative"},
    {21, "Not Supported"},
    {22, "No Reachable Authority"},
    {23, "Network Error"},
    {24, "Invalid Data"},
    {25, "Signature Expired before Valid"},
    {26, "Too Early"},
    {27, "Unsupported NSEC3 Iterations Value"},
    {28, "Unable to conform to policy"},
    {29, "Synthesized"},
};

// Codes below it are looked up by their number: nearly all that is seen.
constexpr std::size_t kDirect = 258;
using Direct = std::array<std::string_view, kDirect>;

constexpr Direct direct_of(std::span<const Named> list) {
  Direct table{};
  for (const Named& entry : list)
    if (entry.code < kDirect) table[entry.code] = entry.name;
  return table;
}
constexpr Direct kDirectTypes = direct_of(kTypes);

std::string_view find(std::span<const Named> list, unsigned code) {
  const auto at = std::ranges::find(list, code, &Named::code);
  return at == list.end() ? std::string_view{} : at->name;
}

void write(TextRoom& out, std::string_view name, std::string_view kind, unsigned code) {
  out.put(name.empty() ? kind : name);
  if (name.empty()) out.number(code);
}

}  // namespace

std::string_view type_name(std::uint16_t type) {
  return type < kDirect ? kDirectTypes[type] : find(kTypes, type);
}
std::string_view class_name(std::uint16_t klass) {
  return find(kClasses, klass);
}
std::string_view opcode_name(std::uint8_t opcode) {
  return find(kOpcodes, opcode);
}
std::string_view rcode_name(unsigned rcode) {
  return find(kRcodes, rcode);
}
std::string_view extended_error_name(std::uint16_t code) {
  return find(kExtendedErrors, code);
}

void write_type(TextRoom& out, std::uint16_t type) {
  write(out, type_name(type), "TYPE", type);
}
void write_class(TextRoom& out, std::uint16_t klass) {
  write(out, class_name(klass), "CLASS", klass);
}
void write_opcode(TextRoom& out, std::uint8_t opcode) {
  write(out, opcode_name(opcode), "OPCODE", opcode);
}
void write_rcode(TextRoom& out, unsigned rcode) {
  write(out, rcode_name(rcode), "RCODE", rcode);
}

}  // namespace spanlight::dns
