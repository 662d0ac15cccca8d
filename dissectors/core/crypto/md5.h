#pragma once
// MD5 for fingerprints alone: JA3 is defined by it. Over nettle, which allocates nothing; libipsec-mb has it
// only within an HMAC. The context is the caller's.

#include <nettle/md5.h>

#include <array>
#include <cstdint>

#include "core/bytes.h"

namespace spanlight::crypto {

class Md5 {
 public:
  using Digest = std::array<std::uint8_t, MD5_DIGEST_SIZE>;

  Md5() { nettle_md5_init(&context_); }
  void add(Bytes bytes) { nettle_md5_update(&context_, bytes.size(), bytes.data()); }
  Digest finish() {
    Digest digest;
    nettle_md5_digest(&context_, digest.size(), digest.data());
    return digest;
  }

 private:
  md5_ctx context_;
};

}  // namespace spanlight::crypto
