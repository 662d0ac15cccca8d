#include "kubernetes/objects.h"

namespace spanlight {
namespace {

constexpr std::size_t kUuidBytes = 36;

int hex_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::uint64_t fnv(std::string_view text, std::uint64_t h) {
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return h;
}

}  // namespace

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::pod:
      return "pods";
    case Kind::service:
      return "services";
    case Kind::endpoint_slice:
      return "endpointslices";
    case Kind::node:
      return "nodes";
    case Kind::name_space:
      return "namespaces";
    case Kind::replica_set:
      return "replicasets";
    case Kind::job:
      return "jobs";
  }
  return "";
}

Uid uid_of(std::string_view text) {
  Uid uid;
  unsigned digits = 0;
  bool well_formed = text.size() == kUuidBytes;
  for (std::size_t i = 0; well_formed && i < text.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      well_formed = text[i] == '-';
      continue;
    }
    const int hex = hex_of(text[i]);
    well_formed = hex >= 0;
    std::uint64_t& half = digits < 16 ? uid.high : uid.low;
    half = half << 4 | static_cast<std::uint64_t>(hex & 15);
    ++digits;
  }
  if (well_formed) return uid;
  return {fnv(text, 0xcbf29ce484222325ULL), fnv(text, 0x9ae16a3b2f90404fULL)};
}

const Meta* meta_of(const Object& object) {
  return std::visit(
      [](const auto& o) -> const Meta* {
        if constexpr (std::is_same_v<std::decay_t<decltype(o)>, std::monostate>)
          return nullptr;
        else
          return &o.meta;
      },
      object);
}

}  // namespace spanlight
