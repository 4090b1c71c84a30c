// SPDX-License-Identifier: Apache-2.0
#include "admin/routes.h"

#include "admin/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sluice::admin {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

AdminSnapshot three_clients() {
  AdminSnapshot snapshot;
  snapshot.version = "1.2.3";
  snapshot.readiness = Readiness::ready;
  snapshot.uptime = 61s;
  snapshot.clients.push_back({.client = "b/2",
                              .user = "anna",
                              .address = "127.0.0.1:5",
                              .protocol = "5",
                              .is_connected = true,
                              .since = 10s,
                              .keep_alive_s = 60,
                              .subscriptions = 2});
  snapshot.clients.push_back({.client = "c", .protocol = "3.1.1", .queue_messages = 9});
  snapshot.clients.push_back({.client = "a", .protocol = "5", .is_connected = true});
  return snapshot;
}

AdminResponse ask(std::string_view method, std::string_view target,
                  std::string_view host = "127.0.0.1:18083") {
  const auto match = find_route({.method = method, .target = target, .host = host}, {});
  return match ? answer(*match, three_clients()) : match.error();
}

std::vector<std::string> listed(const AdminResponse& response) {
  std::vector<std::string> clients;
  const json body = json::parse(response.body);
  for (const json& client : body["clients"]) clients.push_back(client["client"]);
  return clients;
}

TEST(Routes, HealthIs200OnlyWhenTheBrokerServes) {
  const auto match = find_route({.method = "GET", .target = "/health", .host = ""}, {});
  ASSERT_TRUE(match);
  EXPECT_EQ(match->route->part, SnapshotPart::nothing);
  AdminSnapshot snapshot = three_clients();
  EXPECT_EQ(answer(*match, snapshot).status, 200U);
  EXPECT_EQ(answer(*match, snapshot).body,
            "{\"status\":\"ok\",\"version\":\"1.2.3\",\"uptime_s\":61}\n");
  snapshot.readiness = Readiness::stopping;
  EXPECT_EQ(answer(*match, snapshot).status, 503U);
  snapshot.readiness = Readiness::starting;
  EXPECT_THAT(answer(*match, snapshot).body, HasSubstr("\"starting\""));
}

TEST(Routes, MetricsAreTextForPrometheusUnderAnyHostName) {
  const AdminResponse response = ask("GET", "/metrics", "broker.example");
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(response.body, HasSubstr("sluice_build_info"));
}

TEST(Routes, ClientsAreListedInOrder) {
  const AdminResponse response = ask("GET", "/api/v1/clients");
  EXPECT_EQ(listed(response), (std::vector<std::string>{"a", "b/2", "c"}));
  const json first = json::parse(response.body)["clients"][1];
  EXPECT_EQ(first, json::parse(R"({"client":"b/2","connected":true,"user":"anna",
      "address":"127.0.0.1:5","protocol":"5","since_s":10,"keep_alive_s":60,"session_expiry_s":0,
      "subscriptions":2,"inflight_messages":0,"queue_messages":0,"queue_bytes":0})"));
  EXPECT_TRUE(json::parse(response.body)["next_after"].is_null());
}

TEST(Routes, PagesOfClientsFollowOneAnother) {
  const AdminResponse first = ask("GET", "/api/v1/clients?limit=2");
  EXPECT_EQ(listed(first), (std::vector<std::string>{"a", "b/2"}));
  EXPECT_EQ(json::parse(first.body)["next_after"], "b/2");
  const AdminResponse second = ask("GET", "/api/v1/clients?limit=2&after=b%2F2");
  EXPECT_EQ(listed(second), (std::vector<std::string>{"c"}));
  EXPECT_EQ(listed(ask("GET", "/api/v1/clients?connected=true")),
            (std::vector<std::string>{"a", "b/2"}));
}

TEST(Routes, AWrongQueryIsRefusedWithWhatIsAllowed) {
  for (const char* query :
       {"limit=0", "limit=10001", "limit=x", "limit=1x", "size=3", "connected=maybe"}) {
    const AdminResponse response = ask("GET", std::string("/api/v1/clients?") + query);
    EXPECT_EQ(response.status, 400U) << query;
    EXPECT_THAT(response.body, HasSubstr("1 to 10000")) << query;
  }
  EXPECT_EQ(ask("GET", "/api/v1/clients?after=%G1").status, 400U);
}

