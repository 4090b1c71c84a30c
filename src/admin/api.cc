// SPDX-License-Identifier: Apache-2.0
#include "admin/handlers.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace sluice::admin {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t page_default = 1'000;
constexpr std::size_t page_max = 10'000;

AdminResponse json_response(unsigned status, const Json& body) {
  AdminResponse response;
  response.status = status;
  response.body = body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  return response;
}

std::int64_t seconds(Duration time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time).count();
}

Json json_of(const ClientInfo& info) {
  Json json;
  json["client"] = info.client;
  json["connected"] = info.is_connected;
  json["user"] = info.user.empty() ? Json(nullptr) : Json(info.user);
  json["address"] = info.address.empty() ? Json(nullptr) : Json(info.address);
  json["protocol"] = info.protocol;
  json["since_s"] = seconds(info.since);
  json["keep_alive_s"] = info.keep_alive_s;
  json["session_expiry_s"] = info.session_expiry_s;
  json["subscriptions"] = info.subscriptions;
  json["inflight_messages"] = info.inflight_messages;
  json["queue_messages"] = info.queue_messages;
  json["queue_bytes"] = info.queue_bytes;
  return json;
}

const ClientInfo* find(const std::vector<ClientInfo>& clients, std::string_view client) {
  const auto found = std::ranges::find(clients, client, &ClientInfo::client);
  return found == clients.end() ? nullptr : &*found;
}

struct Page {
  std::size_t limit = page_default;
  std::string after;
  bool connected_only = false;
};

std::expected<Page, AdminResponse> page_of(const RouteArguments& arguments) {
  Page page;
  for (const auto& [name, value] : arguments.query) {
    if (name == "after") {
      page.after = value;
    } else if (name == "connected" && (value == "true" || value == "false")) {
      page.connected_only = value == "true";
    } else if (name == "limit") {
      const char* const end = value.data() + value.size();
      const auto [next, error] = std::from_chars(value.data(), end, page.limit);
      const bool is_number = error == std::errc() && next == end;
      if (!is_number || page.limit < 1 || page.limit > page_max) {
        return std::unexpected(refuse(400, "limit: allowed is 1 to 10000"));
      }
    } else {
      return std::unexpected(
          refuse(400, "allowed is limit=1 to 10000, after=CLIENT and connected=true or false"));
    }
  }
  return page;
}

std::string_view word_of(Readiness readiness) {
  switch (readiness) {
    case Readiness::starting:
      return "starting";
    case Readiness::ready:
      return "ok";
    case Readiness::stopping:
      return "stopping";
  }
  return "stopping";
}

AdminResponse no_such_client(std::string_view client, std::string_view why) {
  return refuse(404, "client \"" + std::string(client) + "\" " + std::string(why));
}

}  // namespace

AdminResponse refuse(unsigned status, std::string_view error) {
  return json_response(status, Json{{"error", error}});
}

AdminResponse show_health(const RouteArguments&, const AdminSnapshot& snapshot) {
  Json json;
  json["status"] = word_of(snapshot.readiness);
  json["version"] = snapshot.version;
  json["uptime_s"] = seconds(snapshot.uptime);
  return json_response(snapshot.readiness == Readiness::ready ? 200 : 503, json);
}

AdminResponse list_clients(const RouteArguments& arguments, const AdminSnapshot& snapshot) {
  auto page = page_of(arguments);
  if (!page) return std::move(page.error());
  std::vector<const ClientInfo*> listed;
  for (const ClientInfo& info : snapshot.clients) {
    if (info.client > page->after && (info.is_connected || !page->connected_only)) {
      listed.push_back(&info);
    }
  }
  std::ranges::sort(listed, {}, [](const ClientInfo* info) { return info->client; });
  const bool has_more = listed.size() > page->limit;
  if (has_more) listed.resize(page->limit);
  Json clients = Json::array();
  for (const ClientInfo* info : listed) clients.push_back(json_of(*info));
  Json json;
  json["clients"] = std::move(clients);
  json["next_after"] = has_more ? Json(listed.back()->client) : Json(nullptr);
  return json_response(200, json);
}

AdminResponse show_client(const RouteArguments& arguments, const AdminSnapshot& snapshot) {
  const ClientInfo* const info = find(snapshot.clients, arguments.parameter);
  if (info == nullptr) return no_such_client(arguments.parameter, "has no session");
  return json_response(200, json_of(*info));
}

AdminResponse kick_client(const RouteArguments& arguments, const AdminSnapshot& snapshot) {
  const ClientInfo* const info = find(snapshot.clients, arguments.parameter);
  if (info == nullptr || !info->is_connected) {
    return no_such_client(arguments.parameter, "is not connected");
  }
  AdminResponse response = json_response(202, Json{{"disconnecting", info->client}});
  response.kick = info->client;
  return response;
}

AdminResponse list_quotas(const RouteArguments&, const AdminSnapshot& snapshot) {
  Json quotas = Json::array();
  for (const QuotaInfo& one : snapshot.quotas)
    quotas.push_back(Json{{"user", one.user},
                          {"connections", one.connections},
                          {"subscriptions", one.subscriptions},
                          {"queue_bytes", one.queue_bytes},
                          {"retained_messages", one.retained_messages}});
  return json_response(200, Json{{"quotas", std::move(quotas)}});
}

AdminResponse list_bans(const RouteArguments&, const AdminSnapshot& snapshot) {
  Json bans = Json::array();
  for (const BanInfo& ban : snapshot.bans)
    bans.push_back(
        Json{{"address", ban.address}, {"seconds_left", seconds(ban.left)}, {"cause", ban.cause}});
  return json_response(200, Json{{"bans", std::move(bans)}});
}

AdminResponse ban_address(const RouteArguments& arguments, const AdminSnapshot&) {
  std::uint32_t time_s = 3600;
  for (const auto& [name, value] : arguments.query) {
    const char* const end = value.data() + value.size();
    const auto [next, error] = std::from_chars(value.data(), end, time_s);
    if (name != "seconds" || error != std::errc() || next != end || time_s == 0)
      return refuse(400, "allowed is seconds=1 to 4294967295");
  }
  AdminResponse response =
      json_response(200, Json{{"banned", arguments.parameter}, {"seconds", time_s}});
  response.ban = arguments.parameter;
  response.ban_time = Duration(std::chrono::seconds(time_s));
  return response;
}

AdminResponse unban_address(const RouteArguments& arguments, const AdminSnapshot&) {
  AdminResponse response = json_response(200, Json{{"unbanned", arguments.parameter}});
  response.unban = arguments.parameter;
  return response;
}

}  // namespace sluice::admin
