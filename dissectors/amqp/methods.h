#pragma once
// AMQP 0-9-1's methods by name, with their arguments (specification, 1.6 to 1.9; RabbitMQ's extensions).
// Pure.

#include <cstdint>
#include <span>
#include <string_view>

#include "core/reader.h"

namespace spanlight::amqp {

enum class Kind : std::uint8_t { octet, short_int, long_int, longlong, bit, short_text, long_text, table };

struct Argument {
  Kind kind;
  std::string_view name;  // as its field; empty: reserved
};

enum class Speaker : std::uint8_t { client, server, both };

constexpr std::uint32_t method_id(std::uint16_t klass, std::uint16_t method) {
  return std::uint32_t{klass} << 16 | method;
}

namespace method {
constexpr std::uint32_t kStart = method_id(10, 10), kStartOk = method_id(10, 11),
                        kSecureOk = method_id(10, 21), kConnectionClose = method_id(10, 50),
                        kUpdateSecret = method_id(10, 70), kChannelClose = method_id(20, 40),
                        kPublish = method_id(60, 40), kReturn = method_id(60, 50),
                        kDeliver = method_id(60, 60), kGet = method_id(60, 70), kGetOk = method_id(60, 71),
                        kNack = method_id(60, 120);
}

struct Method {
  std::uint32_t id;       // method_id()
  std::string_view name;  // "queue.declare"
  Speaker speaker;
  std::uint32_t answers;  // it is the answer to this one; 0: it is none
  bool is_answered;       // unless no_wait is set
  std::span<const Argument> arguments;

  bool has_content() const {
    return id == method::kPublish || id == method::kReturn || id == method::kDeliver || id == method::kGetOk;
  }
};

const Method* find_method(std::uint32_t id);  // nullptr: not known

// One argument as it was read; which of the values is set is told by its kind.
struct Value {
  std::uint64_t number = 0;  // and bits
  Bytes bytes;               // texts, and the entries of a table
};

// Reads the arguments of a method in order. `look(const Argument&, const Value&)`. `bad_length`: all of them
// were read, and more bytes follow.
template <typename Look>
Fault each_argument(const Method& method, Bytes payload, Look look) {
  Reader r{payload};
  std::uint8_t bits = 0;
  unsigned bit = 8;  // of `bits` that is next; 8: another octet begins
  for (const Argument& argument : method.arguments) {
    Value value;
    if (argument.kind != Kind::bit) bit = 8;
    switch (argument.kind) {
      case Kind::octet:
        value.number = r.u8();
        break;
      case Kind::short_int:
        value.number = r.be<std::uint16_t>();
        break;
      case Kind::long_int:
        value.number = r.be<std::uint32_t>();
        break;
      case Kind::longlong:
        value.number = r.be<std::uint64_t>();
        break;
      case Kind::bit:
        if (bit == 8) {
          bits = r.u8();
          bit = 0;
        }
        value.number = bits >> bit++ & 1;
        break;
      case Kind::short_text:
        value.bytes = r.take(r.u8());
        break;
      case Kind::long_text:
      case Kind::table:
        value.bytes = r.take(r.be<std::uint32_t>());
        break;
    }
    if (!r.ok()) return r.fault();
    look(argument, value);
  }
  r.require(r.left() == 0, Fault::bad_length);
  return r.fault();
}

// What a frame of a method says; `method` is none where it is not known.
struct Invocation {
  Fault fault = Fault::none;
  const Method* method = nullptr;
  bool no_wait = false;
  Bytes arguments;
};

Invocation read_invocation(Bytes payload);

}  // namespace spanlight::amqp
