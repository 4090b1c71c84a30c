// SPDX-License-Identifier: Apache-2.0
//
// The HTTP side of the comparison: a server that keeps the last value of each path. POST sets it,
// GET gives it, 204 while there is none; If-None-Match with its ETag gives 304 while it is the
// same.
//
// Owner:   `sluice compare serve-http`.
// Limits:  1,000 connections; the limits of net/http.
#pragma once

namespace sluice::cli {

/// Prints "port N" and serves on that port of 127.0.0.1 until it is killed. Returns an exit code.
int serve_http();

}  // namespace sluice::cli
