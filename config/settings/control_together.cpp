// What the control process's keys show only together.

#include <algorithm>

#include "settings/content.h"
#include "settings/control.h"
#include "settings/together.h"

namespace spanlight {

namespace {

bool holds(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

class ControlTogether : Together {
 public:
  ControlTogether(const ControlSettings& settings, std::vector<SettingsFault>& faults)
      : Together(settings.origin, faults), s_(settings) {}

  void all() {
    sensors();
    curve();
    tap();
    store();
    tls();
    access();
    proxy();
    listen();
  }

 private:
  static std::string sensor_key(std::size_t i, const char* name) { return item_key("sensors", i, name); }

  void sensors() {
    for (std::size_t i = 0; i < s_.sensors.size(); ++i) {
      const SensorLink& sensor = s_.sensors[i];
      if (sensor.records == sensor.commands)
        fault(sensor_key(i, "commands"),
              "is the endpoint of the sensor's records as well; give its publishing.commands");
      for (std::size_t j = 0; j < i; ++j) other_sensor(i, sensor, j, s_.sensors[j]);
      endpoint(sensor_key(i, "records"), sensor.records, sensor, i);
      if (!sensor.commands.empty()) endpoint(sensor_key(i, "commands"), sensor.commands, sensor, i);
    }
  }

  // Records that come twice would be stored twice.
  void other_sensor(std::size_t i, const SensorLink& sensor, std::size_t j, const SensorLink& other) {
    const std::string earlier = "sensors[" + std::to_string(j) + "]";
    if (sensor.records == other.records)
      fault(sensor_key(i, "records"), sensor.records + " is " + earlier + " already; keep one of the two");
    else if (!sensor.commands.empty() && sensor.commands == other.commands)
      fault(sensor_key(i, "commands"), sensor.commands + " takes the commands of " + earlier +
                                           " already; give this sensor's own publishing.commands");
  }

  void endpoint(const std::string& key, const std::string& value, const SensorLink& sensor, std::size_t i) {
    for (const char* const anywhere : {"tcp://*:", "tcp://0.0.0.0:", "tcp://[::]:"})
      if (value.starts_with(anywhere))
        return fault(key, value + " is where a sensor listens; give the address that it is reached at");
    if (sensor.server_key.empty() && !is_local_endpoint(value))
      fault(key, value + " is on another machine and would not be encrypted; give " +
                     sensor_key(i, "serverKey") +
                     ", the sensor's public key, or an address of this machine alone (tcp://127.0.0.1:PORT, "
                     "ipc://PATH)");
  }

  void curve() {
    const bool has_public = !s_.curve_public_key.empty();
    const bool has_secret = !s_.curve_secret_key.empty();
    if (has_public && !has_secret)
      fault("curve.publicKey", "has no curve.secretKey beside it; give both, or neither");
    if (has_secret && !has_public)
      fault("curve.secretKey", "has no curve.publicKey beside it; give both, or neither");
  }

  void tap() {
    for (const std::string& name : s_.tap.excluded_namespaces)
      if (holds(s_.tap.namespaces, name))
        fault("tap.excludedNamespaces", name +
                                            " stands in tap.namespaces as well, and exclusion wins; take it "
                                            "out of one of the two");
    for (const std::string& service : s_.tap.services) {
      const std::string name = service.substr(0, service.find('/'));
      if (name.size() < service.size() && holds(s_.tap.excluded_namespaces, name))
        fault("tap.services", service +
                                  " is in a namespace of tap.excludedNamespaces, and exclusion wins; take "
                                  "it out of one of the two");
    }
  }

  void store() {
    if (s_.store_url.empty()) {
      const std::pair<const char*, const std::string*> of_servers[] = {
          {"store.user", &s_.store_user},
          {"store.passwordFile", &s_.store_password_file},
          {"store.cluster", &s_.store_cluster}};
      for (const auto& [key, value] : of_servers)
        if (!value->empty())
          fault(key, "is for a ClickHouse server, and there is no store.url; give it, or leave this out");
      if (s_.store_enabled && s_.store_directory.empty())
        fault("store.directory", "is empty; give a folder for the calls, or set store.enabled to false");
    }
    if (!s_.store_password_file.empty() && s_.store_user.empty())
      fault("store.passwordFile", "has no store.user beside it; give the user that the password is of");
  }

  void tls() {
    if (!s_.tls_certificate.empty() && s_.tls_key.empty())
      fault("serve.tls.certificate", "has no serve.tls.key beside it; give both, or neither");
    if (!s_.tls_key.empty() && s_.tls_certificate.empty())
      fault("serve.tls.key", "has no serve.tls.certificate beside it; give both, or neither");
  }

  void access() {
    for (std::size_t i = 0; i < s_.access.size(); ++i) {
      const Access& one = s_.access[i];
      const auto key = [i](const char* name) { return item_key("serve.access", i, name); };
      if (one.token_file.empty() && s_.proxy_user_header.empty())
        fault(key("tokenFile"), "is missing, and there is no serve.proxy.userHeader to know " + one.name +
                                    " by; give one of the two");
      if (one.role == Role::operator_ && !one.namespaces.empty())
        fault(key("namespaces"),
              "an operator chooses what is captured in all namespaces; make this a viewer, or "
              "leave the namespaces out");
      if (one.packets && !one.payloads)
        fault(key("packets"),
              "packets hold headers and bodies, unredacted; set payloads to true as well, or leave this out");
      for (std::size_t j = 0; j < i; ++j) {
        const std::string earlier = "serve.access[" + std::to_string(j) + "]";
        if (s_.access[j].name == one.name)
          fault(key("name"), one.name + " is the name of " + earlier + " already; choose another");
        else if (!one.token_file.empty() && s_.access[j].token_file == one.token_file)
          fault(key("tokenFile"),
                one.token_file + " is the token of " + earlier + " already; give each their own");
      }
    }
  }

  void proxy() {
    if (s_.proxy_user_header.empty()) return;
    if (s_.trusted_proxies.empty())
      return fault("serve.proxy.userHeader",
                   "anyone could send this header; give serve.proxy.trusted, the networks of the proxies");
    if (s_.access.empty())
      fault("serve.access",
            "is empty, and whoever came through the proxy would be an operator; say who may come, by the "
            "names that serve.proxy.userHeader gives",
            "serve.proxy.userHeader");
    for (const std::string& network : s_.trusted_proxies)
      if (network.ends_with("/0"))
        fault("serve.proxy.trusted", network +
                                         " trusts everyone to say who they are; give the networks of the "
                                         "proxies alone");
  }

  void listen() {
    std::string host;
    if (split_address(s_.listen, host, 0) && is_local_host(host)) return;
    const std::string reached = s_.listen + " can be reached from other machines";
    if (s_.access.empty())
      return fault("serve.listen", reached +
                                       " and serve.access names no one; say there who may come, or listen "
                                       "on 127.0.0.1");
    if (s_.tls_certificate.empty() && s_.tls_key.empty() && s_.trusted_proxies.empty())
      fault("serve.listen", reached +
                                ", where tokens and calls would pass in the clear; give "
                                "serve.tls.certificate and key, or serve.proxy.trusted for a proxy that "
                                "encrypts");
  }

  const ControlSettings& s_;
};

}  // namespace

void check_together(const ControlSettings& settings, std::vector<SettingsFault>& faults) {
  ControlTogether(settings, faults).all();
}

}  // namespace spanlight
