// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

namespace sluice {

const char* to_string(ErrorCode code) noexcept {
  switch (code) {
#define SLUICE_ERROR(name, sentence) \
  case ErrorCode::name:              \
    return sentence;
#include "base/errors.def"
#undef SLUICE_ERROR
  }
  return "unknown error";
}

}  // namespace sluice
