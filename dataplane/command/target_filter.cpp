#include "command/target_filter.h"

#include <utility>

#include "port/link_type.h"

namespace spanlight {

namespace {

// Two kinds of captures begin with a protocol number in four bytes, of either byte order, and a frame does
// not say of which it is: it is judged as the IP packet behind it.
constexpr std::uint32_t kLoopbackHeaderBytes = 4;

LinkType judged_as(LinkType link) {
  return link == LinkType::null_loopback ? LinkType::raw_ip : link;
}

bool has_zero_byte(const std::string& text) {
  return text.find('\0') != std::string::npos;
}

std::variant<BpfFilter, std::string> compile_for(const std::string& expression, LinkType link) {
  auto plain = BpfFilter::compile(expression, dlt_of(link), false);
  const auto* program = std::get_if<BpfFilter>(&plain);
  if (program == nullptr) return plain;
  if (program->instructions() > TargetFilter::kInstructionsMax)
    return "the capture filter is too long: it becomes " + std::to_string(program->instructions()) +
           " instructions, and " + std::to_string(TargetFilter::kInstructionsMax) +
           " are the most; for many addresses use a set of addresses";
  return BpfFilter::compile(expression, dlt_of(link));
}

}  // namespace

TargetFilter::Made TargetFilter::compile(const std::string& expression, std::span<const LinkType> links) {
  if (expression.size() > kTextBytesMax)
    return "the capture filter has " + std::to_string(expression.size()) + " bytes; " +
           std::to_string(kTextBytesMax) + " are the most";
  // libpcap would read to there and take the rest for a comment.
  if (has_zero_byte(expression)) return std::string("the capture filter has a zero byte in it");
  if (expression.find_first_not_of(" \t\r\n") == std::string::npos)
    return std::string("the capture filter is blank; leave it out to capture by addresses");
  std::unique_ptr<TargetFilter> filter(new TargetFilter(expression));
  for (const LinkType of_port : links) {
    auto& program = filter->programs_[static_cast<std::size_t>(judged_as(of_port))];
    if (program.has_value()) continue;
    auto compiled = compile_for(expression, judged_as(of_port));
    if (auto* fault = std::get_if<std::string>(&compiled)) return std::move(*fault);
    program.emplace(std::move(std::get<BpfFilter>(compiled)));
  }
  // Datagrams that were put together from fragments. What has no meaning there matches none of them.
  auto& bare = filter->programs_[static_cast<std::size_t>(LinkType::raw_ip)];
  if (bare.has_value()) return std::unique_ptr<const TargetFilter>(std::move(filter));
  auto compiled = compile_for(expression, LinkType::raw_ip);
  if (auto* program = std::get_if<BpfFilter>(&compiled)) bare.emplace(std::move(*program));
  return std::unique_ptr<const TargetFilter>(std::move(filter));
}

bool TargetFilter::matches(LinkType link, Bytes first, std::uint32_t wire_bytes) const {
  if (link == LinkType::null_loopback) {
    if (first.size() < kLoopbackHeaderBytes || wire_bytes < kLoopbackHeaderBytes) return false;
    first = first.subspan(kLoopbackHeaderBytes);
    wire_bytes -= kLoopbackHeaderBytes;
  }
  const auto& program = programs_[static_cast<std::size_t>(judged_as(link))];
  return program.has_value() && program->matches(first, wire_bytes);
}

}  // namespace spanlight
