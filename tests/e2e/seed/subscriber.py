# SPDX-License-Identifier: Apache-2.0
import paho.mqtt.client as mqtt
import time

common_key = 'd5a4d5e6-d597-4bd4-8196-5f51d12345'
client_name = common_key + 'subscriber'
topic_name = common_key + '/temperature'
mqtt_client = mqtt.Client(client_name)
mqtt_client.connect('localhost')
print("MQTT connected!")

def message_received(mqtt_client, userdata, message):
    print(f'Received message: {message.payload}')

mqtt_client.on_message = message_received
mqtt_client.subscribe(topic_name)

while True:
    mqtt_client.loop()
    time.sleep(1)
