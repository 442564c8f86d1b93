#pragma once

#include <boost/asio/awaitable.hpp>

namespace hw {

/// A coroutine. It runs on one shard and waits there for sockets, signals and time. Only edges
/// (code that does I/O) are coroutines; cores (code that decides) never are.
template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace hw
