// SPDX-License-Identifier: Apache-2.0
//
// The Eclipse Paho C client as programs use it: it connects, subscribes, publishes to itself at
// each QoS and prints what comes, a line each. Usage: paho_c URI VERSION(3|4|5) CLIENT_ID TOPIC
// COUNT [keep]. With `keep` the session is a lasting one: with COUNT 0 it subscribes and leaves,
// else it prints so many messages that have waited for it.
#include <MQTTClient.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

constexpr int wait_ms = 20000;
static MQTTClient client;
static int version;

static int fail(const char* what, int code) {
  printf("failed %s %d\n", what, code);
  return 1;
}

static int connect_to_broker(int keep) {
  if (version == MQTTVERSION_5) {
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer5;
    MQTTProperties properties = MQTTProperties_initializer;
    MQTTProperty expiry{};
    expiry.identifier = MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL;
    expiry.value.integer4 = 600;
    options.cleanstart = !keep;
    if (keep) MQTTProperties_add(&properties, &expiry);
    MQTTResponse response =
        MQTTClient_connect5(client, &options, keep ? &properties : nullptr, nullptr);
    const int code = response.reasonCode;
    const int present = response.properties != nullptr;
    MQTTResponse_free(response);
    MQTTProperties_free(&properties);
    printf("connected %d properties %d\n", code, present);
    return code;
  }
  MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
  options.MQTTVersion = version;
  options.cleansession = !keep;
  const int code = MQTTClient_connect(client, &options);
  printf("connected %d present %d\n", code, code == 0 ? options.returned.sessionPresent : 0);
  return code;
}

static int subscribe(char* topic) {
  if (version == MQTTVERSION_5) {
    MQTTResponse response = MQTTClient_subscribe5(client, topic, 2, nullptr, nullptr);
    const int code = response.reasonCode;
    MQTTResponse_free(response);
    return code == 2 ? 0 : code;
  }
  return MQTTClient_subscribe(client, topic, 2);
}

static int publish(const char* topic, const char* text, int qos) {
  MQTTClient_deliveryToken token;
  int code;
  if (version == MQTTVERSION_5) {
    MQTTResponse response =
        MQTTClient_publish5(client, topic, (int)strlen(text), text, qos, 0, nullptr, &token);
    code = response.reasonCode;
    MQTTResponse_free(response);
  } else {
    code = MQTTClient_publish(client, topic, (int)strlen(text), text, qos, 0, &token);
  }
  if (code == 0 && qos > 0) code = MQTTClient_waitForCompletion(client, token, wait_ms);
  return code;
}

static int receive(int count, unsigned long within_ms) {
  for (int i = 0; i < count; ++i) {
    char* topic = nullptr;
    int size = 0;
    MQTTClient_message* message = nullptr;
    const int code = MQTTClient_receive(client, &topic, &size, &message, within_ms);
    if (message == nullptr) return fail("receive", code);
    printf("message %d %.*s\n", message->qos, message->payloadlen, (const char*)message->payload);
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);
  }
  return 0;
}

int main(int argc, char** words) {
  if (argc < 6) return 2;
  version = atoi(words[2]);
  const int count = atoi(words[5]);
  const int keep = argc > 6;
  MQTTClient_createOptions options = MQTTClient_createOptions_initializer;
  options.MQTTVersion = version;
  int code = MQTTClient_createWithOptions(&client, words[1], words[3], MQTTCLIENT_PERSISTENCE_NONE,
                                          nullptr, &options);
  if (code != 0) return fail("create", code);
  code = connect_to_broker(keep);
  if (code != 0) return fail("connect", code);
  if (keep) {
    if (count > 0 && receive(count, wait_ms) != 0) return 1;
    if (count == 0 && (code = subscribe(words[4])) != 0) return fail("subscribe", code);
  } else {
    if ((code = subscribe(words[4])) != 0) return fail("subscribe", code);
    for (int i = 0; i < count; ++i)
      for (int qos = 0; qos < 3; ++qos) {
        char text[32];
        snprintf(text, sizeof text, "%d", i);
        if ((code = publish(words[4], text, qos)) != 0) return fail("publish", code);
      }
    if (receive(3 * count, wait_ms) != 0) return 1;
  }
  code = version == MQTTVERSION_5
             ? MQTTClient_disconnect5(client, 2000, MQTTREASONCODE_SUCCESS, nullptr)
             : MQTTClient_disconnect(client, 2000);
  MQTTClient_destroy(&client);
  return code == 0 ? 0 : fail("disconnect", code);
}
