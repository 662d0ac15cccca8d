#include "amqp/table.h"

#include <array>
#include <bit>
#include <charconv>

namespace spanlight::amqp {
namespace {

constexpr std::size_t kPathBytesMax = 256;  // of a name with those that it lies in
constexpr unsigned kEntriesMax = 1'024;     // of one table with all that lie in it

void write_signed(TextRoom& room, std::int64_t value) {
  if (value >= 0) return room.number(static_cast<std::uint64_t>(value));
  room.put('-');
  room.number(~static_cast<std::uint64_t>(value) + 1);
}

void write_real(TextRoom& room, double value) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  room.put(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

// A value that is neither table nor array, as text. The types are those that RabbitMQ and its clients use.
struct Scalar {
  char type = 0;
  std::uint64_t number = 0;
  std::uint8_t scale = 0;
  Bytes bytes;

  void write(TextRoom& room) const {
    switch (type) {
      case 't':
        return room.put(number != 0 ? "true" : "false");
      case 'b':
        return write_signed(room, static_cast<std::int8_t>(number));
      case 's':
      case 'U':
        return write_signed(room, static_cast<std::int16_t>(number));
      case 'I':
        return write_signed(room, static_cast<std::int32_t>(number));
      case 'l':
      case 'L':
        return write_signed(room, static_cast<std::int64_t>(number));
      case 'f':
        return write_real(room,
                          static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(number))));
      case 'd':
        return write_real(room, std::bit_cast<double>(number));
      case 'D':
        write_signed(room, static_cast<std::int32_t>(number));
        room.put("e-");
        return room.number(scale);
      case 'S':
        return room.put(as_text(bytes));
      case 'x':
        return room.hex(bytes);
      case 'V':
        return;
      default:
        return room.number(number);
    }
  }
};

Scalar read_scalar(Reader& r, char type) {
  Scalar out{.type = type};
  switch (type) {
    case 't':
    case 'b':
    case 'B':
      out.number = r.u8();
      break;
    case 's':
    case 'U':
    case 'u':
      out.number = r.be<std::uint16_t>();
      break;
    case 'D':
      out.scale = r.u8();
      [[fallthrough]];
    case 'I':
    case 'i':
    case 'f':
      out.number = r.be<std::uint32_t>();
      break;
    case 'l':
    case 'L':
    case 'T':
    case 'd':
      out.number = r.be<std::uint64_t>();
      break;
    case 'S':
    case 'x':
      out.bytes = r.take(r.be<std::uint32_t>());
      break;
    case 'V':
      break;
    default:
      r.fail(Fault::bad_value);
  }
  return out;
}

// A table or array under way.
struct Level {
  Reader rest{Bytes{}};
  std::size_t path = 0;  // how much of the path is its own name
  bool is_array = false;
  std::uint32_t index = 0;
};

}  // namespace

Fault write_table(HeaderRoom& to, Bytes entries, std::string_view prefix) {
  std::array<char, kPathBytesMax> letters;
  TextRoom path(letters);
  path.put(prefix);
  std::array<Level, kTableDepthMax> levels;
  std::size_t depth = 1;
  levels[0] = {.rest = Reader(entries), .path = path.mark()};
  for (unsigned n = 0; depth > 0; ++n) {
    Level& level = levels[depth - 1];
    Reader& r = level.rest;
    if (r.left() == 0) {
      --depth;
      continue;
    }
    if (n >= kEntriesMax) return Fault::too_many;
    path.back_to(level.path);
    if (level.path > 0) path.put('.');
    if (level.is_array)
      path.number(level.index++);
    else
      path.put(as_text(r.take(r.u8())));
    const char type = static_cast<char>(r.u8());
    if (type == 'F' || type == 'A') {
      const Bytes inner = r.take(r.be<std::uint32_t>());
      if (!r.ok()) return r.fault();
      if (depth == kTableDepthMax) return Fault::too_deep;
      levels[depth++] = {.rest = Reader(inner), .path = path.mark(), .is_array = type == 'A'};
      continue;
    }
    const Scalar value = read_scalar(r, type);
    if (!r.ok()) return r.fault();
    to.add([&](TextRoom& room) { room.put(path.since(0)); }, [&](TextRoom& room) { value.write(room); });
  }
  return Fault::none;
}

ContentHeader read_content_header(Bytes payload) {
  ContentHeader out;
  Reader r{payload};
  out.klass = r.be<std::uint16_t>();
  r.require(!r.ok() || out.klass == 60, Fault::bad_value);
  r.skip(2);  // weight
  out.body_bytes = r.be<std::uint64_t>();
  out.flags = r.be<std::uint16_t>();
  out.properties = r.rest();
  out.fault = r.fault();
  return out;
}

KnownProperties write_properties(const ContentHeader& header, HeaderRoom* to) {
  KnownProperties out;
  Reader r{header.properties};
  const auto has = [&](unsigned bit) { return (header.flags >> bit & 1) != 0; };
  const auto text = [&](unsigned bit, std::string_view name) {
    if (!has(bit)) return std::string_view{};
    const std::string_view value = as_text(r.take(r.u8()));
    if (r.ok() && to != nullptr)
      to->add([&](TextRoom& room) { room.put(name); }, [&](TextRoom& room) { room.put(value); });
    return value;
  };
  const auto number = [&](unsigned bit, std::string_view name, auto zero) {
    if (!has(bit)) return;
    const std::uint64_t value = r.be<decltype(zero)>();
    if (r.ok() && to != nullptr)
      to->add([&](TextRoom& room) { room.put(name); }, [&](TextRoom& room) { room.number(value); });
  };
  out.content_type = text(15, "content-type");
  out.content_encoding = text(14, "content-encoding");
  if (has(13)) {
    const Bytes table = r.take(r.be<std::uint32_t>());
    if (to != nullptr && r.ok()) {
      const Fault fault = write_table(*to, table, "headers");
      if (fault != Fault::none) out.fault = fault;
    }
  }
  number(12, "delivery-mode", std::uint8_t{});
  number(11, "priority", std::uint8_t{});
  text(10, "correlation-id");
  text(9, "reply-to");
  text(8, "expiration");
  out.message_id = text(7, "message-id");
  number(6, "timestamp", std::uint64_t{});
  text(5, "type");
  text(4, "user-id");
  text(3, "app-id");
  text(2, "cluster-id");
  r.require(r.left() == 0, Fault::bad_length);
  if (!r.ok()) out.fault = r.fault();
  return out;
}

}  // namespace spanlight::amqp
