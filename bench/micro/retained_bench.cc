// SPDX-License-Identifier: Apache-2.0
//
// What keeping and handing out retained messages costs, a million of them with random leaves.
#include "base/rng.h"
#include "core/message/message_pool.h"
#include "core/retained/retained_query.h"

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace {

using sluice::Rng;
using sluice::core::MessageFields;
using sluice::core::MessagePool;
using sluice::core::MessageRef;
using sluice::core::RetainedQuery;
using sluice::core::RetainedStore;

constexpr std::size_t million = 1'000'000;

std::string random_leaf(Rng& rng) {
  return "site/" + std::to_string(rng.below(million)) + "/dev/" +
         std::to_string(rng.below(million)) + "/temp";
}

class Retained {
 public:
  explicit Retained(std::size_t count) {
    Rng rng(1);
    for (std::size_t i = 0; i < count; ++i) topics.push_back(random_leaf(rng));
  }
  void set(std::string_view topic) {
    MessageFields fields;
    fields.topic = topic;
    fields.payload = sluice::as_bytes(payload);
    store.set(pool.make(fields));
  }
  void fill() {
    for (const auto& topic : topics) set(topic);
  }

  /// So many topics in random order, one behind the other as in a read buffer.
  std::vector<std::string_view> publishes(std::size_t count) {
    Rng rng(2);
    std::vector<std::size_t> ends;
    for (std::size_t i = 0; i < count; ++i) {
      read_buffer += topics[rng.below(topics.size())];
      ends.push_back(read_buffer.size());
    }
    std::vector<std::string_view> views;
    for (std::size_t begin = 0; const std::size_t end : ends) {
      views.push_back(std::string_view(read_buffer).substr(begin, end - begin));
      begin = end;
    }
    return views;
  }

  std::string read_buffer;
  const std::string payload = std::string(64, 'x');
  std::vector<std::string> topics;
  MessagePool pool;
  RetainedStore store;
};

/// The message is made and stored; the topic is new.
void store_new(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    {
      Retained retained(million);
      state.ResumeTiming();
      retained.fill();
      state.PauseTiming();
      const auto count = static_cast<double>(retained.store.count());
      std::size_t wire = 0;
      retained.store.for_each([&](const MessageRef& message) {
        wire += message->topic().size() + message->payload().size();
      });
      state.counters["index bytes"] = static_cast<double>(retained.store.index_bytes()) / count;
      state.counters["bytes beside topic and payload"] =
          static_cast<double>(retained.store.index_bytes() + retained.store.message_bytes() -
                              wire) /
          count;
    }
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(million));
}
BENCHMARK(store_new)->Unit(benchmark::kMillisecond)->Iterations(2);

/// The message is made and stored; the topic has one already.
void store_again(benchmark::State& state) {
  Retained retained(million);
  retained.fill();
  const auto publishes = retained.publishes(500'000);
  std::size_t i = 0;
  for (auto _ : state) retained.set(publishes[i++ % publishes.size()]);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(store_again);

void find_one(benchmark::State& state) {
  Retained retained(million);
  retained.fill();
  const auto publishes = retained.publishes(500'000);
  std::size_t i = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(retained.store.find(publishes[i++ % publishes.size()]));
}
BENCHMARK(find_one);

/// All of a million, in pages of 100; the payload is read.
void deliver(benchmark::State& state, const char* filter) {
  Retained retained(million);
  retained.fill();
  std::size_t messages = 0;
  std::size_t sum = 0;
  for (auto _ : state) {
    RetainedQuery query(filter);
    while (query.next(retained.store, {.messages_max = 100, .bytes_max = million},
                      [&](const MessageRef& message) {
                        ++messages;
                        sum += message->payload()[0];
                      })) {
    }
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(static_cast<std::int64_t>(messages));
}
BENCHMARK_CAPTURE(deliver, all, "#")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(deliver, by_plus, "site/+/dev/+/temp")->Unit(benchmark::kMillisecond);

}  // namespace
