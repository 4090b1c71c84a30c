// SPDX-License-Identifier: Apache-2.0
#include "codec/filters.h"

#include "codec/byte_reader.h"
#include "codec/byte_writer.h"
#include "codec/limits.h"

namespace sluice::codec {

std::optional<FilterView> FilterCursor::next() {
  ByteReader reader(rest_);
  FilterView view;
  std::uint8_t options = 0;
  if (!reader.take_text(view.filter) ||
      (form_ == FilterForm::with_options && !reader.take_byte(options))) {
    rest_ = {};
    return std::nullopt;
  }
  view.options = SubscriptionOptions::from_byte(options);
  rest_ = reader.rest();
  return view;
}

template <FilterForm form>
FilterWriter<form>& FilterWriter<form>::add(std::string_view filter, SubscriptionOptions options) {
  constexpr std::size_t extra = form == FilterForm::with_options ? 3 : 2;
  if (error_.code != ErrorCode::ok) return *this;
  if (filter.size() > field_bytes_max) {
    error_ = {.code = ErrorCode::invalid_argument,
              .detail = "the topic filter is longer than 65,535 bytes"};
  } else if (buffer_.size() - used_ < filter.size() + extra) {
    error_ = {.code = ErrorCode::buffer_too_small, .detail = "the buffer for filters is full"};
  } else {
    std::uint8_t* at = put_field(buffer_.data() + used_, filter);
    if constexpr (form == FilterForm::with_options) put_byte(at, options.to_byte());
    used_ += filter.size() + extra;
    ++count_;
  }
  return *this;
}

template <FilterForm form>
Result<FilterList<form>> FilterWriter<form>::finish() const {
  if (error_.code != ErrorCode::ok) return fail(error_);
  return FilterList<form>{.raw = buffer_.first(used_), .count = count_};
}

template class FilterWriter<FilterForm::with_options>;
template class FilterWriter<FilterForm::bare>;

}  // namespace sluice::codec
