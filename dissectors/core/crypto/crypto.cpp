#include "core/crypto/crypto.h"

#include <intel-ipsec-mb.h>

#include <cassert>
#include <cstring>

namespace spanlight::crypto {
namespace {

constexpr std::size_t kHashBlockBytes = 64;  // of SHA-256

// Only a table of functions is used of it, so that all threads may. Lives as long as the program.
const IMB_MGR* best_functions() {
  IMB_MGR* const manager = alloc_mb_mgr(0);
  if (manager == nullptr) return nullptr;
  if ((manager->features & IMB_FEATURE_AESNI) == 0) return nullptr;
  IMB_ARCH chosen = IMB_ARCH_NONE;
  init_mb_mgr_auto(manager, &chosen);
  return chosen == IMB_ARCH_NONE ? nullptr : manager;
}
const IMB_MGR* const kFunctions = best_functions();

struct alignas(64) ExpandedKey {
  gcm_key_data data;
};

}  // namespace

bool available() {
  return kFunctions != nullptr;
}

Sha256 sha256(Bytes bytes) {
  Sha256 out;
  kFunctions->sha256(bytes.data(), bytes.size(), out.data());
  return out;
}

// RFC 2104. Keys of more than one block do not occur.
Sha256 hmac_sha256(Bytes key, Bytes message) {
  assert(key.size() <= kHashBlockBytes && message.size() <= kHmacBytesMax);
  std::array<std::uint8_t, kHashBlockBytes + kHmacBytesMax> inner;
  std::array<std::uint8_t, kHashBlockBytes + kSha256Bytes> outer;
  for (std::size_t i = 0; i < kHashBlockBytes; ++i) {
    const std::uint8_t byte = i < key.size() ? key[i] : 0;
    inner[i] = byte ^ 0x36;
    outer[i] = byte ^ 0x5c;
  }
  if (!message.empty()) std::memcpy(inner.data() + kHashBlockBytes, message.data(), message.size());
  const Sha256 hashed = sha256(Bytes(inner).first(kHashBlockBytes + message.size()));
  std::memcpy(outer.data() + kHashBlockBytes, hashed.data(), hashed.size());
  return sha256(outer);
}

// u16 length | u8 size "tls13 " label | u8 size context, none | 1: the number of the hash
void expand_label(const Sha256& secret, std::string_view label, MutableBytes out) {
  constexpr std::string_view kPrefix = "tls13 ";
  constexpr std::size_t kLabelBytesMax = 32;
  assert(label.size() <= kLabelBytesMax && out.size() <= kSha256Bytes);
  std::array<std::uint8_t, 2 + 1 + kPrefix.size() + kLabelBytesMax + 1 + 1> info;
  std::size_t n = 0;
  info[n++] = 0;
  info[n++] = static_cast<std::uint8_t>(out.size());
  info[n++] = static_cast<std::uint8_t>(kPrefix.size() + label.size());
  for (const std::string_view part : {kPrefix, label}) {
    std::memcpy(info.data() + n, part.data(), part.size());
    n += part.size();
  }
  info[n++] = 0;
  info[n++] = 1;
  const Sha256 hashed = hmac_sha256(secret, Bytes(info).first(n));
  std::memcpy(out.data(), hashed.data(), out.size());
}

// One block of CFB is its text and the enciphered vector together.
Block aes128(const Key& key, const Block& block) {
  alignas(16) std::array<std::uint8_t, kBlockBytes * 11> forward, backward;
  kFunctions->keyexp_128(key.data(), forward.data(), backward.data());
  constexpr Block kZeros{};
  Block out;
  kFunctions->aes128_cfb_one(out.data(), kZeros.data(), block.data(), forward.data(), out.size());
  return out;
}

bool open_gcm(const Key& key, const Nonce& nonce, Bytes associated, Bytes sealed, std::uint8_t* plain) {
  if (sealed.size() < kTagBytes) return false;
  const std::size_t n = sealed.size() - kTagBytes;
  ExpandedKey expanded;
  gcm_context_data context;
  Block tag;
  kFunctions->gcm128_pre(key.data(), &expanded.data);
  kFunctions->gcm128_dec(&expanded.data, &context, plain, sealed.data(), n, nonce.data(), associated.data(),
                         associated.size(), tag.data(), tag.size());
  return std::memcmp(tag.data(), sealed.data() + n, tag.size()) == 0;
}

void seal_gcm(const Key& key, const Nonce& nonce, Bytes associated, Bytes plain, std::uint8_t* sealed) {
  ExpandedKey expanded;
  gcm_context_data context;
  kFunctions->gcm128_pre(key.data(), &expanded.data);
  kFunctions->gcm128_enc(&expanded.data, &context, sealed, plain.data(), plain.size(), nonce.data(),
                         associated.data(), associated.size(), sealed + plain.size(), kTagBytes);
}

}  // namespace spanlight::crypto
