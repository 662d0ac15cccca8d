#include "sql_messages.h"

#include <string>
#include <string_view>

namespace spanlight::bench {

namespace {

std::string wire_number(std::uint64_t value, unsigned bytes) {
  std::string out;
  for (unsigned i = bytes; i > 0; --i) out += static_cast<char>(value >> 8 * (i - 1) & 0xff);
  return out;
}

std::string message(char type, std::string_view body = {}) {
  return type + wire_number(4 + body.size(), 4) + std::string(body);
}

std::string zero(std::string_view text) {
  return std::string(text) + '\0';
}

std::string value(std::string_view text) {
  return wire_number(text.size(), 4) + std::string(text);
}

std::string short_text(std::string_view text) {
  return wire_number(text.size(), 2) + std::string(text);
}

std::string framed(std::string_view body) {
  return wire_number(body.size(), 4) + std::string(body);
}

// A batch of magic 2, its records as bytes that nobody reads.
std::string batch(std::uint32_t records, std::size_t bytes) {
  const std::string rest = wire_number(0, 4) + '\2' + wire_number(0, 4) + wire_number(1, 2) +
                           wire_number(records - 1, 4) + wire_number(1, 8) + wire_number(1, 8) +
                           wire_number(~0ull, 8) + wire_number(~0ull, 2) + wire_number(~0ull, 4) +
                           wire_number(records, 4) + std::string(bytes, 'r');
  return wire_number(0, 8) + wire_number(rest.size(), 4) + rest;
}

}  // namespace

Call postgresql_call(std::mt19937_64& random) {
  const std::string id = std::to_string(random() % 100'000);
  const std::string statement = "SELECT id, name, price FROM items WHERE id = $1 AND stock > 0 ORDER BY name";
  Call call;
  call.request = message('P', zero("") + zero(statement) + wire_number(0, 2)) +
                 message('B', zero("") + zero("") + wire_number(0, 2) + wire_number(1, 2) + value(id) +
                                  wire_number(0, 2)) +
                 message('D', "P" + zero("")) + message('E', zero("") + wire_number(0, 4)) + message('S');
  std::string columns = wire_number(3, 2);
  for (const std::string_view name : {"id", "name", "price"}) columns += zero(name) + std::string(18, '\0');
  const auto row = [&] {
    return message('D', wire_number(3, 2) + value(id) + value("a thing") + value("12.50"));
  };
  call.response = message('1') + message('2') + message('T', columns) + row() + row() +
                  message('C', zero("SELECT 2")) + message('Z', "I");
  return call;
}

Call kafka_call(std::mt19937_64& random) {
  constexpr std::uint16_t kProduce = 0, kFetch = 1;
  const std::string id = wire_number(random() % 0x7fffffff, 4);
  const std::string partition = wire_number(random() % 12, 4);
  const std::string topic = "orders-" + std::to_string(random() % 20);
  const std::uint32_t records = 1 + static_cast<std::uint32_t>(random() % 20);
  Call call;
  if (random() % 2 == 0) {
    const std::string said = batch(records, 250);
    call.request =
        framed(wire_number(kProduce, 2) + wire_number(7, 2) + id + short_text("shop-orders") +
               wire_number(~0ull, 2) + wire_number(~0ull, 2) + wire_number(30'000, 4) + wire_number(1, 4) +
               short_text(topic) + wire_number(1, 4) + partition + value(said));
    call.response = framed(id + wire_number(1, 4) + short_text(topic) + wire_number(1, 4) + partition +
                           wire_number(0, 2) + wire_number(random() % 1'000'000, 8) + wire_number(~0ull, 8) +
                           wire_number(0, 8) + wire_number(0, 4));
  } else {
    call.request = framed(wire_number(kFetch, 2) + wire_number(4, 2) + id + short_text("shop-billing") +
                          wire_number(~0ull, 4) + wire_number(500, 4) + wire_number(1, 4) +
                          wire_number(1'000'000, 4) + '\0' + wire_number(1, 4) + short_text(topic) +
                          wire_number(1, 4) + partition + wire_number(77, 8) + wire_number(1'000'000, 4));
    call.response = framed(id + wire_number(0, 4) + wire_number(1, 4) + short_text(topic) +
                           wire_number(1, 4) + partition + wire_number(0, 2) + wire_number(90, 8) +
                           wire_number(90, 8) + wire_number(0, 4) + value(batch(records, 400)));
  }
  return call;
}

}  // namespace spanlight::bench
