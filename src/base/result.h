// SPDX-License-Identifier: Apache-2.0
//
// Result<T> holds a T or an Error, spelled like std::expected and [[nodiscard]]. An Error is
// trivially copyable and never allocates: a code of base/errors.def, the MQTT reason code that
// answers it (0 if none fits), the byte offset at which a decoder stopped, the errno of the system
// call, and a static text that says what was wrong.
#pragma once

#include <cstdint>
#include <expected>
#include <type_traits>
#include <utility>

namespace sluice {

enum class ErrorCode : std::uint8_t {
#define SLUICE_ERROR(name, sentence) name,
#include "base/errors.def"
#undef SLUICE_ERROR
};

/// The sentence of base/errors.def; static.
const char* to_string(ErrorCode code) noexcept;

struct Error {
  ErrorCode code = ErrorCode::ok;
  std::uint8_t reason = 0;   ///< MQTT 5 reason code, 0 if none fits
  std::int32_t system = 0;   ///< errno, 0 if none
  std::uint32_t offset = 0;  ///< byte offset in the input
  const char* detail = "";   ///< static text: what was wrong

  bool operator==(const Error& other) const {
    return code == other.code && reason == other.reason && system == other.system;
  }
};
static_assert(std::is_trivially_copyable_v<Error>);

template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

using Failure = std::unexpected<Error>;

inline Failure fail(ErrorCode code, const char* detail) {
  return Failure(Error{.code = code, .detail = detail});
}
inline Failure fail(const Error& error) { return Failure(error); }

}  // namespace sluice

#define SLUICE_CONCAT_2(a, b) a##b
#define SLUICE_CONCAT(a, b) SLUICE_CONCAT_2(a, b)
/// SLUICE_TRY(auto x, f()): x is f()'s value, or the enclosing function returns f()'s error.
#define SLUICE_TRY(declaration, ...) \
  SLUICE_TRY_2(SLUICE_CONCAT(result_, __LINE__), declaration, __VA_ARGS__)
#define SLUICE_TRY_2(result, declaration, ...) \
  auto result = __VA_ARGS__;                   \
  if (!result) [[unlikely]]                    \
    return ::sluice::fail(result.error());     \
  declaration = std::move(*result)
/// SLUICE_CHECK(f()): the enclosing function returns f()'s error, if there is one.
#define SLUICE_CHECK(...)                                    \
  do {                                                       \
    if (auto result_ = (__VA_ARGS__); !result_) [[unlikely]] \
      return ::sluice::fail(result_.error());                \
  } while (false)
