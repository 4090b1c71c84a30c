// SPDX-License-Identifier: Apache-2.0
//
// A FairQueue takes jobs under keys and gives them out key by key in turn: who asks a thousand
// times waits behind himself, not in front of everybody else.
//
// Owner:   whoever holds the jobs.      Thread: its owner's.
// Limits:  those handed to push().
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>

namespace sluice::server {

template <class Job>
class FairQueue {
 public:
  struct Limits {
    std::size_t jobs_max = 0;
    std::size_t jobs_max_of_key = 0;
  };
  enum class Pushed : std::uint8_t { yes, full, full_of_key };

  /// `job` is moved from only if the answer is yes.
  Pushed push(const std::string& key, Job& job, const Limits& limits) {
    if (size_ >= limits.jobs_max) return Pushed::full;
    std::deque<Job>& line = lines_[key];
    if (line.size() >= limits.jobs_max_of_key) return Pushed::full_of_key;
    if (line.empty()) turns_.push_back(key);
    line.push_back(std::move(job));
    ++size_;
    return Pushed::yes;
  }

  /// REQUIRES: not empty.
  Job pop() {
    const std::string key = std::move(turns_.front());
    turns_.pop_front();
    const auto found = lines_.find(key);
    Job job = std::move(found->second.front());
    found->second.pop_front();
    --size_;
    if (found->second.empty())
      lines_.erase(found);
    else
      turns_.push_back(key);
    return job;
  }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

 private:
  std::unordered_map<std::string, std::deque<Job>> lines_;
  std::deque<std::string> turns_;
  std::size_t size_ = 0;
};

}  // namespace sluice::server
