// SPDX-License-Identifier: Apache-2.0
//
// The library on an Asio io_context, with Asio's own coroutines.
//
// Usage: asio_client URL
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sluice/asio.hpp>

#include <iostream>

namespace asio = boost::asio;

// [asio]
asio::awaitable<void> app(sluice::asio_loop& mine, sluice::client& mq) {
  auto granted = co_await mine.async_subscribe(mq, "asio/#", {}, asio::use_awaitable);
  auto stream = std::move(granted).value();
  auto done = co_await mine.async_publish(mq, "asio/x", "hello", {}, asio::use_awaitable);
  done.value();
  const auto m = (co_await mine.async_next(stream, asio::use_awaitable)).value();
  std::cout << (m ? m->text() : "nothing") << '\n';
  co_await mine.wait(mq.close(), asio::use_awaitable);
}
// [/asio]

int main(int count, char** words) {
  asio::io_context io;
  {
    sluice::asio_loop mine{io.get_executor()};
    sluice::client mq{count > 1 ? words[1] : "mqtt://localhost", {.loop = &mine.loop()}};
    asio::co_spawn(io, app(mine, mq), [&io](std::exception_ptr failed) {
      io.stop();
      if (failed) std::rethrow_exception(failed);
    });
    io.run();
  }
  return 0;
}
