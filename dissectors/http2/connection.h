#pragma once
// One HTTP/2 connection: per direction the frame under way and the header decompressor, and the calls that
// are open. Lives in its flow's slot; everything it holds beyond that is in the worker's slabs and goes back
// at the latest in on_close().

#include <array>
#include <cstdint>

#include "core/dissector.h"
#include "http2/call.h"
#include "http2/frame.h"
#include "http2/hpack.h"
#include "http2/recent.h"

namespace spanlight::http2 {

class Connection final : public Dissector {
 public:
  explicit Connection(Workshop& workshop)
      : workshop_(workshop), tracks_{Track(workshop), Track(workshop)}, calls_(workshop.secret) {}

  Answer on_data(Direction from, const Window& window, Sink& sink) override;
  void on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs last_byte) override;
  Answer on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs time, Sink& sink) override;
  void on_end(Direction from, End end, TimeNs time, Sink& sink) override;
  void on_close(End end, TimeNs time, Sink& sink) override;
  void on_time(TimeNs now, Sink& sink) override;
  TimeNs next_deadline() const override { return earliest_; }

  // Of one header block: what outgrows them is not read, and the table behind it is guessed.
  static constexpr std::uint32_t kBlockBytesMax = 1u << 20;
  static constexpr std::uint32_t kBlockFieldsMax = 4'096;
  static constexpr std::uint32_t kContinuationsMax = 256;
  // How long a stream stays open whose response has ended and whose request has not.
  static constexpr DurationNs kLingerNs = kSecondNs;
  static constexpr DurationNs kGrpcTimeoutMax = 86'400 * kSecondNs;
  static constexpr std::uint32_t kWebTrailersMax = 4'096;
  static constexpr std::uint32_t kGoawaysMax = 16;  // each looks at all open calls; two are usual

 private:
  enum class Phase : std::uint8_t {
    head,   // a frame's head comes next
    data,   // content of DATA
    block,  // a piece of a header block
    pass,   // padding, or a frame that says nothing of calls
  };
  enum class Next : std::uint8_t { go_on, wait, resync, identify };
  struct Step {
    std::size_t consumed = 0;
    Next next = Next::go_on;
    std::size_t wait_bytes = 0;
  };

  // A header block under way, from HEADERS or PUSH_PROMISE to END_HEADERS.
  struct Block {
    std::uint32_t stream = 0;  // of the frames it comes in
    std::uint32_t bytes = 0;
    std::uint32_t fields = 0;
    std::uint32_t continuations = 0;
    bool open = false;
    bool readable = false;
    bool ends_stream = false;
    bool promise = false;
  };

  struct Track {
    explicit Track(Workshop& workshop) : hpack(workshop) {}
    Hpack hpack;
    Call* call = nullptr;  // whose DATA or header block it is; nullptr: nobody's
    FrameHead frame;
    Block block;
    std::uint32_t left = 0;     // of the frame's content
    std::uint32_t padding = 0;  // behind it
    Phase phase = Phase::head;
    bool begun = false;                  // the preface, or a frame, was read
    GapCause cause = GapCause::content;  // why the decompressor had to guess
    bool disturbed = false;              // frames went missing
    bool searching = false;              // and none was found again yet
    bool ended = false;
    Reason end_reason = Reason::none;
  };

  Track& track(Direction from) { return tracks_[index_of(from)]; }
  const Track& track(Direction from) const { return tracks_[index_of(from)]; }

  // Frames. frames.cpp.
  Step step(Direction from, const Window& window, Sink& sink);
  Step step_head(Direction from, const Window& window, Sink& sink);
  bool speaks_otherwise(Direction from) const;
  bool answers_in_http1(Direction from, Bytes in) const;
  Step read_refusal(const Window& window, Sink& sink);
  Step begin_content(Direction from, const Window& window, Sink& sink);
  Step read_control(Direction from, Bytes bytes, Sink& sink);
  Step malformed(Direction from, TimeNs time, Sink& sink);
  void begin_data(Direction from, TimeNs time, Sink& sink);
  Step step_data(Direction from, const Window& window, Sink& sink);
  void count_messages(Direction from, Call& call, Bytes data);
  void end_data(Direction from, Sink& sink);
  bool begin_block(Direction from, std::uint32_t promised, const Window& window, Sink& sink);
  Step step_block(Direction from, const Window& window, Sink& sink);
  void read_block(Direction from, Bytes piece, bool last);
  void abandon_block(Direction from, GapCause cause);
  void end_block(Direction from, Sink& sink);
  void end_content(Direction from);
  Answer after_window(Direction from, std::size_t consumed);
  void lose(Direction from, GapCause cause, TimeNs time, Sink& sink);

  // Calls. calls.cpp.
  Call* call_of_data(Direction from, std::uint32_t stream, Sink& sink);
  Call* call_of_request(std::uint32_t stream, TimeNs time, Sink& sink);
  Call* call_of_response(std::uint32_t stream, Sink& sink);
  Call* open_call(std::uint32_t stream, Sink& sink);
  Call* begun_unseen(Call* call);
  bool may_have_begun_unseen(std::uint32_t stream) const;
  void headed(Direction from, Call& call, Sink& sink);
  static void learn_grpc(Call& call, grpc::Kind kind);
  void end_half(Direction from, Call& call, Sink& sink);
  void read_web_trailers(Call& call);

  // A WebSocket on a stream. socket.cpp.
  void open_socket(Call& call);
  void read_socket(Direction from, Call& call, Bytes data, TimeNs time, Sink& sink);
  void lose_socket(Direction from, Call& call, std::uint32_t flag, Sink& sink);
  void end_socket(Direction from, Call& call, std::uint32_t flags, Sink& sink);
  void close_socket(Call& call, Sink& sink);
  ws::Track::Around around(Direction from, Call& call, Sink& sink);
  void settle_if_done(Call& call, Sink& sink);
  void refuse(Call& call, Sink& sink);
  void reset_stream(Direction from, std::uint32_t stream, std::uint32_t error_code, Sink& sink);
  void go_away(Direction from, const Goaway& goaway, Sink& sink);
  void emit(Call& call, Reason reason, Sink& sink);
  Reason lost(const Call& call) const;
  TimeNs deadline_of(const Call& call) const;
  void note_deadline(const Call& call);

  Workshop& workshop_;
  Track tracks_[2];
  CallTable calls_;
  Recent recent_;
  TimeNs earliest_ = kNever;         // no deadline is before it
  std::uint32_t newest_stream_ = 0;  // of those that the client opened
  std::uint32_t newest_opened_ = 0;  // of the client's streams, also where the answer was seen first
  std::uint32_t goaways_ = 0;        // that named streams as not taken
  TimeNs refused_at_ = 0;            // when a status line of HTTP/1 came; 0: none, or a call has it
  std::array<char, 3> refusal_{};    // its status
  bool greeted_ = false;             // the server spoke first, as HTTP/2
  bool opened_first_ = false;        // stream 1 by itself, not by an upgrade
};
static_assert(sizeof(Connection) <= 1'024, "one of the slabs' smaller blocks");

// Builds the transaction of a call and hands it to the sink. `reason` counts where a half is missing.
void emit_call(const Call& call, Reason reason, Workshop& workshop, Sink& sink);

}  // namespace spanlight::http2
