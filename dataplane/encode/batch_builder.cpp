#include "encode/batch_builder.h"

#include "encode/tables.h"

namespace spanlight {

MutableBytes BatchBuilder::rewrite_as_utf8(std::string_view source, flatbuffers::uoffset_t before,
                                           MutableBytes room) {
  const std::size_t bytes = utf8_bytes(source);
  if (bytes != source.size()) {  // more: the new room covers what was written into the old one
    take_back(before);
    room = text_room(bytes);
  }
  copy_utf8(source, room.data());
  return room;
}

flatbuffers::uoffset_t BatchBuilder::write_vtable(const TableForm& form, std::uint32_t present) {
  std::uint8_t* const at = room(form.vtable_bytes);
  std::memset(at, 0, form.vtable_bytes);
  const auto place = [at](flatbuffers::voffset_t slot, std::size_t where) {
    store(at + slot, static_cast<flatbuffers::voffset_t>(where));
  };
  std::size_t end = form.head_bytes;
  for (const MemberPlace& member : form.head) place(member.slot, member.at);
  for (std::size_t i = 0; i < form.children.size(); ++i) {
    if ((present >> i & 1) == 0) continue;
    place(form.children[i], end);
    end += sizeof(flatbuffers::uoffset_t);
  }
  store(at, form.vtable_bytes);
  store(at + sizeof(flatbuffers::voffset_t), static_cast<flatbuffers::voffset_t>(end));
  return size();
}

void BatchBuilder::finish(flatbuffers::uoffset_t root, const char* identifier) {
  std::uint8_t* const at = room(2 * sizeof(flatbuffers::uoffset_t), kAlignment);
  point(at, root);
  std::memcpy(at + sizeof(flatbuffers::uoffset_t), identifier, flatbuffers::kFileIdentifierLength);
}

}  // namespace spanlight
