// SPDX-License-Identifier: Apache-2.0
//
// The bodies behind sluice/subscription.hpp.
#include "client/library/stream.h"

#include <sluice/subscription.hpp>

#include <utility>

namespace sluice {
SLUICE_NAMESPACE {
subscription::subscription(subscription&& other) noexcept
    : body_(std::exchange(other.body_, nullptr)) {}

subscription& subscription::operator=(subscription&& other) noexcept {
  subscription old(std::move(*this));
  body_ = std::exchange(other.body_, nullptr);
  return *this;
}

subscription::~subscription() {
  if (body_ == nullptr) return;
  os::Ref<body>::adopt(body_)->let_go();
}

operation<std::optional<message>> subscription::next() {
  if (body_ != nullptr) return body_->next();
  return operation<std::optional<message>>(nullptr);
}

std::optional<message> subscription::try_next() {
  return body_ == nullptr ? std::nullopt : body_->try_next();
}

operation<void> subscription::unsubscribe() {
  return body_ == nullptr ? operation<void>(nullptr) : body_->unsubscribe();
}

void subscription::acknowledge(const message& taken) {
  if (body_ != nullptr) body_->acknowledge(taken);
}

std::string subscription::filter() const { return body_ == nullptr ? "" : body_->filter(); }

v1::qos subscription::granted() const noexcept {
  return body_ == nullptr ? v1::qos::at_most_once : body_->granted();
}

std::size_t subscription::waiting() const { return body_ == nullptr ? 0 : body_->waiting(); }

std::uint64_t subscription::dropped() const noexcept {
  return body_ == nullptr ? 0 : body_->dropped();
}

}  // namespace v1
}  // namespace sluice
