// SPDX-License-Identifier: Apache-2.0
//
// Subscriptions is what a client has subscribed to: for each filter its streams and how far the
// server has been told. It finds the streams of a message: by subscription identifier, else by
// filter.
//
// Owner:   ClientBody.      Thread: the loop's.
// Cost:    a message by identifier, or of a literal filter: constant; else a look at each filter
//          that has a wildcard.
// Spec:    MQTT 5.0 §3.8.
#pragma once

#include "client/library/stream.h"
#include "codec/types.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::client {

class Subscriptions {
 public:
  /// A stream whose user waits for SUBACK.
  struct Waiting {
    codec::PacketId packet = 0;  ///< of its SUBSCRIBE; 0: not sent yet
    OperationRef<v1::subscription> operation;
    os::Ref<Stream> stream;
  };
  struct Entry {
    std::string filter;
    std::uint32_t id = 0;    ///< the subscription identifier; the same in each run
    bool must_send = false;  ///< a SUBSCRIBE is to be sent
    unsigned under_way = 0;  ///< SUBSCRIBEs without an answer
    std::vector<os::Ref<Stream>> streams;
    std::vector<Waiting> waiting;
  };

  /// The entry of the filter, made if there is none.
  Entry& at(const std::string& filter);
  Entry* find(std::string_view filter);
  /// The SUBSCRIBE of the entry went out under this identifier.
  void on_sent(Entry& entry, codec::PacketId packet);
  /// Whose SUBSCRIBE it was; null if its entry is gone.
  Entry* take_sent(codec::PacketId packet);
  void forget_sent();
  void remove(std::string_view filter);
  void for_each(const std::function<void(Entry&)>& visit);
  bool is_empty() const { return entries_.empty(); }
  /// SUBSCRIBEs are under way.
  bool is_waiting() const { return !sent_.empty(); }

  /// Calls for each stream that the message is for. `ids` are the subscription identifiers that
  /// came with it, if any. False if there is none.
  bool route(std::string_view topic, const std::vector<std::uint32_t>& ids,
             const std::function<void(Stream&)>& visit);

 private:
  std::uint32_t new_id(std::string_view filter) const;

  std::map<std::string, std::unique_ptr<Entry>, std::less<>> entries_;
  std::unordered_map<std::uint32_t, Entry*> by_id_;
  std::vector<Entry*> with_wildcards_;  ///< and shared ones
  std::unordered_map<codec::PacketId, std::string> sent_;
};

}  // namespace sluice::client
