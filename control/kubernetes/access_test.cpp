#include "kubernetes/access.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace spanlight {
namespace {

class AccessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = (std::filesystem::temp_directory_path() / "spanlight-access-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }
  std::string config(const std::string& user, const std::string& cluster = "server: https://10.0.0.1:6443") {
    return write("config",
                 "current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\nclusters: "
                 "[{name: c, cluster: {" +
                     cluster + "}}]\nusers: [{name: u, user: {" + user + "}}]\n");
  }
  std::string refusal(const std::string& user, const std::string& cluster = "server: https://10.0.0.1:6443") {
    std::string fault;
    EXPECT_FALSE(read_kubeconfig({config(user, cluster)}, "", fault)) << user;
    return fault;
  }
  std::string folder_;
};

TEST_F(AccessTest, ReadsServers) {
  struct Case {
    const char *url, *host, *port, *base;
    bool tls;
  };
  for (const Case& c :
       {Case{"https://10.0.0.1:6443", "10.0.0.1", "6443", "", true},
        Case{"https://api.example.com", "api.example.com", "443", "", true},
        Case{"http://localhost:8001/", "localhost", "8001", "", false},
        Case{"https://[fd00::1]:6443/k8s/c-1/", "fd00::1", "6443", "/k8s/c-1", true},
        Case{"https://[fd00::1]", "fd00::1", "443", "", true}, Case{"api:6443", "api", "6443", "", true}}) {
    ClusterAccess access;
    ASSERT_TRUE(split_server(c.url, access)) << c.url;
    EXPECT_EQ(access.host, c.host);
    EXPECT_EQ(access.port, c.port);
    EXPECT_EQ(access.base_path, c.base);
    EXPECT_EQ(access.tls, c.tls);
  }
  for (const char* url : {"", "https://", "ftp://x", "https://a:b", "https://fd00::1:6443",
                          "https://[fd00::1", "https://u:p@host", "https://h:99999999", "https://h/a b"}) {
    ClusterAccess access;
    EXPECT_FALSE(split_server(url, access)) << url;
  }
}

TEST_F(AccessTest, ReadsWhatIsGiven) {
  write("tok", "secret\n");
  write("ca.crt", "CA");
  std::string fault;
  const auto access =
      read_kubeconfig({config("tokenFile: tok, token: other",
                              "server: 'https://h:1', certificate-authority: ca.crt, tls-server-name: n")},
                      "", fault);
  ASSERT_TRUE(access) << fault;
  Credentials credentials;
  ASSERT_TRUE(read_credentials(*access, credentials, fault)) << fault;
  EXPECT_EQ(credentials.token, "secret");
  EXPECT_EQ(credentials.ca_pem, "CA");
  EXPECT_EQ(access->tls_server_name, "n");
  write("tok", "newer");
  ASSERT_TRUE(read_credentials(*access, credentials, fault));
  EXPECT_EQ(credentials.token, "newer");
}

TEST_F(AccessTest, DataWinsOverFiles) {
  std::string fault;
  const auto access = read_kubeconfig(
      {config("client-certificate-data: Y2VydA==, client-certificate: /none, client-key-data: a2V5",
              "server: 'https://h:1'")},
      "", fault);
  ASSERT_TRUE(access) << fault;
  EXPECT_EQ(access->certificate_pem, "cert");
  EXPECT_EQ(access->key_pem, "key");
}

TEST_F(AccessTest, RefusesWithAMend) {
  EXPECT_NE(refusal("exec: {command: aws}").find("credential plugins are not run"), std::string::npos);
  EXPECT_NE(refusal("auth-provider: {name: gcp}").find("auth-provider"), std::string::npos);
  EXPECT_NE(refusal("username: a, password: b").find("passwords"), std::string::npos);
  EXPECT_NE(refusal("as: root").find("impersonate"), std::string::npos);
  EXPECT_NE(refusal("tokenFile: /does/not/exist").find("cannot be read"), std::string::npos);
  EXPECT_NE(refusal("client-certificate-data: '***'").find("not base64"), std::string::npos);
  EXPECT_NE(refusal("client-certificate-data: Y2VydA==").find("both are needed"), std::string::npos);
  EXPECT_NE(refusal("token: 'a b'").find("no bearer token"), std::string::npos);
  EXPECT_NE(refusal("token: x", "server: 'https://h:1', proxy-url: 'http://p'").find("proxy-url"),
            std::string::npos);
  EXPECT_NE(refusal("token: x", "server: 'nonsense://'").find("not a URL"), std::string::npos);
  EXPECT_EQ(refusal("token: x", "server: 'https://ann:s3cret@h'").find("s3cret"), std::string::npos);
}

TEST_F(AccessTest, WarnsOfWhatIsNotSafe) {
  std::string fault;
  const auto access =
      read_kubeconfig({config("token: x", "server: 'http://h', insecure-skip-tls-verify: true")}, "", fault);
  ASSERT_TRUE(access);
  EXPECT_TRUE(access->insecure);
  EXPECT_EQ(access->warnings.size(), 2U);
}

TEST_F(AccessTest, SeveralFilesAreOne) {
  const std::string first = write(
      "first",
      "contexts: [{name: a, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {tokenFile: tok}}]\n");
  std::filesystem::create_directory(folder_ + "/b");
  const std::string second = write("b/second",
                                   "current-context: a\nclusters: [{name: c, cluster: {server: "
                                   "'https://h:1'}}]\nusers: [{name: u, user: {token: later}}]\n");
  write("tok", "first");
  std::string fault;
  const auto access = read_kubeconfig({folder_ + "/missing", first, second}, "", fault);
  ASSERT_TRUE(access) << fault;
  EXPECT_EQ(access->token_file, folder_ + "/tok");
  EXPECT_FALSE(read_kubeconfig({first, second}, "other", fault));
  EXPECT_NE(fault.find("no context \"other\""), std::string::npos);
}

TEST_F(AccessTest, BrokenFilesAreTold) {
  std::string fault;
  EXPECT_FALSE(read_kubeconfig({write("x", "a: [")}, "", fault));
  EXPECT_NE(fault.find("not readable YAML"), std::string::npos);
  EXPECT_FALSE(read_kubeconfig({folder_ + "/none"}, "", fault));
  EXPECT_NE(fault.find("cannot be read"), std::string::npos);
  for (const char* text :
       {"", "[]", "3", "contexts: 3\ncurrent-context: a", "current-context: a\ncontexts: [{name: a}]",
        "current-context: a\ncontexts: [3, {name: a, context: {cluster: c}}]\nclusters: [{name: c, cluster: "
        "3}]"}) {
    fault.clear();
    EXPECT_FALSE(read_kubeconfig({write("x", text)}, "", fault)) << text;
    EXPECT_FALSE(fault.empty()) << text;
  }
}

TEST_F(AccessTest, ServiceAccount) {
  std::string fault;
  EXPECT_FALSE(read_service_account(folder_, "10.96.0.1", "443", fault));
  write("token", "t");
  write("ca.crt", "CA");
  const auto access = read_service_account(folder_, "10.96.0.1", "443", fault);
  ASSERT_TRUE(access) << fault;
  EXPECT_EQ(access->host, "10.96.0.1");
  EXPECT_TRUE(access->tls);
  EXPECT_EQ(access->token_file, folder_ + "/token");
}

// client-go: $KUBECONFIG, else ~/.kube/config, else the pod; files that are not there or say nothing do not
// count.
TEST_F(AccessTest, FindsTheClusterInKubectlsOrder) {
  std::filesystem::create_directories(folder_ + "/person/.kube");
  std::filesystem::create_directories(folder_ + "/pod");
  const auto server = [](const char* host) {
    return "current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\nclusters: [{name: c, cluster: "
           "{server: "
           "'https://" +
           std::string(host) + ":1'}}]\n";
  };
  const std::string usual = "person/.kube/config", named = write("named", server("named")),
                    empty = write("empty", "");
  const std::string cleared =
      write("cleared", "apiVersion: v1\nkind: Config\nclusters: []\nusers: null\ncontexts: []\n");
  write("pod/token", "t");
  write("pod/ca.crt", "CA");
  struct Case {
    const char* what;
    std::string list, usual;
    bool in_pod;
    const char *host, *fault;
  };
  const std::string missing = folder_ + "/missing";
  for (const Case& c : std::vector<Case>{
           {"named wins over all", named, server("usual"), true, "named", ""},
           {"of several those that are there", missing + ":" + named, server("usual"), true, "named", ""},
           {"the usual one wins over the pod", "", server("usual"), true, "usual", ""},
           {"the usual one", "", server("usual"), false, "usual", ""},
           {"the pod", "", "none", true, "10.96.0.1", ""},
           {"named and not there: the usual one does not count", missing, server("usual"), true, "10.96.0.1",
            ""},
           {"named and empty", empty + ":" + cleared, server("usual"), true, "10.96.0.1", ""},
           {"the usual one is empty", "", "# nothing\n", true, "10.96.0.1", ""},
           {"nothing at all", "", "none", false, "", ""},
           {"named, not there, no pod", missing, server("usual"), false, "", "None of the files"},
           {"a broken one is told, not passed over", "", "a: [", true, "", "not readable YAML"},
           {"one without a current context too", "",
            "clusters: [{name: c, cluster: {server: 'https://h:1'}}]", true, "", "no current-context"}}) {
    SCOPED_TRACE(c.what);
    std::filesystem::remove(folder_ + "/" + usual);
    if (c.usual != "none") write(usual, c.usual);
    Surroundings around;
    around.kubeconfig_list = c.list;
    around.home = folder_ + "/person";
    around.service_account = folder_ + "/pod";
    if (c.in_pod) around.service_host = "10.96.0.1";
    std::string fault;
    const auto access = find_cluster({}, around, fault);
    EXPECT_EQ(access ? access->host : "", c.host) << fault;
    EXPECT_EQ(fault.empty(), std::string(c.fault).empty()) << fault;
    EXPECT_NE(fault.find(c.fault), std::string::npos) << fault;
    EXPECT_EQ(access && access->warnings.size() == 1, !c.list.empty() && std::string(c.host) == "10.96.0.1");
  }
}

// Whoever names a file means that file.
TEST_F(AccessTest, TheSettingWinsAndMustBeThere) {
  Surroundings around;
  around.kubeconfig_list = config("token: x");
  std::string fault;
  EXPECT_FALSE(find_cluster({folder_ + "/missing", ""}, around, fault));
  EXPECT_NE(fault.find("cannot be read"), std::string::npos);
}

TEST_F(AccessTest, WhatAKubeconfigHoldsIsReadAgain) {
  std::string fault;
  auto access = read_kubeconfig({config("token: old")}, "", fault);
  ASSERT_TRUE(access) << fault;
  config("token: new");
  renew_credentials(*access);
  EXPECT_EQ(access->token, "new");
  config("tokenFile: tok");  // which is not there
  renew_credentials(*access);
  EXPECT_EQ(access->token, "new");
  write("tok", "newest");
  renew_credentials(*access);
  EXPECT_EQ(access->token, "");
  EXPECT_EQ(access->token_file, folder_ + "/tok");
  config("token: stolen", "server: https://10.0.0.2:6443");  // is not meant for this server
  renew_credentials(*access);
  EXPECT_EQ(access->token, "");
  EXPECT_EQ(access->host, "10.0.0.1");
}

}  // namespace
}  // namespace spanlight
