// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate/scene.h"

namespace sluice::cli {
namespace {

constexpr std::string_view building = R"({
  "description": "a building of 10 floors: air conditioning, power meters, doors",
  "names": {
    "floor": {"prefix": "floor", "count": 10},
    "unit": {"prefix": "hvac-", "count": 2}
  },
  "streams": [
    {"topic": "sensors/{floor}/temperature/{unit}", "interval_s": 2, "qos": 1, "values": {
      "temperature": {"wave": [19, 24], "period_s": 300, "noise": 0.2},
      "setpoint": {"walk": [20, 23], "step": 0.1}}},
    {"topic": "sensors/{floor}/humidity/{unit}", "interval_s": 5, "values": {
      "humidity": {"walk": [35, 60], "step": 1, "digits": 0}}},
    {"topic": "sensors/{floor}/power/{unit}", "interval_s": 10, "qos": 1, "retain": true,
      "values": {
      "watts": {"walk": [300, 2500], "step": 150, "digits": 0},
      "total_kwh": {"counter": [0.001, 0.006], "digits": 3}}},
    {"topic": "sensors/{floor}/door/{unit}", "interval_s": 15, "qos": 1, "retain": true,
      "value": {"choice": ["closed", "open"], "stay": 0.8}}
  ]
}
)";

constexpr std::string_view fleet = R"({
  "description": "20 vans in a town: position, engine, state",
  "names": {
    "van": {"prefix": "van-", "count": 20}
  },
  "streams": [
    {"topic": "fleet/{van}/position", "interval_s": 1, "values": {
      "latitude": {"walk": [52.45, 52.57], "step": 0.0005, "digits": 6},
      "longitude": {"walk": [13.25, 13.55], "step": 0.0008, "digits": 6},
      "speed_kmh": {"walk": [0, 90], "step": 8, "digits": 0}}},
    {"topic": "fleet/{van}/engine", "interval_s": 5, "qos": 1, "values": {
      "rpm": {"walk": [700, 3600], "step": 300, "digits": 0},
      "coolant_c": {"walk": [70, 98], "step": 1, "digits": 0},
      "odometer_km": {"counter": [0.02, 0.1], "digits": 2}}},
    {"topic": "fleet/{van}/state", "interval_s": 20, "qos": 1, "retain": true,
      "value": {"choice": ["driving", "parked", "loading"], "stay": 0.7}}
  ]
}
)";

constexpr BuiltInScene scenes[] = {{"building", building}, {"fleet", fleet}};

}  // namespace

std::span<const BuiltInScene> built_in_scenes() { return scenes; }

}  // namespace sluice::cli
