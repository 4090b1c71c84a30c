// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate/scene.h"

#include "base/assert.h"
#include "codec/topic.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace sluice::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t parts_max = 64;

std::unexpected<UsageError> refuse_scene(std::string text) {
  return std::unexpected(UsageError{"the scene: " + std::move(text)});
}

/// Refuses members that nothing reads: a misspelt one would go unnoticed.
Parsed<bool> check_members(const Json& object, std::span<const std::string_view> known,
                           const std::string& place) {
  for (const auto& [name, value] : object.items()) {
    bool is_known = false;
    for (const std::string_view one : known) is_known = is_known || one == name;
    if (is_known) continue;
    std::string allowed;
    for (const std::string_view one : known)
      allowed += (allowed.empty() ? "" : ", ") + std::string(one);
    return refuse_scene(place + " has no '" + name + "'; it has " + allowed);
  }
  return true;
}

Parsed<double> number_of(const Json& object, const char* name, double otherwise,
                         const std::string& place) {
  if (!object.contains(name)) return otherwise;
  const bool is_good = object[name].is_number() && std::isfinite(object[name].get<double>()) &&
                       std::abs(object[name].get<double>()) < 1e12;
  if (!is_good) return refuse_scene(place + ": '" + name + "' is a number");
  return object[name].get<double>();
}

struct Range {
  double low = 0;
  double high = 0;
};

Parsed<Range> range_of(const Json& value, const std::string& place) {
  const bool is_good = value.is_array() && value.size() == 2 && value[0].is_number() &&
                       value[1].is_number() && value[0].get<double>() <= value[1].get<double>();
  if (!is_good) return refuse_scene(place + ": a range is [lowest, highest]");
  return Range{value[0].get<double>(), value[1].get<double>()};
}

Parsed<std::vector<std::string>> texts_of(const Json& value, const std::string& place) {
  std::vector<std::string> texts;
  if (!value.is_array() || value.empty())
    return refuse_scene(place + ": a list of texts is needed");
  for (const Json& one : value) {
    if (!one.is_string()) return refuse_scene(place + ": a list of texts is needed");
    texts.push_back(one.get<std::string>());
  }
  return texts;
}

Parsed<SignalOptions> choice_of(const Json& value, const std::string& place) {
  constexpr std::string_view members[] = {"choice", "stay"};
  if (const auto good = check_members(value, members, place); !good) {
    return std::unexpected(good.error());
  }
  SignalOptions options{.kind = SignalKind::choice};
  auto texts = texts_of(value["choice"], place);
  if (!texts) return std::unexpected(texts.error());
  options.texts = std::move(*texts);
  const auto stay = number_of(value, "stay", 0, place);
  if (!stay) return std::unexpected(stay.error());
  if (*stay < 0 || *stay > 1) return refuse_scene(place + ": 'stay' is from 0 to 1");
  options.stay_share = *stay;
  return options;
}

