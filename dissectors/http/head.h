#pragma once
// The start line and the headers of one message, in wire order and spelling. Read whole, they stand as they
// came in one slab block, the table of header offsets behind them; read in pieces, names and values side by
// side in one growing block, the table in another. Plain data inside a slab block; its holder releases it.
// Beyond Limits::head_bytes_max or headers_max nothing more is stored, the message says so, and parsing goes
// on.

#include <cstdint>
#include <string_view>

#include "core/dissector.h"
#include "core/slab_buffer.h"
#include "http/head_scan.h"
#include "http/start_line.h"

namespace spanlight::http {

class Head {
 public:
  // All at once: `bytes` is what `scanned` tells of. False: there is no memory, and nothing was stored.
  bool store(Workshop& workshop, Bytes bytes, const ScannedHead& scanned, const StartLine& line);

  // The start line, piece by piece. False: it is longer than the limit, or there is no memory.
  bool append_line(Workshop& workshop, Bytes piece);
  static std::size_t line_bytes_max(const Limits& limits);
  Bytes line() const { return text_.bytes(); }
  void end_line(const StartLine& parsed);

  // Headers, piece by piece; trailers too.
  void header_name(Workshop& workshop, Bytes piece);
  void header_value(Workshop& workshop, Bytes piece);
  void header_end(Workshop& workshop);
  void cut_header();  // the header in progress will not be completed: it is not kept

  bool truncated() const { return truncated_; }
  bool line_done() const { return line_done_; }
  const StartLine& start_line() const { return start_line_; }
  std::string_view text(Slice s) const { return as_text(text_.bytes()).substr(s.offset, s.length); }
  Headers headers() const { return {text_.bytes(), spans()}; }
  std::string_view lifted(Known known) const;  // its value; empty: there is none

  void release(Workshop& workshop);

 private:
  std::span<const HeaderSpan> spans() const;
  bool unpack(Workshop& workshop);
  void truncate(Workshop& workshop);
  bool append_text(Workshop& workshop, Bytes piece);

  SlabBuffer text_;
  SlabBuffer spans_;  // empty while `packed_`
  StartLine start_line_;
  HeaderSpan open_;  // the header in progress
  std::uint32_t count_ = 0;
  LiftedHeaders lifted_;
  bool packed_ = false;  // the spans stand behind the text, in its block
  bool line_done_ = false;
  bool in_header_ = false;
  bool in_value_ = false;
  bool overflow_ = false;  // the header in progress does not fit
  bool truncated_ = false;
};

}  // namespace spanlight::http
