#include "body/schemas.h"

#include <gmock/gmock.h>
#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/timestamp.pb.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "body/body_for_tests.h"
#include "body/protobuf.h"
#include "body/view.h"

namespace spanlight::body {
namespace {

namespace pb = google::protobuf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kMoney = R"(
  syntax = "proto3"; package shop;
  message Money { string currency = 1; sint64 units = 2; }
)";
constexpr const char* kShop = R"(
  syntax = "proto3"; package shop;
  import "shop/money.proto";
  import "google/protobuf/timestamp.proto";
  enum State { UNKNOWN = 0; OPEN = 1; CLOSED = -1; }
  message Item {
    string id = 1; Money price = 2; State state = 3; bool sold = 4; float weight = 5; double volume = 6;
    repeated int32 sizes = 7; bytes picture = 8; int64 stock = 9; fixed32 rack = 10; sfixed64 shift = 11;
    google.protobuf.Timestamp since = 12; map<string, int32> votes = 13; repeated State history = 14;
    message Note { string text = 1; }
    Note note = 15; repeated float ratios = 16;
  }
  message Wish { string id = 1; }
  service Catalog { rpc Find(Wish) returns (Item); rpc Watch(stream Wish) returns (stream Item); }
)";

pb::FileDescriptorProto parsed(const char* text, const std::string& name) {
  pb::io::ArrayInputStream in(text, static_cast<int>(std::string_view(text).size()));
  pb::io::Tokenizer words(&in, nullptr);
  pb::FileDescriptorProto file;
  EXPECT_TRUE(pb::compiler::Parser().Parse(&words, &file)) << name;
  file.set_name(name);
  return file;
}

class SchemasTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directory(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& content) {
    const std::string path = folder_ / name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  std::string write_set(const std::string& name, const std::vector<pb::FileDescriptorProto>& files) {
    pb::FileDescriptorSet set;
    for (const pb::FileDescriptorProto& file : files) *set.add_file() = file;
    return write(name, set.SerializeAsString());
  }
  // In whatever order protoc would not write them.
  std::string shop() {
    return write_set("shop.pb", {parsed(kShop, "shop/shop.proto"), parsed(kMoney, "shop/money.proto")});
  }
  std::shared_ptr<const Schemas> loaded() {
    const std::vector<std::string> files = {shop()};
    auto made = Schemas::load(files);
    EXPECT_EQ(made.index(), 0u) << std::get<1>(made);
    return std::get<0>(made);
  }
  static std::string fault_of(const std::vector<std::string>& files) {
    auto made = Schemas::load(files);
    return made.index() == 0 ? "" : std::get<1>(made);
  }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("schemas_test." + std::to_string(getpid()));
};

nlohmann::json fields_of(const std::string& message, const pb::Descriptor* type) {
  TextBuffer out;
  ViewCounts counts;
  append_view(out, {bytes(message), message.size(), "application/x-protobuf", {}, {}, type}, counts);
  return nlohmann::json::parse(out.view())["messages"][0];
}

// "depth name:declared=value"
std::vector<std::string> lines_of(const nlohmann::json& message) {
  std::vector<std::string> out;
  for (const auto& field : message["fields"]) {
    std::string line = std::to_string(field["depth"].get<int>()) + " ";
    line += field.contains("name")
                ? field["name"].get<std::string>() + ":" + field["declared"].get<std::string>()
                : "#" + std::to_string(field["number"].get<int>());
    for (const char* key : {"shown", "text", "hex"})
      if (field.contains(key)) line += "=" + field[key].get<std::string>();
    out.push_back(line);
  }
  return out;
}

std::string delimited(unsigned number, std::string_view data) {
  std::string out;
  for (unsigned key = number << 3 | 2; true; key >>= 7) {
    out += static_cast<char>(key >= 0x80 ? key | 0x80 : key);
    if (key < 0x80) break;
  }
  return out.append(1, static_cast<char>(data.size())).append(data);
}

TEST_F(SchemasTest, FieldsHaveNamesAndTypes) {
  using namespace std::string_literals;
  const auto schemas = loaded();
  const std::string message =
      delimited(1, "tea") + delimited(2, delimited(1, "EUR") + "\x10\x09"s) + "\x18\x01"s + "\x20\x01"s +
      "\x2d\x00\x00\xc0\x3f"s + "\x31\x00\x00\x00\x00\x00\x00\x04\xc0"s +
      delimited(7, "\x01\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01") + delimited(8, "\x08\x01") +
      "\x48\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s + "\x55\x07\x00\x00\x00"s +
      "\x59\xfe\xff\xff\xff\xff\xff\xff\xff"s + delimited(12, "\x08\x05") +
      delimited(13, delimited(1, "anna") + "\x10\x03"s) +
      delimited(14, "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01") + delimited(15, delimited(1, "good")) +
      delimited(16, "\x00\x00\x80\x3f\x00\x00\x00\x40"s);
  const nlohmann::json seen = fields_of(message, schemas->message("shop.Item"));
  EXPECT_EQ(seen["message"], "shop.Item");
  EXPECT_TRUE(seen["whole"]);
  EXPECT_THAT(lines_of(seen),
              ElementsAre("0 id:string=tea", "0 price:shop.Money", "1 currency:string=EUR",
                          "1 units:sint64=-5", "0 state:shop.State=OPEN", "0 sold:bool=true",
                          "0 weight:float=1.5", "0 volume:double=-2.5", "0 sizes:int32=1", "0 sizes:int32=2",
                          "0 sizes:int32=-1", "0 picture:bytes=0801", "0 stock:int64=-1", "0 rack:fixed32=7",
                          "0 shift:sfixed64=-2", "0 since:google.protobuf.Timestamp", "1 seconds:int64=5",
                          "0 votes:shop.Item.VotesEntry", "1 key:string=anna", "1 value:int32=3",
                          "0 history:shop.State=OPEN", "0 history:shop.State=CLOSED", "0 note:shop.Item.Note",
                          "1 text:string=good", "0 ratios:float=1", "0 ratios:float=2"));
}

