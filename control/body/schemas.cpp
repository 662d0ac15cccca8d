#include "body/schemas.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/empty.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <unordered_map>
#include <vector>

#include "body/words.h"

namespace spanlight::body {
namespace {

namespace pb = google::protobuf;

// The first thing that is wrong, in libprotobuf's words.
class FirstFault : public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& file, const std::string& element, const pb::Message*, ErrorLocation,
                const std::string& message) override {
    if (text.empty()) text = (element.empty() ? file : file + ", " + element) + ": " + message;
  }
  std::string text;
};

std::string not_a_set(const std::string& path) {
  return path +
         " is no descriptor set; make one with `protoc --include_imports -o FILE` or `buf build -o FILE`";
}

// Empty where `out` holds it.
std::string read_set(const std::string& path, pb::FileDescriptorSet& out) {
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(path, error);
  if (error) return path + " cannot be read (" + error.message() + ")";
  if (bytes > kDescriptorSetBytesMax)
    return path + " has " + std::to_string(bytes) + " bytes; a descriptor set may have " +
           std::to_string(kDescriptorSetBytesMax);
  std::ifstream in(path, std::ios::binary);
  if (!in || !out.ParseFromIstream(&in) || out.file_size() == 0) return not_a_set(path);
  return {};
}

// Linked in, so that sets made without their imports can do without these.
const std::vector<const pb::FileDescriptor*>& well_known() {
  static const std::vector<const pb::FileDescriptor*> files = {
      pb::Any::descriptor()->file(),         pb::Duration::descriptor()->file(),
      pb::Empty::descriptor()->file(),       pb::FieldMask::descriptor()->file(),
      pb::Struct::descriptor()->file(),      pb::Timestamp::descriptor()->file(),
      pb::StringValue::descriptor()->file(), pb::FileDescriptorProto::descriptor()->file()};
  return files;
}

}  // namespace

// Files stand in a set in any order: the pool takes each from the database when another needs it.
// Looked up in our own tables: the pool remembers every name that it was asked in vain, and names come from
// traffic.
struct Schemas::Pool {
  pb::SimpleDescriptorDatabase files;
  FirstFault fault;
  pb::DescriptorPool pool{&files, &fault};
  std::map<std::string, std::string, std::less<>> seen;  // .proto → its serialized descriptor
  std::unordered_map<std::string_view, const pb::Descriptor*> messages;
  std::map<std::string, Method, std::less<>> methods;  // by path

  std::string add(const pb::FileDescriptorProto& file, const std::string& from);
  void add_well_known();
  std::string build();
  void index(const pb::FileDescriptor& file);
};

std::string Schemas::Pool::add(const pb::FileDescriptorProto& file, const std::string& from) {
  const auto [at, fresh] = seen.emplace(file.name(), file.SerializeAsString());
  if (!fresh) {
    if (at->second == file.SerializeAsString()) return {};
    return from + ": " + file.name() + " is not the same as in another descriptor set; give one of the two";
  }
  if (files.Add(file)) return {};
  return from + ": " + file.name() + " defines what another file has defined; give one of the two";
}

void Schemas::Pool::add_well_known() {
  for (const pb::FileDescriptor* known : well_known()) {
    if (seen.contains(known->name())) continue;
    pb::FileDescriptorProto file;
    known->CopyTo(&file);
    files.Add(file);
  }
}

std::string Schemas::Pool::build() {
  for (const auto& [name, bytes] : seen) {
    const pb::FileDescriptor* file = pool.FindFileByName(name);
    if (file == nullptr)
      return "a descriptor set cannot be used: " + (fault.text.empty() ? name : fault.text) +
             "; was it made with --include_imports?";
    index(*file);
  }
  return {};
}

void Schemas::Pool::index(const pb::FileDescriptor& file) {
  std::vector<const pb::Descriptor*> found;
  found.reserve(static_cast<std::size_t>(file.message_type_count()));
  for (int i = 0; i < file.message_type_count(); ++i) found.push_back(file.message_type(i));
  while (!found.empty()) {
    const pb::Descriptor* message = found.back();
    found.pop_back();
    messages.emplace(message->full_name(), message);
    for (int i = 0; i < message->nested_type_count(); ++i) found.push_back(message->nested_type(i));
  }
  for (int i = 0; i < file.service_count(); ++i) {
    const pb::ServiceDescriptor& service = *file.service(i);
    for (int k = 0; k < service.method_count(); ++k) {
      const pb::MethodDescriptor& method = *service.method(k);
      methods.emplace('/' + service.full_name() + '/' + method.name(),
                      Method{method.input_type(), method.output_type()});
    }
  }
}

Schemas::Schemas() : pool_(std::make_unique<Pool>()) {}
Schemas::~Schemas() = default;

std::variant<std::shared_ptr<const Schemas>, std::string> Schemas::load(std::span<const std::string> files) {
  pb::SetLogHandler(nullptr);  // faults are told here
  std::shared_ptr<Schemas> made(new Schemas);
  for (const std::string& path : files) {
    pb::FileDescriptorSet set;
    if (std::string fault = read_set(path, set); !fault.empty()) return fault;
    for (const pb::FileDescriptorProto& file : set.file())
      if (std::string fault = made->pool_->add(file, path); !fault.empty()) return fault;
  }
  made->pool_->add_well_known();
  if (std::string fault = made->pool_->build(); !fault.empty()) return fault;
  return std::shared_ptr<const Schemas>(std::move(made));
}

const pb::Descriptor* Schemas::message(std::string_view full_name) const {
  const auto found = pool_->messages.find(full_name);
  return found == pool_->messages.end() ? nullptr : found->second;
}

Schemas::Method Schemas::method(std::string_view path) const {
  const auto found = pool_->methods.find(path);
  return found == pool_->methods.end() ? Method{} : found->second;
}

std::shared_ptr<const Schemas> SchemaBoard::schemas() const {
  const std::lock_guard lock(mutex_);
  return schemas_;
}

std::string SchemaBoard::load(std::span<const std::string> files) {
  std::shared_ptr<const Schemas> fresh;
  if (!files.empty()) {
    auto loaded = Schemas::load(files);
    if (std::string* fault = std::get_if<std::string>(&loaded)) return std::move(*fault);
    fresh = std::get<0>(std::move(loaded));
  }
  const std::lock_guard lock(mutex_);
  schemas_ = std::move(fresh);
  return {};
}

std::string_view message_type_of(std::string_view content_type) {
  while (true) {
    const std::size_t semicolon = content_type.find(';');
    if (semicolon == content_type.npos) return {};
    content_type.remove_prefix(semicolon + 1);
    const std::string_view parameter = trimmed(content_type.substr(0, content_type.find(';')));
    const std::size_t equals = parameter.find('=');
    if (equals == parameter.npos) continue;
    const std::string_view name = trimmed(parameter.substr(0, equals));
    if (!equals_folded(name, "messagetype") && !equals_folded(name, "proto")) continue;
    std::string_view value = trimmed(parameter.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    return value;
  }
}

}  // namespace spanlight::body
