#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// An MQTT.js client driven by lines of JSON. The only argument is {"url": …, "options": {…}}; each
// line of the input is an array, the name of a method of the client and its arguments, or
// ["drop"], which breaks the connection as a network would. Each line of the output is an object
// with `event`; a method that is done says {"event": "done", "of": its name}.
'use strict'

const mqtt = require('mqtt')
const readline = require('node:readline')

const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`)
const text = (error) => (error ? String(error.message ?? error) : undefined)

const { url, options } = JSON.parse(process.argv[2])
const client = mqtt.connect(url, options)

client.on('connect', (connack) => say('connect', { session: connack.sessionPresent,
  code: connack.reasonCode ?? connack.returnCode, properties: connack.properties ?? {} }))
client.on('message', (topic, payload, packet) => say('message', { topic, qos: packet.qos,
  retain: packet.retain, dup: packet.dup, size: payload.length,
  text: payload.length <= 200 ? payload.toString() : '',
  properties: packet.properties ?? {} }))
client.on('packetreceive', (packet) => say('packet', { cmd: packet.cmd, id: packet.messageId }))
client.on('packetsend', (packet) => say('sent', { cmd: packet.cmd,
  filters: packet.subscriptions?.length }))
client.on('disconnect', (packet) => say('disconnect', { code: packet.reasonCode }))
client.on('close', () => say('close'))
client.on('reconnect', () => say('reconnect'))
client.on('offline', () => say('offline'))
client.on('error', (error) => say('error', { code: error.code, text: text(error) }))

const methods = {
  drop: () => client.stream.destroy(),
  end: (force) => client.end(force, () => process.exit(0)),
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const [name, ...rest] = JSON.parse(line)
  if (methods[name]) return methods[name](...rest)
  return client[name](...rest, (error, result) => say('done', { of: name, text: text(error),
    granted: Array.isArray(result) ? result.map((one) => one.qos) : undefined,
    code: result?.reasonCode }))
}).on('close', () => process.exit(0))
