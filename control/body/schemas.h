#pragma once
// What the fields of protobuf messages are called: descriptor sets, as `protoc --include_imports -o FILE` or
// `buf build -o FILE` write them (a serialized google.protobuf.FileDescriptorSet), in which every type is
// checked when they are loaded. Read by any thread; a board holds the ones in force, which a reload replaces.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace google::protobuf {
class Descriptor;
}

namespace spanlight::body {

constexpr std::uintmax_t kDescriptorSetBytesMax = std::uintmax_t{64} << 20;  // of one file

class Schemas {
 public:
  // The same .proto in several sets must be the same. What google/protobuf/*.proto define is known without
  // them. One sentence when a file cannot be used.
  static std::variant<std::shared_ptr<const Schemas>, std::string> load(std::span<const std::string> files);

  ~Schemas();
  Schemas(const Schemas&) = delete;
  Schemas& operator=(const Schemas&) = delete;

  // nullptr: not known. Valid as long as these Schemas are.
  const google::protobuf::Descriptor* message(std::string_view full_name) const;

  // Of the messages of a gRPC method, by its path "/shop.Catalog/Find".
  struct Method {
    const google::protobuf::Descriptor* request = nullptr;
    const google::protobuf::Descriptor* response = nullptr;
  };
  Method method(std::string_view path) const;

 private:
  struct Pool;
  Schemas();
  std::unique_ptr<Pool> pool_;
};

class SchemaBoard {
 public:
  std::shared_ptr<const Schemas> schemas() const;  // nullptr: none were given
  // No files: none are in force any more. A sentence, and what was in force stays, when one cannot be used.
  std::string load(std::span<const std::string> files);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Schemas> schemas_;
};

// "shop.Item" of `application/x-protobuf; messageType="shop.Item"` or `…; proto=shop.Item`; empty where a
// Content-Type does not say.
std::string_view message_type_of(std::string_view content_type);

}  // namespace spanlight::body
