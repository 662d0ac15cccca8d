#pragma once
// Bytes of one HTTP response → head, and pieces of the body: chunks taken apart, gzip inflated. Beast's
// parser does the syntax. Internal to http_stream.cpp; one per request.

#include <zlib.h>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <memory>
#include <string>

#include "kubernetes/http_stream.h"

namespace spanlight {

class ResponseReader final : public boost::beast::http::basic_parser<false> {
 public:
  explicit ResponseReader(HttpStream::Reader*& reader);
  ~ResponseReader() override;

  const HttpHead& head() const { return head_; }
  bool enough() const { return enough_; }              // the reader said so, or is gone
  const std::string& fault() const { return fault_; }  // of the compression

 private:
  using View = boost::beast::string_view;
  using Error = boost::beast::error_code;
  void on_request_impl(boost::beast::http::verb, View, View, int, Error&) override {}
  void on_response_impl(int code, View reason, int version, Error& error) override;
  void on_field_impl(boost::beast::http::field name, View text, View value, Error& error) override;
  void on_header_impl(Error& error) override;
  void on_body_init_impl(boost::optional<std::uint64_t> const&, Error&) override {}
  std::size_t on_body_impl(View piece, Error& error) override;
  void on_chunk_header_impl(std::uint64_t, View, Error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View piece, Error& error) override;
  void on_finish_impl(Error& error) override;

  void take(View piece);
  void inflate_piece(View piece);

  HttpStream::Reader*& reader_;  // nullptr once nobody listens any more
  HttpHead head_;
  bool gzip_ = false;
  bool enough_ = false;
  bool inflated_all_ = false;
  std::string fault_;
  struct Inflater;
  std::unique_ptr<Inflater> inflater_;
};

}  // namespace spanlight
