// The one place where Boost.Asio's separately compiled parts are compiled.
#include <boost/asio/impl/src.hpp>
