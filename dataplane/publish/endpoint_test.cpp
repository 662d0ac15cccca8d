// Where the sensor may listen, and what it says when it may not.

#include "publish/endpoint.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "publish/fakes.h"

namespace spanlight {
namespace {

using fakes::eventually;
using fakes::Subscriber;

TEST(ParseEndpoint, Understands) {
  struct Case {
    const char* text;
    Endpoint::Kind kind;
    const char* host;
    const char* port;
    bool loopback;
  };
  const Case cases[] = {
      {"ipc:///run/spanlight/records.sock", Endpoint::Kind::ipc, "", "", false},
      {"inproc://a", Endpoint::Kind::inproc, "", "", false},
      {"tcp://127.0.0.1:5555", Endpoint::Kind::tcp, "127.0.0.1", "5555", true},
      {"tcp://127.8.9.1:*", Endpoint::Kind::tcp, "127.8.9.1", "*", true},
      {"tcp://localhost:5555", Endpoint::Kind::tcp, "127.0.0.1", "5555", true},
      {"tcp://lo:5555", Endpoint::Kind::tcp, "lo", "5555", true},
      {"tcp://[::1]:5555", Endpoint::Kind::tcp, "::1", "5555", true},
      {"tcp://[::ffff:127.0.0.1]:5555", Endpoint::Kind::tcp, "::ffff:127.0.0.1", "5555", true},
      {"tcp://[::ffff:10.0.0.1]:5555", Endpoint::Kind::tcp, "::ffff:10.0.0.1", "5555", false},
      {"tcp://[::]:5555", Endpoint::Kind::tcp, "::", "5555", false},
      {"tcp://0.0.0.0:5555", Endpoint::Kind::tcp, "0.0.0.0", "5555", false},
      {"tcp://*:5555", Endpoint::Kind::tcp, "*", "5555", false},
      {"tcp://eth0:5555", Endpoint::Kind::tcp, "eth0", "5555", false},
      {"tcp://127.0.0.1.example.org:5555", Endpoint::Kind::tcp, "127.0.0.1.example.org", "5555", false},
      {"tcp://10.0.0.1:65535", Endpoint::Kind::tcp, "10.0.0.1", "65535", false},
  };
  for (const Case& c : cases) {
    Endpoint endpoint;
    EXPECT_EQ(parse_endpoint(c.text, endpoint), "") << c.text;
    EXPECT_EQ(endpoint.kind, c.kind) << c.text;
    EXPECT_EQ(endpoint.host, c.host) << c.text;
    EXPECT_EQ(endpoint.port, c.port) << c.text;
    EXPECT_EQ(endpoint.loopback, c.loopback) << c.text;
  }
}

TEST(ParseEndpoint, Refuses) {
  const std::string long_path = "ipc:///" + std::string(120, 'x');
  const std::pair<std::string, const char*> cases[] = {
      {"", "write ipc://PATH or tcp://ADDRESS:PORT"},
      {"records.sock", "write ipc://PATH or tcp://ADDRESS:PORT"},
      {"udp://127.0.0.1:1", "write ipc://PATH or tcp://ADDRESS:PORT"},
      {"inproc://", "write ipc://PATH or tcp://ADDRESS:PORT"},
      {"ipc://", "name a file"},
      {"ipc://*", "name a file"},
      {"ipc://@abstract", "only a file has an owner and a mode"},
      {"ipc:///run/spanlight/", "no file name"},
      {long_path, "longer than the 107 bytes"},
      {"tcp://127.0.0.1", "tcp://ADDRESS:PORT"},
      {"tcp://:5555", "tcp://ADDRESS:PORT"},
      {"tcp://127.0.0.1:", "tcp://ADDRESS:PORT"},
      {"tcp://::1:5555", "tcp://[ADDRESS]:PORT"},
      {"tcp://[]:5555", "tcp://[ADDRESS]:PORT"},
      {"tcp://127.0.0.1:0", "from 1 to 65535"},
      {"tcp://127.0.0.1:65536", "from 1 to 65535"},
      {"tcp://127.0.0.1:99999999999999999999", "from 1 to 65535"},
      {"tcp://127.0.0.1:http", "from 1 to 65535"},
  };
  for (const auto& [text, sentence] : cases) {
    Endpoint endpoint;
    EXPECT_NE(parse_endpoint(text, endpoint).find(sentence), std::string::npos)
        << text << ": " << parse_endpoint(text, endpoint);
  }
}

// Opens a publisher there and returns its sentence.
std::string open_at(const std::string& endpoint, Settings settings = {}) {
  settings.records_endpoint = endpoint;
  Publisher publisher(settings, fakes::identity(), {}, {}, fakes::options());
  return publisher.open();
}

bool contains(const std::string& sentence, const std::string& part) {
  return sentence.find(part) != std::string::npos;
}

TEST(IpcEndpoint, MakesItsDirectoryAndSetsTheModes) {
  const fakes::TempDirectory directory;
  Settings settings;
  settings.records_endpoint = directory.ipc("a/b/records.sock");
  Publisher publisher(settings, fakes::identity(), {}, {}, fakes::options());
  const mode_t mask = umask(0077);  // must not matter
  const std::string sentence = publisher.open();
  EXPECT_EQ(umask(mask), 0077u) << "the umask was not put back";
  ASSERT_EQ(sentence, "");
  struct stat info {};
  ASSERT_EQ(stat(directory.file("a/b").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0755u);
  ASSERT_EQ(stat(directory.file("a/b/records.sock").c_str(), &info), 0);
  EXPECT_TRUE(S_ISSOCK(info.st_mode));
  EXPECT_EQ(info.st_mode & 07777, 0660u);
}

TEST(IpcEndpoint, ALivingSensorKeepsItsSocket) {
  const fakes::TempDirectory directory;
  const fakes::Context context;
  Settings settings;
  settings.records_endpoint = directory.ipc("records.sock");
  Publisher first(settings, fakes::identity(), {}, {}, fakes::options());
  ASSERT_EQ(first.open(), "");
  first.start();
  const std::string sentence = open_at(settings.records_endpoint);
  EXPECT_TRUE(
      contains(sentence, "records endpoint " + settings.records_endpoint + ": in use by another sensor"))
      << sentence;
  Subscriber subscriber(context.get(), settings.records_endpoint, {"hello."});
  EXPECT_TRUE(subscriber.receive());  // the first one is as it was
}

TEST(IpcEndpoint, AFileOfADeadSensorIsReplaced) {
  const fakes::TempDirectory directory;
  const std::string path = directory.file("records.sock");
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  close(fd);  // the file stays
  ASSERT_EQ(access(path.c_str(), F_OK), 0);
  EXPECT_EQ(open_at(directory.ipc("records.sock")), "");
}

TEST(IpcEndpoint, AFileThatIsNoSocketStays) {
  const fakes::TempDirectory directory;
  std::ofstream(directory.file("precious")) << "data";
  EXPECT_TRUE(contains(open_at(directory.ipc("precious")), "not a socket"));
  std::string text;
  std::ifstream(directory.file("precious")) >> text;
  EXPECT_EQ(text, "data");
  EXPECT_TRUE(contains(open_at(directory.ipc("precious/records.sock")), "cannot look at the file"));
}

TEST(IpcEndpoint, UnknownGroupIsTold) {
  const fakes::TempDirectory directory;
  Settings settings;
  settings.ipc_group = "no-such-group";
  EXPECT_TRUE(
      contains(open_at(directory.ipc("records.sock"), settings), "there is no group 'no-such-group'"));
}

TEST(TcpEndpoint, BeyondLoopbackNeedsKeys) {
  for (const char* text : {"tcp://0.0.0.0:*", "tcp://*:*", "tcp://[::]:*"})
    EXPECT_TRUE(contains(open_at(text), "needs CURVE keys")) << open_at(text);
  EXPECT_EQ(open_at("tcp://127.0.0.1:*"), "");
}

TEST(TcpEndpoint, PortInUseIsTold) {
  Settings settings;
  settings.records_endpoint = "tcp://127.0.0.1:*";
  Publisher first(settings, fakes::identity(), {}, {}, fakes::options());
  ASSERT_EQ(first.open(), "");
  EXPECT_TRUE(contains(open_at(first.endpoint()), "another program listens there"))
      << open_at(first.endpoint());
}

struct Keys {
  std::array<char, 41> public_key{}, secret_key{};
  Keys() { zmq_curve_keypair(public_key.data(), secret_key.data()); }
};

TEST(CurveKeys, FaultsAreTold) {
  const Keys one, two;
  Settings settings;
  const auto sentence = [&](const char* public_key, const char* secret_key) {
    settings.curve_public_key = public_key;
    settings.curve_secret_key = secret_key;
    return open_at("tcp://0.0.0.0:*", settings);
  };
  EXPECT_TRUE(contains(sentence(one.public_key.data(), ""), "secret key is not a key"));
  EXPECT_TRUE(contains(sentence("", one.secret_key.data()), "does not belong to the secret key"));
  EXPECT_TRUE(contains(sentence(one.public_key.data(), "short"), "secret key is not a key"));
  EXPECT_TRUE(
      contains(sentence(two.public_key.data(), one.secret_key.data()), "does not belong to the secret key"));
  EXPECT_EQ(sentence(one.public_key.data(), one.secret_key.data()), "");
  settings.curve_clients = {"not a key"};
  EXPECT_TRUE(contains(sentence(one.public_key.data(), one.secret_key.data()), "CURVE client 'not a key'"));
  settings.curve_clients = {two.public_key.data()};
  EXPECT_TRUE(contains(sentence("", ""), "this sensor has no CURVE keys"));
}

std::function<void(void*)> as_client(const Keys& client, const Keys& server) {
  return [&](void* socket) {
    zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server.public_key.data(), 41);
    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, client.public_key.data(), 41);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, client.secret_key.data(), 41);
  };
}

