#pragma once
// What a request says, as fields, summary and body of its record.

#include "core/dissector.h"
#include "core/fieldset.h"
#include "core/text_room.h"
#include "ldap/parse.h"

namespace spanlight::ldap {

constexpr std::size_t kRequestFieldsMax = 32;
constexpr std::size_t kNamesMax = 64;  // of attributes or controls in a record
using RequestFields = Listed<Field, kRequestFieldsMax>;

// Fills them. All views are of the message's bytes and of the room.
class RequestTold {
 public:
  RequestTold(const Limits& limits, TextRoom& room) : limits_(limits), room_(room) {}

  void read(const Message& message);

  RequestFields fields;
  std::string_view dn, subject;  // subject: filter, mechanism, name of what is asked for
  std::string_view changes;      // what is added or modified, a line each
  bool cut = false;              // subject or changes did not fit
  bool redacted = false;
  bool malformed = false;

 private:
  std::string_view next_dn(Reader& r);
  void bind(Reader& r);
  void search(Reader& r);
  void modify(Reader& r);
  void add(Reader& r);
  void mod_dn(Reader& r);
  void compare(Reader& r);
  void extended(Reader& r);
  void add_controls(Bytes controls);
  void add_names(std::string_view field, Bytes sequence);
  void add_secret(std::string_view field, std::string_view value);
  void write_values(std::string_view attribute, Bytes values);
  void write_line(std::string_view attribute, Bytes value);

  const Limits& limits_;
  TextRoom& room_;
  Listed<std::string_view, kNamesMax> names_, controls_;
};

std::string_view name_of_oid(std::string_view oid);

}  // namespace spanlight::ldap
