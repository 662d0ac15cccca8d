#pragma once
// What is needed of cryptography: SHA-256 for fingerprints, and the keys and ciphers of QUIC's Initial
// packets, which are public. Over libipsec-mb, whose functions keep nothing, allocate nothing and choose the
// machine's best instructions once, before main(). Any thread.

#include <array>
#include <cstdint>
#include <string_view>

#include "core/bytes.h"

namespace spanlight::crypto {

constexpr std::size_t kSha256Bytes = 32;
constexpr std::size_t kKeyBytes = 16;    // AES-128
constexpr std::size_t kBlockBytes = 16;  // of AES
constexpr std::size_t kNonceBytes = 12;  // of GCM
constexpr std::size_t kTagBytes = 16;    // of GCM

using Sha256 = std::array<std::uint8_t, kSha256Bytes>;
using Key = std::array<std::uint8_t, kKeyBytes>;
using Block = std::array<std::uint8_t, kBlockBytes>;
using Nonce = std::array<std::uint8_t, kNonceBytes>;

// False on a machine without AES instructions: nothing below may be called then.
bool available();

Sha256 sha256(Bytes bytes);

constexpr std::size_t kHmacBytesMax = 128;  // of its message: what HKDF wants here
Sha256 hmac_sha256(Bytes key, Bytes message);

// HKDF-Expand-Label of TLS 1.3 (RFC 8446, 7.1) without context, of at most one hash.
void expand_label(const Sha256& secret, std::string_view label, MutableBytes out);

Block aes128(const Key& key, const Block& block);

// AES-128-GCM. `sealed` ends with the tag; `plain` has room for all but that. False: it is not authentic.
bool open_gcm(const Key& key, const Nonce& nonce, Bytes associated, Bytes sealed, std::uint8_t* plain);

// The other way round, for tests that make packets.
void seal_gcm(const Key& key, const Nonce& nonce, Bytes associated, Bytes plain, std::uint8_t* sealed);

}  // namespace spanlight::crypto