TEST(CurveKeys, ListedClientsOnly) {
  const fakes::Context context;
  const Keys server, listed, stranger;
  Settings settings;
  settings.records_endpoint = "tcp://127.0.0.1:*";
  settings.curve_public_key = server.public_key.data();
  settings.curve_secret_key = server.secret_key.data();
  settings.curve_clients = {listed.public_key.data()};
  Publisher publisher(settings, fakes::identity(), {}, {}, fakes::options());
  ASSERT_EQ(publisher.open(), "");
  publisher.start();
  Subscriber refused(context.get(), publisher.endpoint(), {"hello."}, as_client(stranger, server));
  EXPECT_TRUE(eventually([&] { return publisher.counters().clients_refused > 0; }));
  Subscriber plain(context.get(), publisher.endpoint(), {"hello."});
  EXPECT_TRUE(eventually([&] { return publisher.counters().handshakes_failed > 1; }));
  Subscriber welcome(context.get(), publisher.endpoint(), {"hello."}, as_client(listed, server));
  EXPECT_TRUE(welcome.receive());
  EXPECT_FALSE(refused.receive(std::chrono::milliseconds(50)));
  EXPECT_FALSE(plain.receive(std::chrono::milliseconds(50)));
  EXPECT_EQ(publisher.counters().subscriptions, 1u);
}

TEST(CurveKeys, WithoutAListAnyClientThatKnowsTheSensor) {
  const fakes::Context context;
  const Keys server, anybody, wrong;
  Settings settings;
  settings.records_endpoint = "tcp://127.0.0.1:*";
  settings.curve_public_key = server.public_key.data();
  settings.curve_secret_key = server.secret_key.data();
  Publisher publisher(settings, fakes::identity(), {}, {}, fakes::options());
  ASSERT_EQ(publisher.open(), "");
  publisher.start();
  Subscriber mistaken(context.get(), publisher.endpoint(), {"hello."}, as_client(anybody, wrong));
  Subscriber welcome(context.get(), publisher.endpoint(), {"hello."}, as_client(anybody, server));
  EXPECT_TRUE(welcome.receive());
  EXPECT_TRUE(eventually([&] { return publisher.counters().handshakes_failed > 0; }));
  EXPECT_FALSE(mistaken.receive(std::chrono::milliseconds(50)));
}

}  // namespace
}  // namespace spanlight
