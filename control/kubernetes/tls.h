#pragma once
// TLS towards an API server: authorities, our certificate, and which name must be in the server's. Internal
// to http_stream.cpp.

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <memory>
#include <string>

#include "kubernetes/access.h"

namespace spanlight {

using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

// nullptr and a sentence where certificates or keys are not such.
std::unique_ptr<boost::asio::ssl::context> make_tls_context(const ClusterAccess& access,
                                                            const Credentials& credentials,
                                                            std::string& fault);
// The name or address that is verified, and told to the server where it is a name.
bool expect_server(TlsStream& stream, const ClusterAccess& access, std::string& fault);
// Why a handshake failed: the certificate's fault where there was one.
std::string handshake_fault(TlsStream& stream, const ClusterAccess& access, const std::string& error);

}  // namespace spanlight
