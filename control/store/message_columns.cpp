#include "store/message_columns.h"

#include <span>

#include "record/reader.h"

namespace spanlight {
namespace {

std::string_view text_in(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::uint32_t MessageColumns::append(const wire::Message* message) {
  present.append(message != nullptr ? 1 : 0);
  size.append(message == nullptr ? 0 : message->size());
  last_byte.append(message == nullptr ? 0 : message->last_byte());
  body_size.append(message == nullptr ? 0 : message->body_size());
  body.append(message == nullptr ? std::string_view{} : text_in(bytes_of(message->body())));
  content_type.append(message == nullptr ? std::string_view{} : text_of(message->content_type()));
  content_encoding.append(message == nullptr ? std::string_view{} : text_of(message->content_encoding()));
  if (message == nullptr) {
    headers.append(0);
    fields.append(0);
    return 0;
  }
  append_fields(*message);
  return append_headers(*message);
}

std::uint32_t MessageColumns::append_headers(const wire::Message& message) {
  HeaderReader reader(message);
  std::size_t count = 0;
  while (const auto header = reader.next()) {
    header_names.append(header->name, count++);
    header_values.append(header->value);
  }
  headers.append(count);
  return reader.skipped();
}

void MessageColumns::append_fields(const wire::Message& message) {
  std::size_t count = 0;
  for (const wire::Field* field : elements_of(message.fields())) {
    field_names.append(text_of(field->name()), count++);
    field_kinds.append(static_cast<std::uint8_t>(field->kind()));
    field_texts.append(text_of(field->text()));
    field_integers.append(field->integer());
    field_numbers.append(field->number());
    for (const auto* item : elements_of(field->list())) field_list_items.append(text_of(item));
    field_list_ends.append(size_of(field->list()));
  }
  fields.append(count);
}

void MessageColumns::clear() {
  present.clear();
  size.clear();
  last_byte.clear();
  body_size.clear();
  headers.clear();
  header_names.clear();
  header_values.clear();
  body.clear();
  content_type.clear();
  content_encoding.clear();
  fields.clear();
  field_names.clear();
  field_kinds.clear();
  field_texts.clear();
  field_integers.clear();
  field_numbers.clear();
  field_list_ends.clear();
  field_list_items.clear();
}

}  // namespace spanlight
