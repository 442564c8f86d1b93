#pragma once

#include <boost/asio/awaitable.hpp>

namespace hw {

/// A coroutine of an edge: it runs on one shard and waits for sockets, signals and time there.
/// Cores are never coroutines.
template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace hw
