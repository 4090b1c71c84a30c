// SPDX-License-Identifier: Apache-2.0
#include "os/socket/service_lookup.h"

#include "os/entropy.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace sluice::os {
namespace {

constexpr std::size_t answer_bytes_max = 65'535;
constexpr std::size_t header_bytes = 12;
constexpr std::size_t record_bytes = 10;  // type, class, time to live, size of the data
constexpr std::size_t service_bytes = 6;  // priority, weight, port; the name follows
constexpr const char* not_an_answer = "the name server's answer cannot be read";

struct Record {
  ServiceTarget target;
  std::uint16_t priority = 0;
  std::uint32_t weight = 0;
};

std::uint16_t number_at(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

class AnswerReader {
 public:
  explicit AnswerReader(ByteView bytes) : bytes_(bytes), at_(header_bytes) {}

  bool skip_name() {
    const int size = ::dn_skipname(bytes_.data() + at_, end());
    return size >= 0 && skip(static_cast<std::size_t>(size));
  }
  bool skip(std::size_t count) {
    if (count > bytes_.size() - at_) return false;
    at_ += count;
    return true;
  }
  /// The next record; false if it is cut. One that is no service leaves `record` as it was.
  bool read(Record& record) {
    if (!skip_name()) return false;
    const std::size_t fixed_at = at_;
    if (!skip(record_bytes)) return false;
    const std::size_t data_at = at_;
    const std::size_t size = number_at(bytes_, fixed_at + 8);
    if (!skip(size)) return false;
    if (number_at(bytes_, fixed_at) != ns_t_srv || size <= service_bytes) return true;
    std::array<char, NS_MAXDNAME> host{};
    if (::dn_expand(bytes_.data(), end(), bytes_.data() + data_at + service_bytes, host.data(),
                    host.size()) < 0)
      return false;
    record = {.target = {.host = host.data(), .port = number_at(bytes_, data_at + 4)},
              .priority = number_at(bytes_, data_at),
              .weight = number_at(bytes_, data_at + 2)};
    return true;
  }

 private:
  const std::uint8_t* end() const { return bytes_.data() + bytes_.size(); }

  ByteView bytes_;
  std::size_t at_;
};

// One of them, the heavier the more often; those without weight seldom, and last. RFC 2782,
// "Weight".
std::size_t draw(std::span<const Record> equals, Rng& rng) {
  std::uint64_t sum = 0;
  for (const Record& record : equals) sum += record.weight;
  if (sum == 0) return rng.below(equals.size());
  std::uint64_t drawn = rng.below(sum);
  std::size_t i = 0;
  for (; drawn >= equals[i].weight; ++i) drawn -= equals[i].weight;
  return i;
}

void order(std::vector<Record>& records, Rng& rng) {
  std::ranges::sort(records, {}, &Record::priority);
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto behind =
        std::ranges::upper_bound(records, records[i].priority, {}, &Record::priority);
    const std::span<Record> equals(records.begin() + static_cast<std::ptrdiff_t>(i), behind);
    std::swap(equals.front(), equals[draw(equals, rng)]);
  }
}

}  // namespace

Result<std::vector<ServiceTarget>> targets_of_answer(ByteView answer, Rng& rng) {
  if (answer.size() < header_bytes) return fail(ErrorCode::parse_error, not_an_answer);
  AnswerReader reader(answer);
  for (std::size_t i = number_at(answer, 4); i > 0; --i)
    if (!reader.skip_name() || !reader.skip(4)) return fail(ErrorCode::parse_error, not_an_answer);
  std::vector<Record> records;
  for (std::size_t i = number_at(answer, 6); i > 0; --i) {
    Record record;
    if (!reader.read(record)) return fail(ErrorCode::parse_error, not_an_answer);
    // An empty name says: not here.
    if (!record.target.host.empty()) records.push_back(std::move(record));
  }
  if (records.empty())
    return fail(ErrorCode::not_found, "the name server knows no host for this service");
  order(records, rng);
  std::vector<ServiceTarget> targets;
  for (Record& record : records) targets.push_back(std::move(record.target));
  return targets;
}

Result<std::vector<ServiceTarget>> look_up_service(const std::string& name) {
  struct __res_state state{};
  if (::res_ninit(&state) != 0)
    return fail(ErrorCode::io_error, "the system's resolver cannot be set up");
  const auto answer = std::make_unique<std::array<std::uint8_t, answer_bytes_max>>();
  const int size = ::res_nsearch(&state, name.c_str(), ns_c_in, ns_t_srv, answer->data(),
                                 static_cast<int>(answer->size()));
  const int error = state.res_h_errno;
  ::res_nclose(&state);
  if (size < 0 && (error == HOST_NOT_FOUND || error == NO_DATA))
    return fail(ErrorCode::not_found, "the name server knows no host for this service");
  if (size < 0) return fail(ErrorCode::io_error, "no name server has answered");
  Rng rng(random_seed());
  const std::size_t held = std::min(static_cast<std::size_t>(size), answer->size());
  return targets_of_answer(ByteView(*answer).first(held), rng);
}

}  // namespace sluice::os
