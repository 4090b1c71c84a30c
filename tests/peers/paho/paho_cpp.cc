// SPDX-License-Identifier: Apache-2.0
//
// The Eclipse Paho C++ client as programs use it: asynchronous, with callbacks, coming back by
// itself. Usage: paho_cpp URI VERSION CLIENT_ID TOPIC COUNT. It prints "ready" when it has
// subscribed; after each line of its input it publishes COUNT messages at each QoS without waiting,
// and prints all that comes, and "again" whenever it has reconnected.
#include <mqtt/async_client.h>

#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** words) {
  if (argc < 6) return 2;
  const int version = std::stoi(words[2]);
  const std::string topic = words[4];
  const int count = std::stoi(words[5]);
  try {
    mqtt::async_client client(words[1], words[3], mqtt::create_options(version, 10'000));
    mqtt::connect_options options;
    options.set_mqtt_version(version);
    if (version == MQTTVERSION_5)
      options.set_clean_start(true);
    else
      options.set_clean_session(true);
    options.set_max_inflight(50);
    options.set_automatic_reconnect(std::chrono::seconds(1), std::chrono::seconds(2));
    bool was_connected = false;
    client.set_connected_handler([&](const std::string&) {
      if (was_connected) client.subscribe(topic, 2);
      std::puts(was_connected ? "again" : "connected");
      was_connected = true;
      std::fflush(stdout);
    });
    client.set_connection_lost_handler([](const std::string&) {
      std::puts("lost");
      std::fflush(stdout);
    });
    client.set_message_callback([](mqtt::const_message_ptr message) {
      std::printf("message %d %s\n", message->get_qos(), message->to_string().c_str());
      std::fflush(stdout);
    });
    client.connect(options)->wait();
    client.subscribe(topic, 2)->wait();
    std::puts("ready");
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) {
      std::vector<mqtt::delivery_token_ptr> tokens;
      for (int i = 0; i < count; ++i)
        for (int qos = 0; qos < 3; ++qos)
          tokens.push_back(client.publish(topic, std::to_string(i), qos, false));
      for (const auto& token : tokens) token->wait();
      std::puts("delivered");
      std::fflush(stdout);
    }
    client.disconnect()->wait();
  } catch (const mqtt::exception& error) {
    std::printf("failed %d %d %s\n", error.get_return_code(), error.get_reason_code(),
                error.what());
    return 1;
  }
  return 0;
}
