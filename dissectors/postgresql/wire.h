#pragma once
// What the protocol's bytes are called (PostgreSQL manual, "Frontend/Backend Protocol", 55.7). A message is a
// type of one byte, a length of four that counts itself, and a body. What opens a connection has no type.

#include <cstddef>
#include <cstdint>

namespace spanlight::postgresql {

constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kHeaderBytes = 1 + kLengthBytes;
constexpr std::uint32_t kMessageBytesMax = 0x3fffffff;  // what a server allocates at most (MaxAllocSize)
constexpr std::uint32_t kShortBytesMax = 30'000;        // of what is no data, statement, text or description
constexpr std::uint32_t kOpeningBytesMax = 10'000;      // MAX_STARTUP_PACKET_LENGTH

// The second four bytes of what opens a connection.
namespace opening {
constexpr std::uint32_t kMajor = 3;  // its upper half: a StartupMessage
constexpr std::uint32_t kCancel = 80'877'102;
constexpr std::uint32_t kSsl = 80'877'103;
constexpr std::uint32_t kGssEncryption = 80'877'104;
}  // namespace opening

namespace asked {
constexpr std::uint8_t kQuery = 'Q', kParse = 'P', kBind = 'B', kDescribe = 'D', kExecute = 'E', kClose = 'C',
                       kFlush = 'H', kSync = 'S', kFunctionCall = 'F', kCopyData = 'd', kCopyDone = 'c',
                       kCopyFail = 'f', kPassword = 'p', kTerminate = 'X';
}  // namespace asked

namespace answered {
constexpr std::uint8_t kAuthentication = 'R', kBackendKey = 'K', kParameterStatus = 'S', kReady = 'Z',
                       kNegotiate = 'v', kParseComplete = '1', kBindComplete = '2', kCloseComplete = '3',
                       kNoData = 'n', kParameters = 't', kRowDescription = 'T', kDataRow = 'D',
                       kCommandComplete = 'C', kEmptyQuery = 'I', kSuspended = 's', kError = 'E',
                       kNotice = 'N', kNotification = 'A', kCopyIn = 'G', kCopyOut = 'H', kCopyBoth = 'W',
                       kCopyData = 'd', kCopyDone = 'c', kFunctionResult = 'V';
}  // namespace answered

// What an Authentication message says.
namespace authentication {
constexpr std::uint32_t kOk = 0, kKerberos = 2, kCleartext = 3, kMd5 = 5, kGss = 7, kGssContinue = 8,
                        kSspi = 9, kSasl = 10, kSaslContinue = 11, kSaslFinal = 12;
}  // namespace authentication

}  // namespace spanlight::postgresql
