#include "kubernetes/tls.h"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>

#include "address/address.h"

namespace spanlight {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;

std::unique_ptr<ssl::context> make_tls_context(const ClusterAccess& access, const Credentials& credentials,
                                               std::string& fault) {
  auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  boost::system::error_code error;
  const auto refuse = [&](const std::string& what) {
    fault = what + " of " + access.origin + " cannot be used: " + error.message() + ".";
    return nullptr;
  };
  if (access.insecure) {
    context->set_verify_mode(ssl::verify_none, error);
  } else {
    context->set_verify_mode(ssl::verify_peer, error);
    if (credentials.ca_pem.empty())
      context->set_default_verify_paths(error);
    else
      context->add_certificate_authority(asio::buffer(credentials.ca_pem), error);
    if (error) return refuse("The certificate-authority");
  }
  if (!credentials.certificate_pem.empty()) {
    context->use_certificate_chain(asio::buffer(credentials.certificate_pem), error);
    if (error) return refuse("The client-certificate");
    context->use_private_key(asio::buffer(credentials.key_pem), ssl::context::pem, error);
    if (error) return refuse("The client-key");
    if (SSL_CTX_check_private_key(context->native_handle()) != 1) {
      fault = "The client-key of " + access.origin + " does not belong to its client-certificate.";
      return nullptr;
    }
  }
  return context;
}

bool expect_server(TlsStream& stream, const ClusterAccess& access, std::string& fault) {
  const std::string& name = access.tls_server_name.empty() ? access.host : access.tls_server_name;
  boost::system::error_code error;
  if (!access.insecure) stream.set_verify_callback(ssl::host_name_verification(name), error);
  // RFC 6066, 3: addresses are not named.
  const bool named = error || parse_address(name) ||
                     SSL_ctrl(stream.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                              const_cast<char*>(name.c_str())) == 1;  // a C interface; it copies
  if (!error && named) return true;
  fault = "TLS to \"" + name + "\" cannot be set up.";
  return false;
}

std::string handshake_fault(TlsStream& stream, const ClusterAccess& access, const std::string& error) {
  const std::string who = access.host + ":" + access.port;
  const long verified = SSL_get_verify_result(stream.native_handle());
  if (verified != X509_V_OK && !access.insecure)
    return "The certificate of " + who + " is not accepted (" + X509_verify_cert_error_string(verified) +
           "); compare the certificate-authority and the server's name of " + access.origin + ".";
  if (error.find("certificate verify failed") != std::string::npos)
    return "The certificate of " + who +
           " is for another name; a tls-server-name in the kubeconfig says which it is.";
  return "No TLS connection with " + who + ": " + error + ".";
}

}  // namespace spanlight
