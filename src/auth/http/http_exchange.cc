// SPDX-License-Identifier: Apache-2.0
#include "auth/http/http_exchange.h"

#include <curl/curl.h>

#include <memory>

namespace sluice::auth {
namespace {

struct Free {
  void operator()(CURL* handle) const { ::curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};

struct Sink {
  std::string body;
  std::size_t bytes_max = 0;
};

// libcurl ends the transfer at any other number than that of the bytes.
std::size_t take(const char* data, std::size_t size, std::size_t count, void* sink) {
  auto& into = *static_cast<Sink*>(sink);
  const std::size_t bytes = size * count;
  if (into.body.size() + bytes > into.bytes_max) return 0;
  into.body.append(data, bytes);
  return bytes;
}

}  // namespace

std::expected<HttpReply, std::string> call_http(const HttpCall& call) {
  const std::unique_ptr<CURL, Free> handle(::curl_easy_init());
  if (handle == nullptr) return std::unexpected("libcurl gives no handle");
  CURL* curl = handle.get();
  std::unique_ptr<curl_slist, Free> headers;
  const auto add_header = [&headers](const std::string& line) {
    headers.reset(::curl_slist_append(headers.release(), line.c_str()));
  };
  if (!call.bearer.empty()) add_header("Authorization: Bearer " + call.bearer);
  Sink sink{.body = {}, .bytes_max = call.bytes_max};
  ::curl_easy_setopt(curl, CURLOPT_URL, call.url.c_str());
  ::curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  ::curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  ::curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  ::curl_easy_setopt(
      curl, CURLOPT_TIMEOUT_MS,
      static_cast<long>(
          std::chrono::duration_cast<std::chrono::milliseconds>(call.timeout).count()));
  ::curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take);
  ::curl_easy_setopt(curl, CURLOPT_WRITEDATA, &sink);
  ::curl_easy_setopt(curl, CURLOPT_USERAGENT, "sluice");
  if (!call.ca_file.empty()) ::curl_easy_setopt(curl, CURLOPT_CAINFO, call.ca_file.c_str());
  if (!call.body.empty()) {
    add_header("Content-Type: application/json");
    ::curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(call.body.size()));
    ::curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call.body.data());
  }
  if (headers) ::curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  const CURLcode code = ::curl_easy_perform(curl);
  if (code != CURLE_OK) return std::unexpected(std::string(::curl_easy_strerror(code)));
  HttpReply reply{.status = 0, .body = std::move(sink.body)};
  ::curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply.status);
  return reply;
}

}  // namespace sluice::auth
