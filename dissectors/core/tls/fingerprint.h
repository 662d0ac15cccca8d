#pragma once
// Fingerprints of hellos: JA3, JA3S (salesforce/ja3) and JA4 (FoxIO/ja4, technical details). Pure.

#include "core/text_room.h"
#include "core/tls/hello.h"

namespace spanlight::tls {

// How the hello came: the first letter of its JA4.
enum class Carrier : char { tcp = 't', quic = 'q' };

void write_ja3(TextRoom& room, const ClientHello& hello);
void write_ja3s(TextRoom& room, const ServerHello& hello);

// False: nothing was written, because the hello lists more than kJa4Max, or this machine has no SHA-256.
constexpr std::size_t kJa4Max = 512;
bool write_ja4(TextRoom& room, const ClientHello& hello, Carrier carrier);

}  // namespace spanlight::tls
