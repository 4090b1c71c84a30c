// SPDX-License-Identifier: Apache-2.0
#include "os/system_error.h"

#include <cerrno>
#include <system_error>

namespace sluice::os {
namespace {

ErrorCode code_of(int number) {
  switch (number) {
    case EAGAIN:
    case EINPROGRESS:
      return ErrorCode::would_block;
    case EPIPE:
    case ECONNRESET:
    case ECONNABORTED:
    case ENOTCONN:
    case ESHUTDOWN:
      return ErrorCode::closed;
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return ErrorCode::refused;
    case ETIMEDOUT:
      return ErrorCode::timed_out;
    case ENOSPC:
    case EDQUOT:
      return ErrorCode::no_space;
    case EMFILE:
    case ENFILE:
      return ErrorCode::out_of_descriptors;
    case EADDRINUSE:
      return ErrorCode::address_in_use;
    case EACCES:
    case EPERM:
      return ErrorCode::permission_denied;
    case ENOENT:
      return ErrorCode::not_found;
    case EEXIST:
      return ErrorCode::already_exists;
    case EINVAL:
    case ENAMETOOLONG:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return ErrorCode::invalid_argument;
    default:
      return ErrorCode::io_error;
  }
}

}  // namespace

Failure system_failure(int number, const char* detail) {
  return fail(Error{.code = code_of(number), .system = number, .detail = detail});
}

Failure system_failure(const char* detail) { return system_failure(errno, detail); }

std::string describe(const Error& error) {
  std::string text = error.detail[0] == '\0' ? to_string(error.code) : error.detail;
  if (error.system != 0) text += ": " + std::generic_category().message(error.system);
  return text;
}

}  // namespace sluice::os