TEST(Routes, OneClientIsShownByItsEncodedName) {
  EXPECT_EQ(json::parse(ask("GET", "/api/v1/clients/b%2f2").body)["user"], "anna");
  const AdminResponse response = ask("GET", "/api/v1/clients/nobody");
  EXPECT_EQ(response.status, 404U);
  EXPECT_THAT(response.body, HasSubstr("has no session"));
}

TEST(Routes, KickNamesTheClientThatIsToBeDisconnected) {
  const AdminResponse response = ask("DELETE", "/api/v1/clients/b%2F2");
  EXPECT_EQ(response.status, 202U);
  EXPECT_EQ(response.kick, "b/2");
}

TEST(Routes, AClientThatIsNotConnectedCannotBeKicked) {
  for (const char* target : {"/api/v1/clients/c", "/api/v1/clients/nobody"}) {
    const AdminResponse response = ask("DELETE", target);
    EXPECT_EQ(response.status, 404U);
    EXPECT_FALSE(response.kick);
  }
}

TEST(Routes, LookingNeverKicks) {
  EXPECT_FALSE(ask("GET", "/api/v1/clients/a").kick);
  EXPECT_FALSE(ask("HEAD", "/api/v1/clients/a").kick);
  EXPECT_EQ(ask("HEAD", "/api/v1/clients/a").status, 200U);
}

TEST(Routes, UnknownPathsSayWhatThereIs) {
  for (const char* target : {"/", "", "/api/v1/clients/", "/api/v1/clients/a/b", "/Metrics"}) {
    const AdminResponse response = ask("GET", target);
    EXPECT_EQ(response.status, 404U) << target;
    EXPECT_THAT(response.body, HasSubstr("GET /metrics"));
  }
}

TEST(Routes, AnotherMethodIsToldWhatThePathAllows) {
  const AdminResponse response = ask("POST", "/api/v1/clients/a");
  EXPECT_EQ(response.status, 405U);
  EXPECT_EQ(response.allow, "GET, HEAD, DELETE");
  EXPECT_EQ(ask("DELETE", "/metrics").status, 405U);
}

TEST(Routes, ApiIsAnsweredOnlyUnderAddressesAndListedNames) {
  for (const char* host :
       {"127.0.0.1", "127.0.0.1:18083", "[::1]:18083", "localhost:18083", "10.1.2.3:80"}) {
    EXPECT_EQ(ask("GET", "/api/v1/clients", host).status, 200U) << host;
  }
  for (const char* host : {"", "evil.example", "127.0.0.1.evil.example", "[evil.example]:1"}) {
    EXPECT_EQ(ask("GET", "/api/v1/clients", host).status, 403U) << host;
    EXPECT_EQ(ask("DELETE", "/api/v1/clients/a", host).status, 403U) << host;
  }
}

TEST(Routes, ATargetThatIsTooLongIsRefused) {
  EXPECT_EQ(ask("GET", "/api/v1/clients/" + std::string(target_bytes_max, 'a')).status, 414U);
}

TEST(Routes, TextThatIsNotUtf8DoesNotBreakTheAnswer) {
  const AdminResponse response = ask("GET", "/api/v1/clients/%ff");
  EXPECT_EQ(response.status, 404U);
  EXPECT_TRUE(json::accept(response.body));
}

TEST(Target, PercentDecodingTakesTwoDigitsOrRefuses) {
  EXPECT_EQ(percent_decoded("a%41%2f+"), "aA/+");
  EXPECT_EQ(percent_decoded(""), "");
  for (const char* text : {"%", "%4", "%4g", "a%"}) EXPECT_FALSE(percent_decoded(text)) << text;
}

TEST(Target, QueryPairsMayLackValuesAndPartsBetweenThem) {
  const auto pairs = query_pairs("a=1&&b&c=d+e=f");
  ASSERT_TRUE(pairs);
  EXPECT_EQ(*pairs, (std::vector<std::pair<std::string, std::string>>{
                        {"a", "1"}, {"b", ""}, {"c", "d e=f"}}));
}

}  // namespace
}  // namespace sluice::admin
