// SPDX-License-Identifier: Apache-2.0
//
// The library on an Asio io_context: Boost.Asio from 1.74, or standalone Asio from 1.22 where
// SLUICE_STANDALONE_ASIO is defined, or where there is no Boost. The only header that needs more
// than the standard library; nothing of the library depends on it.
//
//   boost::asio::io_context io;
//   sluice::asio_loop mine{io.get_executor()};
//   sluice::client mq{"mqtt://localhost", {.loop = &mine.loop()}};
//   auto done = co_await mine.wait(mq.publish("a", "x"), boost::asio::use_awaitable);
//
// Thread safety: the executor's. Lifetime: an asio_loop outlives its clients, the executor's
// context the asio_loop.
#pragma once

#include <sluice/client.hpp>

#if !defined(SLUICE_STANDALONE_ASIO) && __has_include(<boost/asio/any_io_executor.hpp>)
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#else
#include <asio/any_io_executor.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#endif

#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

namespace sluice {
SLUICE_NAMESPACE {

/// @cond
namespace detail {
#if !defined(SLUICE_STANDALONE_ASIO) && __has_include(<boost/asio/any_io_executor.hpp>)
namespace asio = ::boost::asio;
using asio_error = ::boost::system::error_code;
#else
namespace asio = ::asio;
using asio_error = ::asio::error_code;
#endif
}  // namespace detail
/// @endcond

/// Drives clients on an Asio executor, and turns their operations into Asio's.
class asio_loop {
 public:
  /// The executor that handlers of clients run on.
  using executor_type = detail::asio::any_io_executor;

  /// Drives on that executor; it must run one handler at a time (a strand, or one thread).
  explicit asio_loop(executor_type executor)
      : executor_(executor), driver_(std::make_shared<driver>(executor)) {
    driver_->start();
  }
  asio_loop(const asio_loop&) = delete;
  asio_loop& operator=(const asio_loop&) = delete;
  /// Stops driving.
  ~asio_loop() { driver_->stop(); }

  /// For client_options::loop.
  v1::loop& loop() noexcept { return driver_->turned; }
  /// The executor that was given.
  executor_type get_executor() const noexcept { return executor_; }

  /// Completes with `void(result<T>)` by any completion token, on the handler's executor.
  template <class T, class Token>
  auto wait(operation<T> awaited, Token&& token) {
    return detail::asio::async_initiate<Token, void(result<T>)>(
        [executor = executor_](auto handler, operation<T> begun) {
          using handler_type = std::decay_t<decltype(handler)>;
          auto where = detail::asio::get_associated_executor(handler, executor);
          auto work = detail::asio::executor_work_guard<decltype(where)>(where);
          auto kept = std::make_shared<handler_type>(std::move(handler));
          std::move(begun).on_done([where, work, kept](result<T> value) {
            detail::asio::post(where, [kept, work, value = std::move(value)]() mutable {
              (*kept)(std::move(value));
            });
          });
        },
        token, std::move(awaited));
  }
  /// client::publish() by a completion token.
  template <class Token>
  auto async_publish(client& mq, std::string_view topic, std::string_view payload,
                     const publish_options& options, Token&& token) {
    return wait(mq.publish(topic, payload, options), std::forward<Token>(token));
  }
  /// client::subscribe() by a completion token.
  template <class Token>
  auto async_subscribe(client& mq, std::string_view filter, const subscribe_options& options,
                       Token&& token) {
    return wait(mq.subscribe(filter, options), std::forward<Token>(token));
  }
  /// subscription::next() by a completion token.
  template <class Token>
  auto async_next(subscription& stream, Token&& token) {
    return wait(stream.next(), std::forward<Token>(token));
  }

 private:
  // Handlers that wait for the descriptor may run once more after the asio_loop is gone.
  struct driver : std::enable_shared_from_this<driver> {
    explicit driver(const executor_type& executor)
        : descriptor(executor, turned.fd()), timer(executor) {}
    ~driver() { descriptor.release(); }

    void start() {
      wait_for_descriptor();
      turn();
    }
    void stop() {
      is_stopped = true;
      timer.cancel();
      descriptor.cancel();
    }
    void turn() {
      if (is_stopped) return;
      turned.process();
      const auto next = turned.deadline();
      if (!next || *next == armed_for) return;
      armed_for = *next;
      timer.expires_at(*next);
      timer.async_wait([self = this->shared_from_this()](detail::asio_error error) {
        if (error) return;
        self->armed_for = {};
        self->turn();
      });
    }
    void wait_for_descriptor() {
      descriptor.async_wait(detail::asio::posix::stream_descriptor::wait_read,
                            [self = this->shared_from_this()](detail::asio_error error) {
                              if (error || self->is_stopped) return;
                              self->turn();
                              self->wait_for_descriptor();
                            });
    }

    v1::loop turned{v1::loop::drive::by_caller};
    detail::asio::posix::stream_descriptor descriptor;
    detail::asio::steady_timer timer;
    std::chrono::steady_clock::time_point armed_for{};
    bool is_stopped = false;
  };

  executor_type executor_;
  std::shared_ptr<driver> driver_;
};

}  // namespace v1
}  // namespace sluice
