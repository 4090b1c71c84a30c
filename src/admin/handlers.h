// SPDX-License-Identifier: Apache-2.0
//
// One function for each row of routes.def: arguments and snapshot in, response out.
//
// Thread: any (pure).
#pragma once

#include "admin/routes.h"

namespace sluice::admin {

#define SLUICE_ROUTE(method, path, handler, part, sentence) \
  AdminResponse handler(const RouteArguments& arguments, const AdminSnapshot& snapshot);
#include "admin/routes.def"
#undef SLUICE_ROUTE

}  // namespace sluice::admin
