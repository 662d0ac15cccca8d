#include "quic/keys.h"

#include <gtest/gtest.h>

#include <string>

#include "core/crypto/md5.h"

namespace spanlight::quic {
namespace {

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}
std::string hex(Bytes bytes) {
  std::string out;
  for (const std::uint8_t b : bytes) {
    constexpr char kHex[] = "0123456789abcdef";
    out += kHex[b >> 4];
    out += kHex[b & 15];
  }
  return out;
}

// RFC 9001, A.1.
TEST(Keys, OfVersion1) {
  const Keys keys = make_keys(*find_version(1), as_bytes(from_hex("8394c8f03e515708")));
  EXPECT_EQ(hex(keys.client.key), "1f369613dd76d5467730efcbe3b1a22d");
  EXPECT_EQ(hex(keys.client.iv), "fa044b2f42a3fd3b46fb255c");
  EXPECT_EQ(hex(keys.client.header), "9f50449e04a0e810283a1e9933adedd2");
  EXPECT_EQ(hex(keys.server.key), "cf3a5331653c364c88f0f379b6067e37");
  EXPECT_EQ(hex(keys.server.iv), "0ac1493ca1905853b0bba03e");
  EXPECT_EQ(hex(keys.server.header), "c206b8d9b9f0f37644430b490eeaa314");
}

// draft-ietf-quic-tls-27, A.1.
TEST(Keys, OfTheDraftsBefore29) {
  const Keys keys = make_keys(*find_version(0xff00001b), as_bytes(from_hex("8394c8f03e515708")));
  EXPECT_EQ(hex(keys.client.key), "af7fd7efebd21878ff66811248983694");
  EXPECT_EQ(hex(keys.client.iv), "8681359410a70bb9c92f0420");
  EXPECT_EQ(hex(keys.client.header), "a980b8b4fb7d9fbc13e814c23164253d");
}

// RFC 9369, A.1.
TEST(Keys, OfVersion2) {
  const Keys keys = make_keys(*find_version(0x6b3343cf), as_bytes(from_hex("8394c8f03e515708")));
  EXPECT_EQ(hex(keys.client.key), "8b1a0bc121284290a29e0971b5cd045d");
  EXPECT_EQ(hex(keys.client.iv), "91f73e2351d8fa91660e909f");
  EXPECT_EQ(hex(keys.client.header), "45b95e15235d6f45a6b19cbcb0294ba9");
  EXPECT_EQ(hex(keys.server.key), "82db637861d55e1d011f19ea71d5d2a7");
}

// RFC 9001, A.3: the server's Initial.
TEST(Keys, OpenTheServersPacket) {
  const std::string packet = from_hex(
      "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a9"
      "9f5ede4cf73c3ec2"
      "493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7a"
      "af2f58891850abbd"
      "ca3d20398c276456cbc42158407dd074ee");
  const Keys keys = make_keys(*find_version(1), as_bytes(from_hex("8394c8f03e515708")));
  const Head head = parse_head(as_bytes(packet));
  ASSERT_EQ(head.fault, Fault::none);
  EXPECT_EQ(head.type, PacketType::initial);
  EXPECT_EQ(hex(head.from), "f067a5502a4262b5");
  ASSERT_EQ(head.whole_bytes, packet.size());
  std::array<std::uint8_t, kInitialBytesMax> room;
  EXPECT_EQ(hex(open_packet(keys.server, as_bytes(packet), head.number_at, room)),
            "02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b9a045a1200"
            "130100002e0033002400"
            "1d00209d3c940d89690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a002b00020304");
  EXPECT_TRUE(open_packet(keys.client, as_bytes(packet), head.number_at, room).empty());
  for (std::size_t n = 0; n < packet.size(); ++n)
    EXPECT_TRUE(open_packet(keys.server, as_bytes(packet).first(n), head.number_at, room).empty());
}

// RFC 1321, A.5.
TEST(Md5, Vectors) {
  const auto of = [](std::string_view text, std::size_t cut) {
    crypto::Md5 md5;
    for (std::size_t at = 0; at < text.size(); at += cut) md5.add(as_bytes(text.substr(at, cut)));
    return hex(md5.finish());
  };
  for (const std::size_t cut : {1u, 7u, 64u, 100u}) {
    EXPECT_EQ(of("", cut), "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(of("abc", cut), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(of("12345678901234567890123456789012345678901234567890123456789012345678901234567890", cut),
              "57edf4a22be3c955ac49da2e2107b67a");
    EXPECT_EQ(of(std::string(56, 'a'), cut), "3b0c8ac703f828b04c6c197006d17218");
  }
}

TEST(Sha256, Vectors) {
  EXPECT_EQ(hex(crypto::sha256(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(crypto::sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  // RFC 4231, 4.2.
  EXPECT_EQ(hex(crypto::hmac_sha256(as_bytes(std::string(20, '\x0b')), as_bytes("Hi There"))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
}

}  // namespace
}  // namespace spanlight::quic
