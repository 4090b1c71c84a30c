// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/wire.h"

#include "os/clock.h"
#include "os/socket/connecting_socket.h"
#include "os/socket/socket_io.h"
#include "os/socket/socket_options.h"

#include <algorithm>

namespace sluice::cli {
namespace {

constexpr std::uint64_t stop_token = ~std::uint64_t{0};

}  // namespace

Wire::Wire(os::Reactor& reactor, const WireOptions& options)
    : reactor_(reactor), options_(options), inbox_(options.read_bytes) {}

LinkIndex Wire::add() {
  links_.emplace_back();
  return static_cast<LinkIndex>(links_.size() - 1);
}

Result<void> Wire::open(LinkIndex index) {
  SLUICE_TRY(auto socket, os::start_connect(options_.address));
  os::set_no_delay(socket.get(), true);
  Link& link = links_[index];
  const std::uint64_t token = std::uint64_t{++link.generation} << 32 | index;
  SLUICE_CHECK(reactor_.add(socket.get(), token, os::Watch::edge));
  link.socket = std::move(socket);
  link.is_connecting = true;
  link.is_full = false;
  link.is_hung = false;
  return {};
}

void Wire::close(LinkIndex index) {
  Link& link = links_[index];
  link.socket.close();
  link.unsent.clear();
  link.cut.clear();
  link.is_connecting = false;
}

void Wire::reset(LinkIndex index) {
  if (is_open(index)) os::set_reset_on_close(links_[index].socket.get());
  close(index);
}

void Wire::lose(LinkIndex index) {
  close(index);
  sink_->on_lost(index);
}

void Wire::mark_dirty(LinkIndex index) {
  Link& link = links_[index];
  if (link.is_dirty) return;
  link.is_dirty = true;
  dirty_.push_back(index);
}

std::uint8_t* Wire::send(LinkIndex index, std::size_t size) {
  mark_dirty(index);
  return links_[index].unsent.append(size);
}

void Wire::send(LinkIndex index, ByteView bytes) {
  mark_dirty(index);
  links_[index].unsent.append(bytes);
}

Result<void> Wire::watch_stop(int fd) {
  return reactor_.add(fd, stop_token, os::Watch::level_read);
}

void Wire::receive(Duration timeout) {
  reading_.swap(readable_);
  readable_.clear();
  if (!reading_.empty()) timeout = Duration::zero();
  const auto batch = reactor_.wait(timeout);
  now_ = os::monotonic_now();
  for (const LinkIndex index : reading_) {
    links_[index].is_listed = false;
    if (is_open(index)) read(index);
  }
  for (const os::Ready& ready : batch) on_ready(ready);
}

void Wire::on_ready(const os::Ready& ready) {
  if (ready.token == stop_token) {
    is_stopped_ = true;
    return;
  }
  const auto index = static_cast<LinkIndex>(ready.token);
  const auto generation = static_cast<std::uint32_t>(ready.token >> 32);
  const auto is_current = [&] { return links_[index].generation == generation && is_open(index); };
  if (!is_current()) return;
  if (ready.hangup) links_[index].is_hung = true;
  if (ready.writable) {
    links_[index].is_full = false;
    if (links_[index].is_connecting) {
      if (!os::connect_outcome(links_[index].socket.get())) return lose(index);
      links_[index].is_connecting = false;
      sink_->on_open(index);
    }
    if (!links_[index].unsent.is_empty()) mark_dirty(index);
  }
  if (ready.readable && is_current() && !links_[index].is_listed) read(index);
}

// A read that fills less than it was given has emptied the socket: what comes later is a new edge.
void Wire::read(LinkIndex index) {
  std::size_t left = std::min(links_[index].turn_bytes, inbox_.size());
  for (;;) {
    Link& link = links_[index];
    const std::size_t cut = link.cut.size();
    std::copy(link.cut.begin(), link.cut.end(), inbox_.begin());
    if (cut == inbox_.size()) return lose(index);  // a packet that nobody asked for
    const std::size_t room = std::min(left, inbox_.size() - cut);
    const auto got = os::read_socket(link.socket.get(), MutableByteView(inbox_).subspan(cut, room));
    if (!got) {
      if (got.error().code != ErrorCode::would_block) lose(index);
      return;
    }
    now_ = os::monotonic_now();
    const std::uint32_t generation = link.generation;
    const std::size_t size = cut + *got;
    const std::size_t used = parse(index, ByteView(inbox_.data(), size));
    if (!is_open(index) || links_[index].generation != generation) return;
    Link& same = links_[index];  // the sink may have added links
    same.cut.assign(inbox_.begin() + static_cast<std::ptrdiff_t>(used),
                    inbox_.begin() + static_cast<std::ptrdiff_t>(size));
    if (same.is_hung) continue;
    if (*got < room) return;
    left -= *got;
    if (left > 0) continue;
    same.is_listed = true;
    readable_.push_back(index);
    return;
  }
}

void Wire::flush() {
  flushing_.swap(dirty_);
  dirty_.clear();
  for (const LinkIndex index : flushing_) {
    links_[index].is_dirty = false;
    flush(index);
  }
}

void Wire::flush(LinkIndex index) {
  Link& link = links_[index];
  if (!link.socket.is_open() || link.is_connecting || link.is_full || link.unsent.is_empty())
    return;
  const ByteView bytes = link.unsent.waiting();
  const auto sent = os::write_socket(link.socket.get(), bytes);
  if (!sent && sent.error().code != ErrorCode::would_block) return lose(index);
  const std::size_t size = sent ? *sent : 0;
  link.is_full = size < bytes.size();
  link.unsent.drop(size);
}

}  // namespace sluice::cli
