#pragma once
// A Channel as Beast wants its streams. Include from the few files that speak HTTP only: Beast takes seconds
// to compile.

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/system/system_error.hpp>

#include "store/channel.h"

namespace spanlight {

class BeastChannel {
 public:
  using Error = boost::system::error_code;
  explicit BeastChannel(Channel& channel) : channel_(channel) {}

  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers, Error& error) {
    const boost::asio::mutable_buffer first = first_of<boost::asio::mutable_buffer>(buffers);
    return told(channel_.receive(first.data(), first.size()), first.size(), error);
  }
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers, Error& error) {
    const boost::asio::const_buffer first = first_of<boost::asio::const_buffer>(buffers);
    return told(channel_.send(first.data(), first.size()), first.size(), error);
  }
  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers) {
    Error error;
    const std::size_t moved = read_some(buffers, error);
    if (error) throw boost::system::system_error(error);
    return moved;
  }
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers) {
    Error error;
    const std::size_t moved = write_some(buffers, error);
    if (error) throw boost::system::system_error(error);
    return moved;
  }

 private:
  // One piece at a time: heads and bodies are long, so little is won by gathering them.
  template <typename Buffer, typename Buffers>
  static Buffer first_of(const Buffers& buffers) {
    const auto end = boost::asio::buffer_sequence_end(buffers);
    for (auto at = boost::asio::buffer_sequence_begin(buffers); at != end; ++at)
      if (Buffer piece(*at); piece.size() > 0) return piece;
    return {};
  }

  std::size_t told(std::size_t moved, std::size_t wanted, Error& error) const {
    error = {};
    if (moved > 0 || wanted == 0) return moved;
    switch (channel_.fault()) {
      case ChannelFault::closed:
        error = boost::asio::error::eof;
        break;
      case ChannelFault::timed_out:
        error = boost::asio::error::timed_out;
        break;
      case ChannelFault::interrupted:
        error = boost::asio::error::operation_aborted;
        break;
      case ChannelFault::none:
      case ChannelFault::failed:
        error = boost::asio::error::connection_aborted;
        break;
    }
    return 0;
  }

  Channel& channel_;
};

}  // namespace spanlight
