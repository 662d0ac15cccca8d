// Every protocol that Spanlight knows: one line each.

#include "core/descriptor.h"
#include "http/http.h"

namespace spanlight {

namespace {
constexpr const Descriptor* kRegistry[] = {
    &http::kDescriptor,
};
}  // namespace

std::span<const Descriptor* const> registry() {
  return kRegistry;
}

const Descriptor* find_protocol(std::string_view name) {
  for (const Descriptor* d : registry())
    if (d->name == name) return d;
  return nullptr;
}

}  // namespace spanlight
