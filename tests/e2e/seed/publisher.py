# SPDX-License-Identifier: Apache-2.0
import paho.mqtt.client as mqtt
import json, time, random

rnd = random.Random()
common_key = 'd5a4d5e6-d597-4bd4-8196-5f51d12345'
topic_name = common_key + '/temperature'
client_name = common_key + 'publisher'
mqtt_client = mqtt.Client(client_name)
mqtt_client.connect('localhost')
print("MQTT connected!")

while True:
    temp = rnd.randint(-10, 30)
    payload = json.dumps({'temperature': temp})
    print("Sending telemetry", payload)
    mqtt_client.publish(topic_name, payload) # QoS=0, retain=False
    mqtt_client.loop()
    time.sleep(3)
