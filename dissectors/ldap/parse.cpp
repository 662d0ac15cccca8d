#include "ldap/parse.h"

#include <algorithm>

namespace spanlight::ldap {
namespace {

constexpr std::string_view kResult = "\x0a\x04\x04";
constexpr std::uint8_t kControls = 0xa0;

constexpr Operation kOperations[] = {
    {op::kUnbindRequest, "unbindRequest", 0, true, {}},
    {op::kDelRequest, "delRequest", op::kDelResponse, true, {}},
    {op::kAbandonRequest, "abandonRequest", 0, true, {}},
    {op::kBindRequest, "bindRequest", op::kBindResponse, true, "\x02\x04"},
    {op::kBindResponse, "bindResponse", 0, false, kResult},
    {op::kSearchRequest, "searchRequest", op::kSearchDone, true, "\x04\x0a\x0a\x02\x02\x01"},
    {op::kSearchEntry, "searchResEntry", 0, false, "\x04\x30"},
    {op::kSearchDone, "searchResDone", 0, false, kResult},
    {op::kModifyRequest, "modifyRequest", op::kModifyResponse, true, "\x04\x30"},
    {op::kModifyResponse, "modifyResponse", 0, false, kResult},
    {op::kAddRequest, "addRequest", op::kAddResponse, true, "\x04\x30"},
    {op::kAddResponse, "addResponse", 0, false, kResult},
    {op::kDelResponse, "delResponse", 0, false, kResult},
    {op::kModDnRequest, "modDNRequest", op::kModDnResponse, true, "\x04\x04\x01"},
    {op::kModDnResponse, "modDNResponse", 0, false, kResult},
    {op::kCompareRequest, "compareRequest", op::kCompareResponse, true, "\x04\x30"},
    {op::kCompareResponse, "compareResponse", 0, false, kResult},
    {op::kSearchReference, "searchResRef", 0, false, "\x04"},
    {op::kExtendedRequest, "extendedReq", op::kExtendedResponse, true, "\x80"},
    {op::kExtendedResponse, "extendedResp", 0, false, kResult},
    {op::kIntermediate, "intermediateResponse", 0, false, {}},
};
static_assert(std::ranges::is_sorted(kOperations, {}, &Operation::tag));

struct ResultName {
  std::int32_t code;
  std::string_view name;
};
constexpr ResultName kResultNames[] = {{0, "success"},
                                       {1, "operationsError"},
                                       {2, "protocolError"},
                                       {3, "timeLimitExceeded"},
                                       {4, "sizeLimitExceeded"},
                                       {5, "compareFalse"},
                                       {6, "compareTrue"},
                                       {7, "authMethodNotSupported"},
                                       {8, "strongerAuthRequired"},
                                       {10, "referral"},
                                       {11, "adminLimitExceeded"},
                                       {12, "unavailableCriticalExtension"},
                                       {13, "confidentialityRequired"},
                                       {14, "saslBindInProgress"},
                                       {16, "noSuchAttribute"},
                                       {17, "undefinedAttributeType"},
                                       {18, "inappropriateMatching"},
                                       {19, "constraintViolation"},
                                       {20, "attributeOrValueExists"},
                                       {21, "invalidAttributeSyntax"},
                                       {32, "noSuchObject"},
                                       {33, "aliasProblem"},
                                       {34, "invalidDNSyntax"},
                                       {36, "aliasDereferencingProblem"},
                                       {48, "inappropriateAuthentication"},
                                       {49, "invalidCredentials"},
                                       {50, "insufficientAccessRights"},
                                       {51, "busy"},
                                       {52, "unavailable"},
                                       {53, "unwillingToPerform"},
                                       {54, "loopDetect"},
                                       {64, "namingViolation"},
                                       {65, "objectClassViolation"},
                                       {66, "notAllowedOnNonLeaf"},
                                       {67, "notAllowedOnRDN"},
                                       {68, "entryAlreadyExists"},
                                       {69, "objectClassModsProhibited"},
                                       {71, "affectsMultipleDSAs"},
                                       {80, "other"},
                                       {118, "canceled"},
                                       {119, "noSuchOperation"},
                                       {120, "tooLate"},
                                       {121, "cannotCancel"},
                                       {122, "assertionFailed"},
                                       {123, "authorizationDenied"},
                                       {4096, "e-syncRefreshRequired"}};
static_assert(std::ranges::is_sorted(kResultNames, {}, &ResultName::code));

// What all messages begin with, up to the head of the operation.
struct Envelope {
  std::uint32_t id = 0;
  std::uint64_t size = 0;  // of the message
  ElementHead operation;
};

Envelope read_envelope(Reader& r) {
  Envelope out;
  const ElementHead message = read_head(r);
  if (r.at() > 0) r.require(message.tag == tag::kSequence, Fault::bad_magic);
  r.require(message.length <= kMessageBytesMax, Fault::bad_length);
  out.size = std::uint64_t{message.length} + r.at();
  const ElementHead id = read_head(r);
  if (r.ok()) r.require(id.tag == tag::kInteger && id.length >= 1 && id.length <= 4, Fault::bad_value);
  const Bytes value = r.take(id.length);
  if (!value.empty()) r.require((value[0] & 0x80) == 0, Fault::bad_value);
  out.id = static_cast<std::uint32_t>(integer_of(value));
  out.operation = read_head(r);
  if (r.ok()) r.require(find_operation(out.operation.tag) != nullptr, Fault::bad_value);
  if (r.ok()) r.require(r.at() <= out.size && out.operation.length <= out.size - r.at(), Fault::bad_length);
  return out;
}

}  // namespace

const Operation* find_operation(std::uint8_t tag) {
  const auto* found = std::ranges::lower_bound(kOperations, tag, {}, &Operation::tag);
  return found != std::end(kOperations) && found->tag == tag ? found : nullptr;
}

Message parse_message(Bytes in) {
  Message out;
  Reader r{in};
  const Envelope envelope = read_envelope(r);
  out.id = envelope.id;
  out.fault = r.fault();
  if (out.fault != Fault::none) return out;
  out.operation = find_operation(envelope.operation.tag);
  out.clipped = in.size() < envelope.size;
  out.body = r.take(std::min<std::size_t>(envelope.operation.length, r.left()));
  if (r.left() == 0) return out;
  const Element controls = read_element(r);
  if (r.ok() && controls.is(kControls)) out.controls = controls.content;
  return out;
}

SizedMessages::Measure measure(Bytes head) {
  Reader r{head};
  const Envelope envelope = read_envelope(r);
  const std::uint8_t what = envelope.operation.tag;
  const bool counted = what == op::kSearchEntry || what == op::kSearchReference || what == op::kIntermediate;
  return {.fault = r.fault(),
          .size = r.ok() ? envelope.size : 0,
          .wanted = counted ? kEntryBytesWanted : envelope.size};
}

Result read_result(Bytes body) {
  Result out;
  Reader r{body};
  const Element code = read_element(r), matched = read_element(r), diagnostic = read_element(r);
  if (!code.is(tag::kEnumerated) || code.content.empty()) return out;
  out.code = integer_of(code.content);
  out.matched_dn = matched.text();
  out.diagnostic = diagnostic.text();
  out.rest = r.rest();
  return out;
}

std::string_view result_name(std::int32_t code) {
  const auto* found = std::ranges::lower_bound(kResultNames, code, {}, &ResultName::code);
  return found != std::end(kResultNames) && found->code == code ? found->name : std::string_view{};
}

bool is_failure(std::int32_t code) {
  switch (code) {
    case 0:   // success
    case 5:   // compareFalse
    case 6:   // compareTrue
    case 10:  // referral
    case 14:  // saslBindInProgress
      return false;
    default:
      return true;
  }
}

}  // namespace spanlight::ldap
