// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/link.h"

#include <algorithm>

namespace sluice::sim {
namespace {

constexpr std::size_t socket_room = 64 * 1024;
constexpr std::size_t slow_room = 700;
constexpr Duration reset_after = 500ms;
constexpr std::size_t fast_read = 256 * 1024;

}  // namespace

Instant Link::due_after(Instant now, const std::deque<Piece>& queue) {
  const auto delay =
      has_faults_ ? static_cast<std::uint64_t>(choices_.net_delay_max.count()) + 1 : 1;
  const Instant due = now + Duration(static_cast<std::int64_t>(rng_.below(delay)));
  return queue.empty() ? due : std::max(due, queue.back().due);
}

void Link::push(std::deque<Piece>& queue, ByteView bytes, Instant now) {
  while (!bytes.empty()) {
    std::size_t size = bytes.size();
    if (size > 1 && rng_.chance(1, 4)) {
      size = 1 + rng_.below(size - 1);
      ++totals_.split_writes;
    }
    queue.push_back({due_after(now, queue),
                     {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}});
    bytes = bytes.subspan(size);
  }
}

void Link::send(const std::vector<std::uint8_t>& bytes, Instant now) {
  if (!is_lost_) push(up_, bytes, now);
}

void Link::finish(Instant now) {
  end_due_ = due_after(now, up_);
  is_lost_ = true;
  is_finished_ = true;
}

void Link::lose(Instant now, bool is_told) {
  is_lost_ = true;
  down_.clear();
  // A loss may cut what is under way at any byte.
  if (!up_.empty()) {
    const std::size_t kept = rng_.below(up_.size() + 1);
    if (kept < up_.size()) {
      auto& cut = up_[kept].bytes;
      cut.resize(rng_.below(cut.size() + 1));
      up_.resize(kept + 1);
      ++totals_.cut_streams;
    }
  }
  if (!is_told) {
    ++totals_.half_open;
    return;
  }
  ++totals_.losses;
  end_due_ = due_after(now, up_);
  if (rng_.chance(1, 3)) {
    up_.clear();
    socket_.is_reset = true;
  }
}

void Link::set_slow(bool is_slow) {
  if (is_slow && !is_slow_) ++totals_.slow_reads;
  is_slow_ = is_slow;
  socket_.room = is_slow ? slow_room : socket_room;
}

void Link::receive(std::vector<std::uint8_t>& into) {
  into.insert(into.end(), arrived_.begin(), arrived_.end());
  arrived_.clear();
}

void Link::step(Instant now, bool has_faults) {
  has_faults_ = has_faults;
  if (has_faults && choices_.clog_in > 0 && rng_.chance(1, choices_.clog_in)) {
    ++totals_.clogs;
    const Instant until = now + std::chrono::milliseconds(rng_.below(1'500));
    (rng_.chance(1, 2) ? up_clogged_until_ : down_clogged_until_) = until;
  }
  while (!up_.empty() && up_.front().due <= now && up_clogged_until_ <= now) {
    socket_.arrive(up_.front().bytes);
    up_.pop_front();
  }
  if (up_.empty() && end_due_ <= now) socket_.is_ended = true;
  // Who said goodbye reads what still comes; who is gone answers it with a reset.
  if (is_finished_)
    socket_.outbound.clear();
  else if (socket_.is_ended && now - end_due_ > reset_after)
    socket_.is_reset = true;
  if (is_lost_ || down_clogged_until_ > now) return;
  const std::size_t read = is_slow_ ? rng_.below(400) : fast_read;
  const std::size_t size = std::min(read, socket_.outbound.size());
  if (size > 0) {
    push(down_, ByteView(socket_.outbound).first(size), now);
    socket_.outbound.erase(socket_.outbound.begin(),
                           socket_.outbound.begin() + static_cast<std::ptrdiff_t>(size));
  }
  while (!down_.empty() && down_.front().due <= now) {
    arrived_.insert(arrived_.end(), down_.front().bytes.begin(), down_.front().bytes.end());
    down_.pop_front();
  }
}

}  // namespace sluice::sim
