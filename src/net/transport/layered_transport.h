// SPDX-License-Identifier: Apache-2.0
//
// A LayeredTransport is a Transport on top of another: what a layer does not change is what the one
// beneath says.
//
// Owner, Thread, Never: as Transport; it owns the one beneath.
#pragma once

#include "net/transport/transport.h"

#include <memory>
#include <utility>

namespace sluice::net {

class LayeredTransport : public Transport {
 public:
  explicit LayeredTransport(std::unique_ptr<Transport> beneath) : beneath_(std::move(beneath)) {}

  void reset_on_close() override { beneath_->reset_on_close(); }
  int fd() const override { return beneath_->fd(); }
  Peer peer() const override { return beneath_->peer(); }
  Peer local() const override { return beneath_->local(); }
  bool is_handshake_costly() const override { return beneath_->is_handshake_costly(); }
  std::string_view identity() const override { return beneath_->identity(); }
  std::string security() const override { return beneath_->security(); }

 protected:
  Transport& beneath() { return *beneath_; }
  const Transport& beneath() const { return *beneath_; }

 private:
  std::unique_ptr<Transport> beneath_;
};

}  // namespace sluice::net