Parsed<SignalOptions> signal_of(const Json& value, const std::string& place) {
  if (!value.is_object()) return refuse_scene(place + " is an object");
  if (value.contains("choice")) return choice_of(value, place);
  constexpr std::string_view members[] = {"wave",  "walk",     "counter", "step",
                                          "noise", "period_s", "digits"};
  if (const auto good = check_members(value, members, place); !good) {
    return std::unexpected(good.error());
  }
  SignalOptions options;
  const char* kind = value.contains("wave") ? "wave" : value.contains("walk") ? "walk" : "counter";
  if (!value.contains(kind))
    return refuse_scene(place + " needs one of wave, walk, counter, choice");
  options.kind = value.contains("wave")   ? SignalKind::wave
                 : value.contains("walk") ? SignalKind::walk
                                          : SignalKind::counter;
  const auto range = range_of(value[kind], place);
  if (!range) return std::unexpected(range.error());
  options.low = range->low;
  options.high = range->high;
  const auto step = number_of(value, "step", (range->high - range->low) / 20, place);
  const auto noise = number_of(value, "noise", 0, place);
  const auto period = number_of(value, "period_s", 3'600, place);
  const auto digits = number_of(value, "digits", 1, place);
  for (const auto* one : {&step, &noise, &period, &digits}) {
    if (!*one) return std::unexpected(one->error());
    if (**one < 0) return refuse_scene(place + ": no number but a range may be below 0");
  }
  if (*period < 0.001 || *period > 1e9)
    return refuse_scene(place + ": 'period_s' is from 0.001 to 1e9");
  if (*digits > 12) return refuse_scene(place + ": 'digits' is from 0 to 12");
  options.step = *step;
  options.noise = *noise;
  options.period = Duration(static_cast<std::int64_t>(*period * 1e9));
  options.digits = static_cast<std::uint32_t>(*digits);
  return options;
}

Parsed<bool> take_values(const Json& object, const std::string& place, Stream& stream) {
  if (object.contains("value") == object.contains("values")) {
    return refuse_scene(place + " needs 'value' or 'values'");
  }
  Json values = Json::object();
  if (object.contains("value"))
    values[""] = object["value"];
  else
    values = object["values"];
  if (!values.is_object() || values.empty() || values.size() > parts_max) {
    return refuse_scene(place + ": 'values' is an object of 1 to 64 members");
  }
  for (const auto& [name, value] : values.items()) {
    auto signal = signal_of(value, place + ", value '" + name + "'");
    if (!signal) return std::unexpected(signal.error());
    stream.values.emplace_back(name, std::move(*signal));
  }
  return true;
}

Parsed<Stream> stream_of(const Json& object, const std::string& place) {
  constexpr std::string_view members[] = {"topic",  "interval_s", "qos",
                                          "retain", "value",      "values"};
  if (!object.is_object()) return refuse_scene(place + " is an object");
  if (const auto good = check_members(object, members, place); !good) {
    return std::unexpected(good.error());
  }
  Stream stream;
  if (!object.contains("topic") || !object["topic"].is_string()) {
    return refuse_scene(place + " needs a 'topic'");
  }
  stream.topic = object["topic"].get<std::string>();
  const auto interval = number_of(object, "interval_s", 1, place);
  const auto qos = number_of(object, "qos", 0, place);
  if (!interval) return std::unexpected(interval.error());
  if (!qos) return std::unexpected(qos.error());
  if (*interval < 0.001 || *interval > 1e6) {
    return refuse_scene(place + ": 'interval_s' is from 0.001 to 1000000");
  }
  if (*qos != 0 && *qos != 1 && *qos != 2) return refuse_scene(place + ": 'qos' is 0, 1 or 2");
  stream.interval = Duration(static_cast<std::int64_t>(*interval * 1e9));
  stream.qos = static_cast<codec::Qos>(*qos);
  if (object.contains("retain")) {
    if (!object["retain"].is_boolean()) return refuse_scene(place + ": 'retain' is true or false");
    stream.retain = object["retain"].get<bool>();
  }
  if (const auto good = take_values(object, place, stream); !good) {
    return std::unexpected(good.error());
  }
  return stream;
}

/// A list of texts, or {"prefix": "hvac-", "count": 4} for hvac-1 to hvac-4.
Parsed<std::vector<std::string>> name_values(const Json& value, const std::string& place) {
  if (!value.is_object()) return texts_of(value, place);
  constexpr std::string_view members[] = {"prefix", "count"};
  if (const auto good = check_members(value, members, place); !good) {
    return std::unexpected(good.error());
  }
  const auto count = number_of(value, "count", 0, place);
  if (!count) return std::unexpected(count.error());
  if (*count < 1 || *count > static_cast<double>(devices_max)) {
    return refuse_scene(place + ": 'count' is from 1 to 1000000");
  }
  std::string prefix;
  if (value.contains("prefix")) {
    if (!value["prefix"].is_string()) return refuse_scene(place + ": 'prefix' is a text");
    prefix = value["prefix"].get<std::string>();
  }
  std::vector<std::string> values;
  for (std::size_t at = 1; at <= static_cast<std::size_t>(*count); ++at) {
    values.push_back(prefix + std::to_string(at));
  }
  return values;
}

Parsed<bool> take_names(const Json& file, Scene& scene) {
  if (!file.contains("names")) return true;
  if (!file["names"].is_object() || file["names"].size() > 8) {
    return refuse_scene("'names' is an object of at most 8 members");
  }
  std::size_t devices = 1;
  for (const auto& [name, value] : file["names"].items()) {
    auto values = name_values(value, "name '" + name + "'");
    if (!values) return std::unexpected(values.error());
    devices *= values->size();
    if (devices > devices_max) return refuse_scene("more than 1000000 devices");
    scene.names.emplace_back(name, std::move(*values));
  }
  return true;
}

Parsed<bool> check_topics(const Scene& scene) {
  for (const Stream& stream : scene.streams) {
    const std::string topic = scene.topic(stream, scene.devices() - 1);
    if (topic.find_first_of("{}") != std::string::npos) {
      return refuse_scene("'" + topic + "' has a { that no name of 'names' stands for");
    }
    if (const auto good = codec::check_topic_name(topic); !good) {
      return refuse_scene("'" + topic + "' is no topic to publish to: " + good.error().detail);
    }
  }
  return true;
}

}  // namespace

std::size_t Scene::devices() const {
  std::size_t count = 1;
  for (const auto& [name, values] : names) count *= values.size();
  return count;
}

std::string Scene::topic(const Stream& stream, std::size_t device) const {
  SLUICE_ASSERT(device < devices());
  std::string topic = stream.topic;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    const std::string& value = name->second[device % name->second.size()];
    device /= name->second.size();
    const std::string mark = "{" + name->first + "}";
    for (auto at = topic.find(mark); at != std::string::npos; at = topic.find(mark, at)) {
      topic.replace(at, mark.size(), value);
      at += value.size();
    }
  }
  return topic;
}

Parsed<Scene> parse_scene(std::string_view text) {
  const Json file = Json::parse(text.begin(), text.end(), nullptr, false, true);
  if (!file.is_object()) return refuse_scene("it is no JSON object");
  constexpr std::string_view members[] = {"description", "names", "streams"};
  if (const auto good = check_members(file, members, "the file"); !good) {
    return std::unexpected(good.error());
  }
  Scene scene;
  if (file.contains("description") && file["description"].is_string()) {
    scene.description = file["description"].get<std::string>();
  }
  if (const auto good = take_names(file, scene); !good) return std::unexpected(good.error());
  const bool has_streams = file.contains("streams") && file["streams"].is_array() &&
                           !file["streams"].empty() && file["streams"].size() <= parts_max;
  if (!has_streams) return refuse_scene("'streams' is a list of 1 to 64 objects");
  for (const Json& object : file["streams"]) {
    auto stream = stream_of(object, "stream " + std::to_string(scene.streams.size() + 1));
    if (!stream) return std::unexpected(stream.error());
    scene.streams.push_back(std::move(*stream));
  }
  if (const auto good = check_topics(scene); !good) return std::unexpected(good.error());
  return scene;
}

}  // namespace sluice::cli
