#pragma once
// One protocol, described once: how to find it, how to make its dissector, which fields it adds.
// Identification, the record, the catalog, the fuzzer, the golden tests and the benchmark reach a protocol
// only through this table.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/bytes.h"
#include "core/dissector.h"

namespace spanlight {

// What the head of one direction looks like.
enum class Verdict : std::uint8_t {
  no,      // not this protocol
  more,    // may be, needs more bytes
  client,  // yes, and the client said it
  server,  // yes, and the server said it
  either,  // yes; both sides may speak so
};

// Looks at the accumulated head of one direction and of its peer, both from their first byte on. Pure: the
// answer depends on the bytes alone, not on how they were cut.
using Probe = Verdict (*)(Bytes own, Bytes peer);

// A message's start in bytes after a hole: drop `skip` bytes; if `found`, a message starts there, otherwise
// the bytes behind may yet become one.
struct Sync {
  std::size_t skip = 0;
  bool found = false;
};

enum class FieldType : std::uint8_t { text, integer, boolean, number, list };

struct FieldSpec {
  std::string_view name;  // short name, as in request.fields / response.fields
  FieldType type;
  bool in_request;
  bool in_response;
  std::string_view meaning;  // one sentence for people
};

enum class Transport : std::uint8_t { tcp, udp };

struct Descriptor {
  std::string_view name;   // JSON `protocol`, topic `record.<name>.`, settings key
  std::string_view title;  // for people
  Transport transport = Transport::tcp;
  std::span<const std::uint16_t> ports = {};  // hints: asked first there, found everywhere
  std::span<const std::string_view> patterns =
      {};                          // Hyperscan, anchored at the head's start; any one makes a candidate
  std::size_t head_bytes_max = 0;  // probe() has decided when it has seen so many bytes
  Probe probe = nullptr;
  Sync (*sync)(Direction from, Bytes window) = nullptr;
  std::size_t slot_bytes = 0;
  Dissector* (*create)(void* slot, Workshop& workshop) = nullptr;  // slot: slot_bytes, aligned to 64
  std::span<const FieldSpec> fields = {};
};

// All protocols, in the order in which they are asked. dissectors/registry.cpp: one line each.
std::span<const Descriptor* const> registry();

const Descriptor* find_protocol(std::string_view name);  // nullptr: no such protocol

}  // namespace spanlight
