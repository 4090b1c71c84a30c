// SPDX-License-Identifier: Apache-2.0
//
// The filter lists of SUBSCRIBE and UNSUBSCRIBE as views of their bytes, walked by cursors, and a
// writer that builds them in a buffer of the caller's.
//
// Owner:   whoever owns the bytes.      Thread: any.      Never: allocation.
// Limits:  DecodeLimits::filters_max.
// Spec:    MQTT 5.0 §3.8.3, §3.10.3.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/types.h"

namespace sluice::codec {

struct FilterView {
  std::string_view filter{};
  SubscriptionOptions options{};  ///< the defaults in UNSUBSCRIBE
};

/// Whether a byte of options follows each filter.
enum class FilterForm : std::uint8_t { with_options, bare };

/// Walks a list that was checked before; any other bytes end the walk early, without reading past
/// the end.
class FilterCursor {
 public:
  FilterCursor(ByteView raw, FilterForm form) : rest_(raw), form_(form) {}
  std::optional<FilterView> next();

 private:
  ByteView rest_{};
  FilterForm form_;
};

template <FilterForm form>
struct FilterList {
  ByteView raw{};
  std::uint32_t count = 0;

  FilterCursor cursor() const { return FilterCursor(raw, form); }
  bool operator==(const FilterList& other) const { return as_text(raw) == as_text(other.raw); }
};
using SubscribeFilters = FilterList<FilterForm::with_options>;
using UnsubscribeFilters = FilterList<FilterForm::bare>;

/// Appends filters to the caller's buffer. One that does not fit is remembered and finish() says
/// so.
template <FilterForm form>
class FilterWriter {
 public:
  explicit FilterWriter(MutableByteView buffer) : buffer_(buffer) {}

  FilterWriter& add(std::string_view filter, SubscriptionOptions options = {});
  /// buffer_too_small or invalid_argument if an append failed.
  Result<FilterList<form>> finish() const;

 private:
  MutableByteView buffer_;
  std::size_t used_ = 0;
  std::uint32_t count_ = 0;
  Error error_{};
};
using SubscribeFilterWriter = FilterWriter<FilterForm::with_options>;
using UnsubscribeFilterWriter = FilterWriter<FilterForm::bare>;

}  // namespace sluice::codec
