#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "core/grpc/protocol.h"
#include "core/grpc/wire_for_tests.h"

namespace spanlight::grpc {
namespace {

using testing::grpc_message;

// What was told, as text: "name=value|" for each field.
struct Told final : Sink {
  void emit(const Transaction& call) override {
    name = call.protocol->name;
    summary = call.summary;
    error = call.error;
    is_error = call.is_error;
    asked = text_of(call.request.fields);
    answered = text_of(call.response.fields);
  }
  static std::string text_of(std::span<const Field> fields) {
    std::string out;
    for (const Field& f : fields)
      out += std::string(f.name) + "=" +
             (f.kind == Field::Kind::text ? std::string(f.text) : std::to_string(f.integer)) + "|";
    return out;
  }
  std::string name, summary, error, asked, answered;
  bool is_error = false;
};

struct Side {
  std::string type = "application/grpc-web+proto";
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body;
  std::size_t kept = std::string::npos;  // of the body
  std::size_t cut = std::string::npos;   // where its pieces meet
  std::string encoding = {};
};

class GrpcWeb : public ::testing::Test {
 protected:
  static void fill(Message& out, const Side& side, std::string& header_bytes, std::vector<HeaderSpan>& spans,
                   std::vector<Bytes>& pieces) {
    for (const auto& [name, value] : side.headers) {
      HeaderSpan span;
      span.name_offset = static_cast<std::uint32_t>(header_bytes.size());
      span.name_length = static_cast<std::uint32_t>(name.size());
      header_bytes += name;
      span.value_offset = static_cast<std::uint32_t>(header_bytes.size());
      span.value_length = static_cast<std::uint32_t>(value.size());
      header_bytes += value;
      spans.push_back(span);
    }
    out.present = true;
    out.content_type = side.type;
    out.content_encoding = side.encoding;
    out.headers = {as_bytes(header_bytes), spans};
    out.body_size = side.body.size();
    const Bytes kept = as_bytes(side.body).first(std::min(side.kept, side.body.size()));
    const std::size_t cut = std::min(side.cut, kept.size());
    pieces = {kept.first(cut), kept.subspan(cut)};
    out.body = Pieces(pieces);
  }
  static Told tell(const Side& request, const std::optional<Side>& response, std::uint32_t flags = 0) {
    std::string headers[2];
    std::vector<HeaderSpan> spans[2];
    std::vector<Bytes> pieces[2];
    Transaction call;
    call.method = "POST";
    call.path = "/shop.Cart/Add";
    call.flags = flags;
    fill(call.request, request, headers[0], spans[0], pieces[0]);
    if (response) fill(call.response, *response, headers[1], spans[1], pieces[1]);
    EXPECT_TRUE(is_web(call));
    Told told;
    emit_web(call, told);
    return told;
  }
  const Side ask_{.headers = {{"Grpc-Timeout", "250m"}}, .body = grpc_message("tea")};
  const std::string well_ = "grpc-status: 0\r\ngrpc-message:\r\n";
  const std::string missing_ = "grpc-status:5\r\ngrpc-message:no%20such tea\r\n";
};

TEST_F(GrpcWeb, AUnaryCall) {
  const std::string body = grpc_message("done") + grpc_message(well_, '\x80');
  for (std::size_t cut = 0; cut <= body.size(); ++cut) {
    const Told told = tell(ask_, Side{.body = body, .cut = cut});
    EXPECT_EQ(told.name, "grpc");
    EXPECT_EQ(told.summary, "shop.Cart/Add");
    EXPECT_EQ(told.asked,
              "grpc_service=shop.Cart|grpc_method=Add|grpc_type=unary|grpc_timeout_us=250000|grpc_messages=1|"
              "grpc_message_bytes=3|");
    EXPECT_EQ(told.answered, "grpc_messages=1|grpc_message_bytes=4|grpc_status=0|");
    EXPECT_FALSE(told.is_error);
  }
}

TEST_F(GrpcWeb, AStreamThatFails) {
  const std::string body = grpc_message("a") + grpc_message("b", 1) + grpc_message(missing_, '\x80');
  const Told told = tell(ask_, Side{.headers = {{"grpc-encoding", "gzip"}}, .body = body});
  EXPECT_NE(told.asked.find("grpc_type=server_stream"), std::string::npos);
  EXPECT_EQ(told.answered,
            "grpc_messages=2|grpc_message_bytes=2|grpc_compressed=1|grpc_encoding=gzip|grpc_status=5|"
            "grpc_message=no such tea|grpc_status_name=NOT_FOUND|");
  EXPECT_TRUE(told.is_error);
  EXPECT_EQ(told.error, "NOT_FOUND: no such tea");
}

TEST_F(GrpcWeb, AsText) {
  // Two messages encoded apart, each with its own padding.
  const Told told = tell(
      {.type = "application/grpc-web-text", .body = "AAAAAAN0ZWE="},
      Side{.type = "application/grpc-web-text+proto", .body = "AAAAAARkb25lgAAAABBncnBjLXN0YXR1czogMA0K"});
  EXPECT_EQ(told.answered, "grpc_messages=1|grpc_message_bytes=4|grpc_status=0|");
  EXPECT_NE(told.asked.find("grpc_messages=1|grpc_message_bytes=3|"), std::string::npos);
}

TEST_F(GrpcWeb, AStatusInTheHeaders) {
  const Told told = tell(ask_, Side{.headers = {{"GRPC-Status", "16"}}, .body = ""});
  EXPECT_EQ(told.answered,
            "grpc_messages=0|grpc_message_bytes=0|grpc_status=16|grpc_status_name=UNAUTHENTICATED|");
  EXPECT_EQ(told.error, "UNAUTHENTICATED");
}

// What is not known is not told.
TEST_F(GrpcWeb, BehindThePreviewAHoleOrACompression) {
  const std::string body = grpc_message(std::string(100, 'x')) + grpc_message(missing_, '\x80');
  const Told inside = tell(ask_, Side{.body = body, .kept = 50});
  EXPECT_EQ(inside.answered, "grpc_messages=1|grpc_message_bytes=100|grpc_messages_lost=1|");
  EXPECT_FALSE(inside.is_error);
  const std::string lost = "grpc_messages=0|grpc_message_bytes=0|grpc_messages_lost=1|";
  EXPECT_EQ(tell(ask_, Side{.body = body}, kFlagGap).answered, lost);
  EXPECT_EQ(tell(ask_, Side{.body = body, .encoding = "gzip"}).answered, lost);
  EXPECT_EQ(tell(ask_, Side{.type = "text/html", .body = "<h1>502</h1>"}).answered, lost);
}

TEST_F(GrpcWeb, NoAnswer) {
  const Told told = tell(ask_, std::nullopt);
  EXPECT_EQ(told.answered, "");
  EXPECT_NE(told.asked.find("grpc_service=shop.Cart"), std::string::npos);
}

TEST_F(GrpcWeb, TrailersOfAnyBytes) {
  for (const std::string& odd : {std::string(), std::string("grpc-status"), std::string("\n\n:\n:x\n"),
                                 std::string("grpc-status: x\r\n"), std::string(5'000, 'y')}) {
    const Told told = tell(ask_, Side{.body = grpc_message(odd, '\x80')});
    EXPECT_EQ(told.answered.find("grpc_status"), std::string::npos);
  }
}

}  // namespace
}  // namespace spanlight::grpc