TEST_F(SchemasTest, WhatDoesNotAgreeIsShownAsTheWireHasIt) {
  using namespace std::string_literals;
  const auto schemas = loaded();
  const pb::Descriptor* item = schemas->message("shop.Item");
  // A number where a text is declared, a field that nobody declared, an unknown state, packed bytes that end
  // within one.
  const std::string message = "\x08\x07"s + "\xa0\x06\x01"s + "\x18\x63"s + delimited(7, "\x80");
  EXPECT_THAT(lines_of(fields_of(message, item)),
              ElementsAre("0 #1", "0 #100", "0 state:shop.State=99", "0 sizes:int32=80"));
  // What is declared as a message and is none keeps its name and shows its bytes.
  EXPECT_THAT(lines_of(fields_of(delimited(2, "\xff"), item)), ElementsAre("0 price:shop.Money=ff"));
  // Declared as bytes, it is no message, whatever it looks like.
  EXPECT_THAT(lines_of(fields_of(delimited(8, "\x08\x01\x02"), item)), ElementsAre("0 picture:bytes=080102"));
}

TEST_F(SchemasTest, EveryPrefixOfAMessageIsShownAsFarAsItGoes) {
  const auto schemas = loaded();
  const std::string message =
      delimited(1, "tea") + delimited(7, "\x01\x02\x03") + delimited(2, delimited(1, "EUR"));
  for (std::size_t n = 0; n <= message.size(); ++n) {
    const WireView view = view_protobuf(bytes(message.substr(0, n)), schemas->message("shop.Item"));
    EXPECT_NE(view.whole, view.truncated) << n;
  }
}

TEST_F(SchemasTest, PackedElementsAreBounded) {
  const auto schemas = loaded();
  std::string many = "\x3a\x90\x4e";  // field 7, 10,000 bytes
  many.append(10'000, '\x01');
  const WireView view = view_protobuf(bytes(many), schemas->message("shop.Item"));
  EXPECT_EQ(view.fields.size(), kWireFieldsMax);
  EXPECT_TRUE(view.over_limit);
}

TEST_F(SchemasTest, MethodsByPath) {
  const auto schemas = loaded();
  const Schemas::Method find = schemas->method("/shop.Catalog/Find");
  ASSERT_NE(find.request, nullptr);
  EXPECT_EQ(find.request->full_name(), "shop.Wish");
  EXPECT_EQ(find.response->full_name(), "shop.Item");
  for (const char* other : {"/shop.Catalog/Lose", "/shop.Nothing/Find", "shop.Catalog/Find", "/", "", "Find"})
    EXPECT_EQ(schemas->method(other).request, nullptr) << other;
  EXPECT_EQ(schemas->message("shop.Nothing"), nullptr);
}

TEST_F(SchemasTest, ContentTypesSayWhatABodyIs) {
  EXPECT_EQ(message_type_of("application/x-protobuf; messageType=\"shop.Item\""), "shop.Item");
  EXPECT_EQ(message_type_of("application/vnd.google.protobuf; proto=shop.Item; encoding=delimited"),
            "shop.Item");
  EXPECT_EQ(message_type_of("application/x-protobuf; charset=utf-8"), "");
  EXPECT_EQ(message_type_of("application/x-protobuf;;="), "");
  EXPECT_EQ(message_type_of(""), "");
}

TEST_F(SchemasTest, FaultsAreSentences) {
  const std::string shop = this->shop();
  EXPECT_EQ(fault_of({shop, shop}), "");
  EXPECT_THAT(fault_of({folder_ / "none.pb"}), HasSubstr("none.pb cannot be read (No such file"));
  EXPECT_THAT(fault_of({write("text.pb", "syntax = \"proto3\";")}),
              HasSubstr("text.pb is no descriptor set; make one with"));
  EXPECT_THAT(fault_of({write("empty.pb", "")}), HasSubstr("is no descriptor set"));
  EXPECT_THAT(fault_of({write_set("alone.pb", {parsed(kShop, "shop/shop.proto")})}),
              AllOf(HasSubstr("shop/money.proto"), HasSubstr("was it made with --include_imports?")));
  EXPECT_THAT(fault_of({shop, write_set("other.pb",
                                        {parsed("syntax = \"proto3\"; package shop;", "shop/money.proto")})}),
              HasSubstr("other.pb: shop/money.proto is not the same as in another descriptor set"));
  EXPECT_THAT(fault_of({shop, write_set("twice.pb", {parsed(kMoney, "copy/money.proto")})}),
              HasSubstr("twice.pb: copy/money.proto defines what another file has defined"));
}

TEST_F(SchemasTest, ABoardKeepsWhatItHasWhenTheNewOneCannotBeUsed) {
  SchemaBoard board;
  EXPECT_EQ(board.schemas(), nullptr);
  const std::vector<std::string> good = {shop()}, bad = {folder_ / "none.pb"};
  EXPECT_EQ(board.load(good), "");
  const auto before = board.schemas();
  EXPECT_NE(board.load(bad), "");
  EXPECT_EQ(board.schemas(), before);
  EXPECT_EQ(board.load({}), "");
  EXPECT_EQ(board.schemas(), nullptr);
}

}  // namespace
}  // namespace spanlight::body
