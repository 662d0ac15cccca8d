#include "http/head_scan.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "http/both_ways.h"
#include "http/start_line.h"

namespace spanlight::http {
namespace {

using testing::check_both_ways;
using testing::check_classifiers;
using testing::classifiers;

std::string many(std::size_t headers) {
  std::string out;
  for (std::size_t i = 0; i < headers; ++i) out += "X-" + std::to_string(i) + ": v\r\n";
  return out;
}

struct HeadCase {
  const char* name;
  std::string headers;  // behind the start line
  bool regular;         // the scanner takes it
};

std::vector<HeadCase> head_cases() {
  return {
      {"none", "\r\n", true},
      {"one", "Host: h\r\n\r\n", true},
      {"no_space", "Host:h\r\n\r\n", true},
      {"white_space_around", "Host: \t h \t \r\n\r\n", true},
      {"empty_value", "Host:\r\nHost: \t\r\nHost: second\r\n\r\n", true},
      {"first_counts", "Host: a\r\nHOST: b\r\n\r\n", true},
      {"inner_space_and_tab", "A: b  c\td\r\n\r\n", true},
      {"high_bytes_in_value", "A: \x80\xff\xc3\xa4\r\n\r\n", true},
      {"colons", "A: :b:c\r\n\r\n", true},
      {"every_token_byte", "!#$%&'*+-.^_`|~09azAZ: v\r\n\r\n", true},
      {"near_misses",
       "Hosts: 1\r\nUser_Agent: 2\r\nContent-Typf: 3\r\nTransfer.Encoding: 4\r\nB3x: 5\r\n\r\n", true},
      {"lifted",
       "User-Agent: u\r\nCONTENT-TYPE: t\r\nContent-Encoding: e\r\ntraceparent: "
       "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01\r\nB3: 1-2\r\nx-B3-traceId: 3\r\n"
       "X-Request-ID: 4\r\n\r\n",
       true},
      {"connection", "Connection: close, Upgrade,,x\r\nProxy-Connection: keep-alive\r\n\r\n", true},
      {"length", "Content-Length: 5\r\n\r\nhello", true},
      {"length_0", "Content-Length: 0\r\n\r\n", true},
      {"length_zeros", "content-LENGTH:\t0005\r\n\r\nhello", true},
      {"length_19_digits", "Content-Length: 9999999999999999999\r\n\r\nhello", true},
      {"length_20_digits", "Content-Length: 10000000000000000000\r\n\r\nhello", false},
      {"length_overflow", "Content-Length: 99999999999999999999\r\n\r\n", false},
      {"length_empty", "Content-Length:\r\n\r\n", false},
      {"length_sign", "Content-Length: +5\r\n\r\nhello", false},
      {"length_space_behind", "Content-Length: 5 \r\n\r\nhello", false},
      {"length_tab_behind", "Content-Length: 5\t\r\n\r\nhello", false},
      {"length_list", "Content-Length: 5, 5\r\n\r\nhello", false},
      {"length_twice", "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", false},
      {"chunked", "Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\n\r\n", true},
      {"chunked_in_capitals", "TRANSFER-ENCODING: ChunKED\r\n\r\n1\r\nx\r\n0\r\n\r\n", true},
      {"chunked_with_trailers",
       "Host: a \r\nTransfer-Encoding: chunked\r\nEmpty:\r\n\r\n1\r\nx\r\n0\r\nDigest: d\r\nX-Request-Id: "
       "r\r\n"
       "Fold: a\r\n b\r\n\r\n",
       true},
      {"chunked_with_a_bad_trailer", "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\nb@d\x01: c\r\n\r\n",
       true},
      {"chunked_cut_in_a_trailer", "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\nC: d", true},
      {"bad_chunk", "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", true},
      {"chunked_twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false},
      {"chunked_space_behind", "Transfer-Encoding: chunked \r\n\r\n0\r\n\r\n", false},
      {"gzip_chunked", "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", false},
      {"gzip", "Transfer-Encoding: gzip\r\n\r\nx", false},
      {"encoding_empty", "Transfer-Encoding:\r\n\r\n", false},
      {"length_and_chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false},
      {"chunked_and_length", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", false},
      {"upgrade", "Connection: upgrade\r\nUpgrade: h2c\r\n\r\n", true},
      {"upgrade_without_connection", "Upgrade: h2c\r\n\r\n", true},
      {"bare_lf", "Host: h\n\r\n", false},
      {"bare_lf_at_the_end", "Host: h\r\n\n", false},
      {"bare_cr", "Host: a\rb\r\n\r\n", false},
      {"cr_cr_lf", "Host: a\r\r\n\r\n", false},
      {"cr_behind_empty_value", "Host:\rx: y\r\n\r\n", false},
      {"cr_at_the_end", "Host: h\r\n\rX", false},
      {"fold", "A: b\r\n c\r\n\r\n", false},
      {"fold_of_nothing", "A:\r\n\tc\r\n\r\n", false},
      {"fold_of_chunked", "Transfer-Encoding: chunked\r\n x\r\n\r\n0\r\n\r\n", false},
      {"space_before_colon", "Host : h\r\n\r\n", false},
      {"space_in_name", "My Host: h\r\n\r\n", false},
      {"space_before_headers", " Host: h\r\n\r\n", false},
      {"no_name", ": h\r\n\r\n", false},
      {"no_colon", "Host\r\n\r\n", false},
      {"high_byte_in_name", "H\xf6st: h\r\n\r\n", false},
      {"bracket_in_name", "H[st: h\r\n\r\n", false},
      {"nul_in_value", std::string("A: b\0c\r\n\r\n", 10), false},
      {"control_in_value", "A: b\x01\r\n\r\n", false},
      {"delete_in_value", "A: b\x7f\r\n\r\n", false},
      {"as_many_as_fit", many(kScannedHeadersMax) + "\r\n", true},
      {"one_too_many", many(kScannedHeadersMax + 1) + "\r\n", false},
      {"not_whole", "Host: h\r\n", false},
      {"not_whole_by_a_byte", "Host: h\r\n\r", false},
  };
}

// Little memory is quickly taken and given back.
spanlight::testing::Play small_play() {
  spanlight::testing::Play how;
  how.state_bytes = how.preview_bytes = 1u << 20;
  return how;
}

const std::string kAsk = "GET /a?b=1 HTTP/1.1\r\n";
const std::string kAnswer = "HTTP/1.1 200 OK\r\n";

TEST(HeadScan, TakesWhatIsRegular) {
  for (const HeadCase& c : head_cases())
    for (const std::string& line : {kAsk, kAnswer, std::string("\r\n")}) {
      const std::string head = line + c.headers;
      ScannedHead out;
      for (const Classify classify : classifiers())
        EXPECT_EQ(scan_head(as_bytes(head), 256, classify, out), c.regular) << c.name;
      EXPECT_EQ(check_classifiers(as_bytes(head), 256), "") << c.name;
    }
}

// Each head as a request's and as a response's, with others before and behind it, whole and in every way cut;
// with every limit that it may meet.
TEST(HeadScan, NothingTellsWhoReadAHead) {
  for (const HeadCase& c : head_cases())
    for (const bool asks : {true, false})
      for (const char* method : {"GET", "HEAD", "CONNECT"}) {
        const std::string ask = method + std::string(" /a?b=1 HTTP/1.1\r\n");
        const std::string other = "Content-Length: 2\r\n\r\nhi";
        const std::string first = ask + (asks ? c.headers : other),
                          second = kAnswer + (asks ? other : c.headers);
        const spanlight::testing::Conversation conversation = {{Direction::c2s, first},
                                                               {Direction::s2c, second},
                                                               {Direction::c2s, kAsk + "\r\n" + first},
                                                               {Direction::s2c, kAnswer + other + second}};
        for (const std::uint32_t limit : {0u, 3u, 40u, 60u, 1'000u, 65'536u}) {
          spanlight::testing::Play how = small_play();
          how.fin = limit % 2 == 0;
          how.limits.body_preview_bytes = limit;
          how.limits.headers_max = limit < 10 ? limit : 256;
          if (limit >= 40) how.limits.head_bytes_max = limit;
          EXPECT_EQ(check_both_ways(conversation, how), "") << c.name << " " << method << " " << limit;
          how.cut_seed = limit + 1;
          EXPECT_EQ(check_both_ways(conversation, how), "") << c.name << " " << method << " cut " << limit;
        }
      }
}

TEST(HeadScan, StartLines) {
  for (const char* line : {"GET / HTTP/1.1\r\n", "GET  / HTTP/1.1\r\n", "GET / HTTP/1.1 \r\n",
                           "GET / HTTP/1.1\n", "GET /\t HTTP/1.1\r\n", "GET /\x01 HTTP/1.1\r\n",
                           "GET /\r HTTP/1.1\r\n", "GET / HTTP/2.0\r\n", "nonsense\r\n", "\r\n"})
    for (const char* status :
         {"HTTP/1.1 200 OK\r\n", "HTTP/1.0 200\r\n", "HTTP/1.1  200 OK \r\n", "HTTP/1.1 100 \r\n",
          "HTTP/1.1 101 S\r\n", "HTTP/1.1 204 N\r\n", "HTTP/1.1 99 x\r\n", "HTTP/1.1\r\n"}) {
      const std::string rest = "A: b\r\n\r\n";
      for (const bool fin : {false, true}) {
        spanlight::testing::Play how = small_play();
        how.fin = fin;
        EXPECT_EQ(check_both_ways({{Direction::c2s, line + rest},
                                   {Direction::s2c, status + rest},
                                   {Direction::c2s, kAsk + rest},
                                   {Direction::s2c, kAnswer + rest}},
                                  how),
                  "")
            << line << status;
      }
    }
}

// Regular heads in which one byte is another: all that may stand at the border between the two ways.
TEST(HeadScan, OneByteIsAnother) {
  const std::string head = kAsk + "Host: h\r\nContent-Length: 1\r\nX-Request-Id:\r\n\r\nx";
  for (std::size_t at = 0; at < head.size(); ++at)
    for (unsigned byte = 0; byte < 256; ++byte) {
      std::string other = head;
      other[at] = static_cast<char>(byte);
      ASSERT_EQ(check_classifiers(as_bytes(other), 256), "") << at << " " << byte;
      ASSERT_EQ(check_both_ways({{Direction::c2s, other}, {Direction::s2c, kAnswer + "\r\n"}}, small_play()),
                "")
          << at << " " << byte;
    }
}

TEST(HeadScan, EveryByteHasItsClasses) {
  std::mt19937 random(1);
  for (unsigned round = 0; round < 1'000; ++round) {
    std::array<std::uint8_t, kClassifiedBytes> bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<std::uint8_t>(round < 4 ? round * kClassifiedBytes + i : random());
    const ByteClasses plain = classify_plain(bytes.data());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      EXPECT_EQ((plain.not_token >> i & 1) != 0, !is_token_byte(bytes[i]));
      EXPECT_EQ((plain.control >> i & 1) != 0, (bytes[i] < ' ' && bytes[i] != '\t') || bytes[i] == 0x7f);
    }
    for (const Classify classify : classifiers()) {
      EXPECT_EQ(classify(bytes.data()).not_token, plain.not_token);
      EXPECT_EQ(classify(bytes.data()).control, plain.control);
    }
  }
}

// The bytes of 64 at the scanner's joints: every length of a name, of a value, and of a window.
TEST(HeadScan, EveryPlaceInABlock) {
  for (std::size_t n = 1; n < 200; ++n) {
    const std::string head = kAsk + std::string(n, 'n') + ": " + std::string(n / 2, 'v') + "\r\n\r\n";
    ScannedHead out;
    ASSERT_TRUE(scan_head(as_bytes(head), 256, best_classify(), out)) << n;
    EXPECT_EQ(out.bytes, head.size());
    EXPECT_EQ(out.headers[0].span().name_length, n);
    EXPECT_EQ(out.headers[0].span().value_length, n / 2);
    for (std::size_t cut = 0; cut < head.size(); ++cut) {
      const std::vector<char> exact(head.begin(), head.begin() + static_cast<std::ptrdiff_t>(cut));
      EXPECT_FALSE(scan_head(as_bytes({exact.data(), cut}), 256, best_classify(), out)) << n << " " << cut;
    }
  }
}

TEST(HeadScan, FullSlabsAreSurvivedWithTrailers) {
  std::string messages;
  for (int i = 0; i < 100; ++i)
    messages += kAsk + "Transfer-Encoding: chunked\r\nA: " + std::string(200, 'a') +
                "\r\n\r\n1\r\nx\r\n0\r\nTrailer: " + std::string(200, 't') + "\r\n\r\n";
  for (const std::size_t pages : {0u, 1u, 2u, 3u, 4u, 5u}) {
    spanlight::testing::Play how;
    how.state_bytes = pages * SlabPool::kPageBytes;
    const auto o = play(kDescriptor, {{Direction::c2s, messages}}, how);
    EXPECT_EQ(o.used_bytes, 0u) << pages;
    EXPECT_TRUE(o.violations.empty()) << pages;
  }
}

TEST(KnownHeader, ByLengthAndLetters) {
  EXPECT_EQ(known_header("hOsT"), Known::host);
  EXPECT_EQ(known_header("User-Agent"), Known::user_agent);
  EXPECT_EQ(known_header("content-type"), Known::content_type);
  EXPECT_EQ(known_header("Content-Encoding"), Known::content_encoding);
  EXPECT_EQ(known_header("TraceParent"), Known::traceparent);
  EXPECT_EQ(known_header("B3"), Known::b3);
  EXPECT_EQ(known_header("X-B3-TraceId"), Known::x_b3_traceid);
  EXPECT_EQ(known_header("X-Request-ID"), Known::x_request_id);
  EXPECT_EQ(known_header("Content-Length"), Known::content_length);
  EXPECT_EQ(known_header("Transfer-Encoding"), Known::transfer_encoding);
  EXPECT_EQ(known_header("UPGRADE"), Known::upgrade);
  for (const std::string name :
       {"host", "user-agent", "content-type", "content-encoding", "traceparent", "b3", "x-b3-traceid",
        "x-request-id", "content-length", "transfer-encoding", "upgrade"})
    for (std::size_t at = 0; at < name.size(); ++at)
      for (unsigned byte = 0; byte < 256; ++byte) {
        std::string other = name;
        other[at] = static_cast<char>(byte);
        const bool same = (byte | 0x20) == static_cast<unsigned char>(name[at]);
        if (is_token_byte(static_cast<std::uint8_t>(byte)) && !same) {
          EXPECT_EQ(known_header(other), Known::none) << other;
        }
      }
}

}  // namespace
}  // namespace spanlight::http
