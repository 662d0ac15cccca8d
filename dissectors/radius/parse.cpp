#include "radius/parse.h"

#include <string_view>

namespace spanlight::radius {

Packet parse_packet(Bytes in) {
  Reader r{in};
  Packet out;
  out.code = r.u8();
  if (r.ok()) r.require(!code_name(out.code).empty(), Fault::bad_value);
  out.id = r.u8();
  out.length = r.be<std::uint16_t>();
  if (r.ok()) r.require(out.length >= kHeaderBytes && out.length <= kPacketBytesMax, Fault::bad_length);
  out.authenticator = r.take(kAuthenticatorBytes);
  out.attributes = r.take(out.length - std::size_t{kHeaderBytes});
  out.fault = r.fault();
  return out;
}

std::string_view code_name(std::uint8_t code) {
  switch (code) {
    case code::kAccessRequest:
      return "Access-Request";
    case code::kAccessAccept:
      return "Access-Accept";
    case code::kAccessReject:
      return "Access-Reject";
    case code::kAccountingRequest:
      return "Accounting-Request";
    case code::kAccountingResponse:
      return "Accounting-Response";
    case code::kAccessChallenge:
      return "Access-Challenge";
    case code::kStatusServer:
      return "Status-Server";
    case code::kDisconnectRequest:
      return "Disconnect-Request";
    case code::kDisconnectAck:
      return "Disconnect-ACK";
    case code::kDisconnectNak:
      return "Disconnect-NAK";
    case code::kCoaRequest:
      return "CoA-Request";
    case code::kCoaAck:
      return "CoA-ACK";
    case code::kCoaNak:
      return "CoA-NAK";
    default:
      return {};
  }
}

bool is_request(std::uint8_t code) {
  return code == code::kAccessRequest || code == code::kAccountingRequest || code == code::kStatusServer ||
         code == code::kDisconnectRequest || code == code::kCoaRequest;
}

bool is_answer_to(std::uint8_t answer, std::uint8_t request) {
  switch (request) {
    case code::kAccessRequest:
      return answer == code::kAccessAccept || answer == code::kAccessReject ||
             answer == code::kAccessChallenge;
    case code::kAccountingRequest:
      return answer == code::kAccountingResponse;
    case code::kStatusServer:  // RFC 5997, 3: as the port answers
      return answer == code::kAccessAccept || answer == code::kAccessReject ||
             answer == code::kAccountingResponse;
    case code::kDisconnectRequest:
      return answer == code::kDisconnectAck || answer == code::kDisconnectNak;
    case code::kCoaRequest:
      return answer == code::kCoaAck || answer == code::kCoaNak;
    default:
      return false;
  }
}

bool is_refusal(std::uint8_t code) {
  return code == code::kAccessReject || code == code::kDisconnectNak || code == code::kCoaNak;
}

}  // namespace spanlight::radius
