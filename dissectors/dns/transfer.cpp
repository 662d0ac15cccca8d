#include "dns/transfer.h"

#include "dns/codes.h"

namespace spanlight::dns {
namespace {

// mname | rname | u32 serial | …
std::uint32_t serial_of(Bytes message, const ResourceRecord& soa) {
  const NameEnd mname = skip_name(message, soa.rdata_at);
  if (mname.fault != Fault::none) return 0;
  const NameEnd rname = skip_name(message, mname.end);
  if (rname.fault != Fault::none) return 0;
  return Reader{message.subspan(rname.end)}.be<std::uint32_t>();
}

}  // namespace

bool take_answers(Transfer& transfer, Bytes message, const Outline& outline, bool incremental) {
  ++transfer.messages;
  each_record(message, outline, Section::answer, [&](const ResourceRecord& record) {
    const bool soa = record.type == type::kSoa;
    if (transfer.answers == 0 && soa) {
      transfer.is_zone = true;
      transfer.serial = serial_of(message, record);
    }
    if (transfer.answers == 1 && soa && incremental) transfer.differences = true;
    if (soa && transfer.serials < 3 && serial_of(message, record) == transfer.serial) ++transfer.serials;
    ++transfer.answers;
  });
  if (outline.header.rcode() != 0 || !transfer.is_zone || outline.fault != Fault::none) return true;
  // An incremental answer of one record says: nothing is newer.
  if (incremental && transfer.answers == 1) return true;
  // Of differences the newest SOA stands at the start, before what was added last, and at the end.
  return transfer.serials >= (transfer.differences ? 3 : 2);
}

}  // namespace spanlight::dns
